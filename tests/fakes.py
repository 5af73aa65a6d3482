"""Fakes for the edges only: HTTP, the clock, the encoder's answer. Everything inside is real."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

from worker.domain import (
    AlignedPassage,
    ArticleText,
    DetectedLanguage,
    Failure,
    Fetched,
    Match,
    NotModified,
    Outcome,
    Relation,
    Validators,
)
from worker.errors import FetchError, ParseError, TellError
from worker.notify.messages import Message, Receipt

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def flat(batches: Sequence[Sequence[int]]) -> list[int]:
    """The ids of all batches."""
    return [one for batch in batches for one in batch]


class FakeClock:
    """A clock that a test moves."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class FakeFetcher:
    """A web of pages in a dict; what is not there is 404. Keeps what was asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, Fetched | NotModified | Exception] = {}
        self.asked: list[tuple[str, Validators | None]] = []

    def put(
        self, url: str, body: str | bytes, content_type: str = "text/html", **more: Any
    ) -> None:
        content = body.encode() if isinstance(body, str) else body
        headers = {"content-type": content_type}
        self.pages[url] = Fetched(url, url, 200, headers, content, **more)

    def fetch(
        self, url: str, *, validators: Validators | None = None, max_bytes: int = 2_000_000
    ) -> Fetched | NotModified:
        self.asked.append((url, validators))
        page = self.pages.get(url)
        if page is None:
            raise FetchError(url, Outcome.NOT_FOUND, Failure.SOFT, "HTTP 404", 404)
        if isinstance(page, Exception):
            raise page
        return page

    def hop(self, url: str, *, max_bytes: int = 2_000_000) -> Fetched:
        got = self.fetch(url, max_bytes=max_bytes)
        assert isinstance(got, Fetched)
        return got

    def post(self, url: str, body: bytes, content_type: str) -> Fetched:
        got = self.fetch(url)
        assert isinstance(got, Fetched)
        return got


class InThisProcess:
    """Parses here: what isolation is for has tests of its own."""

    def call(self, target: str, *args: Any, **kwargs: Any) -> Any:
        module, _, name = target.partition(":")
        return getattr(importlib.import_module(module), name)(*args, **kwargs)

    def prepare(self) -> None:
        pass

    def close(self) -> None:
        pass


class BusyParsers(InThisProcess):
    """Has no time for what is large until told otherwise."""

    is_busy = True

    def call(self, target: str, *args: Any, **kwargs: Any) -> Any:
        if self.is_busy:
            raise ParseError(Outcome.POSTPONED, "large, and others are being parsed")
        return super().call(target, *args, **kwargs)


class NoLimiter:
    """Nobody waits."""

    def acquire(self, url: str, delay_s: float = 0.0) -> AbstractContextManager[None]:
        return nullcontext()


class EnglishDetector:
    """Everything is English."""

    def detect(self, text: str, *, declared: Sequence[str | None] = ()) -> DetectedLanguage:
        return DetectedLanguage("en", 1.0)


class WordMatcher:
    """Related is what contains the word; `poison` raises, as a bug in a library would."""

    version = "word-1"

    def __init__(self, word: str = "seaweed", watch: str = "kelp") -> None:
        self.word = word
        self.watch = watch
        self.seen: list[ArticleText] = []

    def match(self, articles: Sequence[ArticleText]) -> list[tuple[Match, ...]]:
        if any("poison" in article.text for article in articles):
            raise RuntimeError("a bug in matching")
        self.seen += articles
        return [(self._match(article),) for article in articles]

    def _match(self, article: ArticleText) -> Match:
        is_related = self.word in article.text or self.word in article.title
        return Match(
            watch=self.watch,
            seed="seed.txt",
            relation=Relation.SAME_EVENT if is_related else Relation.UNRELATED,
            score=0.9 if is_related else 0.01,
            evidence=(AlignedPassage(article.text[:50], "seaweed is farmed", 0.9),),
            adds=("12 tonnes",),
            shared_names=("Kilifi",),
            reasons=("it names Kilifi",),
            features={"names": 1.0},
            matcher_version=self.version,
            encoder="none",
        )


class ListChannel:
    """Tells into a list; fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.told: list[tuple[str, str]] = []
        self.failures = failures
        self.failure = Failure.TEMPORARY

    def send(self, message: Message) -> Receipt:
        if self.failures:
            self.failures -= 1
            raise TellError(Outcome.UNREACHABLE, self.failure, "nobody answers")
        self.told += [(message.key, row.title) for row in message.rows]
        return Receipt()
