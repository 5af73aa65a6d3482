"""The limiter, with a clock that only moves when somebody sleeps."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from worker.domain import Failure, Outcome
from worker.errors import FetchError
from worker.fetch import HostLimiter
from worker.fetch.politeness import LocalTurns, host_key


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
    return HostLimiter(delay_s, turns=LocalTurns(clock), sleep=clock.sleep)


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
    clock.now += 0.5
    assert polite.wait_s("https://blog.example.com/") == 0.5
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


def test_a_host_that_stays_full_is_asked_later() -> None:
    polite = HostLimiter(0.0, max_wait_s=0.2)
    with polite.acquire("https://example.com/1"), polite.acquire("https://example.com/2"):
        with pytest.raises(FetchError) as caught:
            polite.acquire("https://example.com/3").__enter__()
        assert caught.value.outcome is Outcome.POSTPONED
        assert caught.value.retry_after_s
    with polite.acquire("https://example.com/3"):
        pass


class Counting(LocalTurns):
    def __init__(self) -> None:
        super().__init__()
        self.entered = 0
        self.inside: list[str] = []

    def enter(
        self, host: str, most: int, delay_s: float, max_wait_s: float
    ) -> tuple[str, float] | None:
        entry = super().enter(host, most, delay_s, max_wait_s)
        self.entered += entry is not None
        self.inside += [host] if entry else []
        return entry

    def leave(self, host: str, place: str) -> None:
        super().leave(host, place)
        self.inside.remove(host)


def test_a_place_is_handed_on_within_a_process_and_not_for_ever() -> None:
    turns = Counting()
    polite = HostLimiter(0.0, turns=turns)

    def visit(number: int) -> None:
        with polite.acquire(f"https://example.com/{number}"):
            time.sleep(0.001)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(visit, range(120)))
    assert 120 / 25 <= turns.entered < 60
    assert not turns.inside
    assert not polite._queues


def test_of_two_that_leave_together_the_later_takes_no_place_from_a_third() -> None:
    turns = Counting()
    polite = HostLimiter(0.0, turns=turns)
    first = polite.acquire("https://example.com/1")
    first.__enter__()
    left = polite._queues["example.com"]
    first.__exit__(None, None, None)
    with polite.acquire("https://example.com/2"):
        polite._forget("example.com", left)  # it was held up between leaving and forgetting
    assert not turns.inside
    assert not polite._queues


def test_a_request_that_gives_up_leaves_no_place_behind() -> None:
    turns = Counting()
    polite = HostLimiter(0.0, max_at_once=1, max_wait_s=0.05, turns=turns)
    refused = []

    def visit(number: int) -> None:
        try:
            with polite.acquire(f"https://example.com/{number}"):
                time.sleep(0.05)
        except FetchError:
            refused.append(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(visit, range(24)))
    assert refused
    assert not turns.inside
    assert not polite._queues


def test_a_pause_is_capped_and_too_long_to_wait_for() -> None:
    clock = Clock()
    polite = limiter(clock)
    polite.pause("https://example.com/", 10**9)
    assert polite.wait_s("https://www.example.com/") == 86_400
    with pytest.raises(FetchError) as caught, polite.acquire("https://example.com/"):
        pass
    assert caught.value.outcome is Outcome.POSTPONED
    assert caught.value.retry_after_s == 86_400


def test_idle_hosts_are_forgotten() -> None:
    clock = Clock()
    turns = LocalTurns(clock)
    polite = HostLimiter(turns=turns, sleep=clock.sleep)
    for i in range(5_000):
        clock.now += 2
        with polite.acquire(f"http://10.0.{i // 250}.{i % 250}/"):
            pass
    assert len(turns._next_at) < 2_100
    assert not turns._running


def test_nonsense_is_counted_too() -> None:
    with limiter(Clock()).acquire("http://[x"):
        pass


def test_a_crawl_delay_is_kept_after_the_request_that_it_came_with() -> None:
    clock = Clock()
    polite = limiter(clock)
    for delay_s in (5.0, 0.5, 0.0):
        with polite.acquire("https://example.com/", delay_s):
            pass
    assert clock.slept == [5.0, 1.0]


@pytest.mark.parametrize(
    ("status", "retry_after_s", "pause_s"),
    [(429, 90.0, 90.0), (429, None, 60.0), (429, 10.0**9, 86_400.0), (503, 120.0, 120.0),
     (503, None, 1.0), (500, 77.0, 1.0), (404, None, 1.0)],
)  # fmt: skip
def test_an_answer_that_asks_for_a_pause_gets_it_for_the_whole_host(
    status: int, retry_after_s: float | None, pause_s: float
) -> None:
    polite = limiter(Clock())
    error = FetchError(
        "https://www.example.com/a", Outcome.RATE_LIMITED, Failure.TEMPORARY, "", status,
        retry_after_s,
    )  # fmt: skip
    with pytest.raises(FetchError), polite.acquire("https://www.example.com/a"):
        raise error
    assert polite.wait_s("https://blog.example.com/b") == pause_s


def test_a_turn_starts_only_when_there_is_a_place_for_it() -> None:
    polite = HostLimiter(0.05, max_at_once=1)
    started: list[float] = []
    lock = threading.Lock()

    def run() -> None:
        with polite.acquire("https://example.com/"):
            with lock:
                started.append(time.monotonic())
            time.sleep(0.12)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(after - before > 0.045 for before, after in pairwise(sorted(started)))
