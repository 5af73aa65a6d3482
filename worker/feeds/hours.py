"""When a feed publishes: learned from its entries' times, and honest where they are few.

A newspaper that brings forty entries between nine and five is worth a look every few minutes then
and hardly one at night. Hours are UTC: what counts is when, not where. Summer time moves them by
one, which forgetting makes up for within weeks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

HOURS: Final = 24
# As much as so many entries spread evenly over the day: fewer say little about the hours.
_EVEN_ENTRIES: Final = 48.0
_MIN_DAYS: Final = 3
_WINDOW_DAYS: Final = 28
WORTH_A_LOOK: Final = 0.5
"""Entries to be expected since the last poll: the same as half the mean time between two."""


def entries_a_day(entry_days: Mapping[str, int], today: date) -> float | None:
    """Return how many entries a day there were lately; None where three days are not yet known.

    Args:
        entry_days: entries by ISO date, of the latest days that had any.
        today: the day it is now, UTC.
    """
    counts = {date.fromisoformat(day): count for day, count in entry_days.items()}
    first = max(min(counts, default=today), today - timedelta(days=_WINDOW_DAYS - 1))
    days = (today - first).days + 1
    if days < _MIN_DAYS:
        return None
    return sum(count for day, count in counts.items() if day >= first) / days


def next_entry_s(a_day: float, hours: Mapping[str, int], now: datetime, most_s: float) -> float:
    """Return after how many seconds a look is worth it, by the hours in which entries come.

    Args:
        a_day: entries a day.
        hours: entries by hour, "0" to "23", as far as they are known.
        now: aware UTC.
        most_s: the longest answer.
    """
    shares = _shares(hours)
    waited_s, expected, left_s = 0.0, 0.0, 3_600.0 - now.minute * 60 - now.second
    hour = now.hour
    while waited_s < most_s:
        a_second = a_day * shares[hour] / 3_600
        if a_second * left_s + expected >= WORTH_A_LOOK:
            return min(waited_s + (WORTH_A_LOOK - expected) / a_second, most_s)
        expected += a_second * left_s
        waited_s += left_s
        hour, left_s = (hour + 1) % HOURS, 3_600.0
    return most_s


def _shares(hours: Mapping[str, int]) -> list[float]:
    """The share of a day's entries that comes in each hour; even where little is known."""
    counts = [hours.get(str(hour), 0) for hour in range(HOURS)]
    total = sum(counts) + _EVEN_ENTRIES
    return [(count + _EVEN_ENTRIES / HOURS) / total for count in counts]
