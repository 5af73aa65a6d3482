"""What rings, what waits and what is passed over: decided from data alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain import DigestTime, Failure, QuietHours, Relation, TellingRules, Verdict
from worker.notify.rules import (
    MOST_TOGETHER,
    end_of_quiet,
    next_digest,
    pause_s,
    plan,
)
from worker.records import Notice, TellingPlan, ToldLately

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOTHING = ToldLately()
NIGHT = QuietHours(time(22), time(7))
SAIGON = "Asia/Ho_Chi_Minh"  # UTC+7 all year


def event(number: int, **more: object) -> Notice:
    values: dict[str, object] = {
        "id": number,
        "relation": Relation.SAME_EVENT,
        "score": 0.8,
        "language": "vi",
        "story": number,
        "verdict": None,
        "noted_at": NOW,
    }
    return Notice(**{**values, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (TellingRules(), (1, 2, 3, 4)),
        (TellingRules(relations=(Relation.COPY, Relation.TRANSLATION)), (2, 3)),
        (TellingRules(min_score=0.8), (1, 2, 3)),
        (TellingRules(languages=("fr",)), (3,)),
    ],
)
def test_a_channel_tells_what_its_rules_name(rules: TellingRules, told: tuple[int, ...]) -> None:
    events = [
        event(1),
        event(2, relation=Relation.COPY),
        event(3, relation=Relation.TRANSLATION, language="fr"),
        event(4, score=0.5),
    ]
    found = plan(events, rules, NOTHING, NOW)
    assert found.messages == tuple((one,) for one in told)
    assert set(found.left_out) == {1, 2, 3, 4} - set(told)
    assert not found.held


@pytest.mark.parametrize(
    "changed", [{"relation": Relation.UNRELATED}, {"verdict": Verdict.IRRELEVANT}]
)
def test_what_was_corrected_meanwhile_is_not_told(changed: dict[str, object]) -> None:
    found = plan([event(1, **changed)], TellingRules(), NOTHING, NOW)
    assert found.messages == ()
    assert set(found.left_out) == {1}


def test_a_storys_tenth_copy_does_not_ring_again() -> None:
    copies = [event(number, story=77, relation=Relation.COPY) for number in range(10)]
    rules = TellingRules(first_of_story=True)
    found = plan(copies, rules, NOTHING, NOW)
    assert found.messages == ((0,),)
    assert len(found.left_out) == 9
    again = plan([event(11, story=77)], rules, ToldLately(stories=frozenset({77})), NOW)
    assert again.messages == ()
    assert plan(copies, TellingRules(), NOTHING, NOW).messages == tuple((n,) for n in range(10))


def test_a_copy_that_the_rules_leave_out_does_not_use_up_its_story() -> None:
    rules = TellingRules(first_of_story=True, min_score=0.7)
    events = [event(1, story=77, score=0.6), event(2, story=77, score=0.9)]
    assert plan(events, rules, NOTHING, NOW).messages == ((2,),)


def test_quiet_hours_hold_everything_back_and_then_tell_it_together() -> None:
    rules = TellingRules(quiet=NIGHT, zone=SAIGON)
    night = datetime(2026, 3, 1, 16, tzinfo=UTC)  # 23:00 there
    morning = datetime(2026, 3, 2, 0, tzinfo=UTC)  # 07:00 there
    events = [event(n, noted_at=night) for n in range(3)]
    assert plan(events, rules, NOTHING, night) == TellingPlan(
        (), dict.fromkeys(range(3), morning), {}
    )
    waited = [replace(one, has_waited=True) for one in events]
    fresh = event(9, noted_at=morning)
    assert plan([*waited, fresh], rules, NOTHING, morning).messages == ((0, 1, 2), (9,))


@pytest.mark.parametrize(
    ("hour", "quiet", "until"),
    [
        (21, NIGHT, None),
        (22, NIGHT, datetime(2026, 3, 2, 7, tzinfo=UTC)),
        (3, NIGHT, datetime(2026, 3, 1, 7, tzinfo=UTC)),
        (7, NIGHT, None),
        (13, QuietHours(time(12), time(14)), datetime(2026, 3, 1, 14, tzinfo=UTC)),
        (14, QuietHours(time(12), time(14)), None),
    ],
)
def test_quiet_hours_may_span_midnight(
    hour: int, quiet: QuietHours, until: datetime | None
) -> None:
    assert end_of_quiet(NOW.replace(hour=hour), quiet, "UTC") == until


def test_at_most_so_many_an_hour_and_the_rest_together() -> None:
    rules = TellingRules(per_hour=3)
    events = [event(n) for n in range(10)]
    first = plan(events, rules, NOTHING, NOW)
    assert first.messages == ((0,), (1,), (2,))
    assert first.held == dict.fromkeys(range(3, 10), NOW + timedelta(hours=1))

    later = NOW + timedelta(hours=1)
    rest = [replace(one, has_waited=True) for one in events[3:]]
    new = [event(n, noted_at=later) for n in (20, 21, 22)]
    second = plan([*rest, *new], rules, ToldLately((NOW,) * 3), later)
    assert second.messages == (tuple(range(3, 10)), (20,), (21,))
    assert second.held == {22: later + timedelta(hours=1)}


def test_within_the_hour_nothing_more_is_told() -> None:
    sent = ToldLately((NOW - timedelta(minutes=50), NOW - timedelta(minutes=10)))
    found = plan([event(1)], TellingRules(per_hour=2), sent, NOW)
    assert found == TellingPlan((), {1: NOW + timedelta(minutes=10)}, {})


def test_what_a_dead_receiver_missed_comes_in_one_message() -> None:
    old = [event(n, noted_at=NOW - timedelta(hours=5)) for n in range(MOST_TOGETHER + 1)]
    found = plan([*old, event(999)], TellingRules(), NOTHING, NOW)
    assert [len(message) for message in found.messages] == [MOST_TOGETHER, 1, 1]


def test_a_digest_waits_for_its_hour() -> None:
    rules = TellingRules(digest=DigestTime(time(7)), zone=SAIGON)
    at = datetime(2026, 3, 2, 0, tzinfo=UTC)
    early, late = event(1), event(2, noted_at=at)
    assert plan([early], rules, NOTHING, NOW).held == {1: at}
    found = plan([early, late], rules, NOTHING, at)
    assert found.messages == ((1,),)
    assert found.held == {2: at + timedelta(days=1)}


def test_a_weekly_digest_keeps_its_hour_when_clocks_change() -> None:
    friday = DigestTime(time(8), weekday=4)
    zone = "Europe/Paris"  # summer time begins on Sunday 2026-03-29
    first = next_digest(datetime(2026, 3, 22, tzinfo=UTC), friday, zone)
    second = next_digest(first, friday, zone)
    assert [one.astimezone(ZoneInfo(zone)).isoformat() for one in (first, second)] == [
        "2026-03-27T08:00:00+01:00",
        "2026-04-03T08:00:00+02:00",
    ]


ZONES = st.sampled_from(["UTC", SAIGON, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
CLOCK = st.times().map(lambda at: at.replace(second=0, microsecond=0))
MOMENT = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(
    lambda at: at.replace(tzinfo=UTC)
)


@given(MOMENT, CLOCK, CLOCK, ZONES)
def test_quiet_hours_always_end_within_a_day(
    now: datetime, start: time, end: time, zone: str
) -> None:
    until = end_of_quiet(now, QuietHours(start, end), zone)
    assert until is None or timedelta(0) < until - now <= timedelta(hours=25)


@given(MOMENT, CLOCK, st.none() | st.integers(0, 6), ZONES)
def test_a_digest_always_comes(now: datetime, at: time, weekday: int | None, zone: str) -> None:
    following = next_digest(now, DigestTime(at, weekday), zone)
    assert timedelta(0) < following - now <= timedelta(days=8 if weekday is not None else 2)


@given(
    st.lists(st.integers(0, 5), max_size=30),
    st.none() | st.integers(1, 4),
    st.lists(st.integers(0, 59), max_size=6),
    st.booleans(),
)
def test_every_event_is_told_once_held_or_left_out(
    stories: list[int], per_hour: int | None, sent: list[int], first_only: bool
) -> None:
    events = [event(n, story=story) for n, story in enumerate(stories)]
    rules = TellingRules(per_hour=per_hour, first_of_story=first_only)
    lately = ToldLately(tuple(NOW - timedelta(minutes=minutes) for minutes in sent))
    found = plan(events, rules, lately, NOW)
    told = [one for message in found.messages for one in message]
    assert sorted([*told, *found.held, *found.left_out]) == list(range(len(events)))
    if per_hour is not None:
        assert len(found.messages) <= max(0, per_hour - len(sent))
    assert all(until > NOW for until in found.held.values())


def test_pauses_grow_and_what_the_receiver_asks_for_is_kept() -> None:
    pauses = [pause_s(n, Failure.TEMPORARY, None, 0.0) for n in range(1, 11)]
    assert pauses[:3] == [60, 300, 1200]
    assert pauses == sorted(pauses)
    assert sum(pauses) > 2 * 86_400
    assert pause_s(1, Failure.BLOCKED, None, 0.0) == 3600
    assert pause_s(1, Failure.TEMPORARY, 900.0, 0.5) == 900
    assert pause_s(1, Failure.TEMPORARY, 1e9, 0.0) < 2 * 86_400
    assert 60 < pause_s(1, Failure.TEMPORARY, None, 1.0) <= 66
