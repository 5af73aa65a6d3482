"""What is read out of feeds and pages, and the language of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

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


class ToldBy(StrEnum):
    """By what the entries of a feed are told apart; each is a step down from the one before."""

    ID = "id"
    ID_OR_ADDRESS = "id_or_address"
    """Where an id is missing, or several entries have it, the address counts instead."""
    ADDRESS = "address"
    """Besides, ids that meant other entries before: with another address it is another entry."""
    TITLE = "title"
    """Outlet, title and day: a search engine whose ids and links change at every fetch."""


@dataclass(frozen=True, slots=True)
class Identity:
    """By what a feed's entries are told apart, and why not by their ids; empty if they are."""

    by: ToldBy = ToldBy.ID
    why: str = ""


BY_ID = Identity()


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed as read.

    Attributes:
        entries: at most the cap, in the feed's order.
        overflow: how many entries were over the cap.
        ttl_s: how long the feed itself asks to be left alone, in seconds.
        bozo: what is wrong with the feed, if anything is; its entries still count.
        hub_url: the WebSub hub that the feed names; self_url: what it calls itself.
        children: the sitemaps that an index of sitemaps names; their entries are the feed's.
        identity: by what the entries are told apart.
        is_cut: whether its end is missing, and entries may be with it.
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
    identity: Identity = BY_ID
    is_cut: bool = False


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
