"""Time the inbox of a large store: python -m bench.lists [--url URL] [--articles N]

Makes a store of made-up articles, a quarter of them with a match, in stories of all sizes (the
largest has a tenth of all matches), and asks for the pages that a reviewer asks for. Each is asked
five times; the least and the median are told, in milliseconds, with the time in this process's CPU.
A PostgreSQL is named by --url and should be an empty database; SQLite uses a temporary file. A
store that bench.growth has filled gets matches for its first articles, as many as --articles says;
one that has matches is taken as it is.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from starlette.testclient import TestClient

from worker.config import load_settings
from worker.domain import Seed, Watch
from worker.store.folding import tokens_of
from worker.store.schema import article, feed, match, search, sighting, story_member
from worker.store.store import Store
from worker.web.app import make_app

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LANGUAGES = ("en", "fr", "es", "pt", "id", "vi", "ja", "zh", "ar", "ru")
WORDS = """kelp harbour council market river bridge school budget minister festival storm fishers
laboratory export tariff railway museum vaccine football election""".split()  # noqa: SIM905
PAGES = {
    "to review, by story": "/",
    "second page": "next",
    "all, by story": "/?verdict=all",
    "relevant, by story": "/?verdict=relevant",
    "one language": "/?language=ja",
    "one relation": "/?relation=translation",
    "a common word": "/?q=kelp",
    "a common word, second page": "next",
    "to review, match by match": "/?view=flat",
    "overview": "/overview",
    "silence": "/silence",
}
_AT_ONCE = 2_000
_OVER = timedelta(days=280)
"""That all articles are spread over."""


def rows_of(count: int) -> Iterator[dict[str, Any]]:
    """Made-up articles with what is to be stored of each."""
    chance = random.Random(7)
    stories: list[int] = []
    matches = 0
    for number in range(1, count + 1):
        text = " ".join(chance.choices(WORDS, k=60))
        at = BEGIN + _OVER * number / count
        row: dict[str, Any] = {"id": number, "text": text, "at": at, "title": text[:60]}
        row["language"], row["outlet"] = chance.choice(LANGUAGES), f"Outlet {number % 300}"
        if chance.random() < 0.25:
            matches += 1
            kind = chance.choice(("copy", "translation", "same_event", "same_topic"))
            if stories and chance.random() < 0.1:
                story = stories[0]
            elif stories and chance.random() < 0.7:
                story = stories[int(len(stories) * (1 - chance.random() ** 3)) - 1]
            else:
                story = matches
                stories.append(story)
            verdict = chance.choice((None, None, None, "relevant", "irrelevant"))
            row |= {"match": matches, "kind": kind, "story": story, "verdict": verdict}
        yield row


def fill(store: Store, count: int) -> None:
    """Store made-up articles, matches and stories."""
    with store.database.write() as connection:
        connection.execute(
            feed.insert().values(
                id=1, url="https://a.example/rss", url_hash="a", title="A", origin="user",
                state="active", due_at=BEGIN, created_at=BEGIN,
            )
        )  # fmt: skip
    for batch in _batches(count):
        _store_articles(store, batch)
        _store_matches(store, batch)
    _finish(store)


def fill_matches(store: Store, count: int) -> None:
    """Store made-up matches and stories for articles that are there, whose ids begin with 1."""
    for batch in _batches(count):
        _store_matches(store, batch)
    _finish(store)


def _batches(count: int) -> Iterator[list[dict[str, Any]]]:
    rows = rows_of(count)
    while batch := list(itertools.islice(rows, _AT_ONCE)):
        yield batch


def _has_matches(store: Store) -> bool:
    with store.database.read() as connection:
        return connection.execute(sa.select(match.c.id).limit(1)).first() is not None


def _finish(store: Store) -> None:
    store.tallies.rebuild()
    with store.database.write() as connection:
        connection.execute(sa.text("ANALYZE"))


def _store_articles(store: Store, batch: list[dict[str, Any]]) -> None:
    with store.database.write() as connection:
        connection.execute(article.insert(), [
            {"id": row["id"], "key_hash": str(row["id"]), "url": f"https://a.example/{row['id']}",
             "state": "done", "due_at": row["at"], "title": row["title"], "text": row["text"],
             "language": row["language"], "outlet": row["outlet"], "published_at": row["at"],
             "first_seen_at": row["at"], "version": 1, "text_source": "page"}
            for row in batch
        ])  # fmt: skip
        connection.execute(sighting.insert(), [
            {"feed_id": 1, "entry_hash": str(row["id"]), "change_hash": "", "seen_at": row["at"],
             "article_id": row["id"]}
            for row in batch
        ])  # fmt: skip


def _store_matches(store: Store, batch: list[dict[str, Any]]) -> None:
    found = [row for row in batch if "match" in row]
    with store.database.write() as connection:
        connection.execute(match.insert(), [
            {"id": row["match"], "article_id": row["id"], "watch": "kelp", "seed": "en.md",
             "relation": row["kind"], "score": 0.8, "is_suggestion": False,
             "evidence": [{"article": row["text"][:200], "seed": row["text"], "similarity": 0.8}],
             "adds": [], "shared": {}, "reasons": ["both name Kilifi"], "features": {"a": 1.0},
             "matcher_version": "m", "encoder": "e", "article_version": 1,
             "created_at": row["at"], "updated_at": row["at"], "verdict": row["verdict"],
             "language": row["language"], "outlet": row["outlet"], "story_id": row["story"],
             "kind": row["kind"]}
            for row in found
        ])  # fmt: skip
        connection.execute(search.insert(), [
            {"match_id": row["match"], "tokens": tokens_of(row["title"], row["text"])}
            for row in found
        ])  # fmt: skip
        connection.execute(story_member.insert(), [
            {"match_id": row["match"], "watch": "kelp", "component": row["story"],
             "told_at": row["at"], "language": row["language"], "base_kind": row["kind"],
             "encoder": ""}
            for row in found
        ])  # fmt: skip


@dataclass(frozen=True)
class Page:
    """Milliseconds until the whole answer of a page: least, median; and the least CPU."""

    name: str
    least_ms: float
    median_ms: float
    cpu_ms: float


def ask(store: Store) -> Iterator[Page]:
    """Ask for each page."""
    watch = Watch("kelp", "Kelp", (Seed("en.md", "Kelp", "Kelp is farmed.", "en"),))
    app = make_app(store, (watch,), load_settings())
    following = ""
    with TestClient(app, base_url="http://127.0.0.1:8321") as client:
        for name, address in PAGES.items():
            url = following if address == "next" else address
            walls, cpus = [], []
            for _ in range(5):
                wall, cpu = time.perf_counter(), time.process_time()
                answer = client.get(url)
                walls.append(1000 * (time.perf_counter() - wall))
                cpus.append(1000 * (time.process_time() - cpu))
                assert answer.status_code == 200, answer.text
            mark = answer.text.find('rel="next"')
            following = answer.text[:mark].rpartition('href="')[2].partition('"')[0]
            following = following.replace("&amp;", "&")
            yield Page(name, min(walls), statistics.median(walls), min(cpus))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="an empty database; a temporary SQLite file if not given")
    parser.add_argument("--articles", type=int, default=200_000)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    pages = []
    with tempfile.TemporaryDirectory() as folder:
        store = Store(options.url or f"sqlite:///{Path(folder) / 'store.db'}")
        store.migrate()
        if not (stored := sum(store.articles.counts().values())):
            fill(store, options.articles)
        elif not _has_matches(store):
            fill_matches(store, min(stored, options.articles))
        for page in ask(store):
            pages.append(asdict(page))
            print(f"{page.name:28} least {page.least_ms:6.0f} ms, median {page.median_ms:6.0f} ms, "
                  f"CPU {page.cpu_ms:6.0f} ms")  # fmt: skip
        store.close()
    if options.json:
        options.json.write_text(json.dumps(pages, indent=1))


if __name__ == "__main__":
    main()
