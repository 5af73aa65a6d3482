"""A news site for measuring: feeds and pages from memory, served by a process of its own.

Every feed is a host of its own on loopback (127.1.0.1, 127.1.0.2, ...), so that politeness has as
many hosts to deal with as it would have outside.
"""

from __future__ import annotations

import asyncio
import gzip
import html
import itertools
import multiprocessing
import random
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tests.sites import Item, rss

MAX_PAGE_BYTES = 1_500_000
"""Larger files are left out: a worker refuses pages from two megabytes on."""
_TITLE = re.compile(rb"<title[^>]*>([^<]{5,300})", re.IGNORECASE)
_PROSE = re.compile(rb"<(script|style)\b.*?</\1\s*>|>([^<]{60,})(?=<)", re.DOTALL | re.IGNORECASE)
_KEEP_ALIVE = b"Connection: keep-alive\r\n"
_SENTENCE = (
    "the county council said on Monday that a new bridge over the river would be open before "
    "winter after years of delay while residents of both banks asked for a path for bicycles "
    "and a second market hall near the old harbour where fishing boats used to land"
)


@dataclass(frozen=True)
class NewsSite:
    """Where a site is served.

    Attributes:
        feeds: addresses of the feeds. articles: how many pages all of them name together.
    """

    feeds: tuple[str, ...]
    articles: int


def pages_of(folder: Path | None, number: int) -> list[bytes]:
    """Pages to serve.

    Args:
        folder: searched for .html and .html.gz files; None makes pages up.
        number: how many at the most, no two alike, the same ones at every call.

    Raises:
        SystemExit: the folder has no page.
    """
    if folder is None:
        return [_made_up(seed) for seed in range(number)]
    files = sorted([*folder.rglob("*.html"), *folder.rglob("*.html.gz")])
    read = map(_read, random.Random(1).sample(files, len(files)))
    fitting = (page for page in read if 500 < len(page) <= MAX_PAGE_BYTES)
    pages = list(itertools.islice(dict.fromkeys(fitting), number))
    if not pages:
        raise SystemExit(f"{folder} has no .html or .html.gz file to measure with")
    return pages


def _read(file: Path) -> bytes:
    body = file.read_bytes()
    return gzip.decompress(body) if file.suffix == ".gz" else body


def _made_up(seed: int) -> bytes:
    """A page as a small outlet has it: 30 KB, of which 4 KB are the article."""
    chance, words = random.Random(seed), _SENTENCE.split()

    def sentence() -> str:
        return " ".join(chance.choices(words, k=chance.randint(9, 24))).capitalize() + "."

    title = sentence()[:80]
    menu = "".join(f'<li class="m"><a href="/s/{n}">{sentence()[:30]}</a></li>' for n in range(120))
    text = "".join(f"<p>{' '.join(sentence() for _ in range(4))}</p>" for _ in range(8))
    rest = "".join(
        f'<div class="teaser"><a href="/p/{n}">{sentence()[:60]}</a><span>{sentence()}</span></div>'
        for n in range(40)
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta property="og:title" content="{title}"></head><body><nav><ul>{menu}</ul></nav>'
        f"<article><h1>{title}</h1>{text}</article><aside>{rest}</aside></body></html>"
    ).encode()


def varied(page: bytes, number: int) -> bytes:
    """Another article of the same size, markup and words: the words of its paragraphs in an order
    of their own. What is written without spaces stays as it is."""
    chance = random.Random(number)

    def change(found: re.Match[bytes]) -> bytes:
        if found[1]:
            return found[0]
        words = found[2].split(b" ")
        return b">" + b" ".join(chance.sample(words, len(words)))

    return _PROSE.sub(change, page)


@contextmanager
def served(
    pages: Sequence[bytes], feeds: int, latency_s: float, articles: int | None = None
) -> Iterator[NewsSite]:
    """Serve pages, spread over feeds.

    Args:
        pages: of the articles. feeds: how many. latency_s: before each answer.
        articles: how many, with `varied` ones where there are fewer pages; None takes each once.
    """
    articles = articles or len(pages)
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(
        target=_serve, args=(there, pages, feeds, latency_s, articles), daemon=True
    )
    process.start()
    port = here.recv()
    yield NewsSite(tuple(f"http://{_host(n)}:{port}/rss" for n in range(feeds)), articles)
    process.terminate()
    process.join()


def _host(number: int) -> str:
    return f"127.1.{number // 250}.{number % 250 + 1}"


def _serve(
    pipe: Connection, pages: Sequence[bytes], feeds: int, latency_s: float, articles: int
) -> None:
    async def main() -> None:
        answers: dict[tuple[str, str], bytes] = {}

        def answer(host: str, path: str) -> bytes:
            _, _, number = path.partition("/p/")
            if not number.isdecimal() or (n := int(number)) >= articles or _host(n % feeds) != host:
                return answers.get((host, path), _MISSING)
            again, original = divmod(n, len(pages))
            page = varied(pages[original], n) if again else pages[original]
            return _answer(page, "text/html")

        def entry_title(n: int) -> str:
            title = title_of(pages[n % len(pages)], n)
            return title if n < len(pages) else f"{title} ({n // len(pages)})"

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while head := await reader.readuntil(b"\r\n\r\n"):
                    lines = head.decode("latin-1").split("\r\n")
                    host = next(line[5:] for line in lines if line.lower().startswith("host:"))
                    if latency_s:
                        await asyncio.sleep(latency_s)
                    path = lines[0].split(" ")[1]
                    writer.write(answer(host.strip().split(":")[0], path))
                    await writer.drain()
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()

        server = await asyncio.start_server(talk, "0.0.0.0", 0, backlog=1_000)
        port = server.sockets[0].getsockname()[1]
        for number in range(feeds):
            host = _host(number)
            mine = range(number, articles, feeds)
            items = [Item(f"p/{n}", entry_title(n), f"Entry {n}.") for n in mine]
            body = rss(*items, site=f"http://{host}:{port}").encode()
            answers[host, "/rss"] = _answer(body, "application/rss+xml")
        pipe.send(port)
        async with server:
            await server.serve_forever()

    asyncio.run(main())


_MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n" + _KEEP_ALIVE + b"\r\n"


def _answer(body: bytes, content_type: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + _KEEP_ALIVE + b"\r\n" + body


def title_of(page: bytes, number: int) -> str:
    found = _TITLE.search(page)
    title = html.unescape(found[1].decode("utf-8", "replace")) if found else f"Article {number}"
    return " ".join(title.split())
