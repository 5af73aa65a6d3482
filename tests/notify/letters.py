"""Matches and messages for the tests of what people are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.notify.test_formats import ROW
from worker.domain import ChannelConfig, Relation, Seed, Watch
from worker.notify.messages import Message
from worker.records import MatchRow

MADE_AT = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
KELP = Watch("kelp", "Kelp & kin", (Seed("seed.txt", "Kelp", "Kelp text", "en"),))
HOSTILE = "<script>alert(1)</script> <!channel> @everyone \r\nBcc: x@evil.example\u202e"


def row(number: int, **more: Any) -> MatchRow:
    values = {"id": number, "story_id": number, "title": f"Title {number}", **more}
    return replace(ROW, **values)


def of_two_stories() -> tuple[MatchRow, ...]:
    """A story of three in three languages, and one of one; a hostile title among them."""
    return (
        row(1, story_id=9, title=HOSTILE, language="en", relation=Relation.SAME_TOPIC, score=0.6),
        row(2, story_id=2, title="Tảo bẹ ở Kilifi", language="vi", score=0.91),
        row(
            3,
            story_id=2,
            title="海藻の研究所",
            language="ja",
            relation=Relation.TRANSLATION,
            score=0.99,
        ),
        row(4, story_id=2, title="مختبر الأعشاب", language="ar", url="javascript:alert(1)"),
    )  # fmt: skip


def message(channel: ChannelConfig, *rows: MatchRow, key: str = "kelp:morning:12ab") -> Message:
    return Message(key, KELP, channel, rows, MADE_AT, "https://watch.example.org")
