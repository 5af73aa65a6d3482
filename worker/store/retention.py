"""What is forgotten after a while: texts that matched nothing, and the logs of attempts.

Never forgotten: the keys of articles (or their feeds would bring them again), matches and near
misses with all their texts, reviews, and which match was told through which channel.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from worker.store import states
from worker.store.engine import Database
from worker.store.schema import article, article_version, attempt, fetch_event, fingerprint, match

_LOGS = (fetch_event, attempt)


class RetentionStore:
    """What the sweep asks to forget, a little at a time."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def forget_texts(self, keep_days: int, limit: int) -> int:
        """Forget the texts of some articles that matched nothing.

        Args:
            keep_days: those that were processed longer ago.
            limit: at most so many.

        Returns:
            How many; fewer than `limit` if nothing is left.
        """
        with self._db.write() as connection:
            before = self._db.now(connection) - timedelta(days=keep_days)
            return _forget_texts(connection, before, limit)

    def forget_logs(self, keep_days: int, limit: int) -> int:
        """Forget some attempts to fetch, and to tell, that are older than `keep_days` days.

        Returns:
            How many of either; fewer than `limit` if nothing is left.
        """
        with self._db.write() as connection:
            before = self._db.now(connection) - timedelta(days=keep_days)
            return max(_forget_rows(connection, log, before, limit) for log in _LOGS)


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
    connection.execute(fingerprint.delete().where(fingerprint.c.article_id.in_(ids)))
    connection.execute(article_version.delete().where(article_version.c.article_id.in_(ids)))
    connection.execute(
        article.update()
        .where(article.c.id.in_(ids))
        # without a hash it is passed over by a rematch, and any text it gets is another version
        .values(text="", entry_text="", content_hash=None)
    )
    return len(ids)


def _forget_rows(connection: sa.Connection, log: sa.Table, before: datetime, limit: int) -> int:
    """Rows are written in the order of time, so only the first of them need be looked at."""
    oldest = sa.select(log.c.id, log.c.at).order_by(log.c.id).limit(limit)
    ids = [row.id for row in connection.execute(oldest) if row.at < before]
    if ids:
        connection.execute(log.delete().where(log.c.id <= ids[-1], log.c.at < before))
    return len(ids)
