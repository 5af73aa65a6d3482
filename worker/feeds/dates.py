"""Dates as feeds write them -> aware UTC, or None: a wrong date is worse than none."""

from __future__ import annotations

import calendar
import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_AHEAD: Final = timedelta(days=2)
MAX_RAW_CHARS: Final = 200

# "24/03/2025 10:05", "24-03-2025, 10:05:30 PM", "24.3.2025": no standard, but common in feeds of
# Vietnam, Indonesia and Europe; libraries read them as month first or not at all.
_NUMERIC = re.compile(
    r"(?:^|[\s,])(?P<a>\d{1,2})[/.-](?P<b>\d{1,2})[/.-](?P<year>(?:19|20)\d\d)"
    r"(?:[\s,T-]{1,3}(?P<hour>\d{1,2})[:h](?P<minute>\d{2})(?::(?P<second>\d{2}))?"
    r"(?:\s?(?P<half>[AP]M))?)?"
    r"(?:\s?(?:GMT|UTC)?(?P<sign>[+-])(?P<zone>\d{1,2}):?(?P<zone_minute>\d{2})?)?",
    re.IGNORECASE,
)
# "Mon, 24 Mar 2025 10:00:00 GMT+7" (tuoitre.vn): a zone that RFC 822 does not know.
_GMT_OFFSET = re.compile(r"(?:GMT|UTC)\s?([+-])(\d{1,2})(?::?(\d{2}))?$", re.IGNORECASE)


def from_parsed(parsed: object, raw: str, now: datetime, language: str | None) -> datetime | None:
    """Return the time of a date that feedparser has parsed or given up on.

    Args:
        parsed: feedparser's struct_time in UTC, or None.
        raw: the date as written; zone-less ones count as UTC.
        now: dates from 1970 to two days after it are accepted.
        language: of the feed; in all but English a numeric date begins with the day.
    """
    raw = raw.strip()[:MAX_RAW_CHARS]
    found = _from_struct(parsed)
    if found is None or _GMT_OFFSET.search(raw):
        found = _from_rfc822(raw) or found
    numeric = _NUMERIC.search(raw)
    if numeric:
        found = _from_numeric(numeric, day_first=language != "en")
    return _plausible(found, now)


def from_iso(raw: str, now: datetime) -> datetime | None:
    """Return the time of an RFC 3339 date (JSON Feed), or None if it is none or absurd."""
    try:
        found = datetime.fromisoformat(raw.strip()[:MAX_RAW_CHARS])
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return _plausible(found, now)


def _from_struct(parsed: object) -> datetime | None:
    if not isinstance(parsed, time.struct_time):
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _from_rfc822(raw: str) -> datetime | None:
    def numeric_zone(match: re.Match[str]) -> str:
        return f"{match[1]}{int(match[2]):02}{match[3] or '00'}"

    try:
        found = parsedate_to_datetime(_GMT_OFFSET.sub(numeric_zone, raw))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _plausible(found: datetime | None, now: datetime) -> datetime | None:
    return found if found is not None and EARLIEST <= found <= now + LATEST_AHEAD else None


def _moved(local: datetime, sign: str, hours: str, minutes: str | None) -> datetime | None:
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    try:
        return local - offset if sign == "+" else local + offset
    except OverflowError:
        return None


def _from_numeric(match: re.Match[str], *, day_first: bool) -> datetime | None:
    first, second = int(match["a"]), int(match["b"])
    if first <= 12 and second <= 12 and first != second and not day_first:
        return None  # 3/4/2025 in English: nobody knows
    day, month = (second, first) if second > 12 else (first, second)
    hour = int(match["hour"] or 0)
    if match["half"]:
        hour = hour % 12 + (12 if match["half"].upper() == "PM" else 0)
    try:
        local = datetime(
            int(match["year"]), month, day, hour, int(match["minute"] or 0),
            int(match["second"] or 0), tzinfo=UTC,
        )  # fmt: skip
    except ValueError:
        return None
    if match["sign"]:
        return _moved(local, match["sign"], match["zone"], match["zone_minute"])
    return local
