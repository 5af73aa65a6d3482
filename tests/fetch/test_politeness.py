"""The limiter, with a clock that only moves when somebody sleeps."""

from __future__ import annotations

import threading

import pytest

from worker.domain import Outcome
from worker.errors import FetchError
from worker.fetch import HostLimiter
from worker.fetch.politeness import host_key


class Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, wait_s: float) -> None:
        self.slept.append(wait_s)
        self.now += wait_s


def limiter(clock: Clock, delay_s: float | None = None) -> HostLimiter:
    return HostLimiter(delay_s, clock=clock, sleep=clock.sleep)


@pytest.mark.parametrize(
    ("host", "port", "key"),
    [
        ("www.example.co.uk", None, "example.co.uk"),
        ("news.vietnam.vn", None, "vietnam.vn"),
        ("vietnam.vn", 8080, "vietnam.vn"),
        ("me.github.io", None, "me.github.io"),
        ("127.0.0.1", 8001, "127.0.0.1:8001"),
        ("::1", 80, "::1:80"),
        ("localhost", 8001, "localhost:8001"),
        ("", None, ":0"),
    ],
)
def test_hosts_count_by_registrable_domain(host: str, port: int | None, key: str) -> None:
    assert host_key(host, port) == key


def test_a_public_host_is_asked_once_a_second() -> None:
    clock = Clock()
    polite = limiter(clock)
    for path in ("a", "b", "c"):
        with polite.acquire(f"https://www.example.com/{path}"):
            pass
    assert clock.slept == [1.0, 1.0]
    assert polite.wait_s("https://blog.example.com/") == 1.0
    assert polite.wait_s("https://blog.example.com/", now=102.5) == 0.5
    assert polite.wait_s("https://example.org/") == 0.0


def test_loopback_needs_no_delay_unless_one_is_set() -> None:
    for delay_s, slept in ((None, []), (0.25, [0.25])):
        clock = Clock()
        polite = limiter(clock, delay_s)
        for _ in range(2):
            with polite.acquire("http://127.0.0.1:8000/"):
                pass
        assert clock.slept == slept


def test_two_at_once() -> None:
    polite = HostLimiter(0.0)
    inside, most = [], []
    lock = threading.Lock()

    def run() -> None:
        with polite.acquire("https://example.com/"):
            with lock:
                inside.append(1)
                most.append(len(inside))
            with lock:
                inside.pop()

    threads = [threading.Thread(target=run) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 12
    assert max(most) <= 2


def test_a_full_host_says_so() -> None:
    clock = Clock()
    polite = limiter(clock, 0.0)
    with polite.acquire("https://example.com/1"), polite.acquire("https://example.com/2"):
        assert polite.wait_s("https://example.com/3") > 0
    assert polite.wait_s("https://example.com/3") == 0


def test_a_pause_is_capped_and_too_long_to_wait_for() -> None:
    clock = Clock()
    polite = limiter(clock)
    polite.pause("https://example.com/", 10**9)
    assert polite.wait_s("https://www.example.com/") == 86_400
    with pytest.raises(FetchError) as caught, polite.acquire("https://example.com/"):
        pass
    assert caught.value.outcome is Outcome.RATE_LIMITED
    assert caught.value.retry_after_s == 86_400


def test_idle_hosts_are_forgotten() -> None:
    clock = Clock()
    polite = limiter(clock)
    for i in range(5_000):
        clock.now += 2
        with polite.acquire(f"http://10.0.{i // 250}.{i % 250}/"):
            pass
    assert len(polite._hosts) < 2_100


def test_nonsense_is_counted_too() -> None:
    with limiter(Clock()).acquire("http://[x"):
        pass
