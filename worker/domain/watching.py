"""A watch: its seeds, aspects, feeds, searches and channels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

from worker.domain.addresses import feed_url
from worker.domain.naming import Rendering
from worker.domain.words import Relation


@dataclass(frozen=True, slots=True)
class Seed:
    """A reference article of a watch; `id` is its file's name."""

    id: str
    title: str
    text: str
    language: str
    url: str | None = None
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Aspect:
    """One of the things that a watch's topic combines; an article on the topic has all of them."""

    name: str
    terms: tuple[str, ...] = ()


class FetchPolicy(StrEnum):
    """Of which entries of a feed the pages are fetched."""

    ALL = "all"
    TRIAGE = "triage"
    """Of those whose title and summary may belong to a watch: for feeds of all kinds of news."""


@dataclass(frozen=True, slots=True)
class FeedConfig:
    """A feed as somebody names it, in a watch.toml or elsewhere; see `feed_url`."""

    url: str
    title: str = ""
    language: str | None = None
    fetch: FetchPolicy = FetchPolicy.ALL

    def __post_init__(self) -> None:
        """Whatever door an address comes in by, it is spelt as every other one."""
        object.__setattr__(self, "url", feed_url(self.url))


@dataclass(frozen=True, slots=True)
class QueryConfig:
    """A search that a news search engine answers as feeds, one a language."""

    engine: str
    terms: str
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From when to when nothing is told, on the clock of a channel's zone; it may span midnight."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class DigestTime:
    """When a digest goes out: every day, or on one day of the week (0 is Monday)."""

    at: time
    weekday: int | None = None


@dataclass(frozen=True, slots=True)
class TellingRules:
    """Which matches a channel tells, and when.

    Attributes:
        relations: only these; empty means every relation but `unrelated`.
        languages: of the article; empty means any.
        first_of_story: the first match of a story only; its copies do not ring again.
        quiet: what comes up meanwhile is told together afterwards.
        per_hour: at most so many messages in any hour; the rest is told together.
        digest: everything is told together at this time, nothing before.
        zone: of `quiet` and `digest`, an IANA name.
    """

    relations: tuple[Relation, ...] = ()
    min_score: float = 0.0
    languages: tuple[str, ...] = ()
    first_of_story: bool = False
    quiet: QuietHours | None = None
    per_hour: int | None = None
    digest: DigestTime | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """Where a watch's matches are told.

    An address or secret may be a reference, `env:NAME` or `file:/PATH`, to what holds it.

    Attributes:
        kind: "file", "webhook", "mail" or "chat".
        name: tells the channels of a watch apart; the kind where none is given.
        to: the webhook's address, the readers' mail addresses, or the Apprise address of a chat.
        secrets: references to what signs a webhook's messages: the new one first while keys
            change.
        language: of the texts that people read.
        unsubscribe: where a reader of mail asks to be left out: a mail or web address.
    """

    kind: str
    name: str = ""
    rules: TellingRules = TellingRules()
    to: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    language: str = "en"
    unsubscribe: str | None = None

    def __post_init__(self) -> None:
        """A channel without a name is called by its kind."""
        object.__setattr__(self, "name", self.name or self.kind)


@dataclass(frozen=True, slots=True)
class Watch:
    """A named set of seeds with its feeds and settings: one folder under seeds/.

    Attributes:
        threshold: the score from which an article counts as related; None = the matcher's own.
        renderings: of the seeds' names in other languages, as far as a person approved them.
    """

    name: str
    title: str
    seeds: tuple[Seed, ...]
    description: str = ""
    languages: tuple[str, ...] = ()
    threshold: float | None = None
    aspects: tuple[Aspect, ...] = ()
    feeds: tuple[FeedConfig, ...] = ()
    queries: tuple[QueryConfig, ...] = ()
    channels: tuple[ChannelConfig, ...] = ()
    renderings: tuple[Rendering, ...] = ()
