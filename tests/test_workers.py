"""The parts as compose starts them: real Redis, real processes, killed amid their work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
import redis

from tests.sites import KELP
from tests.slow_site import slow_site
from worker.store.store import Store

ARTICLES = 60


@pytest.fixture
def site() -> Iterator[str]:
    with slow_site(ARTICLES, page_s=0.05) as url:
        yield url


@pytest.fixture
def environment(store_url: str, redis_url: str, site: str, tmp_path: Path) -> dict[str, str]:
    """A watch on the site, and the settings of all parts; ticks and leases as short as allowed."""
    redis.Redis.from_url(redis_url).flushdb()
    folder = tmp_path / "seeds" / "kelp"
    folder.mkdir(parents=True)
    (folder / "watch.toml").write_text(f'title = "Kelp"\n[[feed]]\nurl = "{site}"\n')
    (folder / "seed.txt").write_text("\n\n".join(KELP))
    return {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "PYTHONWARNINGS": "ignore",
        "SEEDWATCH_DATABASE_URL": store_url,
        "SEEDWATCH_BROKER_URL": redis_url,
        "SEEDWATCH_SEEDS_DIR": str(tmp_path / "seeds"),
        "SEEDWATCH_DATA_DIR": str(tmp_path / "data"),
        "SEEDWATCH_FETCH_ALLOW_NETS": "127.0.0.0/8",
        "SEEDWATCH_ENCODER": "hashing",
        "SEEDWATCH_POLL_TICK_S": "1",
        "SEEDWATCH_SWEEP_TICK_S": "1",
    }


@contextmanager
def part(environment: dict[str, str], *args: str) -> Iterator[subprocess.Popen[bytes]]:
    """A part of the compose file; killed with all its children at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "worker.cli", *args], env=environment, start_new_session=True
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(condition: Callable[[], bool], within_s: float = 90) -> None:
    """Wait until something is so; a bound on a hang, not a measurement."""
    ends_at = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends_at, "waited in vain"
        time.sleep(0.2)


def test_killed_workers_and_an_emptied_redis_lose_nothing_and_double_nothing(
    environment: dict[str, str], store_url: str, redis_url: str
) -> None:
    run = partial(part, environment)
    subprocess.run(
        [sys.executable, "-m", "worker.cli", "migrate"], env=environment, check=True, timeout=60
    )
    store = Store(store_url)
    with ExitStack() as stack:
        stack.callback(store.close)
        stack.enter_context(run("beat"))
        stack.enter_context(run("worker", "--queues", "sweep", "--concurrency", "1"))
        first = stack.enter_context(run("worker"))
        wait_for(lambda: store.articles.counts().get("done", 0) > 0)
        kill(first)
        redis.Redis.from_url(redis_url).flushdb()
        # what the dead worker held comes back when its lease ends: end it now
        with store.database.write() as connection:
            connection.exec_driver_sql(
                "UPDATE article SET due_at = first_seen_at, hinted_at = NULL "
                "WHERE state = 'pending'"
            )
        stack.enter_context(run("worker"))
        wait_for(lambda: store.articles.counts() == {"done": ARTICLES})
        rows = list(store.matches.rows())
        assert len({row.url for row in rows}) == len(rows) == ARTICLES
        wait_for(lambda: store.outbox.counts() == {"done": ARTICLES})


def test_the_probes_tell_a_working_system_from_a_dead_beat(environment: dict[str, str]) -> None:
    def probe(name: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "worker.cli", "doctor", "--probe", name],
            env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    assert probe("beat").returncode == 1  # nothing has been migrated
    subprocess.run(
        [sys.executable, "-m", "worker.cli", "migrate"], env=environment, check=True, timeout=60
    )
    store = Store(environment["SEEDWATCH_DATABASE_URL"])
    store.pulse.take("sweep", "test", 0)
    store.pulse.take("poll_due", "test", 0)
    assert probe("beat").returncode == 0
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE pulse SET at = '2020-01-01 00:00:00'")
    dead = probe("beat")
    assert dead.returncode == 1
    assert "start beat" in dead.stdout
    store.close()
