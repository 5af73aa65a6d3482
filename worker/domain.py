"""The frozen types that cross rooms, and the Protocols of the real seams.

One dataclass a hop: bytes (`Fetched`) -> `ParsedFeed` of `Entry` -> `ExtractedArticle` ->
`DetectedLanguage` -> `ArticleText` -> `Match`. Times are aware UTC and end in `_at`; durations
carry their unit in the name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Failure(StrEnum):
    """The class of a failure: the only thing that retry and backoff look at."""

    TEMPORARY = "temporary"
    """The network or the server, for now: try again soon, with growing delays."""
    SOFT = "soft"
    """The answer is of no use today (not a feed, 404): try again, far less often."""
    HARD = "hard"
    """The address itself is bad or gone: a person must look."""
    BLOCKED = "blocked"
    """We are not wanted (bot wall, robots.txt, 403): no evasion, try rarely."""


class Outcome(StrEnum):
    """How an attempt ended: one word for the log line, the counter and the event row."""

    # polls of a feed, and fetches in general
    OK = "ok"
    UNCHANGED = "unchanged"
    EMPTY = "empty"
    NOT_A_FEED = "not_a_feed"
    TOO_LARGE = "too_large"
    TOO_COMPLEX = "too_complex"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    BAD_URL = "bad_url"
    BAD_RESPONSE = "bad_response"
    BLOCKED_ADDRESS = "blocked_address"
    BLOCKED = "blocked"
    RATE_LIMITED = "rate_limited"
    POSTPONED = "postponed"
    """Not asked yet, out of politeness: its host is being asked by us already."""
    WRAPPED = "wrapped"
    """The link holds the article's address in a form that only its maker can read."""
    TOO_MANY_REDIRECTS = "too_many_redirects"
    SERVER_ERROR = "server_error"
    CLIENT_ERROR = "client_error"
    NOT_FOUND = "not_found"
    GONE = "gone"
    # articles
    MATCHED = "matched"
    UNRELATED = "unrelated"
    NO_TEXT = "no_text"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    """Its page was not fetched: title and summary cannot belong to any watch."""
    # messages of a channel
    SENT = "sent"
    PARTLY_SENT = "partly_sent"
    """Some of the readers' addresses were refused for good."""
    REFUSED = "refused"
    """The receiver does not take this message, or none from us."""
    MISCONFIGURED = "misconfigured"
    """A secret, an address or a setting is missing here."""
    # all
    FAILED = "failed"
    LEASE_LOST = "lease_lost"
    QUARANTINED = "quarantined"


class Relation(StrEnum):
    """How an article relates to a seed."""

    COPY = "copy"
    """The same text in the same language, edited or not."""
    TRANSLATION = "translation"
    SAME_EVENT = "same_event"
    SAME_TOPIC = "same_topic"
    UNRELATED = "unrelated"

    @property
    def is_related(self) -> bool:
        """Whether an article with this relation belongs into the list to review."""
        return self is not Relation.UNRELATED


class Verdict(StrEnum):
    """What a person said of a match."""

    RELEVANT = "relevant"
    IRRELEVANT = "irrelevant"
    UNSURE = "unsure"


class Kind(StrEnum):
    """What an article is to the story that it belongs to."""

    COPY = "copy"
    """An earlier text of the story, or a seed, in the same language, edited or not."""
    TRANSLATION = "translation"
    SAME_EVENT = "same_event"
    FOLLOW_UP = "follow_up"
    """What came of the seeds' event, or after it: a story of its own that goes on from theirs."""
    SAME_TOPIC = "same_topic"


class Scope(StrEnum):
    """What a program may do with its token; each may do all that the ones before it may."""

    READ = "read"
    REVIEW = "review"
    """Give verdicts."""
    ADMIN = "admin"
    """Change what is watched: feeds."""

    def allows(self, wanted: Scope) -> bool:
        """Whether who has this scope may do what wants another one."""
        order = list(Scope)
        return order.index(self) >= order.index(wanted)


class TextSource(StrEnum):
    """Where an article's text came from."""

    PAGE = "page"
    FEED = "feed"
    """The page could not be had or held no text: the feed's own title and summary."""


