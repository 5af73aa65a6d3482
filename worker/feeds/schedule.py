"""When a feed is polled next: a pure function of how the last polls went.

The feed's own rhythm, by the hours in which it publishes, sets the pace between 2 minutes and 24
hours; what the server asks for (Retry-After, max-age, ttl) can only slow it down; failures back off
by their class.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from worker.domain import Failure
from worker.feeds.hours import next_entry_s

MIN_INTERVAL_S: Final = 120.0
MAX_INTERVAL_S: Final = 86_400.0
DEFAULT_INTERVAL_S: Final = 1_800.0
PUSHED_INTERVAL_S: Final = 21_600.0
JITTER_SHARE: Final = 0.1
# The latest entries came one after the other, and the last of them no longer ago than this many of
# their mean times.
_BURST_GAPS: Final = 2.0
# What a feed or its server may ask for is believed up to here: a ttl of a month is a mistake.
MAX_ASKED_S: Final = 21_600.0

# Seconds before the first new attempt, and at most; doubled with every failure in a row.
_BACKOFF_S: Final[Mapping[Failure, tuple[float, float]]] = {
    Failure.TEMPORARY: (300.0, 21_600.0),
    Failure.SOFT: (3_600.0, MAX_INTERVAL_S),
    Failure.BLOCKED: (14_400.0, MAX_INTERVAL_S),
    Failure.HARD: (MAX_INTERVAL_S, MAX_INTERVAL_S),
}
# Validators lie: FreshRSS #1020; NewsBlur asks for the whole body at 1 poll in 100.
UNCONDITIONAL_ONE_IN: Final = 50
MAX_BODY_AGE_S: Final = 86_400.0

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PollState:
    """What the time of the next poll depends on; all durations in seconds.

    Attributes:
        failure: the class of the last poll's failure, None if it went well.
        failures: failed polls in a row, the last one included.
        entry_interval_s: the mean time between two of the latest entries, None if unknown.
        entry_age_s: since the latest entry, None if unknown.
        a_day: entries a day over the last weeks, None if that is not known yet.
        hours: entries by the hour in which they came, "0" to "23" UTC.
        previous_interval_s: the interval that led to the last poll, None for the first.
        new_entries: how many entries the last poll brought.
        ttl_s: how long the feed asks to be left alone.
        max_age_s: how long the server says that its answer stays fresh.
        retry_after_s: how long the server asks to be left alone after an error.
        min_interval_s: a floor of the feed's own (GDELT answers 429 below 10 s, queries in general
            deserve more); 0 for none.
        is_pushed: its hub tells of new entries; polls are but a net.
    """

    failure: Failure | None = None
    failures: int = 0
    entry_interval_s: float | None = None
    entry_age_s: float | None = None
    a_day: float | None = None
    hours: Mapping[str, int] = field(default_factory=dict)
    previous_interval_s: float | None = None
    new_entries: int = 0
    ttl_s: float | None = None
    max_age_s: float | None = None
    retry_after_s: float | None = None
    min_interval_s: float = 0.0
    is_pushed: bool = False


def next_poll_at(state: PollState, now: datetime, jitter: float = 0.0) -> datetime:
    """Return when a feed is due again: from 2 minutes to 24 hours after `now`.

    Args:
        state: how the last polls went.
        now: the end of the last poll.
        jitter: from -1 to 1, random; moves the time by up to a tenth, so that feeds that failed
            together do not come back together.
    """
    return now + timedelta(seconds=interval_s(state, now, jitter))


def interval_s(state: PollState, now: datetime, jitter: float = 0.0) -> float:
    """Return the seconds until the next poll: see `next_poll_at`."""
    rhythm_s = _rhythm_s(state, now)
    wanted = rhythm_s if state.failure is None else _backoff_s(state, state.failure)
    # A temporary failure never makes a slow feed faster.
    if state.failure is not None and state.previous_interval_s:
        wanted = max(wanted, min(state.previous_interval_s, rhythm_s))
    if state.is_pushed and state.failure is None:
        wanted = max(wanted, PUSHED_INTERVAL_S)
    wanted *= 1 + JITTER_SHARE * max(-1.0, min(1.0, jitter))
    asked = [min(s, MAX_ASKED_S) for s in (state.ttl_s, state.max_age_s) if s]
    floor = max(MIN_INTERVAL_S, state.min_interval_s, state.retry_after_s or 0.0, *asked)
    return min(max(wanted, floor), MAX_INTERVAL_S)


def is_unconditional(feed_id: int, polls: int, body_age_s: float | None) -> bool:
    """Whether a poll is made without validators, so that lying ones cannot hide entries for ever.

    Args:
        feed_id: of 50 polls one is, each feed's at another time.
        polls: of this feed so far.
        body_age_s: seconds since the server last sent a body; None if it never did.
    """
    if body_age_s is None or body_age_s > MAX_BODY_AGE_S:
        return True
    return (feed_id + polls) % UNCONDITIONAL_ONE_IN == 0


def max_age_s(headers: Mapping[str, str]) -> float | None:
    """Return the max-age of a Cache-Control header (names in lower case), in seconds."""
    match = _MAX_AGE.search(headers.get("cache-control", ""))
    return float(match[1]) if match else None


def _rhythm_s(state: PollState, now: datetime) -> float:
    """When half an entry is to be expected; without history, drift by what the poll brought.

    A burst that still goes on is followed at its own pace, whatever the hour.
    """
    if state.a_day is not None:
        wanted_s = next_entry_s(state.a_day, state.hours, now, MAX_INTERVAL_S)
        if state.entry_interval_s and state.entry_age_s is not None:
            is_going_on = state.entry_age_s <= _BURST_GAPS * state.entry_interval_s
            wanted_s = min(wanted_s, state.entry_interval_s / 2) if is_going_on else wanted_s
        return max(wanted_s, MIN_INTERVAL_S)
    if state.entry_interval_s is not None and state.entry_interval_s > 0:
        return min(max(state.entry_interval_s / 2, MIN_INTERVAL_S), MAX_INTERVAL_S)
    previous = state.previous_interval_s or DEFAULT_INTERVAL_S
    return previous * (0.7 if state.new_entries else 1.5)


def _backoff_s(state: PollState, failure: Failure) -> float:
    first, most = _BACKOFF_S[failure]
    return min(first * 2.0 ** min(max(state.failures - 1, 0), 16), most)
