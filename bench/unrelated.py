"""What matching adds to news of other things: python -m bench.unrelated [--pages FOLDER]

The same pages go through the pipeline with matching and without, turn about: claimed, extracted,
their language detected, matched with the project's first watch (to which they do not belong) or
with nothing, stored. All in one process, with pages from memory: what a worker spends on fetching,
on the queue and on the pipe to its parsers is not in the sum, so that the share that matching adds
is rather too high. Each round has pages of its own, since a text that is seen again costs less.
Told are processor milliseconds an article, the medians of the rounds, and how many articles were
encoded in part and as a whole.
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
from worker.domain import ArticleText, FeedConfig, Match, Matcher, Vectors, Watch
from worker.match.matcher import SeedMatcher, read_article
from worker.matching import build_encoder, build_loader
from worker.services import AllAllowed
from worker.wiring import build

ROOT = Path(__file__).parents[1]
SITE = "https://news.example"
FEED_ENTRIES = 25
_WARM = 200
"""Pages before the first round: each language's names of countries and months are read at its first
one."""


class Nothing:
    """Matches with nothing."""

    version = "none"

    def match(self, articles: Sequence[ArticleText]) -> list[tuple[Match, ...]]:
        return [() for _ in articles]


class TimedEncoder:
    """An encoder, and the processor time that it takes."""

    def __init__(self, settings: Settings) -> None:
        self._inner = build_encoder(settings)
        self.seconds = 0.0
        self.texts = 0

    @property
    def name(self) -> str:
        return self._inner.name

    def encode(self, texts: Sequence[str]) -> Vectors:
        began = time.thread_time()
        found = self._inner.encode(texts)
        self.seconds += time.thread_time() - began
        self.texts += len(texts)
        return found


class TimedMatcher:
    """The matcher, the processor time that it takes, and how many articles it has encoded."""

    def __init__(self, watch: Watch, settings: Settings) -> None:
        self._encoder = TimedEncoder(settings)
        self._inner = SeedMatcher([watch], self._encoder)
        self.version = self._inner.version
        self.seconds = 0.0
        self.articles = self.encoded = self.whole = 0

    @property
    def encoding_s(self) -> float:
        """Of `seconds`, those of the encoder."""
        return self._encoder.seconds

    def match(self, articles: Sequence[ArticleText]) -> list[tuple[Match, ...]]:
        return [self._match(article) for article in articles]

    def _match(self, article: ArticleText) -> tuple[Match, ...]:
        self._encoder.texts = 0
        began = time.thread_time()
        found = self._inner.match([article])[0]
        self.seconds += time.thread_time() - began
        self.articles += 1
        self.encoded += self._encoder.texts > 0
        self.whole += self._encoder.texts >= len(read_article(article).texts)
        return found

    def forget(self) -> None:
        """Begin to count anew."""
        self.seconds = self._encoder.seconds = 0.0
        self.articles = self.encoded = self.whole = 0


@dataclass(frozen=True)
class Round:
    """Processor milliseconds an article without matching, and for gate and encoder.

    Attributes:
        encoded, whole: shares of the articles that were encoded at all, and as a whole.
        total: with matching, measured around it all.
    """

    without: float
    total: float
    gate: float
    encoder: float
    encoded: float
    whole: float

    @property
    def added(self) -> float:
        """What matching adds, as a share of the cost without it."""
        return (self.gate + self.encoder) / self.without


def article_ms(pages: Sequence[bytes], watch: Watch, settings: Settings, matcher: Matcher) -> float:
    """Processor milliseconds of an article on its way through the pipeline."""
    fetcher = FakeFetcher()
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
            isolation=InThisProcess(), limiter=NoLimiter(), robots=AllAllowed(), matcher=matcher,
        )  # fmt: skip
        services.store.feeds.sync({watch.name: [FeedConfig(feed) for feed in feeds]})
        ids = pipeline.poll_feeds(services, flat(pipeline.due_feeds(services))).article_ids
        began = time.process_time()
        for batch in pipeline.article_batches(ids):
            pipeline.process_articles(services, batch)
        took_s = time.process_time() - began
        services.close()
    return 1000 * took_s / len(ids)


def measure(pages: Sequence[bytes], rounds: int) -> list[Round]:
    """Measure in rounds, each with pages of its own."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        (watch,) = build_loader(settings).load_all(ROOT / "seeds")
        matcher, nothing = TimedMatcher(watch, settings), Nothing()
        article_ms(pages[:_WARM], watch, settings, matcher)
        size = (len(pages) - _WARM) // rounds
        found = []
        for number in range(rounds):
            own = pages[_WARM + number * size :][:size]
            matcher.forget()
            both: dict[str, float] = {}
            for name in ("with", "without") if number % 2 else ("without", "with"):
                both[name] = article_ms(
                    own, watch, settings, matcher if name == "with" else nothing
                )
            count = matcher.articles
            found.append(
                Round(
                    without=both["without"],
                    total=both["with"],
                    gate=1000 * (matcher.seconds - matcher.encoding_s) / count,
                    encoder=1000 * matcher.encoding_s / count,
                    encoded=matcher.encoded / count,
                    whole=matcher.whole / count,
                )
            )
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
    names = ("without", "total", "gate", "encoder", "encoded", "whole", "added")
    print("| " + " | ".join(names) + " |\n|" + "---|" * len(names))
    for one in [*found, None]:
        rows = found if one is None else [one]
        cells = [statistics.median(getattr(row, name) for row in rows) for name in names]
        bold = "**" if one is None else ""
        print("| " + " | ".join(f"{bold}{cell:.2f}{bold}" for cell in cells) + " |")


if __name__ == "__main__":
    main()
