"""What one feed did lately: its polls, what they brought, and the addresses it had."""

from __future__ import annotations

import sqlalchemy as sa

from worker.records import PollEvent, SeenEntry
from worker.store.engine import Database
from worker.store.schema import feed_alias, fetch_event, sighting

_EVENT = ("at", "outcome", "status", "detail", "elapsed_s", "size_bytes", "entries", "new_entries")


class FeedHistory:
    """What a feed's own page asks."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def polls(self, feed_id: int, limit: int) -> list[PollEvent]:
        """Its latest attempts, newest first."""
        query = (
            sa.select(*(fetch_event.c[name] for name in _EVENT))
            .where(fetch_event.c.feed_id == feed_id)
            .order_by(fetch_event.c.id.desc())
            .limit(limit)
        )
        with self._db.read() as connection:
            return [PollEvent(**row._mapping) for row in connection.execute(query)]

    def entries(self, feed_id: int, limit: int) -> list[SeenEntry]:
        """The entries of the articles that it brought last, newest first."""
        query = (
            sa.select(sighting.c.url, sighting.c.title, sighting.c.seen_at)
            .where(sighting.c.feed_id == feed_id)
            # by article, not by time: for that there is an index, and articles are numbered in turn
            .order_by(sighting.c.article_id.desc())
            .limit(limit)
        )
        with self._db.read() as connection:
            return [SeenEntry(row.url, row.title, row.seen_at) for row in connection.execute(query)]

    def former_addresses(self, feed_id: int) -> list[str]:
        """The addresses that meant this feed before it moved."""
        query = sa.select(feed_alias.c.url).where(feed_alias.c.feed_id == feed_id)
        with self._db.read() as connection:
            return list(connection.execute(query.order_by(feed_alias.c.url)).scalars())
