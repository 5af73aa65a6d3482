"""The stored articles as one looks them up: also those that matched nothing."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from worker.errors import NotFoundError
from worker.records import ArticleRow
from worker.store.engine import Database, Row
from worker.store.schema import article, article_version, sighting

_COLUMNS = tuple(article.c[name] for name in ArticleRow.__slots__ if name != "outlet")


class LibraryStore:
    """What the API asks of articles."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def rows(
        self,
        limit: int,
        since: datetime | None = None,
        before: tuple[datetime, int] | None = None,
    ) -> list[ArticleRow]:
        """Articles, those first seen latest first.

        Args:
            limit: at most so many.
            since: first seen at or after this time.
            before: keyset paging: those behind this time and id.
        """
        key = (article.c.first_seen_at, article.c.id)
        query = _select().order_by(*(column.desc() for column in key)).limit(limit)
        if since is not None:
            query = query.where(article.c.first_seen_at >= since)
        if before is not None:
            # the first condition says nothing new, but an index can begin there
            query = query.where(key[0] <= before[0], sa.tuple_(*key) < sa.tuple_(*before))
        with self._db.read() as connection:
            return [_article_row(row) for row in connection.execute(query)]

    def get(self, article_id: int) -> ArticleRow:
        """One article.

        Raises:
            NotFoundError: no such article.
        """
        with self._db.read() as connection:
            row = connection.execute(_select().where(article.c.id == article_id)).first()
        if row is None:
            raise NotFoundError(f"{article_id}: no such article")
        return _article_row(row)

    def version(self, article_id: int, number: int) -> Row:
        """A text that an article has had (number, title, text, seen_at).

        Raises:
            NotFoundError: no such version.
        """
        version = article_version.c
        query = sa.select(version.number, version.title, version.text, version.seen_at)
        with self._db.read() as connection:
            row = connection.execute(
                query.where(version.article_id == article_id, version.number == number)
            ).first()
        if row is None:
            raise NotFoundError(f"{article_id}: no such article, or no version {number} of it")
        return row

    def feed_ids(self, article_id: int) -> list[int]:
        """The feeds in which an article was seen, sighting by sighting, in order."""
        query = (
            sa.select(sighting.c.feed_id)
            .where(sighting.c.article_id == article_id)
            .order_by(sighting.c.seen_at, sighting.c.id)
        )
        with self._db.read() as connection:
            return list(connection.execute(query).scalars())


def _select() -> sa.Select[tuple[object, ...]]:
    outlet = sa.func.coalesce(article.c.outlet, article.c.site).label("outlet")
    return sa.select(*_COLUMNS, outlet)


def _article_row(row: Row) -> ArticleRow:
    return ArticleRow(**row._mapping)
