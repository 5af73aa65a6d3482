"""A call that hangs, dies or eats memory costs itself only."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.processes import is_running
from worker.domain import Outcome
from worker.errors import ParseError
from worker.isolation import LARGE_BYTES, MOST_MOVED_CHILDREN, Isolation

HERE = "tests.test_isolation"
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells and does this")


def double(value: int) -> int:
    return 2 * value


def own_pid(_value: object = None) -> int:
    return os.getpid()


def parent_pid() -> int:
    return os.getppid()


_remembered = 0


def remember(value: int) -> None:
    global _remembered  # noqa: PLW0603 - what a library does that reads a table once
    _remembered = value


def remembered() -> tuple[int, int]:
    return _remembered, os.getpid()


def import_late() -> int:
    importlib.import_module("colorsys")
    return os.getpid()


def hang() -> None:
    time.sleep(3600)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def eat() -> int:
    return len(bytearray(4_000_000_000))


def say() -> str:
    print("a library that prints")  # noqa: T201
    return "said"


def refuse() -> None:
    raise ParseError(Outcome.NO_TEXT, "empty")


def refuse_strangely() -> None:
    class Local(Exception):  # noqa: N818 - cannot be pickled
        pass

    raise Local


@pytest.fixture(params=["new interpreters", "a template"])
def isolation(request: pytest.FixtureRequest) -> Iterator[Isolation]:
    isolation = Isolation(call_limit_s=1.0)
    if request.param == "a template":
        isolation.prepare()
    yield isolation
    isolation.close()


def test_a_call_runs_in_another_process_which_is_kept(isolation: Isolation) -> None:
    assert isolation.call(f"{HERE}:double", 21) == 42
    first, second = (isolation.call(f"{HERE}:own_pid") for _ in range(2))
    assert first == second != os.getpid()


def test_errors_come_back_as_they_were(isolation: Isolation) -> None:
    with pytest.raises(ParseError) as caught:
        isolation.call(f"{HERE}:refuse")
    assert (caught.value.outcome, caught.value.detail) == (Outcome.NO_TEXT, "empty")
    with pytest.raises(ParseError, match="Local"):
        isolation.call(f"{HERE}:refuse_strangely")
    assert isolation.call(f"{HERE}:say") == "said"


@pytest.mark.parametrize("name", ["hang", "die", "eat"])
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not limit the address space")
def test_what_hangs_dies_or_eats_is_too_complex_and_the_next_call_works(
    isolation: Isolation, name: str
) -> None:
    isolation.call(f"{HERE}:double", 1)
    with pytest.raises(ParseError) as caught:
        isolation.call(f"{HERE}:{name}")
    assert caught.value.outcome is Outcome.TOO_COMPLEX
    assert isolation.call(f"{HERE}:double", 2) == 4


def test_a_child_that_was_killed_while_idle_costs_the_next_call_nothing(
    isolation: Isolation,
) -> None:
    pid = isolation.call(f"{HERE}:own_pid")
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)
    assert isolation.call(f"{HERE}:own_pid") != pid


ORPHAN = """
import sys
from worker.isolation import Isolation
isolation = Isolation(call_limit_s=1.0)
if sys.argv[1:] == ["template"]:
    isolation.prepare()
print(isolation.call("tests.test_isolation:own_pid"), flush=True)
print(isolation.call("tests.test_isolation:parent_pid"), flush=True)
isolation.call("tests.test_isolation:hang")
"""


@pytest.mark.skipif(not hasattr(signal, "alarm"), reason="needs SIGALRM")
@pytest.mark.parametrize("kind", ["interpreter", "template"])
def test_a_busy_child_ends_after_its_parent_was_killed(kind: str) -> None:
    root = str(Path(__file__).parents[1])
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHAN, kind], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert parent.stdout is not None
    pids = [int(parent.stdout.readline()) for _ in range(2)]
    time.sleep(0.3)
    parent.kill()
    parent.communicate()
    ends_at = time.monotonic() + 10
    while any(map(is_running, pids)):  # the child, and the template that has forked it
        assert time.monotonic() < ends_at
        time.sleep(0.1)


@linux_only
def test_a_child_of_a_template_knows_what_was_tried_beforehand() -> None:
    isolation = Isolation(warm=((f"{HERE}:remember", (7,), {}),))
    isolation.prepare()
    while (told := isolation.call(f"{HERE}:remembered"))[0] != 7:
        os.kill(told[1], signal.SIGKILL)  # forked before the template had come so far
    isolation.call(f"{HERE}:remember", 8)
    os.kill(told[1], signal.SIGKILL)
    again = isolation.call(f"{HERE}:remembered")
    assert again[0] == 7
    assert again[1] != told[1]
    isolation.close()


@linux_only
def test_a_template_tries_what_few_need_once_a_child_has_needed_it() -> None:
    isolation = Isolation(late=(("colorsys", (f"{HERE}:remember", (7,), {})),))
    isolation.prepare()
    for _ in range(3):
        told = isolation.call(f"{HERE}:remembered")
        assert told[0] == 0
        os.kill(told[1], signal.SIGKILL)
    os.kill(isolation.call(f"{HERE}:import_late"), signal.SIGKILL)
    while (told := isolation.call(f"{HERE}:remembered"))[0] != 7:
        os.kill(told[1], signal.SIGKILL)  # forked before the template had heard of it
    isolation.close()


@linux_only
def test_a_template_that_was_killed_is_replaced_and_at_last_done_without() -> None:
    isolation = Isolation()
    isolation.prepare()
    templates = []
    for _ in range(4):
        child, template = (isolation.call(f"{HERE}:{name}") for name in ("own_pid", "parent_pid"))
        templates.append(template)
        for pid in (child, template):
            if pid != os.getpid():
                os.kill(pid, signal.SIGKILL)
                while is_running(pid):
                    time.sleep(0.01)
    assert len(set(templates)) == 4
    assert templates[3] == os.getpid()
    isolation.close()


FAMILY = """
import os, signal
from worker.isolation import Isolation

