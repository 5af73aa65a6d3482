"""Claimed polls and what comes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from worker.domain import (
    BY_ID,
    Identity,
    Outcome,
    ToldBy,
    Validators,
)


@dataclass(frozen=True, slots=True)
class FeedJob:
    """A feed that this process has claimed until its lease ends.

    Attributes:
        failures: polls in a row that failed, before this one.
        tries: claims since the last finish, this one included.
        entry_interval_s: the mean time between two entries, as last measured.
        interval_s: how long the feed was left alone before this poll.
        moved_to, moved_count: where permanent redirects led lately, and at how many good polls in
            a row.
        polls: finished polls. body_at: when the server last sent a body.
        entry_days: how many entries were published on each of the latest days, by ISO date.
        entry_hours: how many lately in each hour of the day, "0" to "23" UTC.
        is_pushed: its hub pushes new entries, and has missed none since.
        overflow: entries over the cap when it was last read. entry_cap: what the cap was then.
        told_by: by what its entries were told apart so far.
        body_url: where the body came from that the validators are of.
    """

    id: int
    token: str
    url: str
    tries: int
    failures: int
    validators: Validators
    body_hash: str | None
    title: str
    language: str | None
    ttl_s: float | None
    entry_interval_s: float | None
    interval_s: float | None
    last_success_at: datetime | None
    moved_to: str | None = None
    moved_count: int = 0
    polls: int = 0
    body_at: datetime | None = None
    entry_count: int = 0
    entry_days: Mapping[str, int] = field(default_factory=dict)
    entry_hours: Mapping[str, int] = field(default_factory=dict)
    last_entry_at: datetime | None = None
    is_pushed: bool = False
    overflow: int = 0
    entry_cap: int | None = None
    told_by: ToldBy = ToldBy.ID
    body_url: str | None = None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry as the store wants it; hashes are hex SHA-256.

    Attributes:
        entry_hash: of the feed's own id of the entry.
        key_hash: of the article's url_key: its identity across feeds.
        change_hash: of title and text, to notice an edit.
    """

    entry_hash: str
    key_hash: str
    change_hash: str
    url: str | None
    title: str
    text: str
    author: str | None
    language: str | None
    outlet: str | None
    published_at: datetime | None
    published_raw: str | None


@dataclass(frozen=True, slots=True)
class HubLink:
    """A feed's hub (None if it names none) and the address by which the hub knows the feed."""

    hub_url: str | None
    topic_url: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """What is agreed with a feed's hub.

    Attributes:
        token: the secret part of our callback's address. secret: with which the hub signs.
        asked_at: when we asked last. until: when the hub stops pushing; None = it never agreed.
        failures: requests in a row that it did not take.
    """

    feed_id: int
    token: str
    secret: str
    hub_url: str
    topic_url: str
    asked_at: datetime | None
    until: datetime | None
    failures: int


@dataclass(frozen=True, slots=True)
class PollResult:
    """What a poll of one feed came to; the store writes it in one transaction.

    Attributes:
        has_body: whether the server sent a body, changed or not.
        moved_to, moved_count: as they are after this poll.
        hub: what the feed says of its hub; None where that is not known.
        own_poll_at: of a feed that is pushed, its next poll should its hub have missed an entry.
        entry_cap: the cap on entries with which it was read.
        identity: by what its document tells entries apart.
        body_url: where its body came from, after redirects.
    """

    job: FeedJob
    outcome: Outcome
    next_poll_at: datetime
    is_success: bool
    detail: str = ""
    status: int | None = None
    elapsed_s: float = 0.0
    size_bytes: int = 0
    validators: Validators | None = None
    body_hash: str | None = None
    title: str | None = None
    language: str | None = None
    ttl_s: float | None = None
    entry_interval_s: float | None = None
    entries: tuple[NewEntry, ...] = ()
    overflow: int = 0
    moved_to: str | None = None
    moved_count: int = 0
    has_body: bool = False
    hub: HubLink | None = None
    own_poll_at: datetime | None = None
    entry_cap: int | None = None
    identity: Identity = BY_ID
    body_url: str | None = None


@dataclass(frozen=True, slots=True)
class KnownEntries:
    """What is stored already of the entries of a poll.

    Attributes:
        changes: the change_hash of the entries that the feed brought before, by entry_hash.
        articles: the key_hashes for which there is an article, whichever feed brought it.
    """

    changes: Mapping[str, str]
    articles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a feed that somebody added.

    Attributes:
        feed_id: of the feed that has the address.
        is_new: it was none before.
    """

    feed_id: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """A feed whose address was changed.

    Attributes:
        feed_id: of the feed that has the new address.
        is_merged: it was a feed already; the moved one has become part of it.
    """

    feed_id: int
    old_url: str
    new_url: str
    is_merged: bool
