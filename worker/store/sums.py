"""Numbers over a list of matches."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from worker.records import Sums
from worker.store.engine import counts_of


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
    days: dict[date, dict[str, int]] = {}
    for row in connection.execute(query.order_by(day, found.c.relation)):
        days.setdefault(date.fromisoformat(row[0]), {})[row[1]] = row[2]
    relations = counted(found.c.relation)
    return Sums(
        total=sum(relations.values()),
        relations=relations,
        languages=counted(found.c.language),
        outlets=counted(found.c.outlet),
        verdicts=counted(found.c.verdict),
        days=days,
    )
