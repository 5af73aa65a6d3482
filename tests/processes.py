"""Processes that tests wait for."""

from __future__ import annotations

import os
from pathlib import Path


def is_running(pid: int) -> bool:
    """Whether a process is there, and no zombie: nobody may reap an orphan in a container."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat").read_text()
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # it ended meanwhile, or the system has no such files
        return not Path("/proc/self").exists()
    return stat.rpartition(")")[2].split()[0] != "Z"
