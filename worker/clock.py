"""The time: aware UTC, from one place, so that tests can hand in another clock."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time as an aware UTC datetime."""
    return datetime.now(UTC)


def iso(moment: datetime | None) -> str | None:
    """An aware UTC time as ISO 8601 ending in Z; None stays None."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def read_time(text: str) -> datetime:
    """Read an ISO 8601 date or time as aware UTC; without an offset it is UTC.

    Raises:
        ValueError: it is none, or lies outside the years 1 to 9999 in UTC.
    """
    moment = datetime.fromisoformat(text)
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:  # 0001-01-01T00:00:00+14:00 is in the year 0
        raise ValueError(f"{text} is outside the years 1 to 9999") from error
