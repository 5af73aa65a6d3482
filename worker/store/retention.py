"""What is forgotten after a while: texts that matched nothing, and the events of fetches.

Never forgotten: the keys of articles (or their feeds would bring them again), matches and near
misses with all their texts, reviews, and what was told.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from worker.store import states
from worker.store.engine import Database
from worker.store.schema import article, article_version, fetch_event, match


class RetentionStore:
    """What the sweep asks to forget, a little at a time."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def forget(self, keep_days: int, limit: int) -> int:
        """Forget some of what was processed (or fetched) more than `keep_days` days ago.

        Returns:
            How many articles and events; fewer than `limit` of either if nothing is left.
        """
        with self._db.write() as connection:
            before = self._db.now(connection) - timedelta(days=keep_days)
            articles = _forget_texts(connection, before, limit)
            return max(articles, _forget_events(connection, before, limit))


def _forget_texts(connection: sa.Connection, before: datetime, limit: int) -> int:
    is_matched = sa.select(match.c.id).where(match.c.article_id == article.c.id).exists()
    query = (
        sa.select(article.c.id)
        .where(
            article.c.content_hash.is_not(None),
            article.c.processed_at < before,
            # "not in", since SQLite would take the index of states for an "in" and sort millions
            article.c.state.not_in((states.PENDING, states.QUARANTINED)),
            ~is_matched,
        )
        .order_by(article.c.processed_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.execute(query).scalars())
    connection.execute(article_version.delete().where(article_version.c.article_id.in_(ids)))
    connection.execute(
        article.update()
        .where(article.c.id.in_(ids))
        # without a hash it is passed over by a rematch, and any text it gets is another version
        .values(text="", entry_text="", content_hash=None)
    )
    return len(ids)


def _forget_events(connection: sa.Connection, before: datetime, limit: int) -> int:
    """Events are written in the order of time, so only the first of them need be looked at."""
    oldest = sa.select(fetch_event.c.id, fetch_event.c.at).order_by(fetch_event.c.id).limit(limit)
    ids = [row.id for row in connection.execute(oldest) if row.at < before]
    connection.execute(fetch_event.delete().where(fetch_event.c.id.in_(ids)))
    return len(ids)
