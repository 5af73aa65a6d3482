"""What an answer means: status codes, Retry-After, and walls that look like pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from worker.domain import Failure, Outcome
from worker.errors import FetchError

RETRY_AFTER_CAP_S: Final = 86_400.0
PAUSE_AFTER_429_S: Final = 60.0
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
PERMANENT: Final = frozenset({301, 308})

_BY_STATUS: Final[Mapping[int, tuple[Outcome, Failure]]] = {
    401: (Outcome.BLOCKED, Failure.BLOCKED),
    402: (Outcome.BLOCKED, Failure.BLOCKED),
    403: (Outcome.BLOCKED, Failure.BLOCKED),
    404: (Outcome.NOT_FOUND, Failure.SOFT),
    407: (Outcome.BLOCKED, Failure.BLOCKED),
    408: (Outcome.TIMEOUT, Failure.TEMPORARY),
    410: (Outcome.GONE, Failure.HARD),
    421: (Outcome.CLIENT_ERROR, Failure.TEMPORARY),
    425: (Outcome.CLIENT_ERROR, Failure.TEMPORARY),
    429: (Outcome.RATE_LIMITED, Failure.TEMPORARY),
    451: (Outcome.BLOCKED, Failure.BLOCKED),
    999: (Outcome.BLOCKED, Failure.BLOCKED),  # LinkedIn's answer to robots
}

# Headers of challenge pages. Cloudflare documents `cf-mitigated: challenge` for telling them apart;
# miniflux goes by it. AWS WAF answers 202 with `x-amzn-waf-action` (fundus #936 took such a page
# for an empty sitemap).
_WALL_HEADERS: Final = ("cf-mitigated", "x-amzn-waf-action")
# Bodies of challenge pages that come with 2xx. Each mark belongs to the wall itself, not to the
# scripts that the same vendors put on every page they serve.
_WALL_MARKS: Final = re.compile(
    rb"window\._cf_chl_opt|<title>Just a moment\.\.\.</title>|awsWafCookieDomainList"
    rb"|captcha-delivery\.com/(?:c|i)\.js|/_Incapsula_Resource\?[^\"']*incident_id"
    rb"|<title>Pardon Our Interruption|id=\"px-captcha\"|sucuri_cloudproxy_js"
    rb"|<title>Attention Required! \| Cloudflare</title>",
    re.IGNORECASE,
)
_WALL_HINTS: Final = (
    b"window._cf_chl_opt", b"<title>just a moment", b"awswafcookiedomainlist",
    b"captcha-delivery.com/", b"/_incapsula_resource?", b"<title>pardon our interruption",
    b'id="px-captcha"', b"sucuri_cloudproxy_js", b"<title>attention required!",
)  # fmt: skip
"""One of these is in whatever the marks find: to look for them takes a twelfth of the time."""
_WALL_BYTES: Final = 100_000


def error_of(url: str, status: int, headers: Mapping[str, str], now: datetime) -> FetchError | None:
    """Class an answer by its status and headers.

    Args:
        url: fit for a log line.
        status: as received.
        headers: names in lower case.
        now: for a Retry-After that is a date.

    Returns:
        The error that the answer amounts to; None for 2xx from behind no wall.
    """
    wall = next((name for name in _WALL_HEADERS if name in headers), None)
    if wall:
        detail = f"bot wall: {wall}: {headers[wall][:40]}"
        return FetchError(url, Outcome.BLOCKED, Failure.BLOCKED, detail, status)
    if 200 <= status < 300 and status != HTTPStatus.PARTIAL_CONTENT:
        return None
    retry_after_s = None
    if status in _BY_STATUS:
        outcome, failure = _BY_STATUS[status]
    elif 500 <= status < 600:
        outcome, failure = Outcome.SERVER_ERROR, Failure.TEMPORARY
    elif 400 <= status < 500:
        outcome, failure = Outcome.CLIENT_ERROR, Failure.SOFT
    else:
        outcome, failure = Outcome.BAD_RESPONSE, Failure.TEMPORARY
    if status in {429, 503}:
        retry_after_s = parse_retry_after(headers.get("retry-after", ""), now)
    return FetchError(url, outcome, failure, f"HTTP {status}", status, retry_after_s)


def pause_asked_s(error: FetchError) -> float:
    """Return for how many seconds an answer asks us to leave its host alone; 0 if it does not.

    A 429 without a usable Retry-After asks for a minute.
    """
    if error.status == 429:
        return PAUSE_AFTER_429_S if error.retry_after_s is None else error.retry_after_s
    return error.retry_after_s or 0.0 if error.status == 503 else 0.0


def is_wall(content_type: str, body: bytes) -> bool:
    """Whether the body of a 2xx answer is a bot wall's page instead of what was asked for."""
    if content_type not in {"", "text/html", "application/xhtml+xml"} or len(body) > _WALL_BYTES:
        return False
    lowered = body.lower()
    if not any(hint in lowered for hint in _WALL_HINTS):
        return False
    return _WALL_MARKS.search(body) is not None


def parse_retry_after(value: str, now: datetime) -> float | None:
    """Parse a Retry-After header (RFC 9110 section 10.2.3).

    Returns:
        Seconds from `now`, from 0 to 24 hours; None if it says nothing usable.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), RETRY_AFTER_CAP_S)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    try:
        wait_s = (until - now).total_seconds()
    except OverflowError:
        return None
    return min(max(wait_s, 0.0), RETRY_AFTER_CAP_S)
