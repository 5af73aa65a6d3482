"""Processes of the forms that bench/throughput.py measures: their CPU, memory, start and end."""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
_TICKS = os.sysconf("SC_CLK_TCK")
_LIMIT_S = 900.0
_LOOK_EVERY_S = 0.25
_SAMPLE_EVERY_S = 2.0


def tree(root: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


class Processor:
    """The CPU time of a process and its descendants, those that have ended among them.

    The kernel keeps nothing of a parser's process that has ended: its template waits for none. So
    all are looked at again and again, and the last that was seen of each counts.

    Args:
        root: the process.
    """

    def __init__(self, root: int) -> None:
        self._root = root
        self._seen: dict[int, int] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._watch, daemon=True).start()

    def seconds(self) -> float:
        """All that was used until now."""
        with self._lock:
            for pid in tree(self._root):
                with contextlib.suppress(OSError):
                    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                    self._seen[pid] = sum(map(int, fields[11:13]))
            return sum(self._seen.values()) / _TICKS

    def _watch(self) -> None:
        while Path(f"/proc/{self._root}").exists():
            self.seconds()
            time.sleep(_LOOK_EVERY_S)


def memory_mib(root: int) -> float:
    """The proportional share of memory of a process and its descendants."""
    total = 0
    for pid in tree(root):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


@contextlib.contextmanager
def started(
    command: Sequence[str], env: dict[str, str], log: Path, *, is_talked_to: bool = False
) -> Iterator[subprocess.Popen[str]]:
    """A process of a form; ended with all its descendants.

    Args:
        command, env: what is run, and what is added to the environment.
        log: takes what the process says. is_talked_to: its input and output are pipes instead.
    """
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **env}, text=True, stderr=out,
            stdin=subprocess.PIPE if is_talked_to else None,
            stdout=subprocess.PIPE if is_talked_to else out,
        )  # fmt: skip
    try:
        yield process
    finally:
        descendants = tree(process.pid)
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        for pid in descendants:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def until(is_done: Callable[[], bool], what: str, log: Path, limit_s: float = _LIMIT_S) -> None:
    """Wait.

    Raises:
        SystemExit: it takes too long; with the end of the log.
    """
    ends_at = time.monotonic() + limit_s
    while not is_done():
        if time.monotonic() > ends_at:
            raise SystemExit(f"{what}: not within {limit_s:.0f} s\n{log.read_text()[-3000:]}")
        time.sleep(0.1)


class Grown:
    """How much memory a form has after so many articles.

    Args:
        root: its process. count: how many articles it has done. sizes: what is asked for.
    """

    def __init__(self, root: int, count: Callable[[], int], sizes: Sequence[int]) -> None:
        self._root, self._count, self._sizes = root, count, sizes
        self._seen: list[tuple[int, float]] = []
        self._next = 0.0

    def look(self) -> None:
        """Look if it is time to."""
        if self._sizes and time.monotonic() >= self._next:
            before = self._seen[-1][0] if self._seen else 0
            self._seen.append((self._count(), memory_mib(self._root)))
            self._next = time.monotonic() + _SAMPLE_EVERY_S
            for size in self._sizes:
                if before < size <= self._seen[-1][0]:
                    print(f"{size:,} articles: {self.told().get(size, 0):.0f} MiB", flush=True)

    def told(self) -> dict[int, float]:
        """By size the median while its last fifth was done, since it goes up and down."""
        found = {
            size: [mib for count, mib in self._seen if 0.8 * size <= count <= size]
            for size in self._sizes
        }
        return {size: statistics.median(seen) for size, seen in found.items() if seen}
