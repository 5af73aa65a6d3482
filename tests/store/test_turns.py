"""Turns at hosts, shared: the delay holds between threads and between processes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import pytest
import sqlalchemy as sa

from tests.fakes import FakeClock
from worker.domain import Outcome
from worker.errors import FetchError, StoreError
from worker.fetch import HostLimiter
from worker.store import turns as turns_module
from worker.store.store import Store
from worker.store.turns import TurnStore

URL = "https://www.example.com/"
DELAY_S = 0.2
CLOCKS_S = 0.02
"""By so much the clocks of the store and of a test may differ."""


@pytest.fixture
def no_renewal(monkeypatch: pytest.MonkeyPatch) -> None:
    """No place is renewed but by the test, however long it takes."""
    monkeypatch.setattr(turns_module, "_RENEW_EVERY_S", 3_600)


@pytest.fixture
def no_giving(monkeypatch: pytest.MonkeyPatch) -> None:
    """No place is given back by itself, however long it takes."""
    monkeypatch.setattr(turns_module, "_GIVE_BACK_AFTER_S", 3_600)


def place(turns: TurnStore, host: str, most: int = 2) -> str | None:
    """Take a place, whatever the host's turn."""
    entry = turns.enter(host, most, 0.0, 60.0)
    return entry[0] if entry else None


@pytest.fixture
def others(store: Store) -> Iterator[TurnStore]:
    """Another worker's."""
    made = TurnStore(store.database)
    yield made
    made.close()


def test_turns_are_given_one_after_the_other(store: Store, clock: FakeClock) -> None:
    turns = store.turns
    assert [round(turns.take("a", 2.0, 60.0), 3) for _ in range(3)] == [0.0, 2.0, 4.0]
    assert turns.take("b", 2.0, 60.0) == 0.0
    clock.advance(seconds=5)
    assert turns.wait_s("a") == pytest.approx(1.0, abs=1e-3)
    assert turns.wait_s("never asked") == 0.0
    clock.advance(seconds=50)
    assert turns.take("a", 2.0, 60.0) == 0.0


def test_a_turn_that_is_too_far_off_is_not_taken(store: Store, clock: FakeClock) -> None:
    turns = store.turns
    turns.take("a", 100.0, 30.0)
    for _ in range(3):
        assert turns.take("a", 100.0, 30.0) == pytest.approx(100.0, abs=1e-3)
    clock.advance(seconds=80)
    assert turns.take("a", 100.0, 30.0) == pytest.approx(20.0, abs=1e-3)


def test_a_pause_holds_for_all_and_a_shorter_one_does_not_end_it(
    store: Store, clock: FakeClock
) -> None:
    polite = HostLimiter(1.0, turns=store.turns)
    polite.pause(URL, 10.0**9)
    store.turns.pause("example.com", 5.0)
    other = HostLimiter(1.0, turns=store.turns)
    with pytest.raises(FetchError) as caught, other.acquire("https://blog.example.com/"):
        pass
    assert caught.value.outcome is Outcome.POSTPONED
    assert caught.value.retry_after_s == pytest.approx(86_400, abs=1)


def test_two_places_a_host_whoever_asks_and_a_dead_workers_is_free_soon(
    store: Store, others: TurnStore, clock: FakeClock, no_renewal: None
) -> None:
    turns = store.turns
    first, second = place(turns, "a"), place(others, "a")
    assert first
    assert second
    assert place(turns, "a") is None
    assert place(others, "b")
    others.leave("a", second)
    others.give_back()
    third = place(turns, "a")
    assert third
    turns.leave("a", second)  # is another's by now
    turns.give_back()
    assert place(others, "a") is None
    clock.advance(seconds=21)
    assert place(others, "a")


def test_a_place_comes_with_the_hosts_turn(store: Store, clock: FakeClock) -> None:
    turns = store.turns
    entries = [turns.enter("a", 2, 2.0, 60.0) for _ in range(3)]
    assert [entry and entry[1] for entry in entries] == [0.0, pytest.approx(2.0, abs=1e-3), None]
    # without a place no turn was taken
    assert turns.wait_s("a") == pytest.approx(4.0, abs=1e-3)
    entry = turns.enter("b", 2, 100.0, 30.0)
    assert entry
    for _ in range(2):
        late = turns.enter("b", 2, 100.0, 30.0)
        assert late
        assert late[1] == pytest.approx(100.0, abs=1e-3)  # too far off: not taken
        turns.leave("b", late[0])


