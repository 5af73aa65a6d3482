"""The frozen types that pass between the pipeline, the store and the doors.

A `...Job` is a claimed row: it carries the token that fences its finish. A `...Result` is what
came of it. A `...Row` is what the doors read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.domain import (
    NO_LANGUAGE,
    ArticleText,
    DetectedLanguage,
    Match,
    Outcome,
    Relation,
    TextSource,
    Validators,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class FeedJob:
    """A feed that this process has claimed until its lease ends.

    Attributes:
        failures: polls in a row that failed, before this one.
        tries: claims since the last finish, this one included.
        entry_interval_s: the mean time between two entries, as last measured.
        interval_s: how long the feed was left alone before this poll.
    """

    id: int
    token: str
    url: str
    tries: int
    failures: int
    validators: Validators
    body_hash: str | None
    title: str
    language: str | None
    ttl_s: float | None
    entry_interval_s: float | None
    interval_s: float | None
    last_success_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry as the store wants it; hashes are hex SHA-256.

    Attributes:
        entry_hash: of the feed's own id of the entry.
        key_hash: of the article's url_key: its identity across feeds.
        change_hash: of title and text, to notice an edit.
    """

    entry_hash: str
    key_hash: str
    change_hash: str
    url: str | None
    title: str
    text: str
    author: str | None
    language: str | None
    outlet: str | None
    published_at: datetime | None
    published_raw: str | None


@dataclass(frozen=True, slots=True)
class PollResult:
    """What a poll of one feed came to; the store writes it in one transaction."""

    job: FeedJob
    outcome: Outcome
    next_poll_at: datetime
    is_success: bool
    detail: str = ""
    status: int | None = None
    elapsed_s: float = 0.0
    size_bytes: int = 0
    validators: Validators | None = None
    body_hash: str | None = None
    title: str | None = None
    language: str | None = None
    ttl_s: float | None = None
    entry_interval_s: float | None = None
    entries: tuple[NewEntry, ...] = ()
    overflow: int = 0
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class ArticleJob:
    """An article that this process has claimed until its lease ends.

    Attributes:
        tries: claims since the last finish, this one included.
        content_hash: of the text stored by an earlier pass, or None.
        feed_language: as declared by entry or feed.
    """

    id: int
    token: str
    tries: int
    url: str | None
    entry_title: str
    entry_text: str
    entry_author: str | None
    feed_language: str | None
    outlet: str | None
    published_at: datetime | None
    first_seen_at: datetime
    content_hash: str | None
    text_source: TextSource | None


@dataclass(frozen=True, slots=True)
class ArticleResult:
    """What processing one article came to.

    Attributes:
        matches: one a watch, unrelated ones too.
        matcher_version: what gave them.
        fetch_outcome: how the fetch of its page ended; None if none was made.
        retry_at: set if the article is to be taken up again (its results so far are kept).
        is_quarantined: given up, needs a person.
        canonical_key_hash: identity under the address that the page declares, if another one.
        content: whether title, text and language were obtained and shall be stored.
    """

    job: ArticleJob
    outcome: Outcome
    title: str = ""
    text: str = ""
    text_source: TextSource | None = None
    language: DetectedLanguage = NO_LANGUAGE
    published_at: datetime | None = None
    author: str | None = None
    site: str | None = None
    final_url: str | None = None
    canonical_url: str | None = None
    canonical_key_hash: str | None = None
    content_hash: str | None = None
    method: str = ""
    matches: tuple[Match, ...] = ()
    matcher_version: str | None = None
    fetch_outcome: Outcome | None = None
    detail: str = ""
    elapsed_s: float = 0.0
    size_bytes: int = 0
    retry_at: datetime | None = None
    is_quarantined: bool = False

    @property
    def has_content(self) -> bool:
        """Whether there is a text to store."""
        return self.content_hash is not None


@dataclass(frozen=True, slots=True)
class StoredText:
    """Title and text of an article that is stored already."""

    article_id: int
    text: str


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article as matching sees it, read back from the store."""

    id: int
    version: int
    article: ArticleText


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed as `feeds list` and `feeds health` show it."""

    id: int
    url: str
    title: str
    language: str | None
    state: str
    watches: tuple[str, ...]
    next_poll_at: datetime
    last_outcome: str | None
    last_detail: str | None
    last_polled_at: datetime | None
    last_success_at: datetime | None
    failures: int
    overflow: int
    moved_to: str | None
    entries: int


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A match with its article and the latest verdict, as lists and exports show it."""

    id: int
    watch: str
    seed: str
    relation: Relation
    score: float
    is_suggestion: bool
    created_at: datetime
    matcher_version: str
    encoder: str
    article_id: int
    url: str | None
    title: str
    language: str
    outlet: str | None
    author: str | None
    published_at: datetime | None
    first_seen_at: datetime
    text_source: TextSource | None
    version: int
    evidence: tuple[Mapping[str, Any], ...]
    adds: tuple[str, ...]
    shared: Mapping[str, Any]
    reasons: tuple[str, ...]
    features: Mapping[str, float]
    verdict: Verdict | None
    note: str | None
    reviewed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed outbox row: one match to be told through one channel.

    Attributes:
        key: the same at every attempt; receivers drop what they have seen.
    """

    id: int
    token: str
    tries: int
    key: str
    channel: str
    options: Mapping[str, str]
    match_id: int
