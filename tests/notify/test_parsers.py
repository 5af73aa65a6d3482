"""Every export opens in the program that people open it with, and is what docs/columns.md says."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import feedparser
import pandas
import pyarrow
import pytest
from pyarrow import parquet

from tests.notify.test_formats import HOSTILE, KNOWN, MOMENT, ROW, as_bytes
from worker.domain import Kind
from worker.feeds import parse_feed
from worker.notify.records import FIELDS
from worker.records import MatchRow

FULL = replace(
    ROW, author="Ana", note="tell Linh", reviewer="Kim", review_id=4, story_id=7,
    kind=Kind.SAME_EVENT, shared={"names": ["Kilifi"], "numbers": ["12"], "dates": ["2026-03-01"]},
)  # fmt: skip
BARE = replace(
    ROW, id=8, url=None, title="", language="und", outlet=None, published_at=None,
    text_source=None, evidence=(), adds=(), shared={}, reasons=(), verdict=None, reviewed_at=None,
    watch="gone",
)  # fmt: skip
ROWS = (FULL, BARE, *(replace(ROW, id=n, title=title) for n, title in enumerate(HOSTILE, 100)))
COLUMNS = (Path(__file__).parents[2] / "docs" / "columns.md").read_text()
DOCUMENTED = dict(
    re.findall(r"^\| `(\w+)` \| (\w+) \|", COLUMNS.split("# The records")[1], re.MULTILINE)
)
"""The kind of each field, as the page has it."""


def records(name: str, *rows: MatchRow) -> list[dict[str, Any]]:
    """What a program reads from an export."""
    content = as_bytes(name, *rows, about=KNOWN)
    if name == "jsonl":
        return [json.loads(line) for line in content.splitlines()]
    if name == "jsonfeed":
        return [item["_seedwatch"] for item in json.loads(content)["items"]]
    if name == "csv":
        return list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    return list(parquet.read_table(io.BytesIO(content)).to_pylist())


def is_of(kind: str, value: object, name: str) -> bool:
    """Whether a value is what the page says of its kind, in a format."""
    if name == "csv":
        return isinstance(value, str) and _is_written(kind, value)
    if value is None:
        return kind not in ("texts", "passages", "boolean")
    if kind in ("texts", "passages"):
        return isinstance(value, list) and all(
            isinstance(item, str)
            if kind == "texts"
            else set(item) == {"article", "seed", "similarity"}
            for item in value
        )
    if kind == "time" and name != "parquet":
        return (
            isinstance(value, str) and value.endswith("Z") and bool(datetime.fromisoformat(value))
        )
    types = {"integer": int, "number": float, "boolean": bool, "text": str, "time": datetime}
    return type(value) is types[kind]


def _is_written(kind: str, value: str) -> bool:
    pattern = {
        "integer": r"\d*", "number": r"[\d.]+", "boolean": "True|False",
        "time": r"(\d{4}-\d\d-\d\dT[\d:.]+Z)?",
    }.get(kind, ".*")  # fmt: skip
    return bool(re.fullmatch(pattern, value, re.DOTALL))


@pytest.mark.parametrize("name", ["jsonl", "jsonfeed", "csv", "parquet"])
def test_each_field_is_of_the_kind_that_the_page_says(name: str) -> None:
    found = records(name, *ROWS)
    assert len(found) == len(ROWS)
    for record in found:
        assert list(record) == list(DOCUMENTED)
        wrong = {
            field: record[field]
            for field, kind in DOCUMENTED.items()
            if not is_of(kind, record[field], name)
        }
        assert not wrong
    full = found[0]
    assert not [field for field, value in full.items() if value in (None, "", [])]


@pytest.mark.parametrize("with_bom", [False, True])
def test_a_csv_opens_in_pandas(with_bom: bool) -> None:
    content = as_bytes("csv", *ROWS, about=replace(KNOWN, with_bom=with_bom))
    frame = pandas.read_csv(io.BytesIO(content), parse_dates=["matched_at"])
    assert list(frame.columns) == list(FIELDS)
    assert list(frame["id"]) == [row.id for row in ROWS]
    assert set(frame["matched_at"]) == {pandas.Timestamp(MOMENT)}
    assert frame["score"].dtype == float
    for row, title in zip(ROWS[2:], frame["title"][2:], strict=True):
        assert title.lstrip("'") == row.title.replace("\0", "")
        assert not title.startswith(("=", "+", "-", "@"))


def test_json_lines_open_in_pandas() -> None:
    frame = pandas.read_json(io.BytesIO(as_bytes("jsonl", *ROWS)), lines=True)
    assert list(frame["title"]) == [row.title for row in ROWS]


def test_parquet_opens_in_pandas_with_its_types() -> None:
    content = as_bytes("parquet", *ROWS, about=KNOWN)
    frame = pandas.read_parquet(io.BytesIO(content))
    assert list(frame.columns) == list(FIELDS)
    assert list(frame["title"]) == [row.title for row in ROWS]
    assert frame["matched_at"][0] == pandas.Timestamp(MOMENT)
    assert (frame["suggestion"].dtype, frame["score"][0]) == (bool, 0.9123)
    schema = parquet.read_schema(io.BytesIO(content))
    assert schema.field("published_at").type == pyarrow.timestamp("us", "UTC")
    first = records("parquet", FULL)[0]
    assert first["evidence"] == [{"article": "a", "seed": "s", "similarity": 0.9}]
    assert records("parquet") == []


def test_an_atom_feed_opens_in_feedparser() -> None:
    feed = feedparser.parse(as_bytes("atom", *ROWS), sanitize_html=False)
    assert not feed.bozo
    assert len(feed.entries) == len(ROWS)
    assert (feed.entries[0].link, feed.entries[0].title) == (FULL.url, FULL.title)
    assert len({entry.id for entry in feed.entries}) == len(ROWS)


@pytest.mark.parametrize("name", ["atom", "jsonfeed"])
def test_our_own_reader_takes_a_feed_of_matches_for_a_feed(name: str) -> None:
    feed = parse_feed(as_bytes(name, *ROWS), url="https://watch.example/matches", now=MOMENT)
    assert len(feed.entries) == len(ROWS)
    assert (feed.entries[0].url, feed.entries[0].title) == (FULL.url, FULL.title)


def test_a_json_feed_has_what_its_version_requires() -> None:
    feed = json.loads(as_bytes("jsonfeed", *ROWS))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"]
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert item["content_text"]
        assert item["content_html"]
