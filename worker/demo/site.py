"""The made-up site's server: every page and feed on one loopback origin.

Everything is rendered when the site starts, so a request only looks up bytes. The same files and
the same port give the same answers, byte for byte.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from worker.demo.content import ROOT, DemoArticle, DemoContent, load_demo
from worker.demo.feeds import FeedSource, article_url, feed_document
from worker.demo.pages import Pages

_HTML = "text/html; charset=utf-8"
_BROKEN_FEED_PATH = "/coast-lantern/rss"


@dataclass(frozen=True, slots=True)
class DemoFeed:
    """A feed of the site; `language` is None where the outlet has several."""

    url: str
    title: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says under one path, with its validators."""

    status: HTTPStatus
    content_type: str
    body: bytes
    etag: str | None = None
    modified_at: datetime | None = None


class DemoSite:
    """The made-up site, served on 127.0.0.1 while the context is open.

    Args:
        content: what to serve; the package's own articles if None.
        port: the port to listen on; 0 takes any free one.
    """

    def __init__(self, content: DemoContent | None = None, port: int = 0) -> None:
        self._content = content or load_demo()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.answers = dict(_answers(self._content, self.base_url))
        self._thread = Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="demo-site",
            daemon=True,
        )

    @property
    def content(self) -> DemoContent:
        """What is served: articles with their labels, outlets, phrases."""
        return self._content

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def base_url(self) -> str:
        """The site's origin, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def feeds(self) -> tuple[DemoFeed, ...]:
        """One feed an outlet."""
        return tuple(
            DemoFeed(f"{self.base_url}/{outlet.slug}/feed", outlet.title, outlet.language)
            for outlet in self._content.outlets
        )

    def article_url(self, article: DemoArticle) -> str:
        """The article's canonical address on this server."""
        return article_url(self.base_url, article)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # the default of 5 drops connections of a concurrent fetcher
    answers: Mapping[str, Answer]

    def server_bind(self) -> None:
        # HTTPServer.server_bind asks the resolver for our name, which can take seconds offline.
        TCPServer.server_bind(self)
        self.server_name = "127.0.0.1"
        self.server_port = int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "SeedwatchDemo"
    timeout = 30  # s; an idle kept-alive connection ends its thread
    server: _Server

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the demo's own output is what people came for."""

    def _answer(self, *, with_body: bool) -> None:
        answers = self.server.answers
        answer = answers.get(unquote(urlsplit(self.path).path)) or answers["404"]
        unchanged = _unchanged(
            answer, self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since")
        )
        self.send_response(HTTPStatus.NOT_MODIFIED if unchanged else answer.status)
        if answer.etag:
            self.send_header("ETag", answer.etag)
        if answer.modified_at:
            self.send_header("Last-Modified", format_datetime(answer.modified_at, usegmt=True))
        if not unchanged:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if with_body and not unchanged:
            self.wfile.write(answer.body)


def _unchanged(answer: Answer, none_match: str | None, modified_since: str | None) -> bool:
    """Whether to answer 304; If-None-Match goes before If-Modified-Since (RFC 9110, 13.2.2)."""
    if answer.etag is None or answer.modified_at is None:
        return False
    if none_match is not None:
        tags = {tag.strip().removeprefix("W/") for tag in none_match.split(",")}
        return answer.etag in tags or "*" in tags
    if modified_since is None:
        return False
    try:
        since = parsedate_to_datetime(modified_since)
    except ValueError:
        return False
    return answer.modified_at <= (since if since.tzinfo else since.replace(tzinfo=UTC))


def _answers(content: DemoContent, base_url: str) -> Iterator[tuple[str, Answer]]:
    """Every path of the site with its answer, and "404" for all other paths."""
    pages = Pages(content, base_url)
    newest = max(article.published_at for article in content.articles)
    yield "/", _ok(_HTML, pages.index(), newest)
    yield "/robots.txt", _ok("text/plain; charset=utf-8", "User-agent: *\nAllow: /\n", newest)
    style = (ROOT / "static" / "style.css").read_text(encoding="utf-8")
    yield "/style.css", _ok("text/css; charset=utf-8", style, newest)
    not_a_feed = pages.notice("Our feed has moved", "Look for it on the front page.")
    yield _BROKEN_FEED_PATH, _ok(_HTML, not_a_feed, newest)
    missing = pages.notice("Page not found", "This article is no longer here.")
    gone = Answer(HTTPStatus.NOT_FOUND, _HTML, missing.encode())
    yield "404", gone
    turned_away = pages.notice("Access denied", "This page is for subscribers only.")
    refused = Answer(HTTPStatus.FORBIDDEN, _HTML, turned_away.encode())
    for outlet in content.outlets:
        listed = content.listed_by(outlet)
        home = f"/{outlet.slug}/"
        feed = feed_document(FeedSource(outlet, listed, base_url))
        yield home, _ok(_HTML, pages.front(outlet), listed[0].published_at)
        yield f"{home}feed", _ok(feed.content_type, feed.body, listed[0].published_at)
        yield f"{home}picture.svg", _ok("image/svg+xml", pages.picture(outlet), newest)
        for article in content.published_by(outlet):
            if article.id in outlet.gone:
                yield article.path, gone
            elif article.id in outlet.refused:
                yield article.path, refused
            else:
                yield article.path, _ok(_HTML, pages.article(article), article.published_at)


def _ok(content_type: str, text: str | bytes, modified_at: datetime) -> Answer:
    body = text if isinstance(text, bytes) else text.encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    return Answer(HTTPStatus.OK, content_type, body, etag, modified_at.astimezone(UTC))