# --- fetch ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave to make the next request conditional; kept only after a good parse."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """Bytes, decoded from their transfer and content encoding.

    Attributes:
        url: as asked for. final_url: after redirects.
        headers: names in lower case.
        moved_to: the target of a chain of only permanent redirects (301, 308), if any.
        elapsed_s: seconds from the first connect to the last byte.
    """

    url: str
    final_url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    validators: Validators = Validators()
    moved_to: str | None = None
    elapsed_s: float = 0.0

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; empty if none was sent."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Redirect:
    """The server sends us on to another address, which was checked but not asked.

    Attributes:
        url: as asked for. target: absolute, one that may be fetched.
    """

    url: str
    target: str


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server says that what we have is current (304); fields as in `Fetched`."""

    url: str
    final_url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    elapsed_s: float = 0.0
    moved_to: str | None = None


class Fetcher(Protocol):
    """Bytes over HTTP. Safe to call from several threads."""

    def fetch(
        self, url: str, *, validators: Validators | None = None, max_bytes: int = 2_000_000
    ) -> Fetched | NotModified:
        """Fetch an address.

        Args:
            url: an http or https address.
            validators: makes the request conditional; a 304 then gives `NotModified`.
            max_bytes: the cap on the decoded body, in bytes.

        Raises:
            FetchError: in every other case than a 2xx (or an asked-for 304) within the limits.
        """
        ...

    def hop(self, url: str, *, max_bytes: int = 2_000_000) -> Fetched | Redirect:
        """Fetch an address, but leave it to the caller to go where it redirects.

        Args:
            url: as in `fetch`.
            max_bytes: as in `fetch`.

        Raises:
            FetchError: as `fetch`; also for a redirect to what may not be fetched.
        """
        ...

    def post(self, url: str, body: bytes, content_type: str) -> Fetched:
        """Send a body; a redirect is an error, and of the answer little is read.

        Raises:
            FetchError: in every other case than a 2xx within the limits.
        """
        ...


class Limiter(Protocol):
    """Politeness: holds requests back until their host may be asked. Safe to call from threads."""

    def acquire(self, url: str, delay_s: float = 0.0) -> AbstractContextManager[None]:
        """Wait for the turn of the address's registrable domain, and hold it meanwhile.

        Args:
            url: any address on the host.
            delay_s: how long the host asks to be left alone afterwards, in seconds.

        Raises:
            FetchError: POSTPONED, if the turn is too far off.
        """
        ...


# --- feeds ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as published in a feed; text is plain (no markup), NFC, without control characters.

    Attributes:
        id: the feed's own id of the item; where it is missing or unfit, one made of the rest.
        url: absolute, as found (unwrapped where the feed is a search query), or None.
        summary: plain text of the summary or of the content, whichever is there.
        content: the plain text of a full-content element, if the feed has one.
        source_title: the outlet as named by the item (`<source>`), for feeds of many outlets.
        published_raw: as found; published_at: parsed, or None if absent or absurd.
    """

    id: str
    url: str | None
    title: str
    summary: str = ""
    content: str = ""
    author: str | None = None
    language: str | None = None
    source_title: str | None = None
    source_url: str | None = None
    published_at: datetime | None = None
    published_raw: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed as read.

    Attributes:
        entries: at most the cap, in the feed's order.
        overflow: how many entries were over the cap.
        ttl_s: how long the feed itself asks to be left alone, in seconds.
        bozo: why the feed is not well-formed, if it is not; its entries still count.
        hub_url: the WebSub hub that the feed names; self_url: what it calls itself.
        children: the sitemaps that an index of sitemaps names; their entries are the feed's.
    """

    title: str
    language: str | None
    entries: tuple[Entry, ...]
    overflow: int = 0
    ttl_s: float | None = None
    bozo: str | None = None
    site_url: str | None = None
    hub_url: str | None = None
    self_url: str | None = None
    children: tuple[str, ...] = ()


# --- extract ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExtractedArticle:
    """The article on a page. Paragraphs of `text` are separated by a blank line.

    Attributes:
        language: as declared by the page, ISO 639-1, or None.
        method: which extraction gave the text, for instance "trafilatura-fast".
    """

    title: str
    text: str
    language: str | None = None
    published_at: datetime | None = None
    author: str | None = None
    site: str | None = None
    canonical_url: str | None = None
    method: str = ""


