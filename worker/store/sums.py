"""Numbers over a list of matches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from worker.domain import Relation
from worker.records import Sums
from worker.store.engine import Row, counts_of
from worker.store.schema import tally
from worker.store.tallies import ARTICLES, LANGUAGE, OUTLET


def sums_of(connection: sa.Connection, found: sa.Subquery) -> Sums:
    """Count matches by what they are.

    Args:
        connection: in a transaction, so that all numbers are of one moment.
        found: matches, with `relation`, `language`, `outlet`, `verdict` and `created_at`.
    """
    number = sa.func.count()

    def counted(column: sa.ColumnElement[Any]) -> dict[Any, int]:
        query = sa.select(column, number).group_by(column).order_by(number.desc(), column)
        return counts_of(connection, query)

    day = sa.cast(sa.func.date(found.c.created_at), sa.String)
    query = sa.select(day, found.c.relation, number).group_by(day, found.c.relation)
    rows = connection.execute(query.order_by(day, found.c.relation)).all()
    relations = counted(found.c.relation)
    return Sums(
        total=sum(relations.values()),
        relations=relations,
        languages=counted(found.c.language),
        outlets=counted(found.c.outlet),
        verdicts=counted(found.c.verdict),
        days=_days(rows),
    )


def kept_sums(
    connection: sa.Connection,
    verdicts: sa.Subquery,
    watch: str | None = None,
    relation: Relation | None = None,
    since: datetime | None = None,
) -> Sums:
    """The same of what the kept counts tell apart: only the verdicts are counted in the matches.

    Args:
        connection: as for `sums_of`.
        verdicts: the matches, with `verdict`.
        watch: of this one only; None = of all.
        relation: only these, which are related; None = all that are.
        since: from the day (UTC) that begins then on.
    """
    number = sa.func.sum(tally.c.number)

    def kept(dimension: str, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
        query = sa.select(*columns, number).where(
            tally.c.dimension == dimension,
            tally.c.relation != ARTICLES if relation is None else tally.c.relation == relation,
        )
        if watch is not None:
            query = query.where(tally.c.watch == watch)
        if since is not None:
            query = query.where(tally.c.day >= since.date())
        return query.group_by(*columns).having(number > 0).order_by(*columns)

    def counted(dimension: str, column: sa.ColumnElement[Any]) -> dict[Any, int]:
        return _most_first(counts_of(connection, kept(dimension, column)))

    query = sa.select(verdicts.c.verdict, sa.func.count()).group_by(verdicts.c.verdict)
    rows = connection.execute(kept(LANGUAGE, tally.c.day, tally.c.relation)).all()
    relations = counted(LANGUAGE, tally.c.relation)
    outlets = counted(OUTLET, tally.c.value)
    return Sums(
        total=sum(relations.values()),
        relations=relations,
        languages=counted(LANGUAGE, tally.c.value),
        outlets={name or None: found for name, found in outlets.items()},
        verdicts=_most_first(counts_of(connection, query)),
        days=_days(rows),
    )


def _most_first(counts: Mapping[Any, int]) -> dict[Any, int]:
    return {key: int(number) for key, number in sorted(counts.items(), key=lambda one: -one[1])}


def _days(rows: Sequence[Row]) -> dict[date, dict[str, int]]:
    """Rows of day, relation and number."""
    days: dict[date, dict[str, int]] = {}
    for when, relation, number in rows:
        day = when if isinstance(when, date) else date.fromisoformat(when)
        days.setdefault(day, {})[relation] = int(number)
    return days
