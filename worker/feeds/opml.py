"""OPML 2.0: lists of feeds, in and out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from lxml import etree

from worker.domain import FeedConfig, FetchPolicy, Outcome, declared_language, feed_url
from worker.errors import ParseError

NAMESPACE: Final = "urn:seedwatch:opml"
"""Of the attributes that OPML has none of its own for; other readers pass over them."""

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FETCH: Final = f"{{{NAMESPACE}}}fetch"
_STATE: Final = f"{{{NAMESPACE}}}state"
_PAUSED: Final = "paused"


@dataclass(frozen=True, slots=True)
class OpmlFeed:
    """A feed of an OPML file, and whether it rests."""

    config: FeedConfig
    is_paused: bool = False


def read_opml(body: bytes) -> list[OpmlFeed]:
    """Read the feeds of an OPML file, nested folders too, each address once.

    Returns:
        All that have an address, in their order; whether it may be fetched is not asked here.

    Raises:
        ParseError: it is not XML, or no OPML.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        # its `msg` says the place; its text says it once more
        raise ParseError(Outcome.FAILED, error.msg or "empty") from error
    if root is None or etree.QName(root).localname.lower() != "opml":
        raise ParseError(Outcome.FAILED, "its root element is not <opml>")
    found: dict[str, OpmlFeed] = {}
    for outline in root.iter("outline"):
        # readers differ in how they write xmlUrl
        values = {str(name).lower(): str(value) for name, value in outline.attrib.items()}
        if values.get("xmlurl", "").strip():
            feed = _feed(values)
            found.setdefault(feed.config.url, feed)
    return list(found.values())


def write_opml(feeds: Sequence[OpmlFeed], now: datetime) -> bytes:
    """Write feeds as OPML 2.0, UTF-8; `read_opml` gives them back.

    Args:
        feeds: in the order to be written.
        now: the date of the file.
    """
    root = etree.Element("opml", {"version": "2.0"}, nsmap={"seedwatch": NAMESPACE})
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = "Seedwatch feeds"
    etree.SubElement(head, "dateCreated").text = format_datetime(now)
    body = etree.SubElement(root, "body")
    for feed in feeds:
        config = feed.config
        values = {
            # OPML wants a text; one that is the address says that there is no title
            "text": config.title or config.url,
            "title": config.title,
            "xmlUrl": config.url,
            "language": config.language or "",
            _FETCH: str(config.fetch) if config.fetch is not FetchPolicy.ALL else "",
            _STATE: _PAUSED if feed.is_paused else "",
        }
        outline = etree.SubElement(body, "outline", {"type": "rss"})
        for name, value in values.items():
            if value:
                outline.set(name, _xml_text(value))
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)
    return written


def _feed(values: Mapping[str, str]) -> OpmlFeed:
    """A feed of an outline's attributes, names in lower case; what means nothing is left out."""
    url = values["xmlurl"]
    title = values.get("title") or values.get("text") or ""
    if feed_url(title) == feed_url(url):
        title = ""
    try:
        language = declared_language(values.get("language", ""))
    except ValueError:  # "unknown" is common
        language = None
    is_triage = values.get(_FETCH) == FetchPolicy.TRIAGE
    fetch = FetchPolicy.TRIAGE if is_triage else FetchPolicy.ALL
    config = FeedConfig(url, title, language, fetch)
    return OpmlFeed(config, is_paused=values.get(_STATE) == _PAUSED)


def _xml_text(text: str) -> str:
    """Text without the characters that no XML can hold, not even escaped (XML 1.0, 2.2)."""
    return _NOT_XML.sub("", text)
