"""What matching adds to news of other things: python -m bench.unrelated [--pages FOLDER]

Pages go through the pipeline without matching, all in one process and from memory: claimed,
extracted, their language detected, stored. Then the articles that came out are matched with the
project's first watch, to which they do not belong. Told are processor milliseconds an article, the
medians of the rounds, and how many articles were encoded at all and as a whole. What a worker
spends on fetching, on the queue and on the pipe to its parsers is not in the sum, so that the share
that matching adds is rather too high; `bench.throughput --only "worker, SQLite" --only "worker,
SQLite, no matching"` has all of it. Each round has pages of its own, since a text that is seen
again costs less.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench.news_site import pages_of, title_of
from tests.fakes import FakeFetcher, InThisProcess, NoLimiter, flat
from tests.sites import Item, rss
from worker import pipeline
from worker.config import Settings
from worker.domain import ArticleText, FeedConfig, Match, Vectors, Watch
from worker.match.matcher import SeedMatcher, read_article
from worker.matching import build_encoder, build_loader
from worker.services import AllAllowed
from worker.wiring import build

ROOT = Path(__file__).parents[1]
SITE = "https://news.example"
FEED_ENTRIES = 25
_WARM = 200
"""Pages before the first round: each language's names of countries and months are read at its
first one."""


class Nothing:
    """Matches with nothing, and keeps the articles."""

    version = "none"

    def __init__(self) -> None:
        self.articles: list[ArticleText] = []

    def match(self, articles: Sequence[ArticleText]) -> list[tuple[Match, ...]]:
        self.articles += articles
        return [() for _ in articles]


class TimedEncoder:
    """An encoder, the processor time that it takes, and how many texts it was given."""

    def __init__(self, settings: Settings) -> None:
        self._inner = build_encoder(settings)
        self.seconds = 0.0
        self.texts = 0

    @property
    def name(self) -> str:
        return self._inner.name

    def encode(self, texts: Sequence[str]) -> Vectors:
        began = time.process_time()
        found = self._inner.encode(texts)
        self.seconds += time.process_time() - began
        self.texts += len(texts)
        return found


@dataclass(frozen=True)
class Round:
    """Processor milliseconds an article without matching, and of matching without the encoder and
    of the encoder; shares of the articles that were encoded at all, and as a whole."""

    without: float
    gate: float
    encoder: float
    encoded: float
    whole: float

    @property
    def added(self) -> float:
        """What matching adds, as a share of the cost without it."""
        return (self.gate + self.encoder) / self.without


def without_matching(
    pages: Sequence[bytes], watch: Watch, settings: Settings
) -> tuple[float, list[ArticleText]]:
    """Processor milliseconds of an article on its way through the pipeline, and the articles."""
    nothing, fetcher = Nothing(), FakeFetcher()
    feeds = [f"{SITE}/{start}/rss" for start in range(0, len(pages), FEED_ENTRIES)]
    for number, feed in enumerate(feeds):
        own = range(number * FEED_ENTRIES, min(len(pages), (number + 1) * FEED_ENTRIES))
        items = [Item(f"p/{n}", title_of(pages[n], n), f"Entry {n}.") for n in own]
        fetcher.put(feed, rss(*items, site=SITE), "text/xml")
        for n in own:
            fetcher.put(f"{SITE}/p/{n}", pages[n])
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'store.db'}"
        services = replace(
            build(settings.model_copy(update={"database_url": url}), [watch]), fetcher=fetcher,
            isolation=InThisProcess(), limiter=NoLimiter(), robots=AllAllowed(), matcher=nothing,
        )  # fmt: skip
        services.store.feeds.sync({watch.name: [FeedConfig(feed) for feed in feeds]})
        ids = pipeline.poll_feeds(services, flat(pipeline.due_feeds(services))).article_ids
        began = time.process_time()
        for batch in pipeline.article_batches(ids):
            pipeline.process_articles(services, batch)
        took_s = time.process_time() - began
        services.close()
    return 1000 * took_s / len(ids), nothing.articles


def matched(
    matcher: SeedMatcher, encoder: TimedEncoder, articles: Sequence[ArticleText], without: float
) -> Round:
    """Match articles and tell what it took."""
    encoder.seconds = seconds = 0.0
    encoded = whole = 0
    for article in articles:
        encoder.texts = 0
        began = time.process_time()
        matcher.match([article])
        seconds += time.process_time() - began
        encoded += encoder.texts > 0
        whole += encoder.texts >= len(read_article(article).texts)
    ms = 1000 / len(articles)
    return Round(
        without, ms * (seconds - encoder.seconds), ms * encoder.seconds,
        encoded / len(articles), whole / len(articles),
    )  # fmt: skip


def measure(pages: Sequence[bytes], rounds: int) -> list[Round]:
    """Measure in rounds, each with pages of its own."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        (watch,) = build_loader(settings).load_all(ROOT / "seeds")
        encoder = TimedEncoder(settings)
        matcher = SeedMatcher([watch], encoder)
        matched(matcher, encoder, without_matching(pages[:_WARM], watch, settings)[1], 1.0)
        size = (len(pages) - _WARM) // rounds
        found = []
        for number in range(rounds):
            own = pages[_WARM + number * size :][:size]
            without, articles = without_matching(own, watch, settings)
            found.append(matched(matcher, encoder, articles, without))
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=Path, help="A folder of pages; else they are made up.")
    parser.add_argument("--articles", type=int, default=1_100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    found = measure(pages_of(given.pages, given.articles), given.rounds)
    if given.json:
        told = [asdict(one) | {"added": one.added} for one in found]
        given.json.write_text(json.dumps(told, indent=2))
    names = ("without", "gate", "encoder", "encoded", "whole", "added")
    print("| round | " + " | ".join(names) + " |\n|" + "---|" * (len(names) + 1))
    for title, rows in [*((str(n), [one]) for n, one in enumerate(found, 1)), ("median", found)]:
        cells = [statistics.median(getattr(row, name) for row in rows) for name in names]
        print(f"| {title} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |")


if __name__ == "__main__":
    main()
