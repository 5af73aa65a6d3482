"""The demo, run as a user runs it: real server, real extraction, real encoder, real store."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class DemoPass:
    """One pass of the demo: the folder it ran in, and what it printed."""

    folder: Path
    summary: dict[str, Any]

    @property
    def data(self) -> Path:
        """Where its data are: the first folder, where another demo has had the usual port."""
        return min((self.folder / "data").glob("demo*"), key=lambda path: path.stat().st_ctime_ns)

    @property
    def store(self) -> Path:
        """The file of its store."""
        return self.data / "seedwatch.db"


def run_demo(folder: Path) -> DemoPass:
    """Let the demo poll what is due and work until it is idle."""
    done = subprocess.run(
        [sys.executable, "-m", "worker.cli", "demo", "--once", "--json"],
        cwd=folder, capture_output=True, text=True, check=True, timeout=500,
        env={"PATH": "", "PYTHONPATH": str(Path(__file__).parents[1]), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return DemoPass(folder, json.loads(done.stdout))
