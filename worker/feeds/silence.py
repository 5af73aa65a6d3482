"""How much a feed brings, and whether it has fallen silent: decided from its entries' days.

A server that answers 200 with last month's entries looks well by every other measure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

WINDOW_DAYS: Final = 28
# Fewer entries, or on fewer days, say nothing about what is usual.
_MIN_ENTRIES: Final = 5
_MIN_ACTIVE_DAYS: Final = 3
# Silent for half as long again as ever lately (weekends, holidays), and with so many entries due.
_LONGER_THAN_EVER: Final = 1.5
_MIN_MISSED: Final = 5.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What a feed brings.

    Attributes:
        entries_a_week: over the last four weeks, or as long as there are entries; None without any.
        silence: "usually 5 a day, nothing for 3 days", if that is unusual; else None.
    """

    entries_a_week: float | None = None
    silence: str | None = None


def rhythm_of(
    entry_days: Mapping[str, int], last_entry_at: datetime | None, now: datetime
) -> Rhythm:
    """Say what a feed brings and whether it has fallen silent.

    Args:
        entry_days: how many entries were published on each of the latest days that had any, by
            ISO date.
        last_entry_at: when the latest was published.
        now: aware UTC.
    """
    if not entry_days or last_entry_at is None:
        return Rhythm()
    counts = {date.fromisoformat(day): count for day, count in entry_days.items()}
    return Rhythm(_a_week(counts, now.date()), _silence(counts, last_entry_at, now))


def _a_week(counts: Mapping[date, int], today: date) -> float:
    recent = _from(counts, today - timedelta(days=WINDOW_DAYS - 1))
    if not recent:
        return 0.0
    days = min(max((today - min(recent)).days + 1, 7), WINDOW_DAYS)
    return sum(recent.values()) * 7 / days


def _silence(counts: Mapping[date, int], last_entry_at: datetime, now: datetime) -> str | None:
    last = max(counts)
    usual = _from(counts, last - timedelta(days=WINDOW_DAYS - 1))
    if sum(usual.values()) < _MIN_ENTRIES or len(usual) < _MIN_ACTIVE_DAYS:
        return None
    days = sorted(usual)
    a_day = sum(usual.values()) / ((last - days[0]).days + 1)
    longest_gap = max((after - before).days for before, after in pairwise(days))
    silent_days = (now - last_entry_at).total_seconds() / 86_400
    if silent_days < longest_gap * _LONGER_THAN_EVER or silent_days * a_day < _MIN_MISSED:
        return None
    pace = f"{a_day:.0f} a day" if a_day >= 1 else f"{max(1.0, a_day * 7):.0f} a week"
    length = f"{silent_days:.0f} days" if silent_days < 14 else f"{silent_days / 7:.0f} weeks"
    return f"usually {pace}, nothing for {length}"


def _from(counts: Mapping[date, int], first: date) -> dict[date, int]:
    return {day: count for day, count in counts.items() if day >= first}
