"""News sitemaps (Google's extension of sitemaps.org): the feed of sites that have no other.

They list what was published in the last two days. An index names further sitemaps; one level of
them is followed, by whoever can fetch (`ParsedFeed.children`).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from lxml import etree

from worker.domain import Outcome
from worker.errors import ParseError
from worker.feeds import text
from worker.feeds.dates import from_iso
from worker.feeds.defences import after_prolog, tame
from worker.feeds.entries import RawEntry, RawFeed, http_url

MAX_CHILDREN: Final = 5
NO_NEWS: Final = "a sitemap without news; give the address of a feed or of a news sitemap"
"""What is said of a plain sitemap. An index has such ones beside those with news."""
_ROOT = re.compile(r"<(?:[A-Za-z][\w.-]*:)?(urlset|sitemapindex)[\s/>]")


def looks_like_sitemap(source: str) -> bool:
    """Whether the outermost element is a sitemap's or an index's."""
    return _ROOT.match(source, after_prolog(source)) is not None


def read_sitemap(source: str, *, url: str, now: datetime, max_entries: int) -> RawFeed:
    """Read a news sitemap or an index of sitemaps.

    Args:
        source: the sitemap, decoded.
        url: the address that it was fetched from.
        now: bounds the dates that are believed.
        max_entries: further ones are counted, not read.

    Raises:
        ParseError: NOT_A_FEED for a sitemap without news, TOO_COMPLEX for a hostile one.
    """
    root, bozo = _parse(tame(source, max_items=max_entries).text)
    if _name(root) == "sitemapindex":
        children = _children(root, url)
        if not children:
            raise ParseError(Outcome.NOT_A_FEED, "an index that names no sitemap")
        return RawFeed("", None, (), bozo=bozo, children=children)
    items = [(item, news) for item in root if (news := _child(item, "news")) is not None]
    if not items and len(root):
        raise ParseError(Outcome.NOT_A_FEED, NO_NEWS)
    entries = tuple(_entry(item, news, url, now) for item, news in items[:max_entries])
    return RawFeed(
        title=entries[0].source_title if entries else "",
        language=entries[0].language if entries else None,
        entries=entries,
        overflow=max(0, len(items) - max_entries),
        bozo=bozo,
    )


def _parse(source: str) -> tuple[Any, str | None]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    try:
        root = etree.fromstring(source.encode(), parser)
    except (etree.LxmlError, ValueError) as error:
        raise ParseError(Outcome.NOT_A_FEED, str(error)[:300]) from error
    if root is None:
        raise ParseError(Outcome.NOT_A_FEED, "no markup left")
    errors = parser.error_log
    if not len(errors):
        return root, None
    return root, f"not well-formed: line {errors[0].line}: {errors[0].message}"[:300]


def _children(root: Any, url: str) -> tuple[str, ...]:
    """The sitemaps of an index that are most likely news: by name, then the latest changed."""
    found: dict[str, tuple[bool, str]] = {}
    for item in root:
        address = http_url(_text_of(item, "loc"), url)
        if address:
            is_news = "news" in urlsplit(address).path.lower()
            found.setdefault(address, (is_news, _text_of(item, "lastmod")))
    # sorting is stable: without dates, the order is the site's own
    return tuple(sorted(found, key=found.__getitem__, reverse=True)[:MAX_CHILDREN])


def _entry(item: Any, news: Any, url: str, now: datetime) -> RawEntry:
    publication = _child(news, "publication")
    published = _text_of(news, "publication_date") or _text_of(item, "lastmod")
    address = _text_of(item, "loc")
    return RawEntry(
        id=address,
        title=text.to_text(_text_of(news, "title")),
        base=url,
        links=(address,),
        language=_text_of(publication, "language") or None,
        source_title=text.to_text(_text_of(publication, "name")),
        published_at=from_iso(published, now),
        published_raw=published,
    )


def _child(element: Any, name: str) -> Any:
    if element is None:
        return None
    return next((child for child in element if _name(child) == name), None)


def _text_of(element: Any, name: str) -> str:
    child = _child(element, name)
    return (child.text or "").strip() if child is not None else ""


def _name(element: Any) -> str:
    """The local name; whatever namespaces a site uses or forgets to declare."""
    tag = element.tag if isinstance(element.tag, str) else ""
    return tag.rpartition("}")[2].rpartition(":")[2].lower()
