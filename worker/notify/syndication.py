"""Exports for feed readers: Atom and JSON Feed, newest match first, written entry by entry.

Everything that comes from a page is text here: escaped, without control characters, and linked
only if its address is http or https.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from html import escape
from itertools import chain
from typing import Any, TextIO
from xml.sax.saxutils import escape as xml_escape
from xml.sax.saxutils import quoteattr

from lxml import etree

from worker.clock import iso
from worker.locales import _
from worker.notify.about import NOTHING_KNOWN, About
from worker.notify.links import safe_link
from worker.notify.records import match_record
from worker.notify.wording import heading_of, passages_heading, summary, title_of
from worker.records import MatchRow
from worker.words import reason

_ATOM = "http://www.w3.org/2005/Atom"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_FEED_ID = "tag:seedwatch,2026:matches"
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def write_atom(rows: Iterable[MatchRow], out: TextIO, about: About = NOTHING_KNOWN) -> int:
    """Write an Atom feed (RFC 4287); returns the number of entries."""
    newest, found = _with_newest(rows)
    out.write('<?xml version="1.0" encoding="utf-8"?>\n')
    out.write(f'<feed xmlns="{_ATOM}">\n<id>{_FEED_ID}</id>\n')
    out.write(f"<title>{xml_escape(_xml_text(heading_of(about)))}</title>\n")
    if about.selection:
        out.write(f"<subtitle>{xml_escape(_xml_text(about.selection))}</subtitle>\n")
    out.write(f"<updated>{iso(newest)}</updated>\n<author><name>Seedwatch</name></author>\n")
    for relation, url in (("self", about.self_url), ("alternate", about.home_url)):
        if url:
            out.write(f'<link rel="{relation}" href={quoteattr(_xml_text(url))}/>\n')
    count = 0
    for row in found:
        out.write(etree.tostring(_entry(row), encoding="unicode") + "\n")
        count += 1
    out.write("</feed>\n")
    return count


def write_jsonfeed(rows: Iterable[MatchRow], out: TextIO, about: About = NOTHING_KNOWN) -> int:
    """Write a JSON Feed (version 1.1); returns the number of items.

    `_seedwatch` of an item is the whole record, an extension as the format provides for.
    """
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": heading_of(about),
        "description": about.selection or None,
        "home_page_url": about.home_url,
        "feed_url": about.self_url,
    }
    said = {name: value for name, value in head.items() if value is not None}
    out.write(json.dumps(said, ensure_ascii=False, indent=1).removesuffix("\n}") + ',\n "items": [')
    count = 0
    for row in rows:
        item = json.dumps(_item(row, about), ensure_ascii=False)
        out.write(f"{',' if count else ''}\n  {item}")
        count += 1
    out.write("\n ]\n}\n" if count else "]\n}\n")
    return count


def _with_newest(rows: Iterable[MatchRow]) -> tuple[datetime, Iterator[MatchRow]]:
    """When the newest row was found, which an Atom feed says before its entries."""
    following = iter(rows)
    first = next(following, None)
    if first is None:
        return datetime.fromtimestamp(0, UTC), following
    return first.created_at, chain([first], following)


def _entry(row: MatchRow) -> Any:
    entry = etree.Element(f"{{{_ATOM}}}entry", nsmap={None: _ATOM})
    _add(entry, "id", f"{_FEED_ID}/{row.id}")
    title = _add(entry, "title", title_of(row))
    if row.title and _LANGUAGE_TAG.fullmatch(row.language) and row.language != "und":
        title.set(_LANG, row.language)
    _add(entry, "updated", iso(row.created_at) or "")
    if row.published_at:
        _add(entry, "published", iso(row.published_at) or "")
    if url := safe_link(row.url):
        etree.SubElement(entry, f"{{{_ATOM}}}link", href=_xml_text(url))
    if row.author:
        _add(etree.SubElement(entry, f"{{{_ATOM}}}author"), "name", row.author)
    _add(entry, "summary", summary(row))
    _add(entry, "content", _details(row)).set("type", "html")
    etree.SubElement(entry, f"{{{_ATOM}}}category", term=str(row.relation))
    etree.SubElement(entry, f"{{{_ATOM}}}category", term=_xml_text(row.watch))
    return entry


def _item(row: MatchRow, about: About) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": f"{_FEED_ID}/{row.id}",
        "title": title_of(row),
        "content_text": summary(row),
        "content_html": _details(row),
        "date_modified": iso(row.created_at),
        "tags": [str(row.relation), row.watch],
        "_seedwatch": match_record(row, about.watches.get(row.watch)),
    }
    if row.language != "und":
        item["language"] = row.language
    if url := safe_link(row.url):
        item["url"] = url
    if row.author:
        item["authors"] = [{"name": row.author}]
    if row.published_at:
        item["date_published"] = iso(row.published_at)
    return item


def _details(row: MatchRow) -> str:
    """The evidence as plain markup of our own; every text of a page in it is escaped."""
    parts = [f"<p>{escape(summary(row))}</p>"]
    if row.note:
        note = _("Note: %(note)s", note=row.note)
        parts.append(f"<p>{escape(note)}</p>")
    parts += _list(reason(one) for one in row.reasons[1:])
    if row.evidence:
        parts.append(f"<h3>{escape(passages_heading())}</h3>")
        parts += [
            f"<blockquote dir='auto'>{escape(str(pair['article']))}</blockquote>"
            f"<p dir='auto'>{escape(str(pair['seed']))}</p>"
            for pair in row.evidence
        ]
    if row.adds:
        heading = _("No counterpart found in the seeds")
        parts.append(f"<h3>{escape(heading)}</h3>")
        parts += _list(row.adds)
    return "\n".join(parts)


def _list(texts: Iterable[str]) -> list[str]:
    items = "".join(f"<li dir='auto'>{escape(text)}</li>" for text in texts)
    return [f"<ul>{items}</ul>"] if items else []


def _add(parent: Any, name: str, text: str) -> Any:
    child = etree.SubElement(parent, f"{{{_ATOM}}}{name}")
    child.text = _xml_text(text)
    return child


def _xml_text(text: str) -> str:
    return _NOT_XML.sub("", text)
