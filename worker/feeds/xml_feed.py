"""RSS 0.9x, 1.0 and 2.0, Atom and CDF, by feedparser."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Final
from xml.sax import SAXException, SAXParseException

import feedparser

from worker.domain import Outcome
from worker.errors import ParseError
from worker.feeds import text
from worker.feeds.dates import from_parsed
from worker.feeds.defences import MAX_LINKS_AN_ITEM, tame
from worker.feeds.entries import RawEntry, RawFeed

_DECLARATION: Final = "<?xml version='1.0' encoding='utf-8'?>\n"
_UPDATE_PERIODS_S: Final = {
    "hourly": 3_600.0, "daily": 86_400.0, "weekly": 604_800.0, "monthly": 2_592_000.0,
    "yearly": 31_536_000.0,
}  # fmt: skip

# Named one by one instead of Exception: a time limit of the task queue is an Exception, too, and
# must end the task, not the feed. re.error and the errors of codecs and expat are among these.
_PARSER_ERRORS: Final = (
    ArithmeticError, AssertionError, AttributeError, LookupError, NameError, OSError, TypeError,
    ValueError, re.error, SAXException,
)  # fmt: skip


def read_xml_feed(source: str, *, url: str, now: datetime, max_entries: int) -> RawFeed:
    """Read a feed in XML, well-formed or not.

    Args:
        source: the feed, decoded.
        url: the address that it was fetched from, for relative links.
        now: bounds the dates that are believed.
        max_entries: further ones are counted, not read.

    Raises:
        ParseError: NOT_A_FEED, TOO_COMPLEX, or FAILED where feedparser itself breaks.
    """
    tamed = tame(source, max_items=max_entries)
    parsed = _parse(_DECLARATION + tamed.text)
    if not parsed.get("version") and not parsed.entries:
        raise ParseError(Outcome.NOT_A_FEED, "no feed markup")
    feed = parsed.feed
    language = text.language_code(_text(feed.get("language")))
    is_atom = str(parsed.get("version", "")).startswith("atom")
    links = _dicts(feed.get("links"))
    bozo = parsed.get("bozo_exception") if parsed.get("bozo") else None
    entries = parsed.entries[:max_entries]
    return RawFeed(
        title=_plain(feed, "title", is_atom=is_atom),
        language=language,
        entries=tuple(_entry(entry, url, now, (language, is_atom)) for entry in entries),
        overflow=tamed.dropped + len(parsed.entries) - len(entries),
        ttl_s=_ttl_s(feed),
        bozo=_complaint(bozo)[:300] if bozo else None,
        site_url=_text(feed.get("link")),
        hub_url=_link(links, "hub"),
        self_url=_link(links, "self"),
    )


def _parse(source: str) -> Any:
    try:
        return feedparser.parse(
            io.BytesIO(source.encode()),
            # No content-location: with it, every <guid> would be taken for a relative link.
            response_headers={"content-type": "application/xml"},
            # Markup is stripped here, entry by entry; feedparser's own cleaning costs half of its
            # time, lets `java&#9;script:` through and is where hostile markup makes it hang.
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except RecursionError as error:
        raise ParseError(Outcome.TOO_COMPLEX, "nested too deeply") from error
    except MemoryError as error:
        raise ParseError(Outcome.TOO_COMPLEX, "takes too much memory") from error
    except _PARSER_ERRORS as error:
        # feedparser passes on whatever its handlers stumble over (#599).
        raise ParseError(Outcome.FAILED, f"the parser broke on it: {error}"[:300]) from error


def _complaint(bozo: Exception) -> str:
    """What the parser says of a feed that is not well-formed, and where."""
    if isinstance(bozo, SAXParseException):
        # our own declaration stands on a line before the first
        line = (bozo.getLineNumber() or 1) - 1
        return f"not well-formed: line {line}, column {bozo.getColumnNumber()}: {bozo.getMessage()}"
    return f"not well-formed: {bozo}"


def _entry(
    entry: Mapping[str, Any], url: str, now: datetime, feed: tuple[str | None, bool]
) -> RawEntry:
    feed_language, is_atom = feed
    language = _language(entry) or feed_language
    raw, parsed = _date(entry)
    source = entry.get("source")
    source = source if isinstance(source, Mapping) else {}
    content = max((_detail_text(part, is_atom) for part in _dicts(entry.get("content"))),
                  key=len, default="")  # fmt: skip
    return RawEntry(
        id=_text(entry.get("id")),
        title=_plain(entry, "title", is_atom=is_atom),
        base=url,
        links=tuple(islice(_links(entry), MAX_LINKS_AN_ITEM)),
        summary=_plain(entry, "summary", is_atom=is_atom),
        content=content,
        author=text.decode_references(_text(entry.get("author"))),
        language=language,
        # Bing News names the outlet in an element of its own.
        source_title=text.to_text(_text(source.get("title")) or _text(entry.get("news_source"))),
        source_url=_text(source.get("href")) or _text(source.get("link")),
        published_at=from_parsed(parsed, raw, now, language),
        published_raw=raw,
    )


def _links(entry: Mapping[str, Any]) -> Iterable[str]:
    """Yield candidates for the article's address, best first."""
    yield _text(entry.get("feedburner_origlink"))
    link, own_id = _text(entry.get("link")), _text(entry.get("id"))
    # feedparser takes a <guid> for the link if there is none; it may be no address at all.
    if link != own_id or own_id.lower().startswith(("http://", "https://")):
        yield link
    links = _dicts(entry.get("links"))
    yield from (_text(link.get("href")) for link in links if link.get("rel") == "alternate")
    yield from (_text(link.get("href")) for link in links if link.get("rel") == "self")


