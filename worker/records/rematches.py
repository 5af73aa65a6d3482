"""Matching stored articles again, as it was asked for: the row, and what a worker holds of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class RematchState(StrEnum):
    """How far a request has come."""

    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Change:
    """What matching again has changed for a watch.

    Attributes:
        came: articles that match and did not before. went: the other way round.
    """

    came: int = 0
    went: int = 0


@dataclass(frozen=True, slots=True)
class RematchRow:
    """A request.

    Attributes:
        reviewer: who asked, as they call themselves.
        since: articles first seen on this day (UTC) or later; None = all.
        total: articles whose answer came from other seeds, thresholds or weights; None = not
            counted yet.
        done: how many of them were matched again. passed_over: how many could not be.
        changes: by watch; those that nothing has changed for are left out.
        error: why it was given up.
    """

    id: int
    asked_at: datetime
    reviewer: str | None
    since: date | None
    total: int | None
    done: int
    passed_over: int
    changes: Mapping[str, Change]
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None

    @property
    def state(self) -> RematchState:
        """How far it has come."""
        if self.finished_at is not None:
            return RematchState.FAILED if self.error else RematchState.DONE
        return RematchState.RUNNING if self.started_at else RematchState.ASKED

    def change(self, watch: str) -> Change:
        """What it has changed for a watch so far."""
        return self.changes.get(watch, Change())


@dataclass(frozen=True, slots=True)
class RematchJob:
    """A claimed request.

    Attributes:
        token: fences what is stored under the claim.
        version: of the matcher that answers now.
        cursor: the article that was taken last; older ones are left. None = none yet.
        tries: claims since an article was last matched: above 1 a worker died over the next ones.
    """

    id: int
    token: str
    version: str
    since: date | None
    cursor: int | None
    tries: int
