"""The show-window, end to end: real server, real extraction, real encoder, real store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.demo import DemoPass, run_demo
from worker.demo.content import load_demo
from worker.domain import Relation, TextSource
from worker.records import MatchRow
from worker.store.store import Store


@pytest.fixture(scope="module")
def folder(demo_pass: DemoPass) -> Path:
    return demo_pass.folder


@pytest.fixture(scope="module")
def summary(demo_pass: DemoPass) -> dict[str, Any]:
    return demo_pass.summary


@pytest.fixture(scope="module")
def found(demo_pass: DemoPass) -> Iterator[dict[str, MatchRow]]:
    """The matches by the end of their address."""
    store = Store(f"sqlite:///{demo_pass.store}")
    yield {(row.url or "").rpartition("/")[2]: row for row in store.matches.rows()}
    store.close()


def test_the_summary_counts_every_feed_and_article(summary: dict[str, Any]) -> None:
    assert summary["feeds"] == {"ok": 8}
    assert sum(summary["articles"].values()) == 60
    assert sum(summary["matches"].values()) == summary["articles"]["matched"]
    assert set(summary) == {"feeds", "articles", "matches", "seconds"}


def test_the_story_is_found_and_little_else(found: dict[str, MatchRow]) -> None:
    from urllib.parse import quote

    articles = load_demo().articles
    story = {quote(article.slug) for article in articles if article.label.in_story}
    others = {quote(article.slug) for article in articles} - story
    assert len(story) == 20
    assert len(story & set(found)) >= 17
    assert len(others & set(found)) <= 2


def test_an_article_whose_page_is_blocked_keeps_the_feeds_text(
    found: dict[str, MatchRow],
) -> None:
    blocked = [row for row in found.values() if row.text_source is TextSource.FEED]
    assert [row.language for row in blocked] == ["es"]


def test_copies_and_translations_are_called_so(found: dict[str, MatchRow]) -> None:
    from urllib.parse import quote

    rows = [
        found[quote(article.slug)].relation
        for article in load_demo().articles
        if article.label in ("copy", "translation") and quote(article.slug) in found
    ]
    called = [relation for relation in rows if relation in (Relation.COPY, Relation.TRANSLATION)]
    assert len(called) >= 7


def test_every_match_has_evidence_and_a_reason(found: dict[str, MatchRow]) -> None:
    for row in found.values():
        assert row.reasons, row.title
        assert row.evidence, row.title


def test_a_second_pass_stores_nothing_new(folder: Path, found: dict[str, MatchRow]) -> None:
    again = run_demo(folder).summary
    assert again["feeds"] == {"unchanged": 8}
    assert again["articles"] == {}
    assert again["matches"] == {}


def test_the_file_sink_has_each_match_once(demo_pass: DemoPass, found: dict[str, MatchRow]) -> None:
    (path,) = (demo_pass.data / "output").iterdir()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert sorted(line["id"] for line in lines) == sorted(row.id for row in found.values())
    assert len({line["key"] for line in lines}) == len(lines)
