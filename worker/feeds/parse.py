"""The door of the room: bytes of any feed -> `ParsedFeed`, or a `ParseError` and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from worker.domain import Outcome, ParsedFeed
from worker.errors import ParseError
from worker.feeds import text
from worker.feeds.defences import MAX_FEED_BYTES
from worker.feeds.encoding import decode, unpacked
from worker.feeds.entries import RawFeed, build_entries, http_url, identity_of
from worker.feeds.json_feed import looks_like_json, read_json_feed
from worker.feeds.sitemap import looks_like_sitemap, read_sitemap
from worker.feeds.xml_feed import read_xml_feed

MAX_ENTRIES: Final = 1_000

# A feed's outermost element, or what is left of a feed that begins in the middle.
_FEED_MARKUP = re.compile(
    r"<(?:[A-Za-z][\w.-]*:)?(?:rss|rdf|feed|channel|item|entry)[\s/>]", re.IGNORECASE
)
_CLOSED = re.compile(
    r"</(?:[A-Za-z][\w.-]*:)?(?:rss|rdf|feed|channel|urlset|sitemapindex)\s*>", re.IGNORECASE
)
_HTML = re.compile(r"\s*(?:<!--.{0,5000}?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.S)
_LINK_HEADER = re.compile(r"<([^<>]{1,2048})>([^<>]{0,500})")
_REL = re.compile(r"""\brel\s*=\s*"?([a-z\s]{1,50})""", re.IGNORECASE)


def parse_feed(
    body: bytes,
    *,
    url: str,
    now: datetime,
    content_type: str = "",
    headers: Mapping[str, str] | None = None,
    max_entries: int = MAX_ENTRIES,
) -> ParsedFeed:
    """Parse a feed: RSS 0.9x, 1.0, 2.0, Atom, JSON Feed or news sitemap, well-formed or not.

    Pure, so that it can run in a child process that may be killed.

    Args:
        body: as fetched, decoded from its content encoding; may be a gzip file itself.
        url: the address that it was fetched from, for relative links and per-site rules.
        now: dates from 1970 to two days after it are believed.
        content_type: the HTTP header. Only its charset counts: media types lie.
        headers: of the answer, names in lower case; `link` may name a hub, and `content-type`
            goes before `content_type`, which may have lost its charset.
        max_entries: the cap; entries over it are counted in `overflow`.

    Returns:
        The feed; without entries if it is an empty one.

    Raises:
        ParseError: NOT_A_FEED (a page, another format, nothing), TOO_LARGE, TOO_COMPLEX (hostile
            markup), FAILED (the parser broke).
    """
    if len(body) > MAX_FEED_BYTES:
        raise ParseError(Outcome.TOO_LARGE, f"{len(body)} bytes, at most {MAX_FEED_BYTES}")
    body = unpacked(body, MAX_FEED_BYTES)
    headers = headers or {}
    source, wrong_encoding = decode(body, headers.get("content-type", content_type))
    if not source.strip():
        raise ParseError(Outcome.NOT_A_FEED, "empty")
    if looks_like_json(source):
        raw = read_json_feed(source, url=url, now=now, max_entries=max_entries)
    elif looks_like_sitemap(source):
        raw = read_sitemap(source, url=url, now=now, max_entries=max_entries)
    else:
        if _HTML.match(source) or not _FEED_MARKUP.search(source):
            raise ParseError(Outcome.NOT_A_FEED, "no feed markup")
        raw = read_xml_feed(source, url=url, now=now, max_entries=max_entries)
    is_cut = bool(raw.bozo) and not _CLOSED.search(source[-1_000:])
    return replace(_feed(raw, url, headers, wrong_encoding), is_cut=is_cut)


def _feed(
    raw: RawFeed, url: str, headers: Mapping[str, str], wrong_encoding: str | None
) -> ParsedFeed:
    linked = _linked(headers.get("link", ""), url)
    return ParsedFeed(
        title=text.one_line(raw.title, text.MAX_TITLE_CHARS),
        language=text.language_code(raw.language),
        entries=build_entries(raw.entries, feed_url=url),
        overflow=raw.overflow,
        ttl_s=raw.ttl_s,
        bozo=text.one_line(raw.bozo or wrong_encoding or "", 300) or None,
        site_url=http_url(raw.site_url, url),
        hub_url=linked.get("hub") or http_url(raw.hub_url, url),
        self_url=linked.get("self") or http_url(raw.self_url, url),
        children=raw.children,
        identity=identity_of(raw.entries, feed_url=url),
    )


def _linked(header: str, url: str) -> dict[str, str]:
    """Read the relations of a Link header (RFC 8288) that name http addresses."""
    found: dict[str, str] = {}
    for target, parameters in _LINK_HEADER.findall(header[:20_000]):
        rel = _REL.search(parameters)
        absolute = http_url(target, url)
        for name in rel[1].lower().split() if rel and absolute else ():
            found.setdefault(name, absolute or "")
    return found
