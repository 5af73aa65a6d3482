"""The time of the next poll, decided from data alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain import Failure
from worker.feeds import PollState, max_age_s, next_poll_at
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


def test_jitter_moves_by_a_tenth_at_most() -> None:
    state = PollState(entry_interval_s=2 * HOUR)
    assert interval_s(state, -5) == pytest.approx(0.9 * HOUR)
    assert interval_s(state, 1) == pytest.approx(1.1 * HOUR)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("public, max-age=300", 300), ("MAX-AGE=5", 5), ("s-maxage=7", None), ("no-store", None)],
)
def test_max_age(header: str, seconds: float | None) -> None:
    assert max_age_s({"cache-control": header}) == seconds


seconds = st.one_of(st.none(), st.floats(0, 1e12))


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
    ),
    st.floats(-1, 1),
)
def test_always_from_two_minutes_to_a_day(state: PollState, jitter: float) -> None:
    assert 120 <= interval_s(state, jitter) <= DAY
