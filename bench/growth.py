"""Whether an article costs the same in a large store: python -m bench.growth [--url URL]

A generator fills a store for each of several sizes with articles that went through before (text,
version, sighting, fingerprint, fetch; spread evenly over outlets and time). Then, turn about, the
same number of new articles of those outlets goes through the pipeline of each: polled, claimed,
extracted, their language detected, stored. Pages are short and matched with nothing, so that the
store's part is not hidden by the rest. Told are medians, in processor milliseconds of a poll and of
an article in this process, of an article in its PostgreSQL processes (where they run on this
machine), and by the clock. SQLite uses files in --folder, or temporary ones; of PostgreSQL --url
names empty databases, with {} where the size stands. What is filled already is not filled again.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from bench.fleet import TICKS_PER_S
from bench.unrelated import Nothing
from tests.fakes import FakeFetcher, InThisProcess, NoLimiter, flat
from tests.sites import Item, page, rss
from worker import pipeline
from worker.clock import utc_now
from worker.config import Settings
from worker.domain import FeedConfig, Seed, Watch
from worker.services import AllAllowed, Services
from worker.store.feeds import hash_of
from worker.store.schema import article, article_version, fetch_event, fingerprint, sighting
from worker.wiring import build

OUTLETS = 100
SIZES = (1_000, 10_000, 50_000, 200_000)
ARTICLES = 200
"""That go through at each size, two of each outlet."""
_AT_ONCE = 2_000
_EVERY = timedelta(minutes=3)
"""Between two articles: 200,000 are 14 months, 480 a day."""
_LANGUAGES = ("en", "fr", "es", "pt", "id", "vi", "ja", "zh", "ar", "ru")


def words_of(chance: random.Random) -> list[str]:
    """A made-up vocabulary: with few words, texts would be alike by chance."""
    parts = re.findall("..", "bacedifoguhakilomuneparisotuvewixayozedrestaplcorneltimbor")
    return ["".join(chance.choices(parts, k=chance.randint(2, 4))) for _ in range(5_000)]


class Texts:
    """Titles and texts, no two of them alike."""

    def __init__(self, start: int) -> None:
        self._words = words_of(random.Random(7))
        self._chance = random.Random(start)

    def sentence(self, length: int = 14) -> str:
        """A sentence; the commonest words of English make it English."""
        found = self._chance.choices(self._words, k=length)
        return f"The {found[0]} of {' and the '.join((' '.join(found[1:7]), ' '.join(found[7:])))}."

    def paragraphs(self) -> list[str]:
        """The text of an article, 1,500 characters."""
        return [" ".join(self.sentence() for _ in range(4)) for _ in range(4)]


@dataclass(frozen=True)
class Cost:
    """Of the articles that went through at one size.

    Attributes:
        articles: stored before.
        poll_ms, article_ms: processor time of this process; of a poll that brings two entries,
            and of an article.
        database_ms: of PostgreSQL's processes, of an article with its share of the poll.
        wall_ms: of an article, without the poll.
    """

    articles: int
    poll_ms: float
    article_ms: float
    database_ms: float
    wall_ms: float


class Growth:
    """A store that grows, and a web in which its outlets publish.

    Args:
        services: with an empty store; the fetcher is a fake.
        fetcher: that fake.
    """

    def __init__(self, services: Services, fetcher: FakeFetcher) -> None:
        self._services, self._store, self._fetcher = services, services.store, fetcher
        self._chance = random.Random(3)
        self._ticks: dict[int, int] = {}
        self._feeds = [f"https://site-{n}.example/rss" for n in range(OUTLETS)]
        first = self._highest()
        self._texts, self._numbers = Texts(first), itertools.count(first)
        if not first:
            configs = [FeedConfig(url, f"Outlet {n}") for n, url in enumerate(self._feeds)]
            self._store.feeds.sync({"growth": configs})
            self.publish(1)  # of each outlet one: what is stored of it tells its place
        self._places = self._stored_places()

    def publish(self, each: int) -> Cost:
        """Let each outlet publish so many articles, and work until all are stored."""
        before = self._size()
        for url in self._feeds:
            site, items = url.removesuffix("/rss"), []
            for _ in range(each):
                slug, told = f"n{next(self._numbers)}", self._texts.paragraphs()
                title = self._texts.sentence(10)
                items.append(Item(slug, title, told[0]))
                self._fetcher.put(f"{site}/{slug}", page(title, *told))
            self._fetcher.put(url, rss(*items, site=site), "text/xml")
        self._store.feeds.poll_now()
        began, database = time.process_time(), self._database_s()
        due = pipeline.due_feeds(self._services, with_hinted=True)
        ids = pipeline.poll_feeds(self._services, flat(due)).article_ids
        polled, wall = time.process_time(), time.perf_counter()
        for batch in pipeline.article_batches(ids):
            pipeline.process_articles(self._services, batch)
        ended = time.process_time()
        assert len(ids) == each * len(self._feeds), "not all that was published came"
        return Cost(
            before,
            1000 * (polled - began) / len(self._feeds),
            1000 * (ended - polled) / len(ids),
            1000 * (self._database_s() - database) / len(ids),
            1000 * (time.perf_counter() - wall) / len(ids),
        )

    def fill(self, size: int) -> None:
        """Store made-up articles until there are so many."""
        missing = size - self._size()
        if missing <= 0:
            return
        first = self._highest() + 1
        numbers = range(first, first + missing)
        for start in range(0, len(numbers), _AT_ONCE):
            self._insert(list(self._rows(numbers[start : start + _AT_ONCE], size)))
        with self._store.database.write() as connection:
            connection.execute(sa.text("ANALYZE"))
        self._store.tallies.rebuild()

    def _rows(self, numbers: Sequence[int], size: int) -> Iterator[dict[str, Any]]:
        now = utc_now()
        for number in numbers:
            outlet = number % OUTLETS
            at = now - _EVERY * max(1, size - number)
            text, title = "\n".join(self._texts.paragraphs()), self._texts.sentence(10)
            yield {
                "id": number, "at": at, "text": text, "title": title, "outlet": outlet,
                "hash": hash_of(f"old {number}"), "url": f"https://site-{outlet}.example/o{number}",
            }  # fmt: skip

    def _insert(self, rows: Sequence[dict[str, Any]]) -> None:
        with self._store.database.write() as connection:
            connection.execute(article.insert(), [
                {"id": row["id"], "key_hash": row["hash"], "url": row["url"], "state": "done",
                 "due_at": row["at"], "title": row["title"], "text": row["text"],
                 "entry_title": row["title"], "entry_text": row["text"][:300],
                 "language": self._chance.choice(_LANGUAGES), "outlet": f"Outlet {row['outlet']}",
                 "published_at": row["at"], "first_seen_at": row["at"], "processed_at": row["at"],
                 "content_hash": row["hash"], "page_hash": row["hash"], "version": 1,
                 "text_source": "page", "outcome": "unrelated", "matcher_version": "none"}
                for row in rows
            ])  # fmt: skip
            connection.execute(article_version.insert(), [
                {"article_id": row["id"], "number": 1, "title": row["title"], "text": row["text"],
                 "content_hash": row["hash"], "seen_at": row["at"]}
                for row in rows
            ])  # fmt: skip
            connection.execute(sighting.insert(), [
                {"feed_id": row["outlet"] + 1, "entry_hash": row["hash"],
                 "change_hash": row["hash"], "article_id": row["id"], "url": row["url"],
                 "title": row["title"], "seen_at": row["at"]}
                for row in rows
            ])  # fmt: skip
            connection.execute(fingerprint.insert(), [
                {"article_id": row["id"], "place": self._places[row["outlet"]],
                 "value": self._chance.getrandbits(64) - 2**63}
                for row in rows
            ])  # fmt: skip
            connection.execute(fetch_event.insert(), [
                {"article_id": row["id"], "at": row["at"], "outcome": "ok", "elapsed_s": 0.1,
                 "size_bytes": 30_000}
                for row in rows
            ])  # fmt: skip
            if not self._store.database.is_sqlite:  # ids were given, not drawn
                drawn = (
                    "SELECT setval(pg_get_serial_sequence('article', 'id'), max(id)) FROM article"
                )
                connection.execute(sa.text(drawn))

    def _stored_places(self) -> list[str]:
        query = sa.select(article.c.url, fingerprint.c.place).where(
            article.c.id == fingerprint.c.article_id, article.c.id <= OUTLETS
        )
        with self._store.database.read() as connection:
            found = {urlsplit(row.url).hostname: row.place for row in connection.execute(query)}
        return [found[f"site-{n}.example"] for n in range(OUTLETS)]

    def _database_s(self) -> float:
        """Processor seconds of all PostgreSQL processes of this database so far; 0 for SQLite."""
        if self._store.database.is_sqlite:
            return 0.0
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        with self._store.database.read() as connection:
            for pid in connection.execute(sa.text(query)).scalars():
                with contextlib.suppress(OSError):
                    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                    self._ticks[pid] = sum(map(int, fields[11:13]))
        return sum(self._ticks.values()) / TICKS_PER_S  # those that have ended, too

    def _size(self) -> int:
        return sum(self._store.articles.counts().values())

    def _highest(self) -> int:
        with self._store.database.read() as connection:
            return connection.execute(sa.select(sa.func.max(article.c.id))).scalar_one() or 0


@contextlib.contextmanager
def grown(url: str, folder: Path, size: int) -> Iterator[Growth]:
    """A store of a size, filled if it is not."""
    watch = Watch("growth", "Growth", (Seed("seed", "Seed", "Nothing is matched with it.", "en"),))
    own, fetcher = folder / str(size), FakeFetcher()
    own.mkdir(parents=True, exist_ok=True)
    built = build(Settings(data_dir=own, database_url=url.format(size)), [watch])
    services = replace(
        built, fetcher=fetcher, isolation=InThisProcess(), limiter=NoLimiter(),
        robots=AllAllowed(), matcher=Nothing(),
    )  # fmt: skip
    growth = Growth(services, fetcher)
    growth.fill(size)
    yield growth
    services.close()


def measure(url: str, folder: Path, sizes: Sequence[int], rounds: int) -> Iterator[Cost]:
    """Measure stores of all sizes, turn about: the medians of some rounds."""
    with contextlib.ExitStack() as stack:
        stores = [stack.enter_context(grown(url, folder, size)) for size in sizes]
        for growth in stores:
            growth.publish(ARTICLES // OUTLETS)
        costs: list[list[Cost]] = [[] for _ in stores]
        for number in range(rounds):
            pairs = list(zip(stores, costs, strict=True))
            for growth, found in pairs[::-1] if number % 2 else pairs:
                found.append(growth.publish(ARTICLES // OUTLETS))
        for found in costs:
            names = ("poll_ms", "article_ms", "database_ms", "wall_ms")
            medians = (statistics.median(getattr(cost, name) for cost in found) for name in names)
            yield Cost(found[0].articles, *medians)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="", help="empty PostgreSQLs; SQLite without it")
    parser.add_argument("--folder", type=Path, help="for what is filled; else it is temporary")
    parser.add_argument("--size", type=int, action="append", metavar="N")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = given.folder or Path(name)
        print("| articles | poll, ms | article, ms | PostgreSQL, ms | article, x | wall, ms |\n"
              "|---|---|---|---|---|---|")  # fmt: skip
        for cost in measure(given.url, folder, given.size or SIZES, given.rounds):
            found.append(cost)
            whole = [one.article_ms + one.database_ms for one in (cost, found[0])]
            print(f"| {cost.articles:,} | {cost.poll_ms:.1f} | {cost.article_ms:.2f} | "
                  f"{cost.database_ms:.2f} | {whole[0] / whole[1]:.2f} | "
                  f"{cost.wall_ms:.1f} |")  # fmt: skip
    if given.json:
        given.json.write_text(json.dumps([asdict(cost) for cost in found], indent=2))


if __name__ == "__main__":
    main()
