"""Processes that work on articles: what they are given, how they end, what their death costs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import is_running
from tests.sites import KELP
from tests.slow_site import slow_site
from worker.folderlock import FolderLock
from worker.services import Services
from worker.store.store import Store

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no crew")

ROOT = Path(__file__).parents[1]
ARTICLES = 40


# --- work that a crew is given, by the name of its function -------------------------------------


def who(services: Services, *, waits_s: float = 0.0) -> tuple[str, int]:
    time.sleep(waits_s)
    return services.name, os.getpid()


def refuse(_services: Services) -> None:
    raise LookupError("as it was")


def die(_services: Services) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def begin_and_wait(services: Services, begun: Path) -> tuple[str, int]:
    begun.write_text(str(os.getpid()))
    while not services.is_ending():
        time.sleep(0.02)
    return services.name, os.getpid()


def hang(_services: Services, begun: Path) -> None:
    begun.write_text(str(os.getpid()))
    time.sleep(3600)


BEGIN = """
import json, os, signal, sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tests.processes import is_running
from tests.test_crew import begin_and_wait, die, hang, refuse, who
from worker import wiring
from worker.config import load_settings
from worker.crew import ForkedCrew
from worker.errors import WorkLostError

services = wiring.build(load_settings(), ())

def crew_of(limit_s=30.0, most_calls=100, most_memory_kb=10**9):
    return ForkedCrew(
        services, limit_s=limit_s, most_calls=most_calls, most_memory_kb=most_memory_kb
    )

def tell(*told):
    print(json.dumps(told), flush=True)

def wait_for(condition):
    ends_at = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends_at
        time.sleep(0.02)
"""


def start(tmp_path: Path, script: str) -> subprocess.Popen[str]:
    """A process that has a crew; not this one, which has threads."""
    (tmp_path / "seeds").mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN + script], stdout=subprocess.PIPE, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SEEDWATCH_ENCODER": "hashing"},
    )  # fmt: skip


def told_by(tmp_path: Path, script: str) -> list[Any]:
    process = start(tmp_path, script)
    try:
        told, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    return [json.loads(line) for line in told.splitlines()]


def wait_for(condition: Callable[[], bool], within_s: float = 60) -> None:
    """Wait until something is so; a bound on a hang, not a measurement."""
    ends_at = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends_at, "waited in vain"
        time.sleep(0.05)


def test_work_is_done_side_by_side_in_processes_that_are_kept(tmp_path: Path) -> None:
    script = """
with crew_of() as crew, ThreadPoolExecutor(2) as pool:
    tell(os.getpid())
    for _ in range(2):
        tell(*pool.map(lambda _: crew.do(services, who, waits_s=0.5), range(2)))
"""
    (own,), *rounds = told_by(tmp_path, script)
    for found in rounds:
        assert len({pid for _, pid in found} - {own}) == 2
        for name, pid in found:
            assert name.endswith(f":{pid}")  # a lease tells who holds it
    first, second = ({pid for _, pid in found} for found in rounds)
    assert first == second


def test_errors_come_back_as_they_were_and_a_death_costs_its_own_work_only(tmp_path: Path) -> None:
    script = """
with crew_of() as crew:
    for work in (refuse, die):
        try:
            crew.do(services, work)
        except Exception as error:
            tell(type(error).__name__)
        tell(crew.do(services, who)[1])
    killed = crew.do(services, who)[1]
    os.kill(killed, signal.SIGKILL)  # while it waits for work
    wait_for(lambda: not is_running(killed))
    tell(killed, crew.do(services, who)[1])
"""
    refused, first, died, second, (killed, third) = told_by(tmp_path, script)
    assert (refused, died) == (["LookupError"], ["WorkLostError"])
    assert first != second
    assert third != killed


@pytest.mark.parametrize("limits", ["most_calls=1", "most_memory_kb=1"])
def test_a_process_that_is_used_up_is_replaced(tmp_path: Path, limits: str) -> None:
    script = f"""
with crew_of({limits}) as crew:
    tell(crew.do(services, who)[1], crew.do(services, who)[1])
"""
    ((first, second),) = told_by(tmp_path, script)
    assert first != second
    wait_for(lambda: not is_running(first))


def test_what_takes_too_long_is_killed(tmp_path: Path) -> None:
    script = """
with crew_of(limit_s=0.1) as crew:
    try:
        crew.do(services, hang, Path("begun"))
    except WorkLostError as error:
        tell(str(error))
"""
    assert "took too long" in told_by(tmp_path, script)[0][0]
    wait_for(lambda: not is_running(int((tmp_path / "begun").read_text())))


def test_without_the_process_that_forks_work_is_done_here(tmp_path: Path) -> None:
    script = """
with crew_of() as crew, ThreadPoolExecutor(1) as pool:
    one = crew.do(services, who)[1]
    os.kill(crew._nursery, signal.SIGKILL)
    wait_for(lambda: not is_running(crew._nursery))
    tell(one, crew.do(services, who)[1])  # who is there goes on
    busy = pool.submit(crew.do, services, begin_and_wait, Path("begun"))
    wait_for(Path("begun").exists)
    tell(os.getpid(), crew.do(services, who)[1])
    crew.tell()
    tell(one, busy.result()[1])
"""
    for one, other in told_by(tmp_path, script):
        assert one == other


def test_who_is_told_to_end_brings_home_what_he_has_and_nothing_new_begins(tmp_path: Path) -> None:
    script = """
