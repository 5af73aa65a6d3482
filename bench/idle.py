"""What feeds cost in which nothing is new: python -m bench.idle [--url URL] [--feeds N]

First, in processor milliseconds: a poll that is answered 304, or with the body that was parsed
before, beside feedparser on that body and a look-up of each entry in a table of 100,000, as a
simple reader does it. `judged` is what has to do with the answer (its hash, what follows from it,
when the next poll is); `whole` has the claim and what is stored, too, which the reader has not;
only the network is left out. Then a loopback server with a host name a feed, all of which answer
304: how many polls a minute one worker process makes, with the address guard, its own client and
the limiter that holds for all workers. The broker is left out (a message for ten feeds). SQLite
uses a temporary file and the limiter of `seedwatch run`; a PostgreSQL named by --url has to be
empty.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import feedparser

from tests.fakes import FakeFetcher, InThisProcess, NoLimiter, flat
from tests.sites import Item, rss
from worker import __version__, pipeline, polling
from worker.config import Settings
from worker.domain import FeedConfig, Fetched, NotModified, Seed, Validators, Watch
from worker.fetch import AddressGuard, HttpFetcher, parse_nets
from worker.services import AllAllowed, Services
from worker.store.schema import feed
from worker.wiring import build

SIZES = {"30 entries": (30, 600), "100 entries": (100, 2_300)}
"""Entries of a feed, and characters of each: 26 and 250 KB."""
_FEEDS, _ROUNDS = 100, 5
_KNOWN = 100_000
_LOOPBACK = parse_nets(["127.0.0.0/8"])
_HOSTS = 200
"""Loopback addresses that the host names lead to."""
_ANSWER = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nConnection: keep-alive\r\n\r\n'
_WORDS = "The county said on Monday that the harvest was larger than in any year before. "


def body_of(entries: int, characters: int) -> bytes:
    """A feed."""
    text = (_WORDS * (characters // len(_WORDS) + 1))[:characters]
    links = (
        '<a href="https://news.example/{0}"><b>{0}</b></a> <img src="https://news.example/{0}.jpg">'
    )
    html = "</p><p>".join(text[start : start + 300] for start in range(0, characters, 300))
    items = (Item(f"{n}", f"Title {n}", f"<p>{links.format(n)} {html}</p>") for n in range(entries))
    return rss(*items).encode()


@contextmanager
def services_of(url: str, feeds: int, address: str) -> Iterator[Services]:
    """What a worker has, its feeds entered and polled once, as the store is to believe."""
    watch = Watch("idle", "Idle", (Seed("seed", "Seed", "Nothing is matched with it.", "en"),))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder),
            database_url=url,
            broker_url="redis://unused:6379/0" if url else "memory://",
        )
        if url:
            from worker.store.store import Store

            store = Store(url)
            store.migrate()
            store.close()
        services = replace(build(settings, [watch]), isolation=InThisProcess(), robots=AllAllowed())
        configs = [FeedConfig(address.format(n)) for n in range(feeds)]
        services.store.feeds.sync({"idle": configs})
        yield services
        services.close()


def poll_all(services: Services) -> tuple[float, int]:
    """Poll all feeds once; processor seconds, and how many were unchanged."""
    services.store.feeds.poll_now()
    ids = flat(pipeline.due_feeds(services, with_hinted=True))
    began = time.process_time()
    done = pipeline.poll_feeds(services, ids)
    return time.process_time() - began, done.outcomes["unchanged"]


class Answering(FakeFetcher):
    """Answers each feed with one body, or that it has not changed."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body, self.is_same = body, False

    def fetch(
        self, url: str, *, validators: Validators | None = None, max_bytes: int = 2_000_000
    ) -> Fetched | NotModified:
        if self.is_same:
            return NotModified(url, url)
        return Fetched(url, url, 200, {"content-type": "text/xml"}, self.body)


def simple_reader_ms(body: bytes) -> float:
    """Processor milliseconds of feedparser and a look-up an entry."""
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE entry (id TEXT PRIMARY KEY)")
        keys = ((f"https://news.example/{n}",) for n in range(_KNOWN))
        connection.executemany("INSERT INTO entry VALUES (?)", keys)

        def read() -> None:
            for entry in feedparser.parse(body).entries:
                connection.execute("SELECT 1 FROM entry WHERE id = ?", (entry.link,)).fetchone()

        read()
        return _median_ms(read, 10)