# --- language ---------------------------------------------------------------------------------

UNDETERMINED = "und"


@dataclass(frozen=True, slots=True)
class DetectedLanguage:
    """A text's main language as ISO 639-1 (`und` if unknown), with the detector's confidence 0..1.

    Attributes:
        others: further languages of a mixed text, main one left out.
    """

    code: str = UNDETERMINED
    confidence: float = 0.0
    others: tuple[str, ...] = ()


NO_LANGUAGE = DetectedLanguage()


class LanguageDetector(Protocol):
    """Text -> language. Never raises on any text."""

    def detect(self, text: str, *, declared: Sequence[str | None] = ()) -> DetectedLanguage:
        """Detect the main language.

        Args:
            text: of any length, from any source.
            declared: what the feed and the page claim, most trusted first; hints only.
        """
        ...


# --- match ------------------------------------------------------------------------------------

Vectors = NDArray[np.float32]
"""Unit vectors, one a row: shape (texts, dimension), float32."""


class Encoder(Protocol):
    """Texts -> unit vectors in one space for all languages."""

    @property
    def name(self) -> str:
        """What `doctor` shows and a match stores: engine, model and version."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts; shape (len(texts), dimension), rows of length 1.

        Raises:
            EncoderError: the engine failed.
        """
        ...


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
    """A feed as a watch's watch.toml names it."""

    url: str
    title: str = ""
    language: str | None = None
    fetch: FetchPolicy = FetchPolicy.ALL


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


@dataclass(frozen=True, slots=True)
class ArticleText:
    """What matching sees of an article. Paragraphs of `text` are separated by a blank line."""

    title: str
    text: str
    language: str = UNDETERMINED
    published_at: datetime | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class AlignedPassage:
    """A passage of the article beside the seed's passage that says the same; similarity 0..1."""

    article: str
    seed: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Match:
    """How one article relates to one watch, with the evidence a person can check.

    Attributes:
        score: the calibrated probability (0..1) that the article is related at all.
        seed: the id of the nearest seed, also where the relation is unrelated.
        evidence: aligned passages, best first.
        adds: passages, names, figures and dates without a counterpart in any seed.
        shared_names, shared_numbers, shared_dates: as written in the article.
        reasons: the features that decided, in plain words, most important first.
        features: the numbers behind them, by name.
        is_suggestion: too little text to go on (a title alone): shown, never more than suggested.
    """

    watch: str
    seed: str
    relation: Relation
    score: float
    evidence: tuple[AlignedPassage, ...] = ()
    adds: tuple[str, ...] = ()
    shared_names: tuple[str, ...] = ()
    shared_numbers: tuple[str, ...] = ()
    shared_dates: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)
    is_suggestion: bool = False
    matcher_version: str = ""
    encoder: str = ""


class Matcher(Protocol):
    """Articles against the seeds of one or more watches."""

    @property
    def version(self) -> str:
        """Changes whenever the same article could get another answer."""
        ...

    def match(self, articles: Sequence[ArticleText]) -> list[tuple[Match, ...]]:
        """Match a batch: for each article, in order, one `Match` a watch (unrelated ones too).

        Never raises on any text; time and memory are bounded by the caps of the room.
        """
        ...


# --- story ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where a match belongs by what is known of its own article alone.

    Attributes:
        anchor: the seed whose event the article tells; all that have one anchor are one story.
            None where it tells another event.
        kind: as far as the seeds say; a text that other articles have too makes it a copy or a
            translation.
    """

    anchor: str | None
    kind: Kind


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is kept of an article to find its story by.

    Attributes:
        places: by the watch's name.
        vector: the mean of its passages, centred on its language, one signed byte a dimension;
            None where the encoder's space is not known well enough to compare articles.
        encoder: what gave the vector; those of different encoders are never compared.
    """

    places: Mapping[str, Place]
    vector: bytes | None = None
    encoder: str = ""


class Sketcher(Protocol):
    """Articles that were matched -> what their stories are found by."""

    def sketch(self, article: ArticleText, matches: Sequence[Match]) -> Sketch:
        """Sketch an article; cheap right after it was matched.

        Args:
            article: as it was matched.
            matches: its answers.
        """
        ...