with crew_of() as crew, ThreadPoolExecutor(1) as pool:
    busy = pool.submit(crew.do, services, begin_and_wait, Path("begun"))
    wait_for(Path("begun").exists)
    crew.tell()
    tell(os.getpid(), busy.result()[1], int(Path("begun").read_text()))
    # whatever is still queued is over at once
    tell(crew.do(services, begin_and_wait, Path("again"))[1])
"""
    (own, ended, begun), (here,) = told_by(tmp_path, script)
    assert ended == begun != own
    assert here == own
    wait_for(lambda: not is_running(begun))


def test_all_end_by_themselves_when_their_process_was_killed(tmp_path: Path) -> None:
    script = """
crew = crew_of().__enter__()
with ThreadPoolExecutor(2) as pool:
    busy = pool.submit(crew.do, services, begin_and_wait, Path("begun"))
    wait_for(Path("begun").exists)
    tell(crew._nursery, crew.do(services, who)[1], int(Path("begun").read_text()))
    time.sleep(60)
"""
    process = start(tmp_path, script)
    assert process.stdout is not None
    pids = json.loads(process.stdout.readline())
    assert all(map(is_running, pids))
    process.kill()
    process.wait()
    process.stdout.close()
    wait_for(lambda: not any(map(is_running, pids)))


def test_a_lock_is_not_held_by_what_is_forked(tmp_path: Path) -> None:
    script = """
from worker.folderlock import FolderLock
with FolderLock(Path("locked")):
    crew = crew_of().__enter__()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(crew.do, services, hang, Path("begun"))
        wait_for(Path("begun").exists)
        tell("begun")
        time.sleep(60)
"""
    process = start(tmp_path, script)
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.wait()
    process.stdout.close()
    busy = int((tmp_path / "begun").read_text())
    assert is_running(busy)
    with FolderLock(tmp_path / "locked"):
        os.kill(busy, signal.SIGKILL)


# --- `seedwatch run` ----------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A run that is amid its work."""
    folder = tmp_path / "seeds" / "kelp"
    folder.mkdir(parents=True)
    (folder / "seed.txt").write_text("\n\n".join(KELP))
    with slow_site(ARTICLES, page_s=0.1) as url:
        (folder / "watch.toml").write_text(f'title = "Kelp"\n[[feed]]\nurl = "{url}"\n')
        process = subprocess.Popen(
            [sys.executable, "-m", "worker.cli", "run", "--no-web"], cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "SEEDWATCH_ENCODER": "hashing",
                 "SEEDWATCH_FETCH_ALLOW_NETS": "127.0.0.0/8", "SEEDWATCH_SWEEP_TICK_S": "1"},
        )  # fmt: skip
        yield process
        process.kill()
        process.wait()


@pytest.fixture
def watched(run: subprocess.Popen[bytes], tmp_path: Path) -> Iterator[Store]:
    """Its store, with a few articles done."""
    file = tmp_path / "data" / "seedwatch.db"
    wait_for(file.exists)
    store = Store(f"sqlite:///{file}")
    store.migrate()
    wait_for(lambda: store.articles.counts().get("done", 0) > 0)
    assert store.articles.counts().get("pending", 0) > 0
    yield store
    store.close()


def descendants(root: int) -> list[int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found[1:]


def is_ours(pid: int) -> bool:
    """Whether it is a copy of the run, not a parser."""
    return b"worker.cli" in Path(f"/proc/{pid}/cmdline").read_bytes()


def end_leases(store: Store) -> None:
    """What the dead held comes back when its lease ends: now."""
    with store.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE article SET due_at = first_seen_at, hinted_at = NULL WHERE state = 'pending'"
        )


@pytest.mark.parametrize("whom", ["children", "all"])
def test_a_run_whose_processes_are_killed_loses_and_doubles_nothing(
    run: subprocess.Popen[bytes], watched: Store, whom: str
) -> None:
    nursery = next(pid for pid in descendants(run.pid) if is_ours(pid))
    children = descendants(nursery)
    assert children
    for pid in [*children, *([nursery] if whom == "all" else [])]:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not any(map(is_running, children)))
    end_leases(watched)
    wait_for(lambda: watched.articles.counts() == {"done": ARTICLES})
    assert run.poll() is None
    rows = list(watched.matches.rows())
    assert len({row.url for row in rows}) == len(rows) == ARTICLES


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_amid_its_work_gives_back_what_it_has_not_done(
    run: subprocess.Popen[bytes], watched: Store, number: int
) -> None:
    family = descendants(run.pid)
    for pid in [run.pid, *family]:  # as a terminal does, and systemd
        os.kill(pid, number)
    assert run.wait(60) == 0
    wait_for(lambda: not any(map(is_running, family)))
    with watched.database.read() as connection:
        held = connection.exec_driver_sql(
            "SELECT count(*) FROM article "
            "WHERE token IS NOT NULL OR state = 'pending' AND tries > 0"
        ).scalar_one()
    assert held == 0


def test_of_a_run_that_is_killed_no_process_is_left(
    run: subprocess.Popen[bytes], watched: Store, tmp_path: Path
) -> None:
    family = descendants(run.pid)
    assert len(family) >= 3
    run.kill()
    run.wait()
    with FolderLock(tmp_path / "data"):
        wait_for(lambda: not any(map(is_running, family)))
