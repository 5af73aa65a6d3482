"""Counters that only grow: what all workers together did, since the store was made."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from worker.measures import Counted
from worker.store.engine import Database
from worker.store.schema import counter


class CounterStore:
    """What the pipeline adds to and the metrics show."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, counts: Mapping[Counted, float]) -> None:
        """Add to counters, in one order, so that two workers who meet wait for each other."""
        if not counts:
            return
        rows = [
            {"name": counted.name, "label": counted.label, "value": float(value)}
            for counted, value in sorted(counts.items())
        ]
        with self._db.write() as connection:
            connection.execute(self._db.insert_adding(counter, "value"), rows)

    def all(self) -> dict[Counted, float]:
        """All counters."""
        with self._db.read() as connection:
            rows = connection.execute(sa.select(counter)).all()
        return {Counted(row.name, row.label): row.value for row in rows}
