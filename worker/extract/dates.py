"""Dates as pages write them -> aware UTC, or None if absent or absurd."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
FUTURE_TOLERANCE = timedelta(days=2)

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?(Z)?")
_EPOCH = re.compile(r"\d{10}(\d{3})?")


def sane_date(moment: datetime | None, now: datetime) -> datetime | None:
    """Return a moment as aware UTC, if it lies between 1970 and two days after now.

    Args:
        moment: naive is taken for UTC.
        now: aware.

    Returns:
        Aware UTC, or None.
    """
    if moment is None:
        return None
    try:
        moment = (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return moment if EARLIEST <= moment <= now + FUTURE_TOLERANCE else None


def parse_date(raw: str, now: datetime) -> datetime | None:
    """Parse a machine-readable date: ISO 8601 and its usual variations, RFC 5322, epoch.

    Args:
        raw: as found.
        now: aware; later than two days after it is absurd.

    Returns:
        Aware UTC, or None. A date without a zone is taken for UTC. Never raises.
    """
    raw = raw.strip()[:80]
    try:
        return sane_date(_parse(raw), now)
    except (ValueError, TypeError, OverflowError, IndexError, OSError):
        return None


def _parse(raw: str) -> datetime | None:
    if _EPOCH.fullmatch(raw):
        return datetime.fromtimestamp(int(raw[:10]), UTC)
    if found := _ISO.match(raw.replace("/", "-")) or _COMPACT.match(raw):
        year, month, day, hour, minute, second = (int(x or 0) for x in found.groups()[:6])
        moment = datetime(year, month, day, hour, minute, second)
        return moment.replace(tzinfo=_zone(found[7])) if found[7] else moment
    if re.search(r"\d{4}", raw) and re.match(r"[A-Za-z]{3},? |\d{1,2} [A-Za-z]{3}", raw):
        return parsedate_to_datetime(raw)
    return None


def _zone(raw: str) -> timezone:
    if raw.upper() in ("Z", "UTC", "GMT"):
        return UTC
    digits = raw[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if raw.startswith("-") else offset)


def from_day(day: str, now: datetime) -> datetime | None:
    """Return midnight UTC of an ISO day, if it is sane."""
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return None
    return sane_date(datetime(found.year, found.month, found.day, tzinfo=UTC), now)
