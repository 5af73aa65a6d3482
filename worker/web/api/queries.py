"""Which matches a request is about."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Literal

from pydantic import Field

from worker.domain import Relation, Verdict
from worker.records import MatchFilter
from worker.web.api.cursors import MAX_CURSOR, read_cursor
from worker.web.api.models import MAX_NUMBER, Day, Given
from worker.web.listquery import (
    LANGUAGE_PATTERN,
    MAX_OUTLET,
    MAX_TEXT,
    WATCH_PATTERN,
)

MATCHES = "m"
"""The kind of their cursors."""


class MatchQuery(Given):
    """The same filters as the inbox has."""

    watch: str | None = Field(None, pattern=WATCH_PATTERN)
    relation: Relation | None = None
    language: str | None = Field(None, pattern=LANGUAGE_PATTERN)
    q: str | None = Field(
        None, max_length=MAX_TEXT, description="words in title or text; in quotes as they are"
    )
    outlet: str | None = Field(None, max_length=MAX_OUTLET)
    feed: int | None = Field(None, ge=1, le=MAX_NUMBER, description="seen in the feed of this id")
    verdict: Verdict | Literal["unreviewed"] | None = None
    since: Day | None = Field(None, description="found on this day (UTC) or later")

    def chosen(self) -> MatchFilter:
        """The same for the store."""
        return MatchFilter(
            watch=self.watch,
            relation=self.relation,
            language=self.language,
            text=self.q,
            outlet=self.outlet,
            feed_id=self.feed,
            verdict=self.verdict if isinstance(self.verdict, Verdict) else None,
            unreviewed=self.verdict == "unreviewed",
            since=datetime.combine(self.since, time(), UTC) if self.since else None,
        )


class PageQuery(Given):
    """Which page of a list."""

    cursor: str | None = Field(
        None, min_length=1, max_length=MAX_CURSOR, description="`next_cursor` of before"
    )
    limit: int = Field(100, ge=1, le=500)


class MatchPageQuery(MatchQuery, PageQuery):
    """A page of matches."""

    def before_id(self) -> int | None:
        """The match that the page before ended with."""
        key = read_cursor(MATCHES, self.cursor)
        return key[0] if key else None
