"""The feeds that a page names: from a site's address to its feeds."""

from __future__ import annotations

from typing import Final
from urllib.parse import urljoin

from lxml import etree

from worker.feeds.defences import is_tame_markup
from worker.feeds.encoding import decode
from worker.feeds.entries import http_url
from worker.feeds.text import clean

MAX_FEEDS: Final = 50
MAX_PAGE_CHARS: Final = 2_000_000
# Better flavours first: full dates and ids in Atom and RSS, JSON seldom the main feed.
_TYPES: Final = {
    "application/rss+xml": 0,
    "application/atom+xml": 0,
    "application/rdf+xml": 1,
    "application/feed+json": 2,
    "application/json": 3,
    "text/xml": 3,
    "application/xml": 3,
}


def find_feeds(html: bytes, url: str, content_type: str = "") -> list[str]:
    """Return the addresses of the feeds that a page links to, likeliest first.

    Args:
        html: the page.
        url: its address, for relative links.
        content_type: its HTTP header, for its charset.

    Returns:
        Absolute http addresses, feeds of comments last; empty for what is no page. Never raises.
    """
    text = clean(decode(html, content_type)[0][:MAX_PAGE_CHARS])
    if not text.strip() or not is_tame_markup(text):
        return []
    try:
        root = etree.fromstring(text.encode(), etree.HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError):
        return []
    if root is None:
        return []
    base = url
    found: dict[str, tuple[int, int]] = {}
    for element in root.iter("base", "link"):
        href = (element.get("href") or "").strip()
        if element.tag == "base":
            base = _joined(url, href) if href and base == url else base
            continue
        rank = _rank(element.get("rel"), element.get("type"), element.get("title"), href)
        address = http_url(href, base)
        if rank is not None and address:
            found.setdefault(address, (rank, len(found)))
    return sorted(found, key=found.__getitem__)[:MAX_FEEDS]


def _rank(rel: str | None, kind: str | None, title: str | None, href: str) -> int | None:
    rels = (rel or "").lower().split()
    media_type = (kind or "").partition(";")[0].strip().lower()
    if not href or media_type not in _TYPES or not {"alternate", "feed"} & set(rels):
        return None
    # WordPress' API and oEmbed are alternates, too.
    if media_type == "application/json" and "feed" not in href.lower():
        return None
    is_comments = "comment" in (title or "").lower() or "/comments/" in href.lower()
    return _TYPES[media_type] + (10 if is_comments else 0)


def _joined(url: str, href: str) -> str:
    try:
        return urljoin(url, href)
    except ValueError:
        return url
