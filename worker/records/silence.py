"""What each outlet published day by day, and whether it could be heard at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class DayState(StrEnum):
    """Why there is a match of an outlet on a day, or none."""

    MATCHED = "matched"
    BELOW = "below"
    """Something was published; nothing of it reached the threshold."""
    QUIET = "quiet"
    """The feed was read, and had nothing new."""
    BROKEN = "broken"
    """The feed was asked and could not be read."""
    UNASKED = "unasked"
    """It was not asked, or that was so long ago that it is forgotten."""


@dataclass(frozen=True, slots=True)
class DayNumbers:
    """An outlet's day (UTC).

    Attributes:
        polls: attempts to read its feed. good: those that could.
        entries: that its feed brought, related or not. matches: articles among them that are.
        nearest: the best score, 0 to 1, among those just below the threshold; None without any.
    """

    polls: int = 0
    good: int = 0
    entries: int = 0
    matches: int = 0
    nearest: float | None = None

    @property
    def state(self) -> DayState:
        """What it comes to."""
        if self.matches:
            return DayState.MATCHED
        if self.entries:
            return DayState.BELOW
        if self.good:
            return DayState.QUIET
        return DayState.BROKEN if self.polls else DayState.UNASKED


@dataclass(frozen=True, slots=True)
class OutletDays:
    """The days of an outlet in one language, without those on which nothing happened.

    Attributes:
        feed_id: of the feed that brings it.
        language: ISO 639, `und` if unknown: the feed's, or of its articles where it tells none.
    """

    feed_id: int
    outlet: str
    language: str
    days: Mapping[date, DayNumbers]

    def on(self, day: date) -> DayNumbers:
        """One day."""
        return self.days.get(day, DayNumbers())


def as_record(one: OutletDays, shown: Sequence[date]) -> dict[str, Any]:
    """An outlet's days for programs, each day with its state.

    Args:
        one: the outlet.
        shown: the days that are wanted, in their order.
    """
    return {
        "language": one.language,
        "outlet": one.outlet,
        "feed_id": one.feed_id,
        "days": [{"day": day.isoformat(), **_numbers(one.on(day))} for day in shown],
    }


def _numbers(of: DayNumbers) -> dict[str, Any]:
    return {
        "state": str(of.state),
        "polls": of.polls,
        "good_polls": of.good,
        "entries": of.entries,
        "matches": of.matches,
        "nearest_score": None if of.nearest is None else round(of.nearest, 4),
    }