def ask_in_a_child():
    pid = os.fork()
    if pid == 0:
        for name in ("own_pid", "parent_pid"):
            print(isolation.call(f"tests.test_isolation:{name}"), flush=True)
        os._exit(0)
    os.waitpid(pid, 0)

isolation = Isolation()
isolation.prepare()
ask_in_a_child()
ask_in_a_child()
killed = isolation._template._process.pid
os.kill(killed, signal.SIGKILL)
os.waitid(os.P_PID, killed, os.WEXITED | os.WNOWAIT)
ask_in_a_child()
print(killed, isolation._template._process.pid)
isolation.close()
"""


@linux_only
def test_processes_that_are_forked_share_a_template_and_get_a_new_one_with_the_next_fork() -> None:
    told = subprocess.run(
        [sys.executable, "-c", FAMILY], capture_output=True, text=True, check=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    ).stdout  # fmt: skip
    one, first, other, second, third, new, killed, started = told.split()
    assert len({one, other, third}) == 3
    assert first == second == killed
    assert new == started != killed


def test_calls_at_the_same_time_have_children_of_their_own(isolation: Isolation) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: isolation.call(f"{HERE}:double", n), range(40)))
    assert answers == [2 * n for n in range(40)]


@linux_only
def test_of_forks_one_is_kept_where_one_suffices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.isolation.IDLE_FORK_S", 300.0)
    isolation, gate = Isolation(call_limit_s=300.0), tmp_path / "gate"
    isolation.prepare()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(isolation.call, f"{HERE}:sleep_until", str(gate))
        while not isolation._ordinary._calls:
            time.sleep(0.01)
        first = isolation.call(f"{HERE}:own_pid")
        gate.touch()
        slow.result()
    second = isolation.call(f"{HERE}:own_pid")
    assert first != second  # both were kept, the last one is asked first
    assert is_running(first)
    monkeypatch.setattr("worker.isolation.IDLE_FORK_S", 0.0)
    assert isolation.call(f"{HERE}:own_pid") == second
    assert not is_running(first)
    assert isolation.call(f"{HERE}:own_pid") == second
    isolation.close()


@linux_only
def test_the_last_fork_ends_too_when_it_was_not_needed_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("worker.isolation.LONGEST_IDLE_S", 0.5)
    isolation = Isolation(call_limit_s=300.0)
    isolation.prepare()
    for _ in range(2):  # whoever comes after that gets another one, which ends as well
        pid = isolation.call(f"{HERE}:own_pid")
        ends_at = time.monotonic() + 30
        while is_running(pid):
            assert time.monotonic() < ends_at
            time.sleep(0.05)
    isolation.close()


def spin_until(path: str, _ballast: bytes = b"") -> tuple[int, int]:
    """Keep the CPU busy until a file appears; give the process and its priority."""
    while not Path(path).exists():
        pass
    return os.getpid(), os.getpriority(os.PRIO_PROCESS, 0)


def sleep_until(path: str) -> None:
    """Wait until a file appears, without work; a test that fails hangs for 20 s only."""
    for _ in range(2_000):
        if Path(path).exists():
            return
        time.sleep(0.01)


def own_priority(_ballast: bytes = b"") -> tuple[int, int]:
    return os.getpid(), os.getpriority(os.PRIO_PROCESS, 0)


LARGE = bytes(LARGE_BYTES + 1)


@linux_only
def test_much_work_gives_up_its_place_and_its_priority(tmp_path: Path) -> None:
    isolation, gate = Isolation(call_limit_s=300.0, most_children=1), tmp_path / "gate"
    first, own = isolation.call(f"{HERE}:own_priority")
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(isolation.call, f"{HERE}:spin_until", str(gate))
        while isolation._moved._value == MOST_MOVED_CHILDREN:
            time.sleep(0.01)
        second, _ = isolation.call(f"{HERE}:own_priority")  # there is one place, and it is free
        assert not slow.done()
        gate.touch()
        assert slow.result() == (first, own + 10)
    assert isolation.call(f"{HERE}:own_priority") == (second, own)
    assert isolation.call(f"{HERE}:own_priority", LARGE) == (first, own + 10)  # kept for those
    isolation.close()


@linux_only
def test_what_is_large_takes_no_place_of_the_others(tmp_path: Path) -> None:
    isolation, gate = Isolation(call_limit_s=300.0, most_children=1), tmp_path / "gate"
    with ThreadPoolExecutor(8) as pool:
        args = f"{HERE}:spin_until", str(gate), LARGE
        large = [pool.submit(isolation.call, *args) for _ in range(8)]
        _, own = isolation.call(f"{HERE}:own_priority")
        assert not any(one.done() for one in large)
        gate.touch()
        told = {one.result() for one in large}
    assert {priority for _, priority in told} == {own + 10}
    assert len(told) == 1  # one child, after each other
    isolation.close()


def test_what_is_large_begins_once_the_others_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    isolation, gate = Isolation(call_limit_s=300.0), tmp_path / "gate"
    for message in (b"", LARGE):  # a child of each kind is there, so that it answers at once
        isolation.call(f"{HERE}:own_priority", message)
    monkeypatch.setattr("worker.isolation.REST_WAIT_S", 300.0)
    with ThreadPoolExecutor(2) as pool:
        other = pool.submit(isolation.call, f"{HERE}:sleep_until", str(gate))
        while not isolation._ordinary._calls:
            time.sleep(0.01)
        large = pool.submit(isolation.call, f"{HERE}:own_priority", LARGE)
        while not isolation._patient._calls and not large.done():
            time.sleep(0.001)
        for _ in range(50):
            isolation.call(f"{HERE}:own_priority")
        assert not large.done()
        gate.touch()
        other.result()
        large.result()
    isolation.close()


def test_what_is_large_does_not_wait_for_the_calls_of_its_own_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    isolation = Isolation(call_limit_s=300.0)
    monkeypatch.setattr("worker.isolation.REST_S", 300.0)
    monkeypatch.setattr("worker.isolation.REST_WAIT_S", 300.0)
    isolation.call(f"{HERE}:own_priority")
    isolation.call(f"{HERE}:own_priority", LARGE)  # or the test's time is over
    with ThreadPoolExecutor(1) as pool:
        pool.submit(isolation.call, f"{HERE}:own_priority").result()
        monkeypatch.setattr("worker.isolation.REST_WAIT_S", 0.5)
        started = time.monotonic()
        isolation.call(f"{HERE}:own_priority", LARGE)
    assert time.monotonic() - started > 0.4
    isolation.close()


def test_what_is_large_gets_its_turn_where_the_others_never_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.isolation.REST_WAIT_S", 0.2)
    isolation, gate = Isolation(call_limit_s=300.0), tmp_path / "gate"
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(isolation.call, f"{HERE}:sleep_until", str(gate))
        while not isolation._ordinary._calls:
            time.sleep(0.01)
        isolation.call(f"{HERE}:own_priority", LARGE)
        assert not other.done()
        gate.touch()
        other.result()
    isolation.close()


@linux_only
def test_what_is_large_waits_for_its_turn_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    isolation, gate = Isolation(call_limit_s=300.0), tmp_path / "gate"
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(isolation.call, f"{HERE}:spin_until", str(gate), LARGE)
        while isolation._patient._places._value:
            time.sleep(0.01)
        monkeypatch.setattr("worker.isolation.PATIENT_WAIT_S", 0.01)
        with pytest.raises(ParseError, match="others are being parsed") as caught:
            isolation.call(f"{HERE}:own_priority", LARGE)
        assert caught.value.outcome is Outcome.POSTPONED
        gate.touch()
        first.result()
    isolation.close()


@linux_only
def test_too_much_work_ends_long_before_the_clock_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.isolation.CALL_CPU_S", 0.5)
    isolation = Isolation(call_limit_s=300.0)
    with pytest.raises(ParseError, match="too long"):
        isolation.call(f"{HERE}:spin_until", str(tmp_path / "never"))
    isolation.close()


def test_no_more_children_than_allowed() -> None:
    few = Isolation(most_children=2)
    with ThreadPoolExecutor(16) as pool:
        pids = list(pool.map(lambda _: few.call(f"{HERE}:own_pid"), range(48)))
    few.close()
    assert len(set(pids)) <= 2


def test_a_large_message_passes_both_ways(isolation: Isolation) -> None:
    body = os.urandom(3_000_000)
    assert isolation.call("builtins:bytes", body) == body
