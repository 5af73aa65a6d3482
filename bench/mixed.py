"""Measure what hostile feeds cost the others: python -m bench.mixed [--rounds N] [--json FILE]

200 well-behaved feeds of 20 entries each are polled alone, and together with 40 that mean harm
(tests/hostile.py), in turns, by two workers of one process as `seedwatch run` has them; every feed
is a host of its own on loopback that answers after 20 ms. The pace is that of the 200: from the
start until the last of them is stored. Told is the median of the rounds' ratios; each round takes
the two the other way round, since what else the machine does changes meanwhile.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.fakes import EnglishDetector, WordMatcher
from tests.fetch.conftest import LOOPBACK, RawServer, response
from tests.hostile import ANSWERS, MARKUP
from tests.sites import Item, rss
from worker import pipeline
from worker.clock import utc_now
from worker.config import Settings
from worker.domain import FeedConfig
from worker.fetch import AddressGuard, HostLimiter, HttpFetcher
from worker.isolation import Isolation
from worker.services import Services
from worker.store.store import Store
from worker.warmcalls import LATE_PARSER_CALLS, PARSER_CALLS

GOOD, HOSTILE, ENTRIES = 200, 40, 20
WORKERS = 2
_LATENCY_S = 0.02
_TEMPLATE_S = 5.0
"""For so long the template of the parsers may try them, before the time is taken."""
_WORDS = "The county said on Monday that the harvest was larger than in any year before. " * 6


def serve(pipe: Connection) -> None:
    """Serve all feeds, in a process of their own; the addresses are sent to the other side."""
    answers = list(
        islice(cycle([*(answer for answer, _ in ANSWERS.values()), *MARKUP.values()]), HOSTILE)
    )
    servers = [RawServer() for _ in range(GOOD + HOSTILE)]
    for number, server in enumerate(servers):
        if number < GOOD:
            items = [Item(f"{number}-{entry}", f"Title {number} {entry}", _WORDS)
                     for entry in range(ENTRIES)]  # fmt: skip
            body = response(rss(*items, site=server.url("")).encode(), content_type="text/xml")
            server.answers["/rss"] = _after(_LATENCY_S, body)
        else:
            server.answers["/rss"] = answers[number - GOOD]
    pipe.send([server.url("/rss") for server in servers])
    pipe.recv()


def _after(wait_s: float, body: bytes) -> Callable[[Any, str], None]:
    def answer(connection: Any, _path: str) -> None:
        time.sleep(wait_s)
        connection.sendall(body)

    return answer


def evenly(good: Sequence[str], hostile: Sequence[str]) -> list[str]:
    """The hostile ones spread among the others."""
    step = len(good) // max(len(hostile), 1)
    urls = list(good)
    for number, url in enumerate(hostile):
        urls.insert(number * (step + 1), url)
    return urls


def run(urls: Sequence[str], good: Sequence[str], folder: Path) -> dict[str, float]:
    """Poll all of them once, from an empty store."""
    store = Store(f"sqlite:///{folder / 'store.db'}")
    store.migrate()
    store.feeds.sync({"kelp": [FeedConfig(url) for url in urls]})
    settings = Settings(data_dir=folder)
    isolation = Isolation(warm=PARSER_CALLS, late=LATE_PARSER_CALLS)
    isolation.prepare()
    services = Services(
        name="bench", settings=settings, watches=(), store=store, limiter=HostLimiter(),
        fetcher=HttpFetcher(AddressGuard(LOOPBACK), "0", ""), isolation=isolation,
        detector=EnglishDetector(), matcher=WordMatcher(), senders={}, clock=utc_now,
        jitter=lambda: 0.5,
    )  # fmt: skip
    isolation.call("worker.feeds.parse:parse_feed", _warm(), url="http://a.test/", now=utc_now())
    time.sleep(_TEMPLATE_S)
    stored: dict[str, float] = {}
    finish = store.feeds.finish_poll

    def noting(result: Any) -> Any:
        ids = finish(result)
        stored[result.job.url] = time.monotonic()
        return ids

    store.feeds.finish_poll = noting  # type: ignore[method-assign]
    started = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(
            pool.map(
                lambda batch: pipeline.poll_feeds(services, batch, pipeline.POLL_PATIENCE_S),
                pipeline.due_feeds(services),
            )
        )
    while not set(good) <= set(stored) and time.monotonic() - started < 300:
        time.sleep(0.02)
    ends = sorted(stored[url] - started for url in good)
    seconds = ends[-1]
    rows = {row.url: row for row in store.feeds.rows()}
    entries = sum(rows[url].entries for url in good)
    while len(stored) < len(urls) and time.monotonic() - started < 300:
        time.sleep(0.2)
    isolation.close()
    store.close()
    return {
        "half": ends[len(ends) // 2],
        "most": ends[len(ends) * 19 // 20],
        "seconds": seconds,
        "entries": entries,
        "polled": len(stored),
    }


def _warm() -> bytes:
    return rss(Item("a", "A")).encode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=serve, args=(there,), daemon=True)
    process.start()
    urls = here.recv()
    good, hostile = urls[:GOOD], urls[GOOD:]
    times: dict[str, list[float]] = {"alone": [], "together": []}
    for number in range(options.rounds):
        both = [("alone", good), ("together", evenly(good, hostile))]
        for name, polled in both if number % 2 else reversed(both):
            with tempfile.TemporaryDirectory() as folder:
                told = run(polled, good, Path(folder))
            times[name].append(told["seconds"])
            print(
                f"round {number + 1}, {name:9} half {told['half']:6.2f} s, "
                f"95% {told['most']:6.2f} s, all {told['seconds']:6.2f} s; {told['entries']:.0f} "
                f"of {GOOD * ENTRIES} entries stored, {told['polled']:.0f} of {len(polled)} ended"
            )
    ratio = statistics.median(
        alone / together for alone, together in zip(times["alone"], times["together"], strict=True)
    )
    print(f"pace of the {GOOD} with {HOSTILE} hostile ones beside them: {ratio:.0%} of alone")
    if options.json:
        options.json.write_text(json.dumps({"seconds": times, "ratio": ratio}) + "\n", "utf-8")
    here.send("done")
    process.join(5)


if __name__ == "__main__":
    main()
