"""The parts of the compose file as processes that are started again when they end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path


class Part:
    """One part; everything that it starts is in its process group.

    Args:
        environment: its settings.
        log: where its output is added.
        lease_s: of its claims, in seconds.
        args: of `seedwatch`.
    """

    def __init__(self, environment: dict[str, str], log: Path, lease_s: float, *args: str) -> None:
        self._log = log
        self._environment = environment
        self._command = [sys.executable, "-m", "tests.chaos.part", str(lease_s), *args]
        self.starts = 0
        self.start()

    def start(self) -> None:
        self.starts += 1
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, start_new_session=True, stderr=log
            )

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def signal(self, number: int) -> None:
        """Signal the main process alone."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def signal_all(self, number: int) -> None:
        """Signal the process and all that it has started, as the end of a container does."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def signal_children(self, number: int) -> None:
        """Signal what the main process has started, but not itself."""
        for child in _children(self._process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)

    def wait(self, within_s: float) -> None:
        self._process.wait(within_s)

    def close(self) -> None:
        self.signal_all(signal.SIGKILL)
        self._process.wait()


class Supervisor:
    """Starts a part again when it has ended, as `restart: unless-stopped` does."""

    def __init__(self, *parts: Part) -> None:
        self.parts = parts
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stopped.wait(0.5):
            for part in self.parts:
                if not part.is_alive:
                    part.signal_all(signal.SIGKILL)  # a container takes its orphans with it
                    time.sleep(0.2)
                    part.start()

    def close(self) -> None:
        self._stopped.set()
        self._thread.join()
        for part in self.parts:
            part.close()


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # the name in parentheses may hold anything
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                found.append(int(stat.parent.name))
    return found
