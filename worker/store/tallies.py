"""Kept counts: how many articles and matches there are a day, by language and by outlet.

To count 200,000 articles when somebody opens a page takes longer than they wait. So whoever
changes articles or matches writes the difference that makes, in the same transaction: a `Tally`
looks at the articles before and after. What is counted is defined twice, for one article here
and for all of them in `rebuild`; a test holds the two together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from worker.domain import Relation
from worker.records import DayCount, MostOf, ValueCount
from worker.store import states
from worker.store.engine import Database, chunks, counts_of
from worker.store.schema import article, match, tally

LANGUAGE = "language"
OUTLET = "outlet"
ARTICLES = ""
"""The relation of what counts articles, not matches; they belong to no watch."""
_RELATED = [str(relation) for relation in Relation if relation.is_related]
_ALL = [ARTICLES, *_RELATED]
_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """What one number counts; the fields are the table's key."""

    dimension: str
    relation: str
    day: date
    value: str
    watch: str


class Tally:
    """The difference that one transaction makes to the counts.

    Args:
        database: for its way to insert what may be there already.
        connection: of that transaction, for writing.
    """

    def __init__(self, database: Database, connection: sa.Connection) -> None:
        self._db = database
        self._connection = connection
        self._ids: set[int] = set()
        self._before: Counter[Cell] = Counter()

    def note(self, article_ids: Iterable[int]) -> None:
        """Note what articles count for; call it before they change, with their rows locked."""
        new = set(article_ids) - self._ids
        self._ids |= new
        self._before.update(_cells(self._connection, new))

    def write(self) -> None:
        """Write the difference; call it last, so that nobody waits for these rows for long.

        The rows are taken in one order: two transactions that meet wait for each other.
        """
        change = Counter(_cells(self._connection, self._ids))
        change.subtract(self._before)
        rows = [{**asdict(cell), "number": change[cell]} for cell in sorted(change) if change[cell]]
        if not rows:
            return
        self._connection.execute(self._db.insert_adding(tally, "number"), rows)


class TallyStore:
    """What the overview asks, and the way to count anew."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def by_day(self, since: date, watch: str | None = None) -> list[DayCount]:
        """Articles and matches of each relation, by the day they were found, oldest first.

        Args:
            since: from this day (UTC) on.
            watch: matches of this one only; None = of all.
        """
        number = sa.func.sum(tally.c.number)
        query = (
            _asked(LANGUAGE, _ALL, since, watch, tally.c.day, tally.c.relation, number)
            .group_by(tally.c.day, tally.c.relation)
            .having(number > 0)
            .order_by(tally.c.day, tally.c.relation)
        )
        with self._db.read() as connection:
            rows = connection.execute(query).all()
        return [
            DayCount(day, Relation(relation) if relation else None, int(found))
            for day, relation, found in rows
        ]

    def by_language(self, since: date, watch: str | None = None) -> list[ValueCount]:
        """Articles and matches by language, those with most matches first; arguments as above."""
        with self._db.read() as connection:
            matched = counts_of(connection, _by_value(LANGUAGE, _RELATED, since, watch))
            read = counts_of(connection, _by_value(LANGUAGE, [ARTICLES], since))
        return _ordered(matched, read)

    def by_outlet(self, since: date, watch: str | None, limit: int) -> MostOf:
        """The same by outlet, for those with most matches; outlets without any are left out.

        Args:
            since: as above.
            watch: as above.
            limit: at most so many.
        """
        with self._db.read() as connection:
            matched = counts_of(connection, _by_value(OUTLET, _RELATED, since, watch))
            if not matched:
                return MostOf([], 0)
            most = dict(_ordered_items(matched)[:limit])
            query = _by_value(OUTLET, [ARTICLES], since).where(tally.c.value.in_(list(most)))
            read = counts_of(connection, query)
        return MostOf(_ordered(most, read), len(matched))

    def rebuild(self) -> None:
        """Count everything anew, in one transaction; work goes on beside it."""
        with self._db.write() as connection:
            if not self._db.is_sqlite:
                # who is about to write a difference waits, and adds it to what is counted here
                connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
                connection.execute(sa.text("LOCK TABLE tally IN EXCLUSIVE MODE"))
            connection.execute(tally.delete())
            for dimension in (LANGUAGE, OUTLET):
                for query in (
                    _articles_query(dimension, self._db.is_sqlite),
                    _matches_query(dimension, self._db.is_sqlite),
                ):
                    columns = [*tally.primary_key.columns, tally.c.number]
                    connection.execute(tally.insert().from_select(columns, query))


def _by_value(
    dimension: str, relations: Sequence[str], since: date, watch: str | None = None
) -> sa.Select[Any]:
    number = sa.func.sum(tally.c.number)
    query = _asked(dimension, relations, since, watch, tally.c.value, number)
    return query.group_by(tally.c.value).having(number > 0)


def _ordered(matched: Mapping[str, int], read: Mapping[str, int]) -> list[ValueCount]:
    counts = (
        ValueCount(value, int(read.get(value, 0)), int(matched.get(value, 0)))
        for value in {**read, **matched}
    )
    return sorted(counts, key=lambda one: (-one.matches, -one.articles, one.value))


def _ordered_items(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _asked(
    dimension: str,
    relations: Sequence[str],
    since: date,
    watch: str | None,
    *columns: sa.ColumnElement[Any],
) -> sa.Select[Any]:
    query = sa.select(*columns).where(
        tally.c.dimension == dimension, tally.c.relation.in_(relations), tally.c.day >= since
    )
    return query if watch is None else query.where(tally.c.watch.in_(("", watch)))


def _cells(connection: sa.Connection, ids: set[int]) -> Iterator[Cell]:
    """What articles count for now, each with its matches."""
    for part in chunks(sorted(ids)):
        yield from _article_cells(connection, part)
        yield from _match_cells(connection, part)


def _article_cells(connection: sa.Connection, ids: Sequence[int]) -> Iterator[Cell]:
    for row in connection.execute(_COUNTED_ARTICLES, {"ids": list(ids)}):
        outlet = (row.outlet or row.site or "")[:_LONGEST_VALUE]
        yield Cell(LANGUAGE, ARTICLES, row.first_seen_at.date(), row.language, "")
        yield Cell(OUTLET, ARTICLES, row.first_seen_at.date(), outlet, "")


def _match_cells(connection: sa.Connection, ids: Sequence[int]) -> Iterator[Cell]:
    for row in connection.execute(_COUNTED_MATCHES, {"ids": list(ids)}):
        day, outlet = row.created_at.date(), (row.outlet or "")[:_LONGEST_VALUE]
        yield Cell(LANGUAGE, row.relation, day, row.language, row.watch)
        yield Cell(OUTLET, row.relation, day, outlet, row.watch)


def _is_counted() -> sa.ColumnElement[bool]:
    """Whether an article was read, and is not another one's by now."""
    return sa.and_(article.c.version > 0, article.c.state != states.MERGED)


