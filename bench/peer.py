"""What a quick script makes of news with a library of others, as a baseline of bench/throughput.py.

PYTHON bench/peer.py news-please|newspaper4k STORE, with the interpreter of an environment that has
that library; nothing of this project is imported. It warms up, says "ready", reads the addresses of
feeds from its input, a line each until an empty one, and says how many articles it stored, how many
of them without a text, and the CPU seconds it took, with those of processes that have ended. Feeds
are read with feedparser, which both libraries bring along. Pictures are not fetched.
"""

from __future__ import annotations

import resource
import sqlite3
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import feedparser
import requests

TIMEOUT_S = 30
THREADS = 5
WARM = "<html><head><title>Warm</title></head><body><p>Warm, warm, warm.</p></body></html>"
Row = tuple[str, str, str, str, str]
"""Address, title, text, language, date of publication."""


def news_please() -> Callable[[Sequence[str]], Iterable[Row]]:
    """Pages are fetched in a thread each and read in processes, as many as there are cores."""
    from newsplease import NewsPlease

    NewsPlease.from_html(WARM, "http://127.0.0.1/2026/01/01/warm.html", fetch_images=False)

    def read(urls: Sequence[str]) -> Iterable[Row]:
        found = NewsPlease.from_urls(list(urls), {"timeout": TIMEOUT_S}, fetch_images=False)
        for url in urls:
            told = found.get(url)
            if told:
                yield _row(url, told.title, told.maintext, told.language, told.date_publish)
            else:
                yield _row(url)

    return read


def newspaper4k() -> Callable[[Sequence[str]], Iterable[Row]]:
    """Pages are fetched and read in five threads, which is its own default for a list."""
    import newspaper

    config = newspaper.Config()
    config.fetch_images, config.request_timeout = False, TIMEOUT_S
    newspaper.article("http://127.0.0.1/warm.html", input_html=WARM, config=config)

    def one(url: str) -> Row:
        try:  # its own fetch_news ends at the first page that fails
            told = newspaper.Article(url, config=config).download().parse()
        except (newspaper.ArticleException, ImportError, LookupError, ValueError) as error:
            print(f"{url}: {type(error).__name__}: {error}", file=sys.stderr)
            return _row(url)
        return _row(url, told.title, told.text, told.meta_lang, told.publish_date)

    def read(urls: Sequence[str]) -> Iterable[Row]:
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(one, urls))

    return read


def _row(url: str, title: Any = "", text: Any = "", language: Any = "", date: Any = "") -> Row:
    return url, title or "", text or "", language or "", str(date or "")


def run(read: Callable[[Sequence[str]], Iterable[Row]], feeds: Iterable[str], path: str) -> None:
    """Read all feeds, one after the other, and store what is new."""
    before = _cpu_s()
    store = sqlite3.connect(path)
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("PRAGMA synchronous=NORMAL")
    store.execute("CREATE TABLE article (url PRIMARY KEY, title, text, language, published)")
    for feed in feeds:
        body = requests.get(feed, timeout=TIMEOUT_S).content
        urls = [entry.link for entry in feedparser.parse(body).entries]
        with store:
            store.executemany("INSERT OR IGNORE INTO article VALUES (?, ?, ?, ?, ?)", read(urls))
    (stored,) = store.execute("SELECT count(*) FROM article").fetchone()
    (empty,) = store.execute("SELECT count(*) FROM article WHERE text = ''").fetchone()
    print(stored, empty, _cpu_s() - before, flush=True)


def _cpu_s() -> float:
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(who) for who in whose]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    name, path = sys.argv[1:]
    read = {"news-please": news_please, "newspaper4k": newspaper4k}[name]()
    print("ready", flush=True)
    feeds = list(iter(lambda: sys.stdin.readline().strip(), ""))
    run(read, feeds, path)
    sys.stdin.readline()  # it stays until it has been looked at


if __name__ == "__main__":
    main()
