"""Libraries of others as forms of bench/throughput.py, each in an environment of its own.

An environment is made once, with venv and pip, in the folder that is given; nothing of them is
among this project's dependencies. `bench/peer.py` is what runs there. It is told of a proxy that
does not exist for all but loopback, so that nothing in a page leads outside.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

from bench.forms import Run
from bench.news_site import NewsSite
from bench.processes import memory_mib, started

_LANGUAGES = "newspaper4k[bn,hi,ja,nlp,ta,th,zh]==0.9.6"
PEERS = {
    "news-please": ("1.6.16", ["news-please==1.6.16", _LANGUAGES]),
    "newspaper4k": ("0.9.6", [_LANGUAGES]),
}
"""By name the version that is measured, and what is installed for it: with all languages."""
_ONLY_LOOPBACK = {
    "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9",
    "no_proxy": "127.0.0.0/8", "NO_PROXY": "127.0.0.0/8",
}  # fmt: skip
_LOOK_EVERY_S = 1.0


def environment(folder: Path, name: str) -> Path:
    """The interpreter of a peer's environment, which is made if it is not there.

    Args:
        folder: of all environments.

    Raises:
        SystemExit: pip cannot install it.
    """
    version, wanted = PEERS[name]
    home = (folder / f"{name}-{version}").absolute()
    python = home / "bin" / "python"
    if not (home / "whole").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        if subprocess.run(
            [str(python), "-m", "pip", "install", "-q", *wanted], check=False
        ).returncode:
            raise SystemExit(f"{name} cannot be installed into {home}; see above")
        (home / "whole").touch()
    return python


def peer(site: NewsSite, name: str, python: Path, folder: Path) -> Run:
    """A script with a library, which reads one feed after the other into SQLite.

    Its memory is the most that was seen, since its processes end with each feed.
    """
    log, most, is_over = folder / "log", [0.0], threading.Event()
    command = [str(python), str(Path(__file__).with_name("peer.py")), name, str(folder / "peer.db")]
    with started(command, {"PYTHONPATH": ""} | _ONLY_LOOPBACK, log, is_talked_to=True) as process:

        def look() -> None:
            while not is_over.wait(_LOOK_EVERY_S):
                most.append(memory_mib(process.pid))

        if process.stdin is None or process.stdout is None or not process.stdout.readline():
            raise SystemExit(f"{name} does not start\n{log.read_text()[-3000:]}")
        threading.Thread(target=look, daemon=True).start()
        start = time.perf_counter()
        process.stdin.write("\n".join(site.feeds) + "\n\n")
        process.stdin.flush()
        told = process.stdout.readline().split()
        seconds = time.perf_counter() - start
        is_over.set()
    if not told:
        raise SystemExit(f"{name} ended\n{log.read_text()[-3000:]}")
    return Run(seconds, float(told[2]), int(told[0]), max(most), textless=int(told[1]))