def _date(entry: Mapping[str, Any]) -> tuple[str, object]:
    for name in ("published", "updated", "created"):
        # asked first: feedparser gives `published` for a missing `updated`, and a warning
        raw = _text(entry.get(name)) if name in entry else ""
        if raw:
            return raw, entry.get(f"{name}_parsed")
    return "", None


def _language(entry: Mapping[str, Any]) -> str | None:
    details = [entry.get("title_detail"), entry.get("summary_detail"), *_list(entry.get("content"))]
    codes = (text.language_code(detail.get("language")) for detail in _dicts(details))
    return next((code for code in codes if code), None)


def _plain(item: Mapping[str, Any], name: str, *, is_atom: bool) -> str:
    detail = item.get(f"{name}_detail")
    if isinstance(detail, Mapping) and _text(detail.get("value")) == _text(item.get(name)):
        return _detail_text(detail, is_atom)
    return text.to_text(_text(item.get(name)))


def _detail_text(detail: Mapping[str, Any], is_atom: bool) -> str:
    value = _text(detail.get("value"))
    # Atom says what is markup; in RSS everything may be.
    is_plain = is_atom and detail.get("type") == "text/plain"
    return text.plain_lines(value) if is_plain else text.to_text(value)


def _ttl_s(feed: Mapping[str, Any]) -> float | None:
    ttl = _text(feed.get("ttl")).strip()
    if ttl.isascii() and ttl.isdigit() and int(ttl[:9]) > 0:
        return float(ttl[:9]) * 60.0
    period_s = _UPDATE_PERIODS_S.get(_text(feed.get("sy_updateperiod")).strip().lower())
    if period_s is None:
        return None
    frequency = _text(feed.get("sy_updatefrequency")).strip()
    often = int(frequency[:6]) if frequency.isascii() and frequency.isdigit() else 1
    return period_s / max(1, often)


def _link(links: list[Mapping[str, Any]], rel: str) -> str:
    return next((_text(link.get("href")) for link in links if link.get("rel") == rel), "")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(values: object) -> list[Mapping[str, Any]]:
    return [value for value in _list(values) if isinstance(value, Mapping)]
