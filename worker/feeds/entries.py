"""Raw items -> entries: identity, links and caps, the same for every flavour of feed."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

from worker.domain import BY_ID, Entry, Identity, ToldBy
from worker.feeds import text
from worker.feeds.wrappers import is_churning, unwrap

MAX_ID_CHARS: Final = 1_000
MAX_NAME_CHARS: Final = 300

_WHITE = re.compile(r"[\x00-\x20\x7f]+")


@dataclass(frozen=True, slots=True)
class RawEntry:
    """An item as a reader of one flavour found it; nothing is checked or cut yet.

    Attributes:
        title, summary, content: plain text, one line a paragraph.
        links: candidates for the item's address, best first, absolute or relative to `base`.
    """

    id: str
    title: str
    base: str
    links: tuple[str, ...] = ()
    summary: str = ""
    content: str = ""
    author: str = ""
    language: str | None = None
    source_title: str = ""
    source_url: str = ""
    published_at: datetime | None = None
    published_raw: str = ""


@dataclass(frozen=True, slots=True)
class RawFeed:
    """A feed as a reader of one flavour found it; `overflow` items were over the cap."""

    title: str
    language: str | None
    entries: tuple[RawEntry, ...]
    overflow: int = 0
    ttl_s: float | None = None
    bozo: str | None = None
    site_url: str = ""
    hub_url: str = ""
    self_url: str = ""
    children: tuple[str, ...] = ()


def build_entries(raw_entries: Sequence[RawEntry], *, feed_url: str) -> tuple[Entry, ...]:
    """Build the entries of a feed.

    Identity: the feed's own id where it is unique within the feed, else the link, else a hash of
    title and date. A search feed whose ids and links change at every fetch (Google News, CommaFeed
    #1755) goes by source, title and date alone. Items that are the same in all are kept once.

    Args:
        raw_entries: in the feed's order.
        feed_url: the address that the feed was fetched from.
    """
    churning = is_churning(feed_url)
    entries = [_entry(raw, churning=churning) for raw in raw_entries]
    counts = Counter(entry.id for entry in entries)
    link_counts = Counter(entry.url for entry in entries)
    seen: set[str] = set()
    kept: list[Entry] = []
    for entry in entries:
        own = entry
        if churning:
            own = replace(entry, id=_hash(entry.source_title, entry.title, _day(entry)))
        elif not entry.id or counts[entry.id] > 1:
            own = replace(entry, id=_fallback_id(entry, link_counts[entry.url] == 1))
        if own.id not in seen:
            seen.add(own.id)
            kept.append(own)
    return tuple(kept)


def identity_of(raw_entries: Sequence[RawEntry], *, feed_url: str) -> Identity:
    """By what `build_entries` tells the entries of a feed apart, and why."""
    if is_churning(feed_url):
        return Identity(ToldBy.TITLE, "this engine's ids and links are others at every fetch")
    counts = Counter(_own_id(raw.id) for raw in raw_entries)
    missing = counts.pop("", 0)
    shared = sum(number for number in counts.values() if number > 1)
    if not missing and not shared:
        return BY_ID
    total = len(raw_entries)
    why = f"of {total} entries {missing} have no id and {shared} one that others have too"
    return Identity(ToldBy.ID_OR_ADDRESS, why)


def http_url(url: str, base: str = "") -> str | None:
    """Return an absolute http or https address, resolved against `base`, or None."""
    url = text.clean(_WHITE.sub("", url[: 2 * text.MAX_URL_CHARS]))
    try:
        absolute = urljoin(base, url) if url else ""
        parts = urlsplit(absolute)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return None
    return absolute if len(absolute) <= text.MAX_URL_CHARS else None


def _entry(raw: RawEntry, *, churning: bool) -> Entry:
    urls = (http_url(link, raw.base) for link in raw.links)
    url = next((found for found in urls if found), None)
    title = text.one_line(raw.title, text.MAX_TITLE_CHARS)
    source_title = text.one_line(raw.source_title, MAX_NAME_CHARS) or None
    if churning and source_title:
        title = title.removesuffix(f" - {source_title}").rstrip() or title
    summary = text.paragraphs(raw.summary or raw.content, text.MAX_SUMMARY_CHARS)
    return Entry(
        id=_own_id(raw.id),
        url=unwrap(url) if url else None,
        title=title,
        # There it only repeats the titles of the item and of its neighbours.
        summary="" if churning else summary,
        content=text.paragraphs(raw.content, text.MAX_CONTENT_CHARS),
        author=text.one_line(raw.author, MAX_NAME_CHARS) or None,
        language=text.language_code(raw.language),
        source_title=source_title,
        source_url=http_url(raw.source_url, raw.base),
        published_at=raw.published_at,
        published_raw=text.one_line(raw.published_raw, 200) or None,
    )


def _own_id(raw_id: str) -> str:
    own = text.one_line(raw_id, MAX_ID_CHARS + 1)
    return own if len(own) <= MAX_ID_CHARS else _hash(raw_id)


def _fallback_id(entry: Entry, is_link_unique: bool) -> str:
    if entry.url and is_link_unique:
        return entry.url
    return _hash(entry.url, entry.title, entry.published_raw, entry.summary[:200])


def _day(entry: Entry) -> str | None:
    return entry.published_at.date().isoformat() if entry.published_at else entry.published_raw


def _hash(*parts: str | None) -> str:
    folded = "\0".join(" ".join((part or "").casefold().split()) for part in parts)
    return "sha256:" + hashlib.sha256(folded.encode()).hexdigest()
