"""Compare with feedparser on folders of feeds: python -m bench.other_feeds FOLDER ... [--list]

For test feeds of other projects, which lie outside of this one. Every file is parsed by our parser
and by feedparser as it comes. Told are: files in which we have fewer entries (`lost`), entries
whose id, address and title are none of ours (`differ`), and whatever ours raised but a ParseError.
A file may begin with a comment that names its HTTP header, as feedparser's own do (`Header: ...`).
"""

from __future__ import annotations

import argparse
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser

from worker.domain import ParsedFeed
from worker.errors import ParseError
from worker.feeds import parse_feed
from worker.feeds.entries import http_url
from worker.feeds.text import MAX_TITLE_CHARS, one_line, to_text

SUFFIXES = frozenset({".xml", ".rss", ".atom", ".rdf", ".feed", ".json", ".txt", ".html"})
URL = "http://feeds.test/feed.xml"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
_HEADER = re.compile(rb"^Header:\s+([\w-]+):\s*(.*?)\s*$", re.MULTILINE | re.IGNORECASE)


@dataclass
class Tally:
    """What came of the files of a folder."""

    files: int = 0
    entries: int = 0
    ours: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    raised: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    differ: list[str] = field(default_factory=list)


def headers_of(body: bytes) -> dict[str, str]:
    """The HTTP headers that a test's leading comment names."""
    found = _HEADER.findall(body[:2_000])
    return {name.decode().lower(): value.decode("latin-1") for name, value in found}


def theirs(body: bytes, headers: dict[str, str]) -> list[Any]:
    """The entries that feedparser finds; none where it breaks."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return list(feedparser.parse(body, response_headers=dict(headers)).entries)
    except Exception:  # noqa: BLE001 - its breaking is what we are not measured by
        return []


def missing(entries: list[Any], feed: ParsedFeed | None) -> int:
    """How many of feedparser's entries we do not have; those that are alike in all count once."""
    distinct = {(e.get("id"), e.get("link"), e.get("title"), e.get("summary")) for e in entries}
    return max(0, len(distinct) - (len(feed.entries) + feed.overflow if feed else 0))


def different(entries: list[Any], feed: ParsedFeed) -> list[str]:
    """Those of feedparser's entries whose id, address and title are none of ours."""
    known = {value for entry in feed.entries for value in (entry.id, entry.url, entry.title)}
    found = []
    for entry in entries:
        title = one_line(to_text(entry.get("title", "")), MAX_TITLE_CHARS)
        marks = {entry.get("id"), http_url(entry.get("link", ""), URL), title} - {None, ""}
        if marks and not marks & known:
            found.append(str(sorted(map(str, marks)))[:100])
    return found


def compare(path: Path, tally: Tally) -> None:
    body = path.read_bytes()
    headers = headers_of(body)
    feed, outcome = None, "ok"
    try:
        feed = parse_feed(body, url=URL, now=NOW, headers=headers)
    except ParseError as error:
        outcome = str(error.outcome)
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        outcome = "raised"
        tally.raised.append(f"{path}: {error!r}")
    entries = theirs(body, headers)
    tally.files += 1
    tally.entries += len(entries)
    tally.ours += len(feed.entries) if feed else 0
    tally.outcomes[outcome] += 1
    if missing(entries, feed):
        tally.lost.append(f"lost: {path}: {missing(entries, feed)} of {len(entries)}")
    if feed is not None:
        tally.differ += [f"differs: {path}: {one}" for one in different(entries, feed)]


def files_in(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix.lower() in SUFFIXES and ".git" not in path.parts:
            yield path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--list", action="store_true", help="name every file that is told of")
    options = parser.parse_args()
    columns = ("files", "feedparser", "ours", "lost", "differ", "raised")
    print(f"{'':28}" + "".join(f"{name:>11}" for name in columns) + "  outcomes")
    for folder in options.folders:
        tally = Tally()
        for path in files_in(folder):
            compare(path, tally)
        told = ", ".join(f"{count} {name}" for name, count in tally.outcomes.most_common())
        counts = (tally.files, tally.entries, tally.ours, len(tally.lost), len(tally.differ))
        numbers = "".join(f"{count:11}" for count in (*counts, len(tally.raised)))
        print(f"{str(folder)[-28:]:28}{numbers}  {told}")
        for line in [*tally.raised, *tally.lost, *tally.differ] if options.list else ():
            print(f"    {line}")


if __name__ == "__main__":
    main()
