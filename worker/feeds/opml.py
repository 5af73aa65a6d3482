"""OPML 2.0: lists of feeds, in and out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime

from lxml import etree

from worker.domain import FeedConfig, Outcome
from worker.errors import ParseError

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_opml(body: bytes) -> list[FeedConfig]:
    """Read the feeds of an OPML file, nested folders too, each address once.

    Raises:
        ParseError: it is not XML, or no OPML.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise ParseError(Outcome.FAILED, str(error)) from error
    if root is None or etree.QName(root).localname.lower() != "opml":
        raise ParseError(Outcome.FAILED, "its root element is not <opml>")
    found: dict[str, FeedConfig] = {}
    for outline in root.iter("outline"):
        values = {str(name).lower(): str(value) for name, value in outline.attrib.items()}
        url = values.get("xmlurl", "").strip()
        if url.startswith(("http://", "https://")):
            title = values.get("title") or values.get("text") or ""
            found.setdefault(url, FeedConfig(url, title, values.get("language") or None))
    return list(found.values())


def write_opml(feeds: Sequence[FeedConfig], now: datetime) -> bytes:
    """Write feeds as OPML 2.0, UTF-8.

    Args:
        feeds: in the order to be written.
        now: the date of the file.
    """
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = "Seedwatch feeds"
    etree.SubElement(head, "dateCreated").text = format_datetime(now)
    body = etree.SubElement(root, "body")
    for feed in feeds:
        outline = etree.SubElement(body, "outline", type="rss")
        outline.set("text", _xml_text(feed.title or feed.url))
        outline.set("xmlUrl", _xml_text(feed.url))
        if feed.language:
            outline.set("language", _xml_text(feed.language))
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)
    return written


def _xml_text(text: str) -> str:
    """Text without the characters that no XML can hold, not even escaped (XML 1.0, 2.2)."""
    return _NOT_XML.sub("", text)
