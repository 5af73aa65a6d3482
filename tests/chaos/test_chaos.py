"""Nothing is lost and nothing doubled, whatever is killed, frozen, emptied or full meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.chaos.conftest import Form
from tests.chaos.parts import Part, Supervisor
from tests.chaos.servers import Postgres, Redis, Site, count, side_by_side, wait_for
from tests.sites import KELP
from worker.store.store import Store

ROOT = Path(__file__).parents[2]


class World:
    """All parts at work on one site, and the ways to disturb them."""

    def __init__(self, form: Form, database: str, folder: Path, stack: ExitStack) -> None:
        self.form = form
        first = 0 if database == "sqlite" else 1
        self.faults = self.all_faults[first::2] if form.is_shared else self.all_faults
        self.total = form.chunk * (len(self.faults) * form.rounds + 1)
        self.site = Site(frozenset({2, form.chunk}))
        stack.callback(self.site.close)
        self.redis = Redis(folder)
        stack.callback(self.redis.close)
        self.postgres = Postgres() if database == "postgresql" else None
        if self.postgres:
            stack.callback(self.postgres.close)
        self.url = self.postgres.url if self.postgres else f"sqlite:///{folder / 'store.db'}"
        self.output = folder / "data" / "output"
        self.environment = _environment(folder, form, self.url, self.redis.url)
        _seeds(folder, self.site)
        subprocess.run(
            [sys.executable, "-m", "worker.cli", "migrate"], env=self.environment, check=True,
            timeout=300,
        )  # fmt: skip
        self.store = Store(self.url)
        stack.callback(self.store.close)
        self.engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        log = folder / "parts.log"
        part = lambda *args: Part(self.environment, log, form.lease_s, *args)  # noqa: E731
        self.workers = [part("worker") for _ in range(2)]
        self.beats = [part("beat") for _ in range(2)]
        self.sweeper = part("worker", "--queues", "sweep", "--concurrency", "1")
        stack.callback(Supervisor(*self.workers, *self.beats, self.sweeper).close)

    def publish(self) -> None:
        """Let the feed grow, have it polled, and wait until somebody works on what came."""
        before = self.site.articles
        self.site.articles = min(self.total, before + self.form.chunk)
        self.store.feeds.poll_now()
        begun = f"SELECT count(*) FROM article WHERE id > {before} AND token IS NOT NULL"
        if self.form.waits_for_one:
            begun = f"SELECT count(*) FROM article WHERE id > {before} AND state = 'done'"
        wait_for(lambda: count(self.engine, begun) > 0, f"what came after article {before}")

    def catch_up(self) -> None:
        """Wait until little waits."""
        most = self.form.backlog
        wait_for(lambda: self.site.articles - self.done() <= most, "it to catch up", 1800)

    def done(self) -> int:
        return count(self.engine, "SELECT count(*) FROM article WHERE state = 'done'")

    # --- the faults ---------------------------------------------------------------------------

    def worker_killed(self) -> None:
        self.workers[0].signal_all(signal.SIGKILL)

    def main_process_killed(self) -> None:
        self.workers[1].signal(signal.SIGKILL)

    def pool_children_killed(self) -> None:
        for worker in self.workers:
            worker.signal_children(signal.SIGKILL)

    def worker_frozen_for_longer_than_its_lease(self) -> None:
        self.workers[0].signal_all(signal.SIGSTOP)
        time.sleep(self.form.lease_s * 1.25)
        self.workers[0].signal_all(signal.SIGCONT)

    def worker_stopped(self) -> None:
        """As compose does, which kills after 35 s."""
        worker = self.workers[1]
        worker.signal(signal.SIGTERM)
        starts = worker.starts
        wait_for(lambda: worker.starts > starts, "the worker to end by itself", 35)

    def beats_killed(self) -> None:
        for beat in self.beats:
            beat.signal_all(signal.SIGKILL)

    def sweeper_killed(self) -> None:
        self.sweeper.signal_all(signal.SIGKILL)

    def redis_emptied(self) -> None:
        self.redis.client.flushall()

    def redis_killed(self) -> None:
        self.redis.kill()
        time.sleep(2)
        self.redis.start()

    def redis_frozen(self) -> None:
        self.redis.signal(signal.SIGSTOP)
        time.sleep(8)
        self.redis.signal(signal.SIGCONT)

    def redis_full(self) -> None:
        self.redis.client.config_set("maxmemory", "1")
        time.sleep(6)
        self.redis.client.config_set("maxmemory", "0")

    def database_restarted(self) -> None:
        if self.postgres:
            self.postgres.stop()
            time.sleep(2)
            self.postgres.start()

    all_faults: tuple[Callable[[World], None], ...] = (
        # in the short form SQLite gets the left ones, PostgreSQL the right ones
        worker_killed, pool_children_killed,
        redis_emptied, database_restarted,
        worker_frozen_for_longer_than_its_lease, redis_killed,
        redis_full, beats_killed,
        worker_stopped, redis_frozen,
        sweeper_killed, main_process_killed,
    )  # fmt: skip


def _environment(folder: Path, form: Form, url: str, broker: str) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "REMAP_SIGTERM": "SIGQUIT",  # as the compose file sets it
        "SEEDWATCH_DATABASE_URL": url,
        "SEEDWATCH_BROKER_URL": broker,
        "SEEDWATCH_SEEDS_DIR": str(folder / "seeds"),
        "SEEDWATCH_DATA_DIR": str(folder / "data"),
        "SEEDWATCH_FETCH_ALLOW_NETS": "127.0.0.0/8",
        "SEEDWATCH_FETCH_TIMEOUT_S": str(form.lease_s / 4),  # as of the real lease
        "HOOK_SECRET": "whsec_" + "c2VjcmV0" * 6,
        "SEEDWATCH_ENCODER": "hashing",
        "SEEDWATCH_POLL_TICK_S": "1",
        "SEEDWATCH_SWEEP_TICK_S": "1",
        "SEEDWATCH_LOG_LEVEL": "info",
    }


def _seeds(folder: Path, site: Site) -> None:
    seeds = folder / "seeds" / "kelp"
    seeds.mkdir(parents=True)
    (seeds / "watch.toml").write_text(
        f'title = "Kelp"\n[[feed]]\nurl = "{site.feed_url}"\n[[channel]]\nkind = "file"\n'
        f'[[channel]]\nkind = "webhook"\nurl = "{site.url}/hook"\nsecret = "env:HOOK_SECRET"\n'
        "first_of_story = false\n"
    )
    (seeds / "seed.txt").write_text("\n\n".join(KELP))


def test_nothing_is_lost_or_doubled_and_poison_is_given_up(form: Form, tmp_path: Path) -> None:
    """Both databases side by side, each in a world of its own: most of the time is waiting."""

    def end_well(database: str) -> None:
        folder = tmp_path / database
        folder.mkdir()
        try:
            with ExitStack() as stack:
                disturb(World(form, database, folder, stack))
        except AssertionError as error:
            error.add_note(f"in the world of {database}")
            raise

    side_by_side(end_well, ["sqlite", "postgresql"])


def disturb(world: World) -> None:
    """Let all faults come, and see that nothing is lost or doubled."""
    *faults, last = world.faults * world.form.rounds
    for fault in faults:
        world.publish()
        fault(world)
    world.catch_up()
    world.publish()
    last(world)
    world.publish()

    good = world.total - len(world.site.poison)
    wait_for(lambda: world.done() == good, "all but the poison", world.form.recovery_s)
    quarantined = "SELECT count(*) FROM article WHERE state = 'quarantined'"
    wait_for(
        lambda: count(world.engine, quarantined) == len(world.site.poison),
        "the poison to be given up",
        world.form.giving_up_s,
    )
    matches = list(world.store.matches.rows())
    assert len({row.article_id for row in matches}) == len(matches) == good
    wait_for(lambda: len(world.site.told) >= good, "the webhooks")
    wait_for(lambda: set(world.store.outbox.counts()) == {"done"}, "the deliveries")

    given_up = {int(row.what.rpartition("-")[2]) for row in world.store.quarantine.rows()}
    assert given_up == world.site.poison
    assert count(world.engine, "SELECT count(*) FROM article") == world.total
    assert count(world.engine, "SELECT count(DISTINCT url) FROM article") == world.total
    assert count(world.engine, "SELECT count(*) FROM sighting") == world.total
    told = [
        json.loads(line)["id"]
        for path in world.output.glob("*.jsonl")
        for line in path.read_text("utf-8").splitlines()
    ]
    assert set(told) == {row.id for row in matches}  # each at least once
    assert set(world.site.told) == set(told)
    assert {len(ids) for ids in world.site.told.values()} == {1}  # ... and always under one id


def test_poison_is_given_up_by_the_embedded_run_which_goes_on(form: Form, tmp_path: Path) -> None:
    site = Site(frozenset({3}))
    site.articles = 30
    _seeds(tmp_path, site)
    url = f"sqlite:///{tmp_path / 'store.db'}"
    log = tmp_path / "run.log"
    run = Part(_environment(tmp_path, form, url, "memory://"), log, form.lease_s, "run", "--no-web")
    store = Store(url)
    try:
        wait_for((tmp_path / "store.db").exists, "the store")
        store.migrate()
        wait_for(
            lambda: store.articles.counts() == {"done": 29, "quarantined": 1},
            "all but the poison, and its end",
            form.recovery_s + form.giving_up_s,
        )
        assert run.is_alive
        assert len({row.article_id for row in store.matches.rows()}) == 29
        (given_up,) = store.quarantine.rows()
        assert given_up.what.endswith("kelp-3")
    finally:
        store.close()
        run.close()
        site.close()


@pytest.fixture
def small_disk(form: Form, tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system can only be made by root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_loses_nothing_and_is_told_in_one_line(
    form: Form, small_disk: Path, tmp_path: Path
) -> None:
    site = Site(frozenset())
    site.articles = 30
    _seeds(tmp_path, site)
    url = f"sqlite:///{small_disk / 'store.db'}"
    environment = _environment(tmp_path, form, url, "memory://")
    ballast = small_disk / "ballast"

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tests.chaos.part", "10", "run", "--once"],
            env=environment, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip

    assert run().returncode == 0
    site.articles = 60
    store = Store(url)
    store.feeds.poll_now()
    store.database.dispose()
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    full = run()
    assert full.returncode == 1
    (line,) = full.stderr.strip().splitlines()[-1:]
    assert "disk is full" in line or "disk I/O error" in line
    assert "Traceback" not in full.stderr
    ballast.unlink()
    store.feeds.poll_now()
    wait_for(lambda: run().returncode == 0 and store.articles.counts() == {"done": 60}, "the rest")
    assert len({row.article_id for row in store.matches.rows()}) == 60
    store.close()
    site.close()
