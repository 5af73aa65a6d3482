"""Politeness: how often, and how much at once, a host is asked.

Turns and places come from this process (embedded) or from the store, which gives them to all
workers. Hosts are counted by registrable domain (all of a newspaper's subdomains are one
neighbour), by the public suffix list that the package `tld` brings along; it is never downloaded.
An address or a name without a public suffix counts by host and port.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, Protocol
from urllib.parse import urlsplit

from tld import Result, get_tld

from worker.domain import Failure, Outcome
from worker.errors import FetchError
from worker.fetch.answers import pause_asked_s
from worker.fetch.guard import safe_url

PUBLIC_DELAY_S: Final = 1.0
MAX_AT_ONCE: Final = 2
LONGEST_PAUSE_S: Final = 86_400.0
_FIRST_LOOK_S: Final = 0.05
_LONGEST_LOOK_S: Final = 1.0
"""A host whose places are taken is looked at again after so long, at first and at last."""
_AFTER_A_FULL_HOST_S: Final = 10.0
_KEPT_HOSTS: Final = 2_000
_HANDED_ON: Final = 25
"""So often in a row a process gives a place to its own next request; then others have a chance."""


class Turns(Protocol):
    """When each host may be asked next, and its places: of this process, or in the store of all."""

    def enter(
        self, host: str, most: int, delay_s: float, max_wait_s: float
    ) -> tuple[str, float] | None:
        """Take one of a host's places and, where there is one, its next turn.

        The place first: a turn that has to wait for one would come together with the next turn.

        Args:
            host: as `host_key` gives it.
            most: how many places it has.
            delay_s: see `take`.
            max_wait_s: see `take`.

        Returns:
            What `leave` wants and what `take` returns, or None if all places are taken.
        """
        ...

    def leave(self, host: str, place: str) -> None:
        """Give a place back."""
        ...

    def take(self, host: str, delay_s: float, max_wait_s: float) -> float:
        """Take the host's next turn, and leave it alone for `delay_s` seconds after that.

        Returns:
            Seconds until the turn; if they are more than `max_wait_s`, it was not taken.
        """
        ...

    def wait_s(self, host: str) -> float:
        """Return the seconds until the next turn; 0 if the host may be asked now."""
        ...

    def pause(self, host: str, pause_s: float) -> None:
        """Leave the host alone for some seconds from now."""
        ...


@lru_cache(maxsize=4096)
def host_key(host: str, port: int | None) -> str:
    """Return what a host is counted by: its registrable domain, or host:port if it has none."""
    named = get_tld(f"http://{host}/", as_object=True, fail_silently=True)
    if isinstance(named, Result) and named.domain:
        return named.fld
    return f"{host}:{port or 0}"


class LocalTurns:
    """`Turns` of this process. Thread-safe.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._next_at: dict[str, float] = {}
        self._running: Counter[str] = Counter()

    def enter(
        self, host: str, most: int, delay_s: float, max_wait_s: float
    ) -> tuple[str, float] | None:
        """See `Turns.enter`."""
        with self._lock:
            if self._running[host] >= most:
                return None
            self._running[host] += 1
        return host, self.take(host, delay_s, max_wait_s)

    def leave(self, host: str, place: str) -> None:
        """See `Turns.leave`."""
        with self._lock:
            self._running[host] -= 1
            if not self._running[host]:
                del self._running[host]

    def take(self, host: str, delay_s: float, max_wait_s: float) -> float:
        """See `Turns.take`."""
        with self._lock:
            now = self._clock()
            if len(self._next_at) > _KEPT_HOSTS:
                self._next_at = {key: at for key, at in self._next_at.items() if at > now}
            turn_at = max(self._next_at.get(host, now), now)
            if turn_at - now <= max_wait_s:
                self._next_at[host] = turn_at + delay_s
            return turn_at - now

    def wait_s(self, host: str) -> float:
        """See `Turns.wait_s`."""
        with self._lock:
            now = self._clock()
            return max(0.0, self._next_at.get(host, now) - now)

    def pause(self, host: str, pause_s: float) -> None:
        """See `Turns.pause`."""
        with self._lock:
            until = self._clock() + pause_s
            self._next_at[host] = max(self._next_at.get(host, until), until)


@dataclass
class _Place:
    """One that this process holds.

    Attributes:
        token: what `Turns.leave` wants.
        wait_s: until the turn that came with it, in seconds; None once it was handed on.
        times: how often it was handed on.
    """

    token: str
    wait_s: float | None
    times: int = 0


class _Queue:
    """The requests of this process to one host, and the places that they hold among them."""

    def __init__(self, lock: threading.Lock) -> None:
        self.changed = threading.Condition(lock)
        self.waiting = 0
        self.held = 0
        self.free: list[_Place] = []
        self.is_asking = False


