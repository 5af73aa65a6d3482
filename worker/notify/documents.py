"""Exports for readers: an Atom feed, a JSON Feed, and a Markdown press review.

Everything that comes from a page is text here: escaped, without control characters, and linked
only if its address is http or https.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from lxml import etree

from worker.clock import iso
from worker.notify.formats import write_csv, write_jsonl
from worker.records import MatchRow

_ATOM = "http://www.w3.org/2005/Atom"
_FEED_ID = "tag:seedwatch,2026:matches"
_TITLE = "Seedwatch matches"
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~])")
_IN_WORDS = {
    "copy": "copy",
    "translation": "translation",
    "same_event": "same event",
    "same_topic": "same topic",
    "unrelated": "near miss",
}


def write_atom(rows: Iterable[MatchRow], out: TextIO) -> int:
    """Write an Atom feed (RFC 4287), newest match first; returns the number of entries."""
    found = list(rows)
    feed = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})
    _add(feed, "id", _FEED_ID)
    _add(feed, "title", _TITLE)
    latest = max((row.created_at for row in found), default=datetime.fromtimestamp(0, UTC))
    _add(feed, "updated", iso(latest) or "")
    _add(etree.SubElement(feed, f"{{{_ATOM}}}author"), "name", "Seedwatch")
    for row in found:
        entry = etree.SubElement(feed, f"{{{_ATOM}}}entry")
        _add(entry, "id", f"{_FEED_ID}/{row.id}")
        _add(entry, "title", row.title or "(no title)")
        _add(entry, "updated", iso(row.created_at) or "")
        if row.published_at:
            _add(entry, "published", iso(row.published_at) or "")
        if url := _safe_url(row):
            etree.SubElement(entry, f"{{{_ATOM}}}link", href=_xml_text(url))
        _add(entry, "summary", _summary(row))
        etree.SubElement(entry, f"{{{_ATOM}}}category", term=str(row.relation))
    text = etree.tostring(feed, encoding="unicode", pretty_print=True)
    out.write('<?xml version="1.0" encoding="utf-8"?>\n' + text)
    return len(found)


def write_jsonfeed(rows: Iterable[MatchRow], out: TextIO) -> int:
    """Write a JSON Feed (version 1.1), newest match first; returns the number of items."""
    items = [_jsonfeed_item(row) for row in rows]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": _TITLE, "items": items}
    json.dump(feed, out, ensure_ascii=False, indent=1)
    out.write("\n")
    return len(items)


def write_markdown(rows: Iterable[MatchRow], out: TextIO) -> int:
    """Write a press review as Markdown, newest match first; returns the number of matches."""
    count = 0
    out.write(f"# {_TITLE}\n")
    for row in rows:
        count += 1
        title = _markdown_text(row.title or "(no title)")
        url = _safe_url(row)
        out.write(f"\n## {f'[{title}](<{_link_target(url)}>)' if url else title}\n\n")
        out.write(f"{_markdown_text(_summary(row))}\n")
        for reason in row.reasons:
            out.write(f"- {_markdown_text(reason)}\n")
        if row.adds:
            out.write("\nNo counterpart found in the seeds for:\n\n")
            for addition in row.adds:
                out.write(f"- {_markdown_text(addition)}\n")
    return count


FORMATS: Mapping[str, Callable[[Iterable[MatchRow], TextIO], int]] = {
    "jsonl": write_jsonl,
    "csv": write_csv,
    "atom": write_atom,
    "jsonfeed": write_jsonfeed,
    "markdown": write_markdown,
}


def _summary(row: MatchRow) -> str:
    """Relation, score, outlet, language and date in one line, with the first reason."""
    parts = [
        f"{_IN_WORDS[row.relation]} ({row.score:.2f})",
        row.outlet or "",
        row.language,
        f"{row.published_at:%Y-%m-%d}" if row.published_at else "",
        f"verdict: {row.verdict}" if row.verdict else "",
    ]
    line = " · ".join(part for part in parts if part)
    return f"{line}. {row.reasons[0]}" if row.reasons else line


def _jsonfeed_item(row: MatchRow) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": str(row.id),
        "title": row.title,
        "content_text": _summary(row),
        "language": row.language,
        "date_modified": iso(row.created_at),
        "tags": [str(row.relation), row.watch],
    }
    if url := _safe_url(row):
        item["url"] = url
    if row.published_at:
        item["date_published"] = iso(row.published_at)
    return item


def _safe_url(row: MatchRow) -> str | None:
    url = row.url or ""
    return url if url.lower().startswith(("http://", "https://")) else None


def _add(parent: Any, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{_ATOM}}}{name}").text = _xml_text(text)


def _xml_text(text: str) -> str:
    return _NOT_XML.sub("", text)


def _markdown_text(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _link_target(url: str) -> str:
    return url.replace("<", "%3C").replace(">", "%3E").replace("\n", "").replace(" ", "%20")
