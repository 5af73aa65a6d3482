"""A news site that keeps publishing, for bench.soak: as much as its driver allows.

An article is put together from paragraphs of the labelled stories, in 23 languages, so that no two
are alike; one in a hundred tells the watched story itself. Everything follows from its number.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.sharedctypes import Synchronized
from threading import Lock, Thread
from typing import Any

from tests.eval.datasets import Story, repo_stories
from tests.sites import Item, page, rss

WATCHED = "heritage-organ"
FEEDS = 200
RELATED_ONE_IN = 100
LISTED = 60
"""Entries in a feed, and at most so many new ones between two polls."""
FIRST = 3
LATENCY_S = 0.05
_REST_S = (120, 360)
"""What a feed asks for as max-age, at random, so that not all of them are polled at once."""


@dataclass
class Allowance:
    """What driver and site share, which are processes of their own.

    Attributes:
        articles: may be published yet.
        published: so far.
    """

    articles: Synchronized[float] = field(default_factory=lambda: multiprocessing.Value("d", 0.0))
    published: Synchronized[int] = field(default_factory=lambda: multiprocessing.Value("i", 0))

    def take(self, least: int, most: int) -> range:
        """The numbers of the articles that a feed publishes now."""
        with self.articles.get_lock():
            count = max(least, min(most, int(self.articles.value)))
            self.articles.value -= count
            first = self.published.value
            self.published.value += count
        return range(first, first + count)


@cache
def _stories() -> tuple[Story, dict[str, list[str]]]:
    """The watched story, and paragraphs of all others by language."""
    others: dict[str, list[str]] = defaultdict(list)
    for story in repo_stories():
        if story.name == WATCHED:
            watched = story
            continue
        for labelled in story.articles:
            paragraphs = [text for text in labelled.article.text.split("\n") if text.strip()]
            others[labelled.article.language] += paragraphs
    return watched, dict(others)


def article(number: int) -> tuple[str, list[str], str]:
    """Title, paragraphs and language of an article."""
    watched, others = _stories()
    chance = random.Random(number)
    if number % RELATED_ONE_IN == 0:
        told = [one.article for one in watched.articles if one.is_related]
        chosen = told[number // RELATED_ONE_IN % len(told)]
        text = [part for part in chosen.text.split("\n") if part.strip()]
        return f"{chosen.title} ({number})", [*text, f"{number}."], chosen.language
    language = chance.choice(sorted(others))
    text = chance.sample(others[language], min(len(others[language]), chance.randint(4, 9)))
    title = " ".join(chance.choice(others[language]).split()[:9])[:80]
    return f"{title} {number}", [*text, f"{number}: {chance.randint(10_000, 99_999)}."], language


class Site:
    """Feeds `/feed/N` and pages `/a/NUMBER` at some addresses of this machine; takes webhooks."""

    def __init__(self, addresses: Sequence[str], allowance: Allowance) -> None:
        self._allowance = allowance
        self._listed: list[deque[tuple[int, str]]] = [deque(maxlen=LISTED) for _ in range(FEEDS)]
        self._asked_at = [time.time() - 600] * FEEDS
        self._lock = Lock()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body, kind = site.answer(self.path, f"http://{self.headers['host']}")
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                if kind == "text/xml":
                    self.send_header("Cache-Control", f"max-age={random.randint(*_REST_S)}")
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128

        self._servers = [Server((address, 0), Handler) for address in addresses]
        self.ports = [server.server_port for server in self._servers]
        for server in self._servers:
            Thread(target=server.serve_forever, daemon=True).start()

    def answer(self, path: str, origin: str) -> tuple[bytes, str]:
        """The body of an answer, empty if there is none, and its type."""
        if path.startswith("/feed/"):
            return self._feed(int(path.removeprefix("/feed/")), origin).encode(), "text/xml"
        if not path.startswith("/a/"):
            return b"", "text/plain"
        time.sleep(LATENCY_S)
        title, paragraphs, language = article(int(path.removeprefix("/a/")))
        return page(title, *paragraphs, language=language).encode(), "text/html"

    def _feed(self, feed: int, origin: str) -> str:
        with self._lock:
            # the rhythm of a feed with fewer is not known: it would be asked again in half an hour
            new = self._allowance.take(0 if self._listed[feed] else FIRST, LISTED)
            first, last = self._asked_at[feed], time.time()
            self._asked_at[feed] = last
            for place, number in enumerate(new, 1):
                at = formatdate(first + (last - first) * place / len(new), usegmt=True)
                self._listed[feed].append((number, at))
            listed = list(self._listed[feed])
        items = []
        for number, at in reversed(listed):
            title, paragraphs, _ = article(number)
            items.append(Item(f"a/{number}", title, paragraphs[0][:200], date=at))
        return rss(*items, site=origin)


def serve(addresses: Sequence[str], allowance: Allowance, ports: Any) -> None:
    """Serve until this process is ended; the ports go into a pipe."""
    site = Site(addresses, allowance)
    ports.send(site.ports)
    while True:
        time.sleep(60)
