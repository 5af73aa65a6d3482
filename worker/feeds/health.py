"""How a feed is doing, and what of it needs a person: decided from its row alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Final

from worker.domain import Outcome
from worker.feeds.redirects import Move
from worker.feeds.silence import Rhythm, rhythm_of
from worker.records import FeedRow

# The address itself is wrong: no further poll will change that.
_HOPELESS: Final = frozenset({Outcome.BAD_URL, Outcome.BLOCKED_ADDRESS, Outcome.GONE})
_FAILING_FROM: Final = 3


class Need(IntEnum):
    """What a feed needs, most urgent first: the order of the list."""

    NEW_ADDRESS = 0
    CONFIRM = 1
    HELP = 2
    LOOK = 3
    OVERFLOW = 4
    RETRY = 5
    FIRST_POLL = 6
    NOTHING = 7
    OFF = 8


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """A feed with what can be said about it.

    Attributes:
        note: what a person should know or do, in words; empty if nothing.
    """

    row: FeedRow
    need: Need
    note: str
    rhythm: Rhythm
    move: Move


def health_of(row: FeedRow, now: datetime) -> FeedHealth:
    """Judge a feed.

    Args:
        row: as stored.
        now: aware UTC.
    """
    rhythm = rhythm_of(row.entry_days, row.last_entry_at, now)
    move = Move(row.moved_to, row.moved_count)
    need, note = _need(row, rhythm, move)
    return FeedHealth(row, need, note, rhythm, move)


def by_urgency(health: FeedHealth) -> tuple[int, int, int]:
    """The key that sorts what needs a person first."""
    return health.need, -health.row.failures, health.row.id


def _need(row: FeedRow, rhythm: Rhythm, move: Move) -> tuple[Need, str]:  # noqa: PLR0911 - a list
    detail = f": {row.last_detail}" if row.last_detail else ""
    if row.state == "quarantined":
        return Need.HELP, f"given up{detail}: seedwatch feeds resume {row.id}"
    if row.state != "active":
        return Need.OFF, ""
    if row.failures and row.last_outcome in _HOPELESS:
        return Need.NEW_ADDRESS, f"the address is {row.last_outcome}{detail}"
    if move.is_to_confirm:
        return Need.CONFIRM, (
            f"moved to {move.to} ({move.count} polls): seedwatch feeds confirm {row.id}"
        )
    if row.failures >= _FAILING_FROM:
        return Need.HELP, f"failed {row.failures} times{detail}"
    if rhythm.silence:
        return Need.LOOK, rhythm.silence
    if row.overflow:
        entries = "1 entry over the cap was"
        if row.overflow > 1:
            entries = f"{row.overflow} entries over the cap were"
        return Need.OVERFLOW, f"{entries} left out"
    if row.failures:
        return Need.RETRY, row.last_detail or ""
    if row.last_polled_at is None:
        return Need.FIRST_POLL, ""
    return Need.NOTHING, ""
