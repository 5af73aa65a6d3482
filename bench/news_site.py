"""A news site for measuring: feeds and pages from memory, served by a process of its own.

Every feed is a host of its own on loopback (127.1.0.1, 127.1.0.2, ...), so that politeness has as
many hosts to deal with as it would have outside.
"""

from __future__ import annotations

import asyncio
import gzip
import html
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
        number: how many at the most, the same ones at every call.

    Raises:
        SystemExit: the folder has no page.
    """
    if folder is None:
        return [_made_up(seed) for seed in range(number)]
    files = sorted([*folder.rglob("*.html"), *folder.rglob("*.html.gz")])
    pages = [_read(file) for file in random.Random(1).sample(files, len(files))]
    pages = [page for page in pages if 500 < len(page) <= MAX_PAGE_BYTES][:number]
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


@contextmanager
def served(pages: Sequence[bytes], feeds: int, latency_s: float) -> Iterator[NewsSite]:
    """Serve pages, spread over feeds.

    Args:
        pages: of the articles. feeds: how many. latency_s: before each answer.
    """
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(
        target=_serve, args=(there, pages, feeds, latency_s), daemon=True
    )
    process.start()
    port = here.recv()
    yield NewsSite(tuple(f"http://{_host(n)}:{port}/rss" for n in range(feeds)), len(pages))
    process.terminate()
    process.join()


def _host(number: int) -> str:
    return f"127.1.{number // 250}.{number % 250 + 1}"


def _serve(pipe: Connection, pages: Sequence[bytes], feeds: int, latency_s: float) -> None:
    async def main() -> None:
        answers: dict[tuple[str, str], bytes] = {}

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while head := await reader.readuntil(b"\r\n\r\n"):
                    lines = head.decode("latin-1").split("\r\n")
                    host = next(line[5:] for line in lines if line.lower().startswith("host:"))
                    if latency_s:
                        await asyncio.sleep(latency_s)
                    path = lines[0].split(" ")[1]
                    writer.write(answers.get((host.strip().split(":")[0], path), _MISSING))
                    await writer.drain()
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()

        server = await asyncio.start_server(talk, "0.0.0.0", 0, backlog=1_000)
        port = server.sockets[0].getsockname()[1]
        for number in range(feeds):
            host = _host(number)
            mine = range(number, len(pages), feeds)
            site = f"http://{host}:{port}"
            items = [Item(f"p/{n}", title_of(pages[n], n), f"Entry {n}.") for n in mine]
            answers[host, "/rss"] = _answer(rss(*items, site=site).encode(), "application/rss+xml")
            for n in mine:
                answers[host, f"/p/{n}"] = _answer(pages[n], "text/html")
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
