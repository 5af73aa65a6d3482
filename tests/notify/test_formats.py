"""Every export opens in its program's parser, whatever a page contained."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest

from tests.fakes import FakeClock
from worker.domain import Relation, TextSource, Verdict
from worker.notify.channels import FileSink
from worker.notify.documents import FORMATS
from worker.notify.records import match_record
from worker.records import Delivery, MatchRow

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROW = MatchRow(
    id=7, watch="kelp", seed="seed.txt", relation=Relation.SAME_EVENT, score=0.91234,
    is_suggestion=False, created_at=MOMENT, matcher_version="1", encoder="e", article_id=3,
    url="https://news.example/kelp?a=1&b=2", title="Tảo bẹ & <b>kelp</b> 海藻", language="vi",
    outlet="The News", author=None, published_at=MOMENT, first_seen_at=MOMENT,
    text_source=TextSource.PAGE, version=1,
    evidence=({"article": "a", "seed": "s", "similarity": 0.9},), adds=("12 tonnes", "Mwana"),
    shared={"names": ["Kilifi"], "numbers": [], "dates": []}, reasons=("names Kilifi",),
    features={"names": 1.0}, verdict=Verdict.RELEVANT, note=None, reviewed_at=MOMENT,
)  # fmt: skip
HOSTILE = [
    "=HYPERLINK(\"http://evil\")", "+1", "-1", "@x", "\tx", "\rx", "a\0b", "]]>", "<script>x",
    "](javascript:alert(1))", "\x0b\x1f", "| a | b |\n# title",
]  # fmt: skip


def written(name: str, *rows: MatchRow) -> str:
    out = io.StringIO(newline="")
    assert FORMATS[name](rows, out) == len(rows)
    return out.getvalue()


def test_jsonl_has_a_line_a_match_with_the_texts_unchanged() -> None:
    rows = [replace(ROW, id=n, title=title) for n, title in enumerate(HOSTILE)]
    records = [json.loads(line) for line in written("jsonl", *rows).splitlines()]
    assert [record["title"] for record in records] == HOSTILE
    assert records[0]["published_at"] == "2026-03-01T12:00:00Z"
    assert records[0]["evidence"] == [{"article": "a", "seed": "s", "similarity": 0.9}]


@pytest.mark.parametrize("title", HOSTILE)
def test_no_cell_of_a_csv_is_a_formula(title: str) -> None:
    (record,) = csv.DictReader(io.StringIO(written("csv", replace(ROW, title=title)), newline=""))
    assert record["title"][:1] not in set("=+-@\t\r\n")
    assert record["title"].lstrip("'") == title.replace("\0", "") or record["title"] == title
    assert record["adds"] == "12 tonnes\nMwana"


def test_a_csv_of_nothing_has_its_header() -> None:
    assert written("csv") == ",".join(match_record(ROW)) + "\r\n"


def test_an_atom_feed_opens_in_feedparser() -> None:
    rows = [ROW, *(replace(ROW, id=n, title=title) for n, title in enumerate(HOSTILE, 100))]
    feed = feedparser.parse(written("atom", *rows).encode(), sanitize_html=False)
    assert not feed.bozo
    assert len(feed.entries) == len(rows)
    assert feed.entries[0].link == ROW.url
    assert feed.entries[0].title == ROW.title
    assert len({entry.id for entry in feed.entries}) == len(rows)


def test_a_json_feed_has_what_the_format_requires() -> None:
    feed = json.loads(written("jsonfeed", ROW))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert {"id", "content_text"} <= set(feed["items"][0])


@pytest.mark.parametrize("title", HOSTILE)
def test_markdown_shows_hostile_titles_as_text(title: str) -> None:
    text = written("markdown", replace(ROW, title=title, adds=()))
    heading = text.splitlines()[2]
    assert heading.startswith("## [")
    assert heading.endswith("](<https://news.example/kelp?a=1&b=2>)")
    assert "<script>" not in text
    assert "](javascript" not in text


@pytest.mark.parametrize("name", ["atom", "jsonfeed", "markdown"])
@pytest.mark.parametrize("url", ["javascript:alert(1)", None, "data:text/html,x"])
def test_only_web_addresses_are_linked(name: str, url: str | None) -> None:
    text = written(name, replace(ROW, url=url))
    assert "javascript:" not in text
    assert "data:text" not in text


@pytest.mark.parametrize("name", list(FORMATS))
def test_nothing_to_export_is_no_error(name: str) -> None:
    written(name)


def test_the_file_sink_appends_whole_lines(tmp_path: Path, clock: FakeClock) -> None:
    sink = FileSink(tmp_path / "output", clock)
    for number in range(3):
        sink.tell(Delivery(number, "t", 1, f"k{number}", "file", {}, 7), ROW)
    clock.advance(days=1)
    sink.tell(Delivery(4, "t", 1, "k4", "file", {}, 7), ROW)
    first, second = sorted((tmp_path / "output").iterdir())
    assert (first.name, second.name) == ("matches-2026-03-01.jsonl", "matches-2026-03-02.jsonl")
    assert [json.loads(line)["key"] for line in first.read_text().splitlines()] == [
        "k0", "k1", "k2",
    ]  # fmt: skip
