"""One embedded run a data folder; whoever dies leaves no lock; two beats do one beat's work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.fakes import FakeClock
from tests.sites import KELP
from worker import embedded
from worker.errors import ConfigError, StoppedError
from worker.folderlock import FolderLock
from worker.store.store import Store

HOLD = (
    "import sys, subprocess, time; from pathlib import Path; "
    "from worker.folderlock import FolderLock; lock = FolderLock(Path(sys.argv[1])).__enter__(); "
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
    "print(child.pid, flush=True); time.sleep(60)"
)


def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]),
            "SEEDWATCH_ENCODER": "hashing"}  # fmt: skip


def test_the_lock_dies_with_its_process_not_with_its_children(tmp_path: Path) -> None:
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "data")],
        env=environment(tmp_path), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert held.stdout is not None
    child = int(held.stdout.readline())
    try:
        with pytest.raises(ConfigError, match=f"in use .* \\(process {held.pid}\\)"):
            FolderLock(tmp_path / "data").__enter__()
        held.kill()
        held.wait()
        with FolderLock(tmp_path / "data"):
            os.kill(child, 0)  # the child of the dead one lives on
    finally:
        held.kill()
        held.wait()
        held.stdout.close()
        os.kill(child, signal.SIGKILL)


def test_a_lock_file_that_was_left_behind_locks_nothing(tmp_path: Path) -> None:
    (tmp_path / "run.lock").write_text(str(os.getppid()))  # of a process that even lives
    with FolderLock(tmp_path):
        assert (tmp_path / "run.lock").read_text() == str(os.getpid())


@pytest.mark.skipif(not Path("/proc").exists(), reason="no folder that cannot be written to")
def test_a_folder_that_cannot_be_locked_is_named() -> None:
    with pytest.raises(ConfigError, match="/proc/x cannot be locked"):
        FolderLock(Path("/proc/x")).__enter__()


def make_seeds(tmp_path: Path) -> None:
    folder = tmp_path / "seeds" / "kelp"
    folder.mkdir(parents=True)
    (folder / "watch.toml").write_text('title = "Kelp"\n')
    (folder / "seed.txt").write_text("\n\n".join(KELP))


@pytest.fixture
def first(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """An embedded run that is at work."""
    make_seeds(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "worker.cli", "run", "--no-web"],
        cwd=tmp_path, env=environment(tmp_path), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("Watching"):
            break
    yield process
    process.kill()
    process.wait()
    process.stderr.close()


@pytest.mark.parametrize("args", [["run", "--no-web"], ["run", "--once"]])
def test_a_second_run_on_one_data_folder_refuses_in_one_line(
    first: subprocess.Popen[str], tmp_path: Path, args: list[str]
) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "worker.cli", *args],
        cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert second.returncode == 2
    assert second.stderr.count("\n") == 1
    assert f"data is in use by `seedwatch run` (process {first.pid})" in second.stderr
    assert first.poll() is None


def test_a_run_that_is_stopped_ends_well_and_leaves_its_data_only(
    first: subprocess.Popen[str], tmp_path: Path
) -> None:
    first.terminate()
    assert first.wait(60) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"data", "seeds"}


def test_a_run_that_is_told_to_stop_many_times_at_once_ends_too(
    first: subprocess.Popen[str],
) -> None:
    for _ in range(100):  # a stop may be told by the terminal, by make and by a supervisor
        for _ in range(10):
            first.send_signal(signal.SIGINT)
            first.send_signal(signal.SIGTERM)
        time.sleep(0.002)
    assert first.wait(60) == 0


DIES = """
from celery.beat import Scheduler
from celery.worker.consumer import Consumer
from worker import cli
from worker.commands import run
def die(*_args, **_kwargs): raise RuntimeError("a bug")
run._CHECK_EVERY_S = 0.1
{}
cli.main()
"""


@pytest.mark.parametrize(
    ("part", "bug"),
    [
        # the second one while it ends because of the first
        ("scheduler", "Scheduler.tick = Scheduler.close = die"),
        ("worker", "Consumer.start = die"),
    ],
)
def test_a_run_whose_part_dies_ends_with_an_error(tmp_path: Path, part: str, bug: str) -> None:
    make_seeds(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", DIES.format(bug), "run", "--no-web"],
        cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert part in done.stderr.splitlines()[-1]


def test_of_many_beats_at_once_one_gets_the_turn(store: Store, clock: FakeClock) -> None:
    for _ in range(3):
        with ThreadPoolExecutor(8) as pool:
            took = list(pool.map(lambda beat: store.pulse.take("sweep", f"b{beat}", 15), range(8)))
        assert took.count(True) == 1
        clock.advance(seconds=30)


class _Thread:
    def __init__(self, is_alive: bool) -> None:
        self._is_alive = is_alive

    def is_alive(self) -> bool:
        return self._is_alive


@pytest.mark.parametrize(("worker", "beat"), [(False, True), (True, False)])
def test_a_dead_part_of_the_embedded_run_is_noticed(worker: bool, beat: bool) -> None:
    run = object.__new__(embedded.EmbeddedRun)
    run._thread, run._beat = _Thread(worker), _Thread(beat)  # type: ignore[assignment]
    with pytest.raises(StoppedError, match="scheduler" if worker else "worker"):
        run.check()
    run._thread = run._beat = _Thread(True)  # type: ignore[assignment]
    run.check()
