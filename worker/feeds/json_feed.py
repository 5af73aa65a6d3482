"""JSON Feed 1.0 and 1.1 (jsonfeed.org)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from worker.domain import Outcome
from worker.errors import ParseError
from worker.feeds import text
from worker.feeds.dates import from_iso
from worker.feeds.entries import RawEntry, RawFeed

_VERSION: Final = "jsonfeed.org/version/"


def looks_like_json(text_: str) -> bool:
    """Whether a feed's text can be JSON at all."""
    return text_.lstrip()[:1] == "{"


def read_json_feed(source: str, *, url: str, now: datetime, max_entries: int) -> RawFeed:
    """Read a JSON Feed.

    Args:
        source: the feed, decoded.
        url: the address that it was fetched from, for relative links.
        now: bounds the dates that are believed.
        max_entries: further ones are counted, not read.

    Raises:
        ParseError: NOT_A_FEED for other JSON, TOO_COMPLEX if it cannot be read at all.
    """
    try:
        feed = json.loads(source)
    except RecursionError as error:
        raise ParseError(Outcome.TOO_COMPLEX, "JSON nested too deeply") from error
    except ValueError as error:
        raise ParseError(Outcome.NOT_A_FEED, "begins like JSON, but is none") from error
    if not isinstance(feed, dict) or _VERSION not in _text(feed.get("version")):
        raise ParseError(Outcome.NOT_A_FEED, "JSON, but no JSON Feed")
    items = [item for item in _list(feed.get("items")) if isinstance(item, dict)]
    hubs = [hub for hub in _list(feed.get("hubs")) if isinstance(hub, dict)]
    base = _text(feed.get("feed_url")) or url
    language = _text(feed.get("language"))
    return RawFeed(
        title=text.plain_lines(_text(feed.get("title"))),
        language=language or None,
        entries=tuple(_entry(item, base, now, language) for item in items[:max_entries]),
        overflow=max(0, len(items) - max_entries),
        site_url=_text(feed.get("home_page_url")),
        hub_url=next((_text(hub.get("url")) for hub in hubs), ""),
        self_url=_text(feed.get("feed_url")),
    )


def _entry(item: dict[str, Any], base: str, now: datetime, language: str) -> RawEntry:
    plain = text.plain_lines(_text(item.get("content_text")))
    content = text.to_text(_text(item.get("content_html"))) or plain
    published = _text(item.get("date_published")) or _text(item.get("date_modified"))
    authors = [*_list(item.get("authors")), item.get("author")]
    own_id = _text(item.get("id"))
    names = [_text(author.get("name")) for author in authors if isinstance(author, dict)]
    return RawEntry(
        id=own_id,
        # A micropost has no title; its text is all there is to tell it by.
        title=text.plain_lines(_text(item.get("title"))) or content[:200],
        base=base,
        links=(
            _text(item.get("url")),
            _text(item.get("external_url")),
            # "ideally the full URL of the resource"; any other id is no address, relative or not
            own_id if own_id.lower().startswith(("http://", "https://")) else "",
        ),
        summary=text.plain_lines(_text(item.get("summary"))),
        content=content,
        author=", ".join(name for name in names if name),
        language=_text(item.get("language")) or language or None,
        published_at=from_iso(published, now),
        published_raw=published,
    )


def _text(value: object) -> str:
    """Return a string; ids may be numbers, as the specification asks readers to accept."""
    if isinstance(value, str):
        return value
    return str(value)[:50] if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
