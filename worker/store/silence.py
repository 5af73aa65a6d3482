"""Who published nothing, whose feed was broken, and who was heard but not matched; day by day.

It is counted from the log of polls, from what the feeds brought, and from the matches. All three
are numbered in the order of time, so that only the days in question are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from worker.domain import UNDETERMINED, Outcome, Relation
from worker.records import DayNumbers, OutletDays
from worker.store import states
from worker.store.engine import Database, Row
from worker.store.schema import article, feed, feed_watch, fetch_event, match, sighting

_GOOD = (Outcome.OK, Outcome.UNCHANGED, Outcome.EMPTY)
_NOT_ASKED = (Outcome.POSTPONED, Outcome.LEASE_LOST)
_DISORDER = timedelta(hours=1)
"""By so much a row may be numbered later than its time says."""

Days = dict[date, dict[str, Any]]


class SilenceStore:
    """What the grid of languages, outlets and days asks."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def outlets(self, first: date, watch: str | None = None) -> list[OutletDays]:
        """The outlets whose feeds are watched, by language and name.

        Args:
            first: the first day (UTC) that counts.
            watch: only its feeds and matches; None = all.
        """
        start = datetime.combine(first, time(), UTC)
        with self._db.read() as connection:
            feeds = connection.execute(_feeds(watch)).all()
            polls = connection.execute(_polls(connection, start)).all()
            entries = [
                *connection.execute(_entries(connection, start, has_language=True)),
                *connection.execute(_entries(connection, start, has_language=False)),
            ]
            matches = connection.execute(_matches(start, watch)).all()
        asked: dict[int, Days] = defaultdict(dict)
        for row in polls:
            asked[row.feed_id][_date(row.day)] = {"polls": row.number, "good": int(row.good)}
        brought: dict[int, dict[str, Days]] = defaultdict(dict)
        for row in (*entries, *matches):
            days = brought[row.feed_id].setdefault(_base(row.language), {})
            numbers = days.setdefault(_date(row.day), {})
            numbers["entries"] = max(row.number, numbers.get("entries", 0))
            if "matches" in row._mapping:
                numbers |= {"matches": row.matches, "nearest": row.nearest}
        found = [
            _outlet(row, language, asked[row.id], brought[row.id].get(language, {}))
            for row in feeds
            for language in _languages(row, brought[row.id])
        ]
        return sorted(found, key=lambda one: (one.language, one.outlet.lower(), one.feed_id))


def _feeds(watch: str | None) -> sa.Select[Any]:
    query = sa.select(feed.c.id, feed.c.url, feed.c.title, feed.c.language).where(
        feed.c.state != states.RETIRED
    )
    if watch is not None:
        mine = sa.select(feed_watch.c.feed_id).where(feed_watch.c.watch == watch)
        query = query.where(feed.c.id.in_(mine))
    return query


def _polls(connection: sa.Connection, start: datetime) -> sa.Select[Any]:
    day = _day(fetch_event.c.at)
    good = sa.func.sum(sa.case((fetch_event.c.outcome.in_(_GOOD), 1), else_=0))
    return (
        sa.select(fetch_event.c.feed_id, day, sa.func.count().label("number"), good.label("good"))
        .where(
            fetch_event.c.id >= _first_id(connection, fetch_event, fetch_event.c.at, start),
            fetch_event.c.at >= start,
            fetch_event.c.feed_id.is_not(None),
            fetch_event.c.outcome.not_in(_NOT_ASKED),
        )
        .group_by(fetch_event.c.feed_id, day)
    )


def _entries(connection: sa.Connection, start: datetime, *, has_language: bool) -> sa.Select[Any]:
    """What was brought by the feeds that tell their language; the articles of others tell it."""
    day = _day(sighting.c.seen_at)
    language = feed.c.language if has_language else article.c.language
    feed_id = (sighting.c.feed_id + 0).label("feed_id")  # else SQLite reads the index of all times
    tables = sighting.join(feed, feed.c.id == sighting.c.feed_id + 0)
    if not has_language:
        tables = tables.join(article, article.c.id == sighting.c.article_id)
    number = sa.func.count().label("number")
    return (
        sa.select(feed_id, language.label("language"), day, number)
        .select_from(tables)
        .where(
            sighting.c.id >= _first_id(connection, sighting, sighting.c.seen_at, start),
            sighting.c.seen_at >= start,
            feed.c.language.is_not(None) if has_language else feed.c.language.is_(None),
        )
        .group_by(feed_id, language, day)
    )


def _matches(start: datetime, watch: str | None) -> sa.Select[Any]:
    day = _day(sighting.c.seen_at)
    language = sa.func.coalesce(feed.c.language, match.c.language)
    is_related = match.c.relation != Relation.UNRELATED
    related = sa.func.count(sa.distinct(sa.case((is_related, match.c.article_id))))
    nearest = sa.func.max(sa.case((~is_related, match.c.score)))
    query = (
        sa.select(
            sighting.c.feed_id, language.label("language"), day,
            sa.func.count(sa.distinct(match.c.article_id)).label("number"),
            related.label("matches"), nearest.label("nearest"),
        )
        .join(sighting, sighting.c.article_id == match.c.article_id)
        .join(feed, feed.c.id == sighting.c.feed_id)
        .where(match.c.created_at >= start, sighting.c.seen_at >= start)
        .group_by(sighting.c.feed_id, language, day)
    )  # fmt: skip
    return query if watch is None else query.where(match.c.watch == watch)


def _first_id(
    connection: sa.Connection, table: sa.Table, at: sa.Column[Any], start: datetime
) -> int:
    """From which id on rows may be of that time or later; found by halves, by the key alone."""
    highest: int | None = connection.execute(sa.select(sa.func.max(table.c.id))).scalar()
    low, high = 0, (highest or 0) + 1
    while low < high:
        middle = (low + high) // 2
        query = sa.select(table.c.id, at).where(table.c.id >= middle).order_by(table.c.id).limit(1)
        row = connection.execute(query).first()
        if row is None or row[1] >= start - _DISORDER:
            high = middle
        else:
            low = row[0] + 1
    return low


def _day(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    return sa.cast(sa.func.date(column), sa.String).label("day")


def _date(day: str) -> date:
    return date.fromisoformat(day)


def _base(language: str | None) -> str:
    """`pt` of `pt-BR`: feeds tell the country as well, articles do not."""
    return (language or UNDETERMINED).lower().replace("_", "-").partition("-")[0] or UNDETERMINED


def _languages(row: Row, brought: dict[str, Days]) -> Sequence[str]:
    """A feed's own language, or those of its articles."""
    return [_base(row.language)] if row.language else sorted(brought) or [UNDETERMINED]


def _outlet(row: Row, language: str, asked: Days, brought: Days) -> OutletDays:
    days = {
        day: DayNumbers(**asked.get(day, {}), **brought.get(day, {}))
        for day in asked.keys() | brought.keys()
    }
    return OutletDays(row.id, row.title or row.url, language, days)
