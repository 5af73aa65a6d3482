"""Matching again in tests: ask and work on it until it is finished."""

from __future__ import annotations

from worker import pipeline
from worker.records import RematchRow
from worker.services import Services


def rematch_all(services: Services) -> RematchRow:
    """Match all that is stored again, as the command does."""
    row = services.store.rematches.ask()
    while row.finished_at is None:
        assert pipeline.rematch(services)
        row = services.store.rematches.get(row.id)
    return row
