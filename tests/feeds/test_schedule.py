"""The time of the next poll, decided from data alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.domain import Failure
from worker.feeds import PollState, max_age_s, next_poll_at
from worker.feeds.hours import entries_a_day
from worker.feeds.schedule import interval_s

NOW = datetime(2025, 4, 1, tzinfo=UTC)
HOUR = 3_600.0
DAY = 86_400.0


@pytest.mark.parametrize(
    ("state", "seconds"),
    [
        (PollState(), 2_700),
        (PollState(new_entries=3), 1_260),
        (PollState(entry_interval_s=10), 120),
        (PollState(entry_interval_s=HOUR), HOUR / 2),
        (PollState(entry_interval_s=30 * DAY), DAY),
        (PollState(entry_interval_s=HOUR, ttl_s=HOUR), HOUR),
        (PollState(entry_interval_s=HOUR, max_age_s=2 * HOUR), 2 * HOUR),
        (PollState(entry_interval_s=HOUR, ttl_s=30 * DAY), 6 * HOUR),
        (PollState(entry_interval_s=HOUR, ttl_s=1), HOUR / 2),
        (PollState(entry_interval_s=HOUR, min_interval_s=HOUR), HOUR),
        (PollState(Failure.TEMPORARY, 1), 300),
        (PollState(Failure.TEMPORARY, 3), 1_200),
        (PollState(Failure.TEMPORARY, 50), 6 * HOUR),
        (PollState(Failure.TEMPORARY, 1, retry_after_s=HOUR), HOUR),
        (PollState(Failure.TEMPORARY, 1, retry_after_s=9 * DAY), DAY),
        (PollState(Failure.SOFT, 1), HOUR),
        (PollState(Failure.SOFT, 9), DAY),
        (PollState(Failure.BLOCKED, 1), 4 * HOUR),
        (PollState(Failure.HARD, 1), DAY),
        (PollState(Failure.TEMPORARY, 1, 8 * HOUR, previous_interval_s=4 * HOUR), 4 * HOUR),
    ],
)  # fmt: skip
def test_intervals(state: PollState, seconds: float) -> None:
    assert next_poll_at(state, NOW) == NOW + timedelta(seconds=seconds)


OFFICE = {str(hour): 50 for hour in range(8, 16)}


class TestHours:
    """A feed of 48 entries a day, all of them from 8 to 16 UTC."""

    def wait_s(self, hour: float, a_day: float = 48.0, **more: Any) -> float:
        state = PollState(a_day=a_day, hours=OFFICE, **more)
        return interval_s(state, NOW + timedelta(hours=hour))

    def test_while_it_publishes_it_is_polled_often(self) -> None:
        assert 300 <= self.wait_s(10) < 400

    def test_at_night_seldom_and_again_when_it_begins(self) -> None:
        assert 1.5 * HOUR < self.wait_s(17) < 4 * HOUR
        # shortly before the hours begin, the wait ends in the first minutes of them
        assert 0.5 * HOUR < self.wait_s(7.5) < 0.7 * HOUR

    def test_so_it_is_polled_less_than_at_an_even_pace_and_hears_of_entries_sooner(self) -> None:
        polls, at = [], 0.0
        while at < 24:
            polls.append(at)
            at += self.wait_s(at) / HOUR
        even = PollState(a_day=48.0, hours={})
        assert interval_s(even, NOW) == pytest.approx(900, rel=0.01)
        assert len(polls) == pytest.approx(96, abs=10)  # the same number of polls
        assert sum(8 <= hour < 16 for hour in polls) > 80  # but when it matters

    def test_few_entries_say_little(self) -> None:
        few = PollState(a_day=2.0, hours={"9": 3})
        by_hour = [interval_s(few, NOW + timedelta(hours=hour)) for hour in range(24)]
        assert max(by_hour) < 1.5 * min(by_hour)

    def test_hot_and_quiet(self) -> None:
        assert self.wait_s(10, a_day=2_000) == 120
        assert self.wait_s(10, a_day=0.1) == DAY
        assert self.wait_s(10, a_day=0.0) == DAY

    def test_a_burst_at_night_is_followed_while_it_goes_on(self) -> None:
        assert self.wait_s(20, entry_interval_s=600, entry_age_s=700) == 300
        assert self.wait_s(20, entry_interval_s=600, entry_age_s=HOUR) > HOUR

    def test_what_the_server_asks_for_holds_all_the_same(self) -> None:
        assert self.wait_s(10, ttl_s=HOUR) == HOUR


@pytest.mark.parametrize(
    ("days", "a_day"),
    [
        ({}, None),
        ({"2025-04-01": 30}, None),
        ({"2025-03-30": 3, "2025-04-01": 6}, 3.0),
        ({"2025-03-25": 8}, 1.0),
        ({"2024-01-01": 900, "2025-03-31": 28}, 1.0),
    ],
)
def test_entries_a_day(days: dict[str, int], a_day: float | None) -> None:
    assert entries_a_day(days, NOW.date()) == a_day


def test_jitter_moves_by_a_tenth_at_most() -> None:
    state = PollState(entry_interval_s=2 * HOUR)
    assert interval_s(state, NOW, -5) == pytest.approx(0.9 * HOUR)
    assert interval_s(state, NOW, 1) == pytest.approx(1.1 * HOUR)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("public, max-age=300", 300), ("MAX-AGE=5", 5), ("s-maxage=7", None), ("no-store", None)],
)
def test_max_age(header: str, seconds: float | None) -> None:
    assert max_age_s({"cache-control": header}) == seconds


seconds = st.one_of(st.none(), st.floats(0, 1e12))


@settings(deadline=None)
@given(
    st.builds(
        PollState,
        failure=st.one_of(st.none(), st.sampled_from(Failure)),
        failures=st.integers(0, 10**6),
        entry_interval_s=seconds,
        previous_interval_s=seconds,
        new_entries=st.integers(0, 1000),
        ttl_s=seconds,
        max_age_s=seconds,
        retry_after_s=seconds,
        a_day=st.one_of(st.none(), st.floats(0, 1e6)),
        hours=st.dictionaries(st.integers(0, 23).map(str), st.integers(0, 10**6)),
        entry_age_s=seconds,
    ),
    st.floats(-1, 1),
    st.floats(0, DAY),
)
def test_always_from_two_minutes_to_a_day(state: PollState, jitter: float, at_s: float) -> None:
    assert 120 <= interval_s(state, NOW + timedelta(seconds=at_s), jitter) <= DAY
