"""robots.txt (RFC 9309) for pages; feeds are published in order to be polled.

What is decided where the standard leaves room or peers differ:

- 4xx but 429, a bot wall, too many redirects: "unavailable" (2.3.1.3), all is allowed.
- 5xx, 429, timeouts, no connection: "unreachable" (2.3.1.4), nothing is allowed today. The fetch of
  the page fails for now with the same outcome, and is tried again when the hour is over; rules of
  an earlier day are used meanwhile.
- 500 kB are read (2.5), the rest is cut off.
- Crawl-delay is no part of the standard; sites that write it mean it, so up to 30 s are kept.
- Where a page redirects to, `Services.ask_page` asks again: the target has rules of its own.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from worker.domain import Failure, Fetched, Limiter, NotModified, Outcome
from worker.errors import FetchError
from worker.fetch.client import Request
from worker.fetch.guard import safe_url

if TYPE_CHECKING:
    from protego import Protego

AGENT: Final = "Seedwatch"
MAX_BYTES: Final = 500_000
KEPT_S: Final = 86_400.0
KEPT_AFTER_FAILURE_S: Final = 3_600.0
MAX_DELAY_S: Final = 30.0
MAX_SITEMAPS: Final = 100
_KEPT_HOSTS: Final = 2_000
# Of these answers there will be no other tomorrow: as good as none.
_UNAVAILABLE: Final = frozenset(
    {Outcome.TOO_MANY_REDIRECTS, Outcome.BLOCKED, Outcome.BLOCKED_ADDRESS, Outcome.BAD_URL}
)


class Client(Protocol):
    """The one HTTP client: `HttpFetcher`."""

    def request(self, request: Request) -> Fetched | NotModified:
        """Send a request and read its answer; see `HttpFetcher.request`."""
        ...


@dataclass(slots=True)
class _Host:
    """What is known of one host's rules until `expires_at` (seconds, monotonic).

    Attributes:
        rules: None if all is allowed. problem: why nothing is allowed today.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    expires_at: float = -math.inf
    rules: Protego | None = None
    problem: FetchError | None = None


class RobotsRules:
    """What the hosts' robots.txt allow, kept for a day in this process. Thread-safe.

    Args:
        client: fetches them.
        limiter: their requests are turns at the host as any other.
        clock: seconds, monotonic.
    """

    def __init__(
        self, client: Client, limiter: Limiter, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._limiter = limiter
        self._clock = clock
        self._lock = threading.Lock()
        self._hosts: dict[str, _Host] = {}

    def check(self, url: str) -> float:
        """Make sure that a page may be fetched.

        Args:
            url: of the page.

        Returns:
            The host's Crawl-delay in seconds, from 0 to 30.

        Raises:
            FetchError: BLOCKED ("robots.txt") if it may not; what the fetch of robots.txt ended in
                if that cannot be told today; POSTPONED if the host's turn is too far off.
        """
        host = self._host(_origin(url))
        with host.lock:  # of many threads that come to a new host, one asks
            if self._clock() >= host.expires_at:
                self._load(host, _origin(url))
            rules, problem = host.rules, host.problem
        if problem is not None:
            raise FetchError(
                safe_url(url), problem.outcome, problem.failure,
                f"robots.txt cannot be had: {problem.detail}", problem.status,
                max(0.0, host.expires_at - self._clock()),
            )  # fmt: skip
        if rules is None:
            return 0.0
        if not rules.can_fetch(url, AGENT):
            raise FetchError(safe_url(url), Outcome.BLOCKED, Failure.BLOCKED, "robots.txt")
        return _delay_s(rules.crawl_delay(AGENT))

    def sitemaps(self, url: str) -> tuple[str, ...]:
        """Return the sitemaps that an address's host names in its robots.txt, in its order.

        Raises:
            FetchError: POSTPONED, if the host's turn is too far off.
        """
        origin = _origin(url)
        host = self._host(origin)
        with host.lock:
            if self._clock() >= host.expires_at:
                self._load(host, origin)
            rules = host.rules
        return tuple(dict.fromkeys(rules.sitemaps))[:MAX_SITEMAPS] if rules else ()

    def _host(self, origin: str) -> _Host:
        with self._lock:
            if len(self._hosts) >= _KEPT_HOSTS and origin not in self._hosts:
                del self._hosts[next(iter(self._hosts))]  # the one that was met first
            return self._hosts.setdefault(origin, _Host())

    def _load(self, host: _Host, origin: str) -> None:
        url, kept_s, problem = f"{origin}/robots.txt", KEPT_S, None
        try:
            with self._limiter.acquire(url):
                got = self._client.request(Request(url, max_bytes=MAX_BYTES, is_cut=True))
            host.rules = _parse(got.body) if isinstance(got, Fetched) else None
        except FetchError as error:
            if error.outcome is Outcome.POSTPONED:
                raise  # not asked at all
            is_refused = error.status is not None and 400 <= error.status < 500
            if error.status != 429 and (is_refused or error.outcome in _UNAVAILABLE):
                host.rules = None
            else:
                kept_s = KEPT_AFTER_FAILURE_S
                problem = error if host.rules is None else None
        host.problem = problem
        host.expires_at = self._clock() + kept_s


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise FetchError(safe_url(url), Outcome.BAD_URL, Failure.HARD, str(error)) from error
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}"


def _parse(body: bytes) -> Protego | None:
    from protego import Protego

    text = body.decode("utf-8-sig", "replace")
    return Protego.parse(text) if text.strip() else None


def _delay_s(asked_s: float | None) -> float:
    if asked_s is None or not math.isfinite(asked_s):
        return 0.0
    return min(max(asked_s, 0.0), MAX_DELAY_S)
