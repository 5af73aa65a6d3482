"""Claimed articles, what comes of them, and articles as the pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from worker.domain import (
    NO_LANGUAGE,
    ArticleText,
    DetectedLanguage,
    Match,
    Outcome,
    Sketch,
    TextSource,
)


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

    @property
    def is_new(self) -> bool:
        """Whether nothing of its text, and so no match, has been stored yet."""
        return self.text_source is None


@dataclass(frozen=True, slots=True)
class ArticleResult:
    """What processing one article came to.

    Attributes:
        matches: one a watch, unrelated ones too.
        matcher_version: what gave them.
        fetch_outcome: how the fetch of its page ended; None if none was made.
        retry_at: set if the article is to be taken up again (its results so far are kept).
        is_quarantined: given up, needs a person.
        sketch: what the stories of its matches are found by; None where it has none.
        page_hash: of the text found on the page, also where it is not used.
        is_boilerplate: the page had a text that many addresses of its host share.
        canonical_key_hash: identity under the address that the page declares, or was fetched from.
        place: outlet and host, as a hash. fingerprint: of the text, near that of one that is alike;
            None where it is not sure that the text is what its feed tells of.
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
    sketch: Sketch | None = None
    matcher_version: str | None = None
    fetch_outcome: Outcome | None = None
    detail: str = ""
    elapsed_s: float = 0.0
    size_bytes: int = 0
    retry_at: datetime | None = None
    is_quarantined: bool = False
    page_hash: str | None = None
    is_boilerplate: bool = False
    place: str = ""
    fingerprint: int | None = None

    @property
    def has_content(self) -> bool:
        """Whether there is a text to store."""
        return self.content_hash is not None

    @property
    def keeps_page(self) -> bool:
        """Whether the page is out of reach today: text and matches made from it are better."""
        return (
            self.job.text_source is TextSource.PAGE
            and self.text_source is TextSource.FEED
            and not self.is_boilerplate
        )


@dataclass(frozen=True, slots=True)
class PageTwin:
    """An article whose page has the same text as another's; the title is the feed's."""

    article_id: int
    url: str
    title: str


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article as matching sees it, read back from the store."""

    id: int
    version: int
    article: ArticleText


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """An article as the API lists it, without its text."""

    id: int
    url: str | None
    final_url: str | None
    canonical_url: str | None
    title: str
    language: str
    outlet: str | None
    author: str | None
    published_at: datetime | None
    first_seen_at: datetime
    processed_at: datetime | None
    state: str
    outcome: str | None
    text_source: TextSource | None
    version: int
