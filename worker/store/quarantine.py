"""What was given up and waits for a person: articles, feeds and deliveries alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from worker.errors import NotFoundError
from worker.store import states
from worker.store.engine import Database, Row
from worker.store.schema import article, feed, fetch_event, match, outbox

_ATTEMPTS = 10


class Kind(StrEnum):
    """What can be given up."""

    ARTICLE = "article"
    FEED = "feed"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """Something that was given up.

    Attributes:
        what: its address, or the key of a delivery.
        title: of the feed, of the article, or of the match that was to be told.
        error: why it was given up.
        tries: claims that nobody finished; 0 if its failures were seen.
        since: when it was last due.
    """

    kind: Kind
    id: int
    what: str
    title: str
    error: str
    tries: int
    since: datetime

    @property
    def name(self) -> str:
        """What the command line calls it."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One fetch of a feed, or of an article's page."""

    at: datetime
    outcome: str
    detail: str


_TABLES = {Kind.ARTICLE: article, Kind.FEED: feed, Kind.DELIVERY: outbox}
_WORKING = {Kind.ARTICLE: states.PENDING, Kind.FEED: states.ACTIVE, Kind.DELIVERY: states.PENDING}
# a feed is never dropped for good: a watch's file may name it
_DROPPED = {Kind.ARTICLE: states.DROPPED, Kind.FEED: states.PAUSED, Kind.DELIVERY: states.DROPPED}


class QuarantineStore:
    """What the doors ask of quarantine."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def counts(self) -> dict[Kind, int]:
        """How many of each kind are given up; kinds without any are left out."""
        with self._db.read() as connection:
            counts = {
                kind: connection.execute(
                    sa.select(sa.func.count())
                    .select_from(table)
                    .where(table.c.state == states.QUARANTINED)
                ).scalar_one()
                for kind, table in _TABLES.items()
            }
        return {kind: count for kind, count in counts.items() if count}

    def rows(self, kind: Kind | None = None, limit: int | None = None) -> list[QuarantinedRow]:
        """What is given up, kind by kind, latest first; at most `limit` of each kind."""
        kinds = Kind if kind is None else (kind,)
        with self._db.read() as connection:
            return [
                _row(one, row)
                for one in kinds
                for row in connection.execute(_query(one).limit(limit))
            ]

    def get(self, kind: Kind, row_id: int) -> QuarantinedRow:
        """One that is given up.

        Raises:
            NotFoundError: it is not.
        """
        with self._db.read() as connection:
            row = connection.execute(_query(kind).where(_TABLES[kind].c.id == row_id)).first()
        if row is None:
            raise NotFoundError(
                f"{kind}:{row_id}: is not in quarantine; `seedwatch quarantine list` shows what is"
            )
        return _row(kind, row)

    def attempts(self, kind: Kind, row_id: int) -> list[Attempt]:
        """The latest fetches of a feed or an article's page, latest first; none of a delivery."""
        if kind is Kind.DELIVERY:
            return []
        owner = fetch_event.c.article_id if kind is Kind.ARTICLE else fetch_event.c.feed_id
        query = sa.select(fetch_event.c.at, fetch_event.c.outcome, fetch_event.c.detail)
        query = query.where(owner == row_id).order_by(fetch_event.c.id.desc()).limit(_ATTEMPTS)
        with self._db.read() as connection:
            return [
                Attempt(row.at, row.outcome, row.detail or "") for row in connection.execute(query)
            ]

    def retry(self, kind: Kind, ids: Sequence[int] | None = None) -> int:
        """Make what is given up (or all of its kind) due at once, with all its tries again.

        Returns:
            How many there were.
        """
        table = _TABLES[kind]
        fresh = {"tries": 0, "hinted_at": None}
        if kind is not Kind.ARTICLE:
            fresh["failures"] = 0
        with self._db.write() as connection:
            query = states.move(table, _WORKING[kind]).where(_chosen(table, ids))
            due_at = self._db.now(connection)
            return connection.execute(query.values(due_at=due_at, **fresh)).rowcount

    def drop(self, kind: Kind, ids: Sequence[int] | None = None) -> int:
        """Give up for good what is given up (or all of its kind); a feed is paused.

        What is known of it stays: an article is not brought again by its feed, and keeps the
        text and the matches it has.

        Returns:
            How many there were.
        """
        table = _TABLES[kind]
        with self._db.write() as connection:
            query = states.move(table, _DROPPED[kind]).where(_chosen(table, ids))
            return connection.execute(query.values(token=None)).rowcount


def _chosen(table: sa.Table, ids: Sequence[int] | None) -> sa.ColumnElement[bool]:
    given_up = table.c.state == states.QUARANTINED
    return given_up if ids is None else sa.and_(given_up, table.c.id.in_(ids))


def _query(kind: Kind) -> sa.Select[*tuple[Any, ...]]:
    table = _TABLES[kind]
    common = (table.c.id, table.c.tries, table.c.due_at)
    query: sa.Select[*tuple[Any, ...]]
    if kind is Kind.FEED:
        query = sa.select(
            *common, feed.c.url.label("what"), feed.c.title, feed.c.last_detail.label("error")
        )
    elif kind is Kind.ARTICLE:
        title = sa.case((article.c.title == "", article.c.entry_title), else_=article.c.title)
        query = sa.select(
            *common,
            article.c.url.label("what"),
            title.label("title"),
            article.c.last_error.label("error"),
        )
    else:
        query = (
            sa.select(
                *common,
                outbox.c.key.label("what"),
                article.c.title,
                outbox.c.last_error.label("error"),
            )
            .join(match, match.c.id == outbox.c.match_id)
            .join(article, article.c.id == match.c.article_id)
        )
    newest_first = (table.c.due_at.desc(), table.c.id.desc())
    return query.where(table.c.state == states.QUARANTINED).order_by(*newest_first)


def _row(kind: Kind, row: Row) -> QuarantinedRow:
    what, error = row.what or "-", row.error or ""
    return QuarantinedRow(kind, row.id, what, row.title, error, row.tries, row.due_at)
