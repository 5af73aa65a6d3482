"""When which match is told: pure functions of the notice, the rules, what was told, and the time.

What had to wait (for the end of quiet hours, for its turn within the hour, for a receiver that was
down) is told together in one message, so that nobody's phone rings forty times in the morning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from worker.domain import DigestTime, Failure, QuietHours, TellingRules, Verdict
from worker.errors import TellError
from worker.records import AfterFailure, Delivery, Notice, TellingPlan, ToldLately

HOUR: Final = timedelta(hours=1)
MOST_TOGETHER: Final = 200
"""Matches in one message; what is more goes into a second one."""
MAX_FAILURES: Final = 10
"""Failures in a row after which a message is given up, or a channel switched off: about 3 days."""

_PAUSES_S: Final = (60, 300, 1_200, 3_600, 10_800, 21_600, 43_200, 86_400)
_LONG_PAUSES_S: Final = (3_600, 10_800, 21_600, 43_200, 86_400)
_LONGEST_S: Final = 86_400.0


def plan(
    notices: Sequence[Notice], rules: TellingRules, lately: ToldLately, now: datetime
) -> TellingPlan:
    """Decide about all notices of a channel that are due.

    Args:
        notices: oldest first.
        rules: of the channel.
        lately: what it has told.
        now: aware UTC.
    """
    wanted, left_out = _wanted(notices, rules, lately)
    if rules.digest:
        due = {
            notice.id: next_digest(notice.noted_at, rules.digest, rules.zone) for notice in wanted
        }
        held = {one: at for one, at in due.items() if at > now}
        return TellingPlan(_together([one for one in due if one not in held]), held, left_out)
    quiet_until = end_of_quiet(now, rules.quiet, rules.zone) if rules.quiet else None
    if quiet_until is not None:
        return TellingPlan((), {notice.id: quiet_until for notice in wanted}, left_out)
    late = [notice.id for notice in wanted if notice.has_waited or now - notice.noted_at > HOUR]
    messages = list(_together(late))
    fresh = [notice.id for notice in wanted if notice.id not in set(late)]
    if rules.per_hour is None:
        return TellingPlan((*messages, *((one,) for one in fresh)), {}, left_out)
    sent = sorted(at for at in lately.sent_at if now - at < HOUR)
    messages = (messages + [(one,) for one in fresh])[: max(0, rules.per_hour - len(sent))]
    told = {one for message in messages for one in message}
    times = [*sent, *([now] * len(messages))]
    free_at = times[-rules.per_hour] + HOUR if len(times) >= rules.per_hour else now
    held = {notice.id: free_at for notice in wanted if notice.id not in told}
    return TellingPlan(tuple(messages), held, left_out)


def why_not(notice: Notice, rules: TellingRules) -> str | None:
    """Why a channel never tells an notice, whatever else is told; None if it does."""
    if not notice.relation.is_related:
        return "no match any more"
    if notice.verdict is Verdict.IRRELEVANT:
        return "judged irrelevant"
    if rules.relations and notice.relation not in rules.relations:
        return f"relation {notice.relation}"
    if notice.score < rules.min_score:
        return f"score {notice.score:.2f}"
    if rules.languages and notice.language not in rules.languages:
        return f"language {notice.language}"
    return None


def end_of_quiet(now: datetime, quiet: QuietHours, zone: str) -> datetime | None:
    """When the quiet hours end that `now` falls into; None if it falls into none."""
    here = now.astimezone(ZoneInfo(zone))
    clock = here.time()
    if quiet.start < quiet.end:
        is_quiet = quiet.start <= clock < quiet.end
    else:
        is_quiet = clock >= quiet.start or clock < quiet.end
    if not is_quiet:
        return None
    day = here.date() + timedelta(days=clock >= quiet.end)
    end = datetime.combine(day, quiet.end, here.tzinfo).astimezone(UTC)
    return max(end, now + timedelta(minutes=1))  # the night on which clocks are put back


def next_digest(moment: datetime, digest: DigestTime, zone: str) -> datetime:
    """The first digest after a moment, aware UTC."""
    here = moment.astimezone(ZoneInfo(zone))
    for days in range(9):
        day = here.date() + timedelta(days=days)
        if digest.weekday is None or day.weekday() == digest.weekday:
            at = datetime.combine(day, digest.at, here.tzinfo).astimezone(UTC)
            if at > moment:
                return at
    raise AssertionError("a week has every weekday")


def pause_s(failures: int, failure: Failure, asked_s: float | None, jitter: float) -> float:
    """For how long to wait after a failure, in seconds.

    Args:
        failures: in a row, this one included.
        failure: BLOCKED waits longer from the start: a person must correct something.
        asked_s: what the receiver asked for (Retry-After).
        jitter: 0 to 1; up to a tenth is added, so that receivers that died together are not asked
            together.
    """
    pauses = _LONG_PAUSES_S if failure is Failure.BLOCKED else _PAUSES_S
    pause = pauses[min(max(failures, 1), len(pauses)) - 1] * (1 + jitter / 10)
    return min(max(pause, asked_s or 0.0), _LONGEST_S * 1.1)


def after_failure(delivery: Delivery, error: TellError, jitter: float) -> AfterFailure:
    """What becomes of a message and its channel after a failed attempt.

    Args:
        delivery: the message, with the failures before this one.
        error: why it failed.
        jitter: see `pause_s`.
    """
    failures = delivery.failures + 1
    if error.failure is Failure.SOFT:
        pause = pause_s(failures, error.failure, error.retry_after_s, jitter)
        return AfterFailure(pause, is_given_up=failures >= MAX_FAILURES)
    in_a_row = delivery.channel_failures + 1
    pause = pause_s(in_a_row, error.failure, error.retry_after_s, jitter)
    switched_off = None
    if error.failure is Failure.HARD:
        switched_off = error.detail
    elif in_a_row >= MAX_FAILURES:
        switched_off = f"{in_a_row} failures in a row; the last one: {error.detail}"
    is_given_up = failures >= MAX_FAILURES and switched_off is None
    return AfterFailure(
        pause, channel_rests_s=pause, switched_off=switched_off, is_given_up=is_given_up
    )


def _wanted(
    notices: Sequence[Notice], rules: TellingRules, lately: ToldLately
) -> tuple[list[Notice], dict[int, str]]:
    wanted: list[Notice] = []
    left_out: dict[int, str] = {}
    stories = set(lately.stories)
    for notice in notices:
        reason = why_not(notice, rules)
        if reason is None and rules.first_of_story and notice.story in stories:
            reason = "its story was told before"
        if reason is None:
            wanted.append(notice)
            stories.add(notice.story)
        else:
            left_out[notice.id] = reason
    return wanted, left_out


def _together(ids: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    def pieces() -> Iterator[tuple[int, ...]]:
        for start in range(0, len(ids), MOST_TOGETHER):
            yield tuple(ids[start : start + MOST_TOGETHER])

    return tuple(pieces())