def test_a_place_that_was_left_is_given_back_without_being_asked_for(
    store: Store, others: TurnStore
) -> None:
    turns = store.turns
    for host in "abc":
        left = place(turns, host, 1)
        assert left
        turns.leave(host, left)
    ends_at = time.monotonic() + 60
    for host in "abc":
        taken = place(others, host, 1)
        while taken is None and time.monotonic() < ends_at:
            time.sleep(0.02)
            taken = place(others, host, 1)
        assert taken
    again = place(others, "a", 1)
    assert again is None
    others.close()  # nothing was left: what it has stays its own until its time is up
    assert place(turns, "a", 1) is None


def test_a_process_finds_the_place_that_it_has_just_left(store: Store, no_giving: None) -> None:
    left = place(store.turns, "a", 1)
    assert left
    store.turns.leave("a", left)
    assert place(store.turns, "a", 1)


def test_who_gives_places_back_never_waits_with_one_that_another_waits_for(
    store: Store, others: TurnStore, no_giving: None
) -> None:
    if store.database.is_sqlite:
        pytest.skip("SQLite has one writer: nobody waits with anything")
    turns = store.turns
    first, second = place(others, "a"), place(turns, "a")
    assert first
    assert second
    others.leave("a", first)
    others.give_back()
    third = place(turns, "a")  # the host's first place, stored behind its second
    assert third
    for one in (second, third):
        turns.leave("a", one)
    lock = "SELECT 1 FROM host_place WHERE number = {} FOR UPDATE NOWAIT"
    giving = threading.Thread(target=turns.give_back)
    with store.database.write() as connection:  # as `enter` does of another worker: 0, then 1
        connection.exec_driver_sql(lock.format(0))
        giving.start()
        while (
            giving.is_alive()
            and not connection.exec_driver_sql(
                "SELECT 1 FROM pg_locks WHERE NOT granted AND pid IN "
                "(SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
            ).all()
        ):
            time.sleep(0.01)
        connection.exec_driver_sql(lock.format(1))
    giving.join(30)
    assert not giving.is_alive()
    assert place(others, "a", 1)


def test_who_ends_gives_back_what_it_left_and_asks_the_store_no_more(
    store: Store, others: TurnStore, no_giving: None
) -> None:
    left, held = place(others, "a", 1), place(others, "b", 1)
    assert left
    assert held
    others.leave("a", left)
    keeper = others._keeper
    assert keeper
    others.close()
    assert not keeper.is_alive()
    assert place(store.turns, "a", 1)
    assert place(store.turns, "b", 1) is None  # until its time is up


def test_a_place_is_held_for_as_long_as_its_worker_lives(
    store: Store, clock: FakeClock, no_renewal: None
) -> None:
    alive, dead, others = (TurnStore(store.database) for _ in range(3))
    for host in "ab":
        assert place(alive, host)
        assert place(dead, host)
    for _ in range(30):
        clock.advance(seconds=10)
        alive.renew()
    for host in "ab":
        assert place(others, host)  # the dead one's
        assert place(others, host) is None


def test_places_are_renewed_while_there_are_any(
    store: Store, others: TurnStore, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns_module, "_RENEW_EVERY_S", 0.01)
    turns = store.turns
    rounds: SimpleQueue[None] = SimpleQueue()
    renew = turns.renew
    monkeypatch.setattr(turns, "renew", lambda: rounds.put(renew()))
    for _ in range(2):  # the thread ends with the last place and begins with the next
        held = place(turns, "a", 1)
        assert held
        clock.advance(seconds=19)
        for _ in range(rounds.qsize() + 2):  # the second one began after the clock was put on
            rounds.get(timeout=60)
        clock.advance(seconds=19)
        assert place(others, "a", 1) is None
        turns.leave("a", held)
        thread = turns._keeper
        if thread:
            thread.join(60)
        assert turns._keeper is None


def test_of_many_that_ask_at_once_two_get_a_place(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: place(store.turns, "a"), range(8)))
    assert len([one for one in got if one]) == 2


