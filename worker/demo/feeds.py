"""An outlet's feed in its format: RSS 2.0, Atom, RSS 1.0 or JSON Feed 1.1."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import format_datetime
from urllib.parse import quote

from worker.demo.content import DemoArticle, DemoOutlet, FeedFormat

TRACKING = "utm_source=rss&utm_medium=feed"


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A feed as it goes over the wire."""

    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class FeedSource:
    """What a feed is made of: an outlet, the articles it lists and where the site lives."""

    outlet: DemoOutlet
    articles: tuple[DemoArticle, ...]
    base_url: str

    @property
    def home_url(self) -> str:
        """The outlet's front page."""
        return f"{self.base_url}/{self.outlet.slug}/"

    @property
    def url(self) -> str:
        """The feed's own address."""
        return f"{self.home_url}feed"

    def link(self, article: DemoArticle) -> str:
        """The article's address as this feed gives it, with tracking where the outlet tracks."""
        address = article_url(self.base_url, article)
        return f"{address}?{TRACKING}" if self.outlet.tracking else address


def article_url(base_url: str, article: DemoArticle) -> str:
    """The article's canonical address, percent-encoded."""
    return base_url + quote(article.path)


def feed_document(source: FeedSource) -> FeedDocument:
    """Write the outlet's feed in the outlet's format."""
    return _WRITERS[source.outlet.feed](source)


def _add(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, attributes)
    element.text = text or None
    return element


def _xml(content_type: str, root: ET.Element) -> FeedDocument:
    ET.indent(root)
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return FeedDocument(f"{content_type}; charset=utf-8", body)


def _rss2(source: FeedSource) -> FeedDocument:
    outlet = source.outlet
    root = ET.Element(
        "rss",
        {
            "version": "2.0",
            "xmlns:atom": "http://www.w3.org/2005/Atom",
            "xmlns:dc": "http://purl.org/dc/elements/1.1/",
        },
    )
    channel = _add(root, "channel")
    _add(channel, "title", outlet.title)
    _add(channel, "link", source.home_url)
    _add(channel, "description", outlet.tagline)
    if outlet.language:
        _add(channel, "language", outlet.language)
    _add(channel, "atom:link", href=source.url, rel="self", type="application/rss+xml")
    for article in source.articles:
        item = _add(channel, "item")
        _add(item, "title", article.title)
        _add(item, "link", source.link(article))
        _add(item, "guid", f"{article.outlet}:{article.id}", isPermaLink="false")
        _add(item, "pubDate", format_datetime(article.published_at))
        _add(item, "dc:creator", article.byline)
        for tag in article.tags:
            _add(item, "category", tag)
        _add(item, "description", article.summary)
    return _xml("application/rss+xml", root)


def _atom(source: FeedSource) -> FeedDocument:
    outlet = source.outlet
    root = ET.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom"})
    if outlet.language:
        root.set("xml:lang", outlet.language)
    _add(root, "title", outlet.title)
    _add(root, "subtitle", outlet.tagline)
    _add(root, "id", f"tag:{outlet.slug}.example,2026:feed")
    _add(root, "updated", source.articles[0].published_at.isoformat())
    _add(root, "link", href=source.url, rel="self", type="application/atom+xml")
    _add(root, "link", href=source.home_url, rel="alternate", type="text/html")
    for article in source.articles:
        entry = ET.SubElement(root, "entry", {"xml:lang": article.language})
        _add(entry, "title", article.title)
        _add(entry, "id", f"tag:{article.outlet}.example,2026:{article.id}")
        _add(entry, "link", href=source.link(article), rel="alternate", type="text/html")
        _add(entry, "published", article.published_at.isoformat())
        _add(entry, "updated", article.published_at.isoformat())
        _add(_add(entry, "author"), "name", article.byline)
        for tag in article.tags:
            _add(entry, "category", term=tag)
        _add(entry, "summary", article.summary)
    return _xml("application/atom+xml", root)


def _rss1(source: FeedSource) -> FeedDocument:
    outlet = source.outlet
    root = ET.Element(
        "rdf:RDF",
        {
            "xmlns": "http://purl.org/rss/1.0/",
            "xmlns:rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
            "xmlns:dc": "http://purl.org/dc/elements/1.1/",
        },
    )
    channel = ET.SubElement(root, "channel", {"rdf:about": source.url})
    _add(channel, "title", outlet.title)
    _add(channel, "link", source.home_url)
    _add(channel, "description", outlet.tagline)
    if outlet.language:
        _add(channel, "dc:language", outlet.language)
    order = _add(_add(channel, "items"), "rdf:Seq")
    for article in source.articles:
        link = source.link(article)
        ET.SubElement(order, "rdf:li", {"rdf:resource": link})
        item = ET.SubElement(root, "item", {"rdf:about": link})
        _add(item, "title", article.title)
        _add(item, "link", link)
        _add(item, "description", article.summary)
        _add(item, "dc:date", article.published_at.isoformat())
        _add(item, "dc:creator", article.byline)
        _add(item, "dc:language", article.language)
    return _xml("application/rdf+xml", root)


def _jsonfeed(source: FeedSource) -> FeedDocument:
    outlet = source.outlet
    document: dict[str, object] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.title,
        "description": outlet.tagline,
        "home_page_url": source.home_url,
        "feed_url": source.url,
        "items": [
            {
                "id": f"{article.outlet}:{article.id}",
                "url": source.link(article),
                "title": article.title,
                "summary": article.summary,
                "content_text": article.summary,
                "date_published": article.published_at.astimezone(UTC).isoformat(),
                "authors": [{"name": article.byline}],
                "tags": list(article.tags),
                "language": article.language,
            }
            for article in source.articles
        ],
    }
    if outlet.language:
        document["language"] = outlet.language
    body = json.dumps(document, ensure_ascii=False, indent=1).encode()
    return FeedDocument("application/feed+json; charset=utf-8", body)


_WRITERS: dict[FeedFormat, Callable[[FeedSource], FeedDocument]] = {
    FeedFormat.RSS2: _rss2,
    FeedFormat.ATOM: _atom,
    FeedFormat.RSS1: _rss1,
    FeedFormat.JSONFEED: _jsonfeed,
}
