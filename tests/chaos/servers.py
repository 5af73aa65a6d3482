"""Servers that a test may kill: a Redis, a PostgreSQL and a news site of its own, on free ports."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import redis
import sqlalchemy as sa

from tests.chaos.part import POISON
from tests.sites import KELP, Item, page, rss
from tests.slow_site import AskedByTheKilled

PAGE_S = 0.4
"""A page takes so long, so that faults meet work in hand."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


_stopped = threading.Event()


def side_by_side(act: Callable[[str], None], names: Sequence[str]) -> None:
    """Act in a thread for each name; an error or Ctrl-C ends what waits in the others, too."""
    try:
        with ThreadPoolExecutor(len(names)) as pool:
            try:
                list(pool.map(act, names))
            except BaseException:
                _stopped.set()
                raise
    finally:
        _stopped.clear()


def wait_for(condition: Callable[[], bool], what: str, within_s: float = 300) -> None:
    """Wait until something is so; a bound on a hang, not a measurement."""
    ends_at = time.monotonic() + within_s
    while not condition():
        assert not _stopped.is_set(), f"stopped while waiting for {what}"
        assert time.monotonic() < ends_at, f"waited in vain for {what}"
        time.sleep(0.25)


def program(name: str) -> str:
    """The path of a server's program; without it the test is skipped, but not in CI."""
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = shutil.which(name) or (str(newest[-1]) if newest else None)
    if path is None and os.environ.get("CI"):
        pytest.fail(f"{name} is not installed: CI must run this test")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


class Redis:
    """A Redis without persistence: whatever it holds is lost when it is killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.client = redis.Redis.from_url(self.url, socket_timeout=5)
        self.start()

    def start(self) -> None:
        options = {"port": self._port, "bind": "127.0.0.1", "dir": self._folder, "save": "",
                   "appendonly": "no", "maxmemory-policy": "noeviction"}  # fmt: skip
        args = [f"--{name} {value}".split(" ", 1) for name, value in options.items()]
        self._process = subprocess.Popen(
            [program("redis-server"), *[word for arg in args for word in arg]],
            stdout=subprocess.DEVNULL,
        )
        wait_for(self._answers, "Redis")

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self.client.close()
        self.signal(signal.SIGCONT)
        self.kill()


class Postgres:
    """A PostgreSQL of its own."""

    def __init__(self) -> None:
        # not in the test's own folder, whose parents another test run closes to all but root
        self._folder = Path(tempfile.mkdtemp(prefix="seedwatch-chaos-"))
        self._as: list[str] = []
        if os.getuid() == 0:  # it refuses to run as root
            self._as = [program("setpriv"), "--reuid=postgres", "--regid=postgres", "--init-groups"]
            shutil.chown(self._folder, "postgres", "postgres")
        self._port = free_port()
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/postgres"
        data = str(self._folder / "data")
        self._run("initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8",
                  "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        self._control = ["pg_ctl", "-D", data, "-w", "-l", str(self._folder / "log")]
        self.start()

    def start(self) -> None:
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= "
        self._run(*self._control, "-o", options + "-c fsync=off", "start")

    def stop(self) -> None:
        """End it at once, as a crash does: transactions under way are lost."""
        self._run(*self._control, "-m", "immediate", "stop")

    def _run(self, name: str, *args: str) -> None:
        subprocess.run([*self._as, program(name), *args], stdout=subprocess.DEVNULL, check=True,
                       cwd=self._folder, timeout=60)  # fmt: skip

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)


class Site:
    """A feed that grows, and its pages, each a little slow; some are poison. Takes webhooks, too.

    Attributes:
        told: the `webhook-id`s under which each match was told, by the match's id.
    """

    def __init__(self, poison: frozenset[int]) -> None:
        self.articles = 0
        self.poison = poison
        self.told: defaultdict[int, set[str]] = defaultdict(set)
        site = self

        class Handler(AskedByTheKilled):
            def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
                body = site.answer(self.path)
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "text/xml" if "rss" in self.path else "text/html")
                self.end_headers()
                self.wfile.write(body.encode())

            def do_POST(self) -> None:  # noqa: N802
                event = json.loads(self.rfile.read(int(self.headers["content-length"])))
                for match in event["data"]["matches"]:
                    site.told[match["id"]].add(self.headers["webhook-id"])
                self.send_response(204)
                self.end_headers()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.feed_url = f"{self.url}/rss"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, path: str) -> str:
        if path == "/rss":
            newest = range(max(0, self.articles - 400), self.articles)
            return rss(*[Item(f"kelp-{one}", f"Kelp {one}") for one in newest], site=self.url)
        if not path.startswith("/kelp-"):
            return ""
        time.sleep(PAGE_S)
        number = int(path.removeprefix("/kelp-"))
        last = POISON if number in self.poison else f"This is part {number} of the series."
        return page(f"Kelp {number}", *KELP, last)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def count(engine: sa.Engine, query: str) -> int:
    """A number from the database, whichever it is."""
    with engine.connect() as connection:
        found: int = connection.execute(sa.text(query)).scalar_one()
    return found
