"""Feeds as commands and pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from worker.domain import (
    FetchPolicy,
    ToldBy,
)


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed as `feeds list` and `feeds health` show it.

    Attributes:
        entries: seen so far.
        entry_days: how many were published on each of the latest days that had any, by ISO date.
        origin: "config" for one that a watch's file names, "user" for one that was added.
        interval_s: from the last poll to the next. entry_interval_s: the mean time between two
            entries. ttl_s: how long the feed asks to be left alone.
        is_conditional: whether its server gave validators, so that a poll costs little.
        told_by: by what its entries are told apart; since when and why, if it is not their ids.
    """

    id: int
    url: str
    title: str
    language: str | None
    state: str
    watches: tuple[str, ...]
    next_poll_at: datetime
    last_outcome: str | None
    last_detail: str | None
    last_polled_at: datetime | None
    last_success_at: datetime | None
    failures: int
    overflow: int
    moved_to: str | None
    entries: int
    moved_count: int
    entry_days: Mapping[str, int]
    last_entry_at: datetime | None
    created_at: datetime
    origin: str = "config"
    fetch: FetchPolicy = FetchPolicy.ALL
    interval_s: float | None = None
    entry_interval_s: float | None = None
    ttl_s: float | None = None
    is_conditional: bool = False
    told_by: ToldBy = ToldBy.ID
    told_by_since: datetime | None = None
    told_by_why: str | None = None


@dataclass(frozen=True, slots=True)
class PollEvent:
    """One attempt to poll a feed."""

    at: datetime
    outcome: str
    status: int | None
    detail: str | None
    elapsed_s: float
    size_bytes: int
    entries: int
    new_entries: int


@dataclass(frozen=True, slots=True)
class SeenEntry:
    """An entry as a feed brought it."""

    url: str | None
    title: str
    seen_at: datetime
