"""A simulated fleet: python -m bench.fleet --url URL [--feeds N] [--workers N] [--seconds S]

Fills an empty PostgreSQL with feeds, each of a site of its own and all due, and lets worker
processes poll them as under compose: handed out a few thousand at a time, claimed in fives, a turn
taken at each host in the store, the result stored. Only the network and the broker are left out:
every feed answers at once, and unchanged. So what is measured is what the store and its limiter
bear. Told are polls a second and the processor time of a poll, in the workers and in PostgreSQL
(if it runs on this machine); processor times hold on a busy machine, too, polls a second do not.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.fakes import FakeFetcher, InThisProcess
from worker import pipeline
from worker.config import Settings
from worker.domain import FeedConfig, NotModified, Seed, Validators, Watch
from worker.services import AllAllowed, Services
from worker.store.schema import feed
from worker.store.store import Store
from worker.wiring import build

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
POLLS_A_DAY = 24.0
"""Of a feed, as in bench.capacity."""


class Unchanged(FakeFetcher):
    """A web in which nothing happens: 304 to whatever is asked."""

    def fetch(
        self, url: str, *, validators: Validators | None = None, max_bytes: int = 2_000_000
    ) -> NotModified:
        return NotModified(url, url)


@dataclass(frozen=True)
class Share:
    """What one process did: polls (or looks for due feeds), and the processor seconds that it and
    its PostgreSQL processes took for them."""

    number: int
    own_s: float
    database_s: float

    def since(self, before: Share) -> Share:
        """Without what was used before."""
        return replace(
            self, own_s=self.own_s - before.own_s, database_s=self.database_s - before.database_s
        )


def services_of(url: str, folder: str) -> Services:
    """What a worker has, its network left out; the limiter is the one that all share."""
    named = sa.make_url(url).update_query_dict({"application_name": f"fleet-{os.getpid()}"})
    settings = Settings(
        data_dir=Path(folder),
        database_url=named.render_as_string(hide_password=False),
        broker_url="redis://unused:6379/0",
    )
    watch = Watch("fleet", "Fleet", (Seed("seed", "Seed", "Nothing is matched with it.", "en"),))
    return replace(
        build(settings, [watch]), fetcher=Unchanged(), isolation=InThisProcess(),
        robots=AllAllowed(),
    )  # fmt: skip


def fill(store: Store, feeds: int) -> float:
    """Enter the feeds as a watch names them; seconds."""
    started = time.perf_counter()
    store.feeds.sync({"fleet": [FeedConfig(f"https://site-{n}.example/rss") for n in range(feeds)]})
    return time.perf_counter() - started


def _database_s(store: Store) -> float:
    """Processor seconds of this process's PostgreSQL processes; 0 if they are elsewhere."""
    with store.database.read() as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = :name"
        pids = connection.execute(sa.text(query), {"name": f"fleet-{os.getpid()}"}).scalars()
        total = 0
        for pid in pids:
            stat = Path(f"/proc/{pid}/stat")
            if stat.exists():
                total += sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13]))
    return total / TICKS_PER_S


def work(url: str, hints: Any, shares: Any) -> None:
    """Poll what is handed out until None comes; a worker process."""
    with tempfile.TemporaryDirectory() as folder:
        services = services_of(url, folder)
        began, polls = _used(services), 0
        while (ids := hints.get()) is not None:
            polls += sum(pipeline.poll_feeds(services, ids).outcomes.values())
        shares.put(_used(services, polls).since(began))
        services.close()


def hand_out(services: Services, hints: Any, workers: int, seconds: float) -> Share:
    """Hand out due feeds while the workers keep up; what the looks for them cost."""
    looks = 0
    began = _used(services)
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        if hints.qsize() > 20 * workers:
            time.sleep(0.05)
            continue
        batches = pipeline.due_feeds(services)
        looks += 1
        if not batches:  # all were polled: all are due again
            services.store.feeds.poll_now()
        for ids in batches:
            hints.put(ids)
    return _used(services, looks).since(began)


def _used(services: Services, number: int = 0) -> Share:
    return Share(number, time.process_time(), _database_s(services.store))


def measure(url: str, feeds: int, workers: int, seconds: float) -> str:
    """Fill the database, let the fleet work, and tell what it cost."""
    context = multiprocessing.get_context("spawn")
    hints, shares = context.Queue(), context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(url)
        store.migrate()
        fill_s = fill(store, feeds)
        with store.database.write() as connection:
            connection.execute(feed.update().values(hinted_at=None))
        store.close()
        services = services_of(url, folder)
        fleet = [context.Process(target=work, args=(url, hints, shares)) for _ in range(workers)]
        for process in fleet:
            process.start()
        started = time.monotonic()
        looks = hand_out(services, hints, workers, seconds)
        for _ in fleet:
            hints.put(None)
        done = [shares.get() for _ in fleet]
        took_s = time.monotonic() - started
        services.close()
    return told(feeds, fill_s, looks, done, took_s)


def told(feeds: int, fill_s: float, looks: Share, done: Sequence[Share], took_s: float) -> str:
    """What was measured, in one paragraph."""
    polls = sum(share.number for share in done)
    own_ms = sum(share.own_s for share in done) / polls * 1000
    database_ms = sum(share.database_s for share in done) / polls * 1000
    look_ms = (looks.own_s + looks.database_s) / looks.number * 1000
    needed = feeds * POLLS_A_DAY / 86_400
    return (
        f"{feeds:,} feeds, entered in {fill_s:.0f} s; {len(done)} workers: {polls:,} polls, "
        f"{polls / took_s:.0f} a second ({needed:.1f} are needed); processor ms a poll: "
        f"{own_ms:.1f} in the worker, {database_ms:.1f} in PostgreSQL, which is "
        f"{needed * database_ms / 10:.0f}% of one core; a look for due feeds {look_ms:.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="an empty PostgreSQL")
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    print(measure(given.url, given.feeds, given.workers, given.seconds))


if __name__ == "__main__":
    main()