def _median_ms(work: Callable[[], object], number: int) -> float:
    rounds = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        for _ in range(number):
            work()
        rounds.append(1000 * (time.process_time() - began) / number)
    return statistics.median(rounds)


def unchanged_ms(body: bytes) -> dict[str, float]:
    """Processor milliseconds of a whole poll, by how it is answered (SQLite)."""
    fetcher = Answering(body)
    with services_of("", _FEEDS, "https://site-{}.example/rss") as built:
        services = replace(built, fetcher=fetcher, limiter=NoLimiter())
        poll_all(services)  # parses them
        found = {}
        job = services.store.feeds.job_of("https://site-0.example/rss")
        assert job is not None
        for name, fetcher.is_same in (("same body", False), ("304", True)):
            costs = []
            for _ in range(_ROUNDS):
                seconds, unchanged = poll_all(services)
                assert unchanged == _FEEDS
                costs.append(1000 * seconds / _FEEDS)
            found[f"{name}, whole"] = statistics.median(costs)
            found[f"{name}, judged"] = _median_ms(lambda: polling.poll(services, job), _FEEDS)
        return found


def serve(pipe: Connection) -> None:
    """Answer 304 to whatever is asked, at all loopback addresses, on one port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(_ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(talk, "0.0.0.0", 0, backlog=1_000)
        pipe.send(server.sockets[0].getsockname()[1])
        async with server:
            await server.serve_forever()

    asyncio.run(run())


def resolve(host: str, port: int) -> list[str]:
    """Lead each host name to some loopback address."""
    del port
    number = int(host.removeprefix("site-").partition(".")[0]) % _HOSTS
    return [f"127.2.0.{number + 1}"]


def polls_in(url: str, feeds: int, port: int) -> dict[str, float]:
    """Poll feeds of as many hosts once, as one worker process does."""
    with services_of(url, feeds, f"http://site-{{}}.example:{port}/rss") as built:
        fetcher = HttpFetcher(AddressGuard(_LOOPBACK), __version__, "", resolve=resolve)
        services = replace(built, fetcher=fetcher)
        with services.store.database.write() as connection:
            asked = {"etag": '"1"', "polls": 1, "body_at": services.clock(), "hinted_at": None}
            connection.execute(feed.update().values(asked))
        wall, cpu, polled, unchanged = time.perf_counter(), time.process_time(), 0, 0
        while batches := pipeline.due_feeds(services):
            for ids in batches:
                done = pipeline.poll_feeds(services, ids, pipeline.POLL_PATIENCE_S)
                polled += sum(done.outcomes.values()) + done.late
                unchanged += done.outcomes["unchanged"]
        pipeline.end_polls()
        seconds = time.perf_counter() - wall
        return {
            "polled": polled, "unchanged": unchanged, "seconds": seconds,
            "cpu_ms": 1000 * (time.process_time() - cpu) / polled,
        }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="", help="an empty PostgreSQL; SQLite without it")
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    told: dict[str, dict[str, float]] = {}
    if not given.url:
        print("| feed, CPU ms | reader | answer | judged | x | whole | x |\n" + "|---" * 7 + "|")
        for name, size in SIZES.items():
            body = body_of(*size)
            told[name] = row = {"reader": simple_reader_ms(body), **unchanged_ms(body)}
            for answer in ("same body", "304"):
                both = [row[f"{answer}, {part}"] for part in ("judged", "whole")]
                cells = "".join(f" {ms:.2f} | {ms / row['reader']:.3f} |" for ms in both)
                kilobytes = f"{len(body) / 1000:.0f} KB"
                print(
                    f"| {name}, {kilobytes} | {row['reader']:.1f} | {answer} |{cells}", flush=True
                )
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=serve, args=(there,), daemon=True)
    process.start()
    told["idle"] = idle = polls_in(given.url, given.feeds, here.recv())
    process.terminate()
    process.join()
    print(f"\n{idle['polled']:,.0f} polls, {idle['unchanged']:,.0f} unchanged in time, in "
          f"{idle['seconds']:.1f} s: {60 * idle['polled'] / idle['seconds']:,.0f} a minute; "
          f"{idle['cpu_ms']:.2f} ms of CPU each")  # fmt: skip
    if given.json:
        given.json.write_text(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
