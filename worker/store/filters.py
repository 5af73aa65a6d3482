"""Filters of the inbox that were given a name: kept for everybody who uses this installation."""

from __future__ import annotations

import sqlalchemy as sa

from worker.errors import InputError
from worker.records import SavedFilter
from worker.store.engine import Database
from worker.store.schema import saved_filter

MOST_FILTERS = 50
MAX_NAME = 60


class FilterStore:
    """What the inbox asks of saved filters."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def rows(self) -> list[SavedFilter]:
        """All of them, by their names."""
        order = (sa.func.lower(saved_filter.c.name), saved_filter.c.id)
        with self._db.read() as connection:
            return [
                SavedFilter(row.id, row.name, row.query, row.created_by)
                for row in connection.execute(sa.select(saved_filter).order_by(*order))
            ]

    def save(self, name: str, query: str, reviewer: str | None = None) -> None:
        """Keep a filter; one that has the name already gives way to it.

        Args:
            name: at most `MAX_NAME` characters.
            query: the query string of the list, as its address has it.
            reviewer: who saves it, as they call themselves.

        Raises:
            InputError: there are `MOST_FILTERS` already.
        """
        with self._db.write() as connection:
            known = connection.execute(sa.select(saved_filter.c.name)).scalars().all()
            if len(known) >= MOST_FILTERS and name not in known:
                raise InputError("name", f"at most {MOST_FILTERS} filters are kept; remove one")
            values = {
                "query": query,
                "created_by": reviewer,
                "created_at": self._db.now(connection),
            }
            connection.execute(
                self._db.insert(saved_filter)
                .values(name=name, **values)
                .on_conflict_do_update(index_elements=["name"], set_=values)
            )

    def remove(self, filter_id: int) -> None:
        """Forget a filter; one that is not there is no error: somebody was faster."""
        with self._db.write() as connection:
            connection.execute(saved_filter.delete().where(saved_filter.c.id == filter_id))
