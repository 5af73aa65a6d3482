"""What a machine can watch: python -m bench.capacity [--articles N] [--database URL]

Measures the processor time of a poll and of an article on the whole way through the pipeline (real
store, parsers, detector, encoder; pages from memory), and computes from it how many processes a
number of feeds needs. The articles are those of the labelled stories. Against the project's first
watch nearly all of them are unrelated, as nearly all news is; against their own story most of them
are related, which costs more.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.eval.datasets import Story, repo_stories
from tests.fakes import FakeFetcher, InThisProcess, NoLimiter, flat
from tests.sites import Item, page, rss
from worker import pipeline
from worker.config import Settings
from worker.domain import FeedConfig, Watch
from worker.matching import build_loader
from worker.services import AllAllowed, Services
from worker.wiring import build

ROOT = Path(__file__).parents[1]
SITE = "https://news.example"
FEED_URL = f"{SITE}/rss"
ENTRIES = 30
POLLS_A_DAY = 24.0
"""Of a feed that is neither silent nor a ticker; the rhythm of most is slower at night."""
NEW_A_DAY = 8.0
"""New articles of a feed a day, those that another feed brought too left out."""
RELATED = 0.01
"""Of the articles; a watch that finds more finds too much to review."""
BUSY = 0.4
"""Of a process's time; the rest it waits for slow pages, or has left for bursts."""
AROUND = 0.05
"""Processor seconds of an article that are not measured here: real pages, which are larger than
these, the fetch, the pipe to the parser's process, the queue (48 ms in all by bench.throughput on
SQLite, of which 17 are measured here), and PostgreSQL (19 ms, from bench.soak under compose)."""
SIZES = (100, 1_000, 5_000, 20_000, 50_000, 100_000)
EMBEDDED_UP_TO = 5_000
"""Feeds; with more, PostgreSQL and several processes."""


@dataclass(frozen=True)
class Costs:
    """Processor seconds.

    Attributes:
        poll: of a feed with 30 entries that are known already.
        entry: of one new entry, on top of its poll.
        unrelated, related: of an article.
    """

    poll: float
    entry: float
    unrelated: float
    related: float

    def of_feeds(self, feeds: int) -> float:
        """Processor seconds a day."""
        article = (1 - RELATED) * self.unrelated + RELATED * self.related
        return feeds * (POLLS_A_DAY * self.poll + NEW_A_DAY * (self.entry + article + AROUND))


@contextmanager
def _services(url: str, watch: Watch) -> Iterator[tuple[Services, FakeFetcher]]:
    fetcher = FakeFetcher()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), database_url=url)
        services = replace(
            build(settings, [watch]), fetcher=fetcher, isolation=InThisProcess(),
            limiter=NoLimiter(), robots=AllAllowed(),
        )  # fmt: skip
        services.store.feeds.sync({watch.name: [FeedConfig(FEED_URL)]})
        yield services, fetcher
        services.close()


def _cpu_s(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _poll(services: Services) -> pipeline.Polled:
    services.store.feeds.poll_now()
    return pipeline.poll_feeds(services, flat(pipeline.due_feeds(services, with_hinted=True)))


def _article_s(url: str, watch: Watch, stories: list[Story], most: int) -> float:
    """Processor seconds an article, the matcher warm."""
    articles = [labelled.article for story in stories for labelled in story.articles]
    articles = articles[:: max(1, len(articles) // most)][:most]
    with _services(url, watch) as (services, fetcher):
        items = []
        for number, article in enumerate(articles):
            items.append(Item(f"{number}", article.title, article.text[:200]))
            text = page(article.title, *article.text.split("\n\n"), language=article.language)
            fetcher.put(f"{SITE}/{number}", text)
        fetcher.put(FEED_URL, rss(*items), "text/xml")
        ids = _poll(services).article_ids
        pipeline.process_articles(services, ids[:5])
        rest = ids[5:]
        batches = [rest[start : start + 25] for start in range(0, len(rest), 25)]
        took_s = _cpu_s(lambda: [pipeline.process_articles(services, ids) for ids in batches])
        return took_s / len(rest)


def _poll_s(url: str, watch: Watch) -> tuple[float, float]:
    """Processor seconds of a poll without news, and of each new entry."""
    rounds = 20
    with _services(url, watch) as (services, fetcher):

        def items(first: int) -> list[Item]:
            return [Item(f"{n}", f"Title {n}", "What it says. " * 20) for n in
                    range(first, first + ENTRIES)]  # fmt: skip

        def put(number: int, first: int) -> None:
            fetcher.put(FEED_URL, f"{rss(*items(first))}<!-- {number} -->", "text/xml")

        put(-1, 0)
        _poll(services)
        same_s = new_s = 0.0
        for number in range(rounds):
            put(number, 0)  # another body, as most servers send, with the same entries
            same_s += _cpu_s(lambda: _poll(services))
        for number in range(rounds):
            put(number, (number + 1) * ENTRIES)
            new_s += _cpu_s(lambda: _poll(services))
        return same_s / rounds, max(0.0, new_s - same_s) / rounds / ENTRIES


def measure(url: str, articles: int) -> Costs:
    """Measure all costs on a database, an empty URL for SQLite."""
    loader = build_loader(Settings())
    (first,) = loader.load_all(ROOT / "seeds")
    stories = repo_stories()
    own = stories[0]
    poll_s, entry_s = _poll_s(url, first)
    return Costs(
        poll_s, entry_s, _article_s(url, first, stories, articles),
        _article_s(url, own.watch, [own], articles),
    )  # fmt: skip


def table(costs: Costs) -> str:
    """The table of docs/operations.md."""
    lines = ["| feeds | articles a day | processes | where |", "|---|---|---|---|"]
    for feeds in SIZES:
        needed = math.ceil(costs.of_feeds(feeds) / (86_400 * BUSY))
        is_small = feeds <= EMBEDDED_UP_TO and needed == 1
        where = "a laptop, embedded" if is_small else f"a server of {max(2, needed)} cores or more"
        lines.append(f"| {feeds:,} | {feeds * NEW_A_DAY:,.0f} | {needed} | {where} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=100, help="of each kind")
    parser.add_argument("--database", default="", help="SQLite without it")
    given = parser.parse_args()
    costs = measure(given.database, given.articles)
    print(
        f"processor ms: poll {costs.poll * 1000:.1f}, new entry {costs.entry * 1000:.2f}, "
        f"article {costs.unrelated * 1000:.0f} unrelated, {costs.related * 1000:.0f} related\n"
    )
    print(table(costs))


if __name__ == "__main__":
    main()
