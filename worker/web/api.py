"""The HTTP API: matches as JSON, and whether the process and its store are well."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from worker.domain import Relation, Verdict
from worker.errors import StoreError
from worker.notify.records import match_record
from worker.store.matches import MatchFilter
from worker.store.store import Store
from worker.web.listquery import (
    LANGUAGE_PATTERN,
    MAX_ID,
    MAX_OUTLET,
    MAX_TEXT,
    WATCH_PATTERN,
)


class MatchQuery(BaseModel):
    """Which matches to list."""

    model_config = ConfigDict(extra="forbid")

    watch: str | None = Field(None, pattern=WATCH_PATTERN)
    relation: Relation | None = None
    language: str | None = Field(None, pattern=LANGUAGE_PATTERN)
    q: str | None = Field(
        None, max_length=MAX_TEXT, description="words in title or text; in quotes as they are"
    )
    outlet: str | None = Field(None, max_length=MAX_OUTLET)
    feed: int | None = Field(None, ge=1, le=MAX_ID, description="seen in the feed of this id")
    verdict: Verdict | Literal["unreviewed"] | None = None
    since: date | None = Field(None, description="found on this day (UTC) or later")
    before: int | None = Field(None, ge=1, le=MAX_ID)
    limit: int = Field(100, ge=1, le=500)

    def store_filter(self) -> MatchFilter:
        """The same for the store, with one row more than asked for: it tells of a next page."""
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
            before_id=self.before,
            limit=self.limit + 1,
        )


class MatchPage(BaseModel):
    """Matches, newest first.

    Attributes:
        next_before: `before` of the next page; null on the last one.
    """

    matches: list[dict[str, Any]]
    next_before: int | None


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether the store answers, and how far behind the work is.

    Attributes:
        cause: why not, where it is not ready.
        pulses_s: seconds since each sign of life of beat and sweep, by name.
        oldest_due_s: seconds that the oldest due article waits; null if none is due.
    """

    status: Literal["ready", "down"]
    cause: str | None = None
    pulses_s: dict[str, float] = {}
    oldest_due_s: float | None = None


class Api:
    """The API of one store.

    Args:
        store: answers.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def router(self) -> APIRouter:
        """The routes of the API."""
        router = APIRouter()
        add = router.add_api_route
        add("/api/v1/matches", self.matches, response_model=MatchPage, tags=["matches"])
        add(
            "/api/v1/matches/{match_id}",
            self.match,
            response_model=dict[str, Any],
            responses={404: {"description": "No match has that id"}},
            tags=["matches"],
        )
        add("/healthz", self.healthz, response_model=Alive, tags=["health"])
        add(
            "/readyz",
            self.readyz,
            response_model=Readiness,
            responses={503: {"model": Readiness, "description": "The store does not answer"}},
            tags=["health"],
        )
        return router

    def matches(self, query: Annotated[MatchQuery, Query()]) -> MatchPage:
        """List matches, newest first; `before` takes the `next_before` of the page before."""
        limit = query.limit
        rows = list(self._store.matches.rows(query.store_filter()))
        records = [match_record(row) for row in rows[:limit]]
        return MatchPage(
            matches=records, next_before=rows[limit - 1].id if len(rows) > limit else None
        )

    def match(self, match_id: Annotated[int, Path(ge=1, le=MAX_ID)]) -> dict[str, Any]:
        """One match with its evidence."""
        return match_record(self._store.matches.get(match_id))

    def healthz(self) -> Alive:
        """Whether this process answers at all."""
        return Alive()

    def readyz(self, response: Response) -> Readiness:
        """Whether the store answers, and the ages by which an operator sees work stand still."""
        try:
            self._store.check()
            pulses = self._store.pulse.ages_s()
            waits = self._store.articles.oldest_due_age_s()
        except StoreError as error:
            response.status_code = 503
            return Readiness(status="down", cause=str(error))
        return Readiness(status="ready", pulses_s=pulses, oldest_due_s=waits)
