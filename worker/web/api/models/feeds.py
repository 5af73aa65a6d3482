"""Feeds as the API takes and gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from worker.domain import FetchPolicy
from worker.web.api.models.fields import Given
from worker.web.listquery import LANGUAGE_PATTERN, WATCH_PATTERN

MAX_URL = 2_048


class Feed(BaseModel):
    """A feed and how it is doing; addresses are without user names and passwords."""

    id: int
    url: str
    title: str
    language: str | None
    fetch: FetchPolicy = Field(description="of which entries the pages are fetched")
    state: str
    origin: Literal["config", "user"]
    watches: list[str]
    outcome: str | None
    detail: str | None
    last_polled_at: datetime | None
    last_success_at: datetime | None
    next_poll_at: datetime
    failures: int
    entries: int
    overflow: int
    last_entry_at: datetime | None
    moved_to: str | None
    is_move_ripe: bool = Field(description="redirected often enough in a row to be confirmed")


class FeedPage(BaseModel):
    """Feeds, in the order they were added."""

    feeds: list[Feed]
    next_cursor: str | None


class NewFeed(Given):
    """A feed to be watched."""

    url: str = Field(min_length=1, max_length=MAX_URL, description="of the feed, or of its site")
    watch: str = Field(pattern=WATCH_PATTERN)
    title: str = Field("", max_length=300, description="else the feed's own")
    language: str | None = Field(None, pattern=LANGUAGE_PATTERN, description="else the feed's own")
    fetch: FetchPolicy | None = Field(None, description="else all")
    look: bool = Field(
        True, strict=True, description="ask the address first; false takes it as it is"
    )


class FeedChange(Given):
    """What a feed shall be."""

    state: Literal["active", "paused"]


class Move(Given):
    """The address that a feed has moved to, as you saw it."""

    moved_to: str = Field(min_length=1, max_length=MAX_URL)
