"""Every export opens in its program's parser, whatever a page contained."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest
from lxml import html

from tests.fakes import FakeClock
from worker.domain import ChannelConfig, Relation, Seed, TextSource, Verdict, Watch
from worker.errors import ConfigError
from worker.notify.about import NOTHING_KNOWN, About
from worker.notify.channels import FileSink
from worker.notify.exports import FORMATS
from worker.notify.messages import Message
from worker.notify.records import FIELDS, match_record
from worker.records import MatchRow, Sums

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
KNOWN = About(
    watches={
        "kelp": Watch(
            "kelp",
            "Kelp & kin",
            (Seed("seed.txt", "Kilifi's <laboratory>", "text", "sw", "https://seed.example/"),),
        )
    }
)
HOSTILE = [
    "=HYPERLINK(\"http://evil\")", "+1", "-1", "@x", "\tx", "\rx", "a\0b", "]]>", "<script>x",
    "](javascript:alert(1))", "\x0b\x1f", "| a | b |\n# title", "＝1+1", "＠x", "&#x202e;",
]  # fmt: skip


def as_bytes(name: str, *rows: MatchRow, about: About = NOTHING_KNOWN) -> bytes:
    out = io.BytesIO()
    assert FORMATS[name].write(iter(rows), out, about) == len(rows)
    return out.getvalue()


def written(name: str, *rows: MatchRow, about: About = NOTHING_KNOWN) -> str:
    return as_bytes(name, *rows, about=about).decode()


def test_jsonl_has_a_line_a_match_with_the_texts_unchanged() -> None:
    rows = [replace(ROW, id=n, title=title) for n, title in enumerate(HOSTILE)]
    records = [json.loads(line) for line in written("jsonl", *rows).splitlines()]
    assert [record["title"] for record in records] == HOSTILE
    assert records[0]["published_at"] == "2026-03-01T12:00:00Z"
    assert records[0]["evidence"] == [{"article": "a", "seed": "s", "similarity": 0.9}]


@pytest.mark.parametrize("title", HOSTILE)
def test_no_cell_of_a_csv_is_a_formula(title: str) -> None:
    (record,) = csv.DictReader(io.StringIO(written("csv", replace(ROW, title=title)), newline=""))
    assert record["title"][:1] not in set("=+-@\t\r\n＝＋－＠")
    assert record["title"].lstrip("'") == title.replace("\0", "") or record["title"] == title
    assert record["adds"] == "12 tonnes\nMwana"


def test_a_csv_of_nothing_has_its_header() -> None:
    assert written("csv") == ",".join(match_record(ROW)) + "\r\n"


@pytest.mark.parametrize("title", HOSTILE)
def test_markdown_shows_hostile_titles_as_text(title: str) -> None:
    text = written("markdown", replace(ROW, title=title, adds=()))
    heading = text.splitlines()[2]
    assert heading.startswith("## [")
    assert heading.endswith("](<https://news.example/kelp?a=1&b=2>)")
    assert "<script>" not in text
    assert "](javascript" not in text


@pytest.mark.parametrize("name", ["atom", "markdown", "html"])
@pytest.mark.parametrize("url", ["javascript:alert(1)", None, "data:text/html,x"])
def test_only_web_addresses_are_linked(name: str, url: str | None) -> None:
    text = written(name, replace(ROW, url=url))
    assert "javascript:" not in text
    assert "data:text" not in text


def test_a_json_feed_links_only_web_addresses() -> None:
    (item,) = json.loads(written("jsonfeed", replace(ROW, url="javascript:alert(1)")))["items"]
    assert "url" not in item
    assert "javascript" not in item["content_html"]


@pytest.mark.parametrize("name", list(FORMATS))
def test_nothing_to_export_is_no_error(name: str) -> None:
    as_bytes(name)


def test_what_is_written_of_nothing_still_opens() -> None:
    assert not feedparser.parse(as_bytes("atom")).bozo
    assert json.loads(as_bytes("jsonfeed"))["items"] == []
    assert "There is no match" in html.document_fromstring(as_bytes("html")).text_content()


def test_every_row_has_the_titles_of_its_watch_and_seed() -> None:
    (record,) = [json.loads(line) for line in written("jsonl", ROW, about=KNOWN).splitlines()]
    assert list(record) == list(FIELDS)
    assert record["watch_title"] == "Kelp & kin"
    assert record["seed_title"] == "Kilifi's <laboratory>"
    assert (record["seed_url"], record["seed_language"]) == ("https://seed.example/", "sw")
    assert json.loads(written("jsonl", replace(ROW, watch="gone")))["watch_title"] is None


def test_excel_is_told_that_a_csv_is_utf8() -> None:
    assert as_bytes("csv", ROW, about=replace(KNOWN, with_bom=True)).startswith(b"\xef\xbb\xbfid,")
    assert as_bytes("csv", ROW).startswith(b"id,")


def test_parquet_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"pip install 'seedwatch\[parquet\]'"):
        as_bytes("parquet", ROW)


def test_feeds_carry_the_evidence_as_text() -> None:
    row = replace(ROW, evidence=({"article": "<img src=x>", "seed": "]]>", "similarity": 1.0},))
    entry = feedparser.parse(as_bytes("atom", row), sanitize_html=False).entries[0]
    (item,) = json.loads(written("jsonfeed", row, about=KNOWN))["items"]
    for content in (entry.content[0].value, item["content_html"]):
        tree = html.fromstring(f"<div>{content}</div>")
        assert tree.xpath("//blockquote")[0].text == "<img src=x>"
        assert not tree.xpath("//img")
    assert item["_seedwatch"]["watch_title"] == "Kelp & kin"


def test_a_report_is_one_file_that_runs_nothing() -> None:
    titles = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', *HOSTILE]
    rows = [
        replace(ROW, id=n, title=title, adds=(title,), note=title, outlet=title)
        for n, title in enumerate(titles)
    ]
    rows[0] = replace(rows[0], url="java\tscript:alert(1)")
    sums = Sums(len(rows), {"copy": 1}, {"vi": 9}, {None: 1, "<b>x": 2}, {None: 3}, {})
    page = written("html", *rows, about=replace(KNOWN, sums=sums, watch="<Press>"))
    tree = html.document_fromstring(page)
    assert not tree.xpath("//script | //img | //iframe | //link | //@onerror | //@style | //form")
    assert not tree.xpath("//body//style")
    assert set(tree.xpath("//@href | //@src")) == {ROW.url}
    assert "default-src 'none'" in tree.xpath("//meta[@http-equiv]/@content")[0]
    assert tree.xpath("//h1")[0].text == "<Press>: matches"
    assert tree.xpath("//h3/bdi")[0].text == "<script>alert(1)</script>"
    assert len(tree.xpath("//article")) == len(rows)


def test_a_report_reads_as_a_press_review() -> None:
    arabic = replace(ROW, id=2, language="ar", title="عشب البحر", created_at=MOMENT.replace(day=2),
                     verdict=None)  # fmt: skip
    sums = Sums(2, {"same_event": 2}, {"vi": 1, "ar": 1}, {"The News": 2}, {None: 1, "relevant": 1},
                {MOMENT.date(): {"same_event": 2}})  # fmt: skip
    tree = html.document_fromstring(written("html", arabic, ROW, about=replace(KNOWN, sums=sums)))
    assert [node.text for node in tree.xpath("//section[@class='day']/h2")] == [
        "Monday, 2 March 2026", "Sunday, 1 March 2026",
    ]  # fmt: skip
    assert "2 matches, in 2 languages, from 1 outlet" in tree.text_content()
    charts = tree.xpath("//*[local-name()='svg']")
    assert [chart.get("aria-label").partition(":")[0] for chart in charts] == [
        "Bar chart", "Tree map",
    ]  # fmt: skip
    assert "1 Mar 2026, Same event: 2" in [title.text for title in charts[0].iter("title")]
    title, _ = tree.xpath("//h3/bdi")
    assert (title.get("lang"), title.get("dir")) == ("ar", "rtl")
    assert "Vietnamese" in tree.text_content()
    assert tree.xpath("//table[@class='passages']//td/text()")[:2] == ["a", "s"]
    assert "Kilifi's <laboratory>" in tree.xpath("//table[@class='passages']")[0].text_content()


def test_formats_are_written_as_the_rows_come() -> None:
    """Of what was read, nothing but a batch is held: an export has no end that must fit."""

    class Written:
        def __init__(self) -> None:
            self.size = 0

        def write(self, content: bytes) -> int:
            self.size += len(content)
            return len(content)

    for name in FORMATS.keys() - {"parquet"}:
        out, sizes = Written(), []

        def rows() -> Iterator[MatchRow]:
            for number in range(5):
                sizes.append(out.size)  # noqa: B023
                yield replace(ROW, id=number)

        FORMATS[name].write(rows(), out)  # type: ignore[arg-type]
        assert sizes == sorted(set(sizes)) or sizes[1:] == sorted(set(sizes[1:])), (name, sizes)


def test_the_file_sink_appends_whole_lines(tmp_path: Path, clock: FakeClock) -> None:
    sink = FileSink(tmp_path / "output", clock)

    def tell(key: str, *rows: MatchRow) -> None:
        sink.send(Message(key, Watch("kelp", "Kelp", ()), ChannelConfig("file"), rows, clock()))

    for number in range(3):
        tell(f"k{number}", ROW)
    clock.advance(days=1)
    tell("k4", ROW, replace(ROW, id=8))
    first, second = sorted((tmp_path / "output").iterdir())
    assert (first.name, second.name) == ("matches-2026-03-01.jsonl", "matches-2026-03-02.jsonl")
    assert [json.loads(line)["key"] for line in first.read_text().splitlines()] == [
        "k0", "k1", "k2",
    ]  # fmt: skip
    lines = [json.loads(line) for line in second.read_text().splitlines()]
    assert [(line["key"], line["id"]) for line in lines] == [("k4", 7), ("k4", 8)]
