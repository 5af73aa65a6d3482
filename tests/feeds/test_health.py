"""What a feed needs, decided from its row: redirects, silence, order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from worker.domain import Outcome
from worker.feeds.health import Need, by_urgency, health_of
from worker.feeds.redirects import Move, next_move
from worker.feeds.schedule import UNCONDITIONAL_ONE_IN, is_unconditional
from worker.feeds.silence import rhythm_of
from worker.records import FeedRow

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)  # a Monday
A, B = "https://a.example/rss", "https://b.example/rss"


def days(until: date, number: int, a_day: int = 1, step: int = 1) -> dict[str, int]:
    return {(until - timedelta(days=n)).isoformat(): a_day for n in range(0, number, step)}


def row(**more: object) -> FeedRow:
    return replace(
        FeedRow(
            id=1, url=A, title="", language=None, state="active", watches=("kelp",),
            next_poll_at=NOW, last_outcome=Outcome.OK, last_detail=None, last_polled_at=NOW,
            last_success_at=NOW, failures=0, overflow=0, moved_to=None, entries=0, moved_count=0,
            entry_days={}, last_entry_at=None, created_at=NOW,
        ),
        **more,
    )  # fmt: skip


def test_only_redirects_to_one_address_in_a_row_count() -> None:
    move = Move()
    for target in (A, A, B, B, None, B, B, B, B):
        move = next_move(move, target)
        assert not move.is_to_confirm
    assert next_move(move, B) == Move(B, 5)
    assert next_move(move, B).is_to_confirm


def test_one_poll_in_fifty_is_unconditional_and_each_feeds_at_another_time() -> None:
    drawn = [
        (feed_id, polls)
        for feed_id in range(100)
        for polls in range(200)
        if is_unconditional(feed_id, polls, 60.0)
    ]
    assert len(drawn) == 100 * 200 / UNCONDITIONAL_ONE_IN
    assert len({polls for _, polls in drawn}) == 200
    assert {feed_id for feed_id, _ in drawn} == set(range(100))


@pytest.mark.parametrize(("age_s", "expected"), [(None, True), (86_401.0, True), (60.0, False)])
def test_an_old_body_makes_the_next_poll_unconditional(age_s: float | None, expected: bool) -> None:
    assert is_unconditional(1, 1, age_s) is expected


@pytest.mark.parametrize(
    ("entry_days", "silent_for", "told"),
    [
        (days(NOW.date(), 28, a_day=5), timedelta(days=3), "usually 5 a day, nothing for 3 days"),
        (days(NOW.date(), 28, a_day=5), timedelta(days=1), None),
        # from Friday to Monday nothing comes: that is usual
        ({d: 9 for d in days(NOW.date(), 28) if date.fromisoformat(d).weekday() < 5},
         timedelta(days=4), None),
        ({d: 9 for d in days(NOW.date(), 28) if date.fromisoformat(d).weekday() < 5},
         timedelta(days=6), "usually 6 a day, nothing for 6 days"),
        (days(NOW.date(), 28, step=7), timedelta(days=20), None),
        (days(NOW.date(), 60, step=5), timedelta(days=28), "usually 2 a week, nothing for 4 weeks"),
        (days(NOW.date(), 2, a_day=50), timedelta(days=300), None),
        ({}, timedelta(days=300), None),
    ],
)  # fmt: skip
def test_silence(entry_days: dict[str, int], silent_for: timedelta, told: str | None) -> None:
    last = NOW if entry_days else None
    assert rhythm_of(entry_days, last, NOW + silent_for).silence == told


def test_entries_a_week() -> None:
    assert rhythm_of(days(NOW.date(), 28, a_day=2), NOW, NOW).entries_a_week == 14
    assert rhythm_of(days(NOW.date(), 2, a_day=7), NOW, NOW).entries_a_week == 14
    assert rhythm_of(days(NOW.date(), 9), NOW, NOW + timedelta(days=90)).entries_a_week == 0
    assert rhythm_of({}, None, NOW).entries_a_week is None


def test_what_needs_a_person_comes_first() -> None:
    rows = [
        row(id=9, state="paused", failures=9),
        row(id=8),
        row(id=7, last_outcome=None, last_polled_at=None),
        row(id=6, failures=1, last_outcome=Outcome.TIMEOUT),
        row(id=5, overflow=7),
        row(id=4, entry_days=days(date(2026, 3, 20), 28), last_entry_at=NOW - timedelta(days=10)),
        row(id=3, failures=12, last_outcome=Outcome.NOT_FOUND, last_detail="HTTP 404"),
        row(id=2, moved_to=B, moved_count=5),
        row(id=1, failures=1, last_outcome=Outcome.GONE, last_detail="HTTP 410"),
        row(id=10, moved_to=B, moved_count=4),
    ]
    found = sorted((health_of(item, NOW) for item in rows), key=by_urgency)
    assert [item.row.id for item in found] == [1, 2, 3, 4, 5, 6, 7, 8, 10, 9]
    assert found[0].note == "the address is gone: HTTP 410"
    assert found[1].note == f"moved to {B} (5 polls): seedwatch feeds confirm 2"
    assert found[2].note == "failed 12 times: HTTP 404"
    assert found[3].note == "usually 1 a day, nothing for 10 days"
    assert found[4].note == "7 entries over the cap were left out"
    assert [item.need for item in found[-3:]] == [Need.NOTHING, Need.NOTHING, Need.OFF]