def test_who_asks_at_once_shares_a_visit_to_the_store_and_gets_its_own_answer(
    store: Store, others: TurnStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place(others, "full")
    assert place(others, "full")
    visits, entered, may_go_on = [], threading.Event(), threading.Event()
    is_sqlite = store.database.is_sqlite
    visit = store.database.write if is_sqlite else store.database.once

    @contextmanager
    def counted() -> Iterator[sa.Connection]:
        visits.append(1)
        entered.set()
        assert may_go_on.wait(20)
        with visit() as connection:
            yield connection

    monkeypatch.setattr(store.database, visit.__name__, counted)
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(place, store.turns, "first")
        assert entered.wait(20)
        rest = {host: pool.submit(place, store.turns, host) for host in ("a", "b", "c", "full")}
        ends_at = time.monotonic() + 20
        while len(store.turns._asked) < 4 and time.monotonic() < ends_at:
            time.sleep(0.01)
        may_go_on.set()
        tokens = [first.result(20), *(rest[host].result(20) for host in "abc")]
        assert rest["full"].result(20) is None
    # PostgreSQL is asked once more, whether "full" has a second place
    assert len(visits) == (2 if is_sqlite else 3)
    assert len({*tokens, None}) == 5


def test_who_asks_at_once_is_told_at_once_that_the_store_cannot_be_reached(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable() -> None:
        raise StoreError("cannot be reached")

    for visit in ("write", "once"):
        monkeypatch.setattr(store.database, visit, unreachable)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(place, store.turns, host) for host in "abc"]
        for one in asked:
            with pytest.raises(StoreError, match="cannot be reached"):
                one.result(20)
    monkeypatch.undo()
    assert place(store.turns, "a")


def test_a_host_that_stays_full_puts_a_request_off(store: Store) -> None:
    limiters = [HostLimiter(0.0, max_wait_s=0.3, turns=store.turns) for _ in range(2)]
    with limiters[0].acquire(URL), limiters[1].acquire(URL):
        with pytest.raises(FetchError, match="2 requests are running on") as caught:
            limiters[0].acquire(URL).__enter__()
        assert caught.value.outcome is Outcome.POSTPONED
    with limiters[0].acquire(URL):
        pass


def test_hosts_are_forgotten_after_a_day(store: Store, clock: FakeClock) -> None:
    store.turns.take("old", 1.0, 30.0)
    clock.advance(days=2)
    store.turns.take("new", 1.0, 30.0)
    store.turns.forget()
    with store.database.read() as connection:
        hosts = connection.exec_driver_sql("SELECT host FROM host_turn").scalars().all()
    assert hosts == ["new"]


def test_the_delay_holds_between_threads(store_url: str) -> None:
    store = Store(store_url)
    store.migrate()
    started: list[float] = []

    def run() -> None:
        polite = HostLimiter(DELAY_S, turns=store.turns)  # one a thread: no shared places
        for _ in range(2):
            with polite.acquire(URL):
                started.append(time.monotonic())

    threads = [threading.Thread(target=run) for _ in range(4)]
    asked_at = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    assert len(started) == 8
    assert_waited(asked_at, started)


PROCESS = """
import sys, time
from worker.fetch import HostLimiter
from worker.store.store import Store
store = Store(sys.argv[1])
polite = HostLimiter(float(sys.argv[2]), turns=store.turns)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(4):
    with polite.acquire("https://www.example.com/"):
        print(time.time(), flush=True)
store.close()
"""


def test_the_delay_holds_between_processes(store_url: str) -> None:
    store = Store(store_url)
    store.migrate()
    store.close()
    root = str(Path(__file__).parents[2])
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, store_url, str(DELAY_S)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": root},
        )
        for _ in range(2)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    asked_at = time.time()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    started = [float(line) for process in processes for line in process.communicate()[0].split()]
    assert [process.returncode for process in processes] == [0, 0]
    assert len(started) == 8
    assert_waited(asked_at, started)


def assert_waited(asked_at: float, started: list[float]) -> None:
    """Each start came at its turn or later: a sleep may end late, by any time, but never early."""
    for number, at in enumerate(sorted(started)):
        assert at - asked_at >= DELAY_S * number - CLOCKS_S
