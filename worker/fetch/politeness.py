"""Politeness: how often, and how much at once, a host is asked.

Hosts are counted by registrable domain (all of a newspaper's subdomains are one neighbour), by the
public suffix list that the package `tld` brings along; it is never downloaded. An address or a name
without a public suffix counts by host and port.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, Protocol
from urllib.parse import urlsplit

from tld import Result, get_tld

from worker.domain import Failure, Outcome
from worker.errors import FetchError
from worker.fetch.guard import safe_url

PUBLIC_DELAY_S: Final = 1.0
MAX_AT_ONCE: Final = 2
LONGEST_PAUSE_S: Final = 86_400.0
_BUSY_POLL_S: Final = 0.05
_KEPT_HOSTS: Final = 2_000


class Limiter(Protocol):
    """The seam: in this process for now; the store can share one between machines."""

    def wait_s(self, url: str, now: float | None = None) -> float:
        """Return for how many seconds the host should be left alone; 0 if it may be asked now."""
        ...

    def acquire(self, url: str) -> AbstractContextManager[None]:
        """Wait for the host's turn and hold one of its places while the block runs.

        Raises:
            FetchError: RATE_LIMITED, if the turn is too far off to wait for.
        """
        ...

    def pause(self, url: str, pause_s: float) -> None:
        """Leave the host alone for some seconds (Retry-After), at most 24 hours."""
        ...


@lru_cache(maxsize=4096)
def host_key(host: str, port: int | None) -> str:
    """Return what a host is counted by: its registrable domain, or host:port if it has none."""
    named = get_tld(f"http://{host}/", as_object=True, fail_silently=True)
    if isinstance(named, Result) and named.domain:
        return named.fld
    return f"{host}:{port or 0}"


@dataclass(slots=True)
class _Host:
    next_at: float = 0.0
    running: int = 0


class HostLimiter:
    """A `Limiter` within this process. Thread-safe.

    Args:
        delay_s: seconds between two requests to a host; None = 1 for public hosts, 0 for loopback.
        host_delays_s: longer delays of some hosts, by registrable domain.
        max_at_once: requests that may run on one host at the same time.
        max_wait_s: the longest that `acquire` waits for a pause to end, in seconds.
        clock: seconds, monotonic. sleep: waits for some seconds.
    """

    def __init__(
        self,
        delay_s: float | None = None,
        *,
        host_delays_s: Mapping[str, float] | None = None,
        max_at_once: int = MAX_AT_ONCE,
        max_wait_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._delay_s = delay_s
        self._host_delays_s = dict(host_delays_s or {})
        self._max_at_once = max_at_once
        self._max_wait_s = max_wait_s
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._hosts: dict[str, _Host] = {}

    def wait_s(self, url: str, now: float | None = None) -> float:
        """Return for how many seconds the host should be left alone; 0 if it may be asked now.

        Args:
            url: any address on the host.
            now: on the limiter's clock; None = its present time.
        """
        key, _ = self._key(url)
        with self._lock:
            host = self._hosts.get(key)
            if host is None:
                return 0.0
            wait_s = max(0.0, host.next_at - (self._clock() if now is None else now))
            return max(wait_s, _BUSY_POLL_S) if host.running >= self._max_at_once else wait_s

    @contextmanager
    def acquire(self, url: str) -> Iterator[None]:
        """Wait for the host's turn and hold one of its places while the block runs.

        Turns are given in the order of asking.

        Raises:
            FetchError: RATE_LIMITED, if the turn is further off than `max_wait_s`.
        """
        key, delay_s = self._key(url)
        self._sleep_for(self._reserve(url, key, delay_s))
        while not self._enter(key):
            self._sleep(_BUSY_POLL_S)
        try:
            yield
        finally:
            with self._lock:
                self._hosts[key].running -= 1

    def pause(self, url: str, pause_s: float) -> None:
        """Leave the host alone for some seconds (Retry-After), at most 24 hours."""
        key, _ = self._key(url)
        with self._lock:
            host = self._hosts.setdefault(key, _Host())
            host.next_at = max(host.next_at, self._clock() + min(pause_s, LONGEST_PAUSE_S))

    def _reserve(self, url: str, key: str, delay_s: float) -> float:
        with self._lock:
            now = self._clock()
            if len(self._hosts) > _KEPT_HOSTS:
                self._forget(now)
            host = self._hosts.setdefault(key, _Host())
            wait_s = max(0.0, host.next_at - now)
            if wait_s > self._max_wait_s:
                raise FetchError(
                    safe_url(url), Outcome.RATE_LIMITED, Failure.TEMPORARY,
                    f"{key} is left alone for {wait_s:.0f} s more", retry_after_s=wait_s,
                )  # fmt: skip
            host.next_at = max(host.next_at, now) + delay_s
            return wait_s

    def _enter(self, key: str) -> bool:
        with self._lock:
            host = self._hosts.setdefault(key, _Host())
            if host.running >= self._max_at_once:
                return False
            host.running += 1
            return True

    def _forget(self, now: float) -> None:
        idle = [key for key, host in self._hosts.items() if not host.running and host.next_at < now]
        for key in idle:
            del self._hosts[key]

    def _sleep_for(self, wait_s: float) -> None:
        if wait_s > 0:
            self._sleep(wait_s)

    def _key(self, url: str) -> tuple[str, float]:
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            host, port = "", None
        delay_s = self._delay_s
        if delay_s is None:
            delay_s = 0.0 if _is_loopback(host) else PUBLIC_DELAY_S
        key = host_key(host, port)
        return key, max(delay_s, self._host_delays_s.get(key, 0.0))


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
