"""Notices, messages and channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from worker.domain import (
    Outcome,
    Relation,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Notice:
    """A match that a channel may tell.

    Attributes:
        story: what it shares with other reports of the same.
        noted_at: when it was found. has_waited: it was held back before.
    """

    id: int
    relation: Relation
    score: float
    language: str
    story: int
    verdict: Verdict | None
    noted_at: datetime
    has_waited: bool = False


@dataclass(frozen=True, slots=True)
class ToldLately:
    """What a channel has told.

    Attributes:
        sent_at: when, within the last hour.
        stories: those of the notices in question that it has told already, whenever that was.
    """

    sent_at: tuple[datetime, ...] = ()
    stories: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class TellingPlan:
    """What becomes of the notices of one channel.

    Attributes:
        messages: to be sent now, each with the ids of its notices, oldest first.
        held: until when, by id.
        left_out: why, by id; for good.
    """

    messages: tuple[tuple[int, ...], ...] = ()
    held: Mapping[int, datetime] = field(default_factory=dict)
    left_out: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed outbox row: one message to be sent through one channel.

    Attributes:
        key: the same at every attempt; receivers drop what they have seen.
        failures: of this message so far. channel_failures: of its channel, in a row.
        match_ids: what it tells of, oldest first.
        claimed_at: on the store's clock.
    """

    id: int
    token: str
    tries: int
    failures: int
    key: str
    watch: str
    channel: str
    match_ids: tuple[int, ...]
    created_at: datetime
    claimed_at: datetime
    channel_failures: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt to send went.

    Attributes:
        detail: what the receiver said, or what is wrong; shown to people.
        status: of HTTP or SMTP, where there was one.
    """

    outcome: Outcome
    detail: str = ""
    status: int | None = None
    elapsed_s: float = 0.0


@dataclass(frozen=True, slots=True)
class AfterFailure:
    """What becomes of a message and its channel after a failed attempt.

    Attributes:
        retry_in_s: when the message is due again.
        channel_rests_s: for how long nothing is sent through the channel; 0 if only the message
            was refused.
        switched_off: why the channel is used no more until a person says so.
        is_given_up: the message waits for a person.
    """

    retry_in_s: float
    channel_rests_s: float = 0.0
    switched_off: str | None = None
    is_given_up: bool = False


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel as lists show it.

    Attributes:
        state: "active", "off" (switched off by a failure, see `reason`).
        rests_until: nothing is sent before.
        failures: in a row.
        waiting: matches that are held back. queued: messages that are to be sent.
        given_up: messages that wait for a person.
    """

    watch: str
    name: str
    kind: str
    state: str
    reason: str | None
    failures: int
    rests_until: datetime
    last_sent_at: datetime | None
    last_failed_at: datetime | None
    waiting: int
    queued: int
    given_up: int


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """A line of the delivery log.

    Attributes:
        message_id: None for a test message.
        title: of the first match told.
    """

    id: int
    at: datetime
    watch: str
    channel: str
    message_id: int | None
    outcome: str
    status: int | None
    detail: str
    elapsed_s: float
    matches: int
    title: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message that has not been sent, as lists show it."""

    id: int
    key: str
    watch: str
    channel: str
    state: str
    due_at: datetime
    failures: int
    last_error: str | None
    created_at: datetime
    matches: int
    title: str
