"""The kept counts against a count of what is stored: every test with a store ends with this."""

from __future__ import annotations

import sqlalchemy as sa

from worker.store.schema import tally
from worker.store.store import Store


def kept(store: Store) -> list[tuple[object, ...]]:
    """The counts as they are kept, those that are 0 left out."""
    query = sa.select(tally).where(tally.c.number != 0).order_by(*tally.primary_key.columns)
    with store.database.read() as connection:
        return sorted(tuple(row) for row in connection.execute(query))


def check_counts(store: Store) -> None:
    """Make sure that the kept counts are what counting anew gives."""
    before = kept(store)
    store.tallies.rebuild()
    assert kept(store) == before