class HostLimiter:
    """Holds requests back until their host may be asked. Thread-safe.

    A place that one request leaves goes to the next one of this process at that host, if there is
    any: most batches are of few hosts, and each visit to the store is a transaction.

    Args:
        delay_s: seconds between two requests to a host; None = 1 for public hosts, 0 for loopback.
        host_delays_s: longer delays of some hosts, by registrable domain.
        max_at_once: requests that may run on one host at the same time.
        max_wait_s: the longest that `acquire` waits for a place, and then for a turn, in seconds.
        turns: who gives both; None = this process alone.
        sleep: waits for some seconds.
    """

    def __init__(
        self,
        delay_s: float | None = None,
        *,
        host_delays_s: Mapping[str, float] | None = None,
        max_at_once: int = MAX_AT_ONCE,
        max_wait_s: float = 60.0,
        turns: Turns | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._delay_s = delay_s
        self._host_delays_s = dict(host_delays_s or {})
        self._max_at_once = max_at_once
        self._max_wait_s = max_wait_s
        self._turns = turns or LocalTurns()
        self._sleep = sleep
        self._lock = threading.Lock()
        self._queues: dict[str, _Queue] = {}

    def wait_s(self, url: str) -> float:
        """Return for how many seconds the host should be left alone; 0 if it may be asked now."""
        return self._turns.wait_s(self._host(url)[0])

    @contextmanager
    def acquire(self, url: str, delay_s: float = 0.0) -> Iterator[None]:
        """Wait for the host's turn and hold one of its places while the block runs.

        If the block ends in an answer that asks for a pause (429, 503 with Retry-After), the host
        is left alone for so long.

        Args:
            url: any address on the host.
            delay_s: what the host asks for after this request (Crawl-delay), if that is longer.

        Raises:
            FetchError: POSTPONED, if no place or no turn can be had within `max_wait_s`.
        """
        host, own_delay_s = self._host(url)
        delay_s = max(own_delay_s, delay_s)
        place = self._await_place(url, host, delay_s)
        try:
            self._await_turn(url, host, place, delay_s)
            try:
                yield
            except FetchError as error:
                pause_s = pause_asked_s(error)
                if pause_s:
                    self.pause(error.url, pause_s)
                raise
        finally:
            self._leave(host, place)

    def pause(self, url: str, pause_s: float) -> None:
        """Leave the host alone for some seconds (Retry-After), at most 24 hours."""
        self._turns.pause(self._host(url)[0], min(pause_s, LONGEST_PAUSE_S))

    def _await_turn(self, url: str, host: str, place: _Place, delay_s: float) -> None:
        wait_s = place.wait_s
        if wait_s is None:
            wait_s = self._turns.take(host, delay_s, self._max_wait_s)
        if wait_s > self._max_wait_s:
            raise FetchError(
                safe_url(url), Outcome.POSTPONED, Failure.TEMPORARY,
                f"{host} is left alone for {wait_s:.0f} s more", retry_after_s=wait_s,
            )  # fmt: skip
        if wait_s > 0:
            self._sleep(wait_s)

    def _await_place(self, url: str, host: str, delay_s: float) -> _Place:
        with self._lock:
            queue = self._queues.setdefault(host, _Queue(self._lock))
            queue.waiting += 1
        try:
            waited_s, look_s = 0.0, _FIRST_LOOK_S
            while (place := self._next_place(queue, host, delay_s)) is None:
                if waited_s >= self._max_wait_s:
                    raise FetchError(
                        safe_url(url), Outcome.POSTPONED, Failure.TEMPORARY,
                        f"{self._max_at_once} requests are running on {host}",
                        retry_after_s=_AFTER_A_FULL_HOST_S,
                    )  # fmt: skip
                waited_s += self._look_away(queue, look_s)
                look_s = min(2 * look_s, _LONGEST_LOOK_S)
            return place
        finally:
            with self._lock:
                queue.waiting -= 1
                unused = [] if queue.waiting else queue.free
                queue.free = [] if unused else queue.free
            for one in unused:
                self._leave(host, one)
            self._forget(host, queue)

    def _next_place(self, queue: _Queue, host: str, delay_s: float) -> _Place | None:
        """Take a place that this process has free, or ask for one; one request asks at a time."""
        with self._lock:
            if queue.free:
                return queue.free.pop()
            if queue.is_asking or queue.held >= self._max_at_once:
                return None
            queue.is_asking = True
        entry = None
        try:
            entry = self._turns.enter(host, self._max_at_once, delay_s, self._max_wait_s)
        finally:
            with self._lock:
                queue.is_asking = False
                queue.held += entry is not None
                queue.changed.notify()
        return None if entry is None else _Place(*entry)

    def _look_away(self, queue: _Queue, look_s: float) -> float:
        """Wait until a place of this process is free, or other processes may have left theirs."""
        started = time.monotonic()
        with self._lock:
            if queue.held or queue.is_asking:
                queue.changed.wait(look_s)
                return time.monotonic() - started
        self._sleep(look_s)
        return look_s

    def _leave(self, host: str, place: _Place) -> None:
        with self._lock:
            queue = self._queues[host]
            place.times += 1
            place.wait_s = None
            if queue.waiting and place.times < _HANDED_ON:
                queue.free.append(place)
                queue.changed.notify()
                return
        try:
            self._turns.leave(host, place.token)
        finally:
            with self._lock:
                queue.held -= 1
                queue.changed.notify()
            self._forget(host, queue)

    def _forget(self, host: str, queue: _Queue) -> None:
        """Drop a queue that nobody is in; the host may have a new one by then."""
        with self._lock:
            is_empty = not (queue.waiting or queue.held or queue.is_asking)
            if is_empty and self._queues.get(host) is queue:
                del self._queues[host]

    def _host(self, url: str) -> tuple[str, float]:
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
