"""The time: aware UTC, from one place, so that tests can hand in another clock."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time as an aware UTC datetime."""
    return datetime.now(UTC)


def iso(moment: datetime | None) -> str | None:
    """An aware UTC time as ISO 8601 ending in Z; None stays None."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None
