"""Articles whose page was not fetched, since title and summary cannot belong to any watch."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from worker.domain import FetchPolicy, Outcome
from worker.store import states
from worker.store.engine import Database, chunks, counts_of
from worker.store.schema import article, feed, sighting


class TriageStore:
    """What the pipeline and the doors ask of skipped articles."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def may_skip(self, article_ids: Collection[int]) -> frozenset[int]:
        """Those of the articles that only feeds brought of which not all pages are fetched."""
        whole = sa.func.max(sa.case((feed.c.fetch == str(FetchPolicy.ALL), 1), else_=0))
        found: set[int] = set()
        with self._db.read() as connection:
            for part in chunks(sorted(article_ids)):
                query = (
                    sa.select(sighting.c.article_id)
                    .join(feed, feed.c.id == sighting.c.feed_id)
                    .where(sighting.c.article_id.in_(part))
                    .group_by(sighting.c.article_id)
                    .having(whole == 0)
                )
                found.update(connection.execute(query).scalars())
        return frozenset(found)

    def counts(self) -> dict[int, int]:
        """How many articles that each feed brought were skipped, by the feed's id."""
        with self._db.read() as connection:
            return counts_of(
                connection,
                sa.select(sighting.c.feed_id, sa.func.count(sighting.c.article_id.distinct()))
                .join(article, article.c.id == sighting.c.article_id)
                .where(article.c.outcome == str(Outcome.SKIPPED))
                .group_by(sighting.c.feed_id),
            )

    def again(self) -> int:
        """Make all skipped articles due: they are judged by the watches and feeds of today.

        Returns:
            How many they are.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            done = connection.execute(
                states.move(article, states.PENDING)
                .where(article.c.outcome == str(Outcome.SKIPPED), article.c.state == states.DONE)
                .values(due_at=now, tries=0, hinted_at=None)
            )
        return int(done.rowcount)