# built once, see worker.store.engine
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_COUNTED_ARTICLES = sa.select(
    *(article.c[name] for name in ("first_seen_at", "language", "outlet", "site"))
).where(article.c.id.in_(_IDS), _is_counted())
_COUNTED_MATCHES = sa.select(
    *(match.c[name] for name in ("created_at", "language", "outlet", "watch", "relation"))
).where(match.c.article_id.in_(_IDS), match.c.relation != Relation.UNRELATED)


def _articles_query(dimension: str, is_sqlite: bool) -> sa.Select[Any]:
    value: sa.ColumnElement[Any] = article.c.language
    if dimension == OUTLET:
        names = (sa.func.nullif(article.c[name], "") for name in ("outlet", "site"))
        value = _cut(sa.func.coalesce(*names, ""))
    day = _day(article.c.first_seen_at, is_sqlite)
    return _grouped(dimension, sa.literal(ARTICLES), day, value, sa.literal("")).where(
        _is_counted()
    )


def _matches_query(dimension: str, is_sqlite: bool) -> sa.Select[Any]:
    value: sa.ColumnElement[Any] = match.c.language
    if dimension == OUTLET:
        value = _cut(sa.func.coalesce(match.c.outlet, ""))
    day = _day(match.c.created_at, is_sqlite)
    return _grouped(dimension, match.c.relation, day, value, match.c.watch).where(
        match.c.relation != Relation.UNRELATED
    )


def _grouped(dimension: str, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    numbers = range(2, len(columns) + 2)
    names = [column.label(f"c{number}") for number, column in zip(numbers, columns, strict=True)]
    return sa.select(sa.literal(dimension), *names, sa.func.count()).group_by(
        *(sa.text(str(number)) for number in numbers)
    )


def _cut(value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.substr(value, 1, _LONGEST_VALUE)


def _day(column: sa.Column[Any], is_sqlite: bool) -> sa.ColumnElement[Any]:
    """The day of a time, in UTC: every connection to PostgreSQL has that zone."""
    return sa.func.date(column) if is_sqlite else sa.cast(column, sa.Date)
