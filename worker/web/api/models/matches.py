"""A match as the API gives it: the record of the exports, field by field; verdicts; numbers."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field

from worker.domain import Kind, Relation, Verdict
from worker.web.api.models.fields import MAX_NUMBER, Given, Whole
from worker.web.forms import MAX_NAME, MAX_NOTE, PAGE_SIZE


class Passage(BaseModel):
    """A passage of the article beside the seed's that says the same."""

    article: str
    seed: str
    similarity: float


class MatchRecord(BaseModel):
    """A match; docs/columns.md explains the fields."""

    id: int
    article_id: int
    watch: str
    watch_title: str | None
    relation: Relation
    score: float
    suggestion: bool
    story_id: int | None
    kind: Kind | None
    seed: str
    seed_title: str | None
    seed_url: str | None
    seed_language: str | None
    title: str
    url: str | None
    language: str
    outlet: str | None
    author: str | None
    published_at: datetime | None
    first_seen_at: datetime
    matched_at: datetime
    text_source: str | None
    version: int
    verdict: Verdict | None
    note: str | None
    reviewer: str | None
    reviewed_at: datetime | None
    review_id: int
    reasons: list[str]
    evidence: list[Passage]
    adds: list[str]
    shared_names: list[str]
    shared_numbers: list[str]
    shared_dates: list[str]
    matcher_version: str
    encoder: str


class MatchPage(BaseModel):
    """Matches, newest first; `next_cursor` leads to the next page and is null on the last one."""

    matches: list[MatchRecord]
    next_cursor: str | None


class MatchList(BaseModel):
    """Matches, all of them."""

    matches: list[MatchRecord]


class NewVerdict(Given):
    """A verdict on a match as it was seen."""

    verdict: Verdict
    review_id: Whole = Field(ge=0, le=MAX_NUMBER, description="of the match as you saw it")
    note: str | None = Field(None, max_length=MAX_NOTE, description="null leaves it as it is")
    reviewer: str | None = Field(None, max_length=MAX_NAME, description="else the token's name")


class NewDecision(Given):
    """One of several verdicts."""

    match_id: Whole = Field(ge=1, le=MAX_NUMBER)
    review_id: Whole = Field(ge=0, le=MAX_NUMBER, description="of the match as you saw it")
    verdict: Verdict | None = Field(description="null takes the latest one back")
    note: str | None = Field(None, max_length=MAX_NOTE, description="null leaves it as it is")


class NewVerdicts(Given):
    """Several verdicts at once."""

    decisions: list[NewDecision] = Field(min_length=1, max_length=PAGE_SIZE)
    reviewer: str | None = Field(None, max_length=MAX_NAME, description="else the token's name")


class Decisions(BaseModel):
    """What became of them: `refused` are the matches that somebody else decided meanwhile."""

    done: list[int]
    refused: list[MatchRecord]


class Review(BaseModel):
    """One step in the history of a match's verdicts; the verdict is null where none was left."""

    id: int
    verdict: Verdict | None
    note: str | None
    reviewer: str | None
    score: float
    relation: Relation
    matcher_version: str
    reviewed_at: datetime
    undoes: int | None


class ReviewList(BaseModel):
    """All that was decided on a match, oldest first."""

    reviews: list[Review]


class DayCount(BaseModel):
    """How many matches were found on a day (UTC), in all and by relation."""

    day: date
    matches: int
    relations: dict[str, int]


class Stats(BaseModel):
    """How many matches there are of each kind; an unknown outlet or verdict is left out."""

    total: int
    relations: dict[str, int]
    languages: dict[str, int]
    outlets: dict[str, int]
    verdicts: dict[str, int]
    unreviewed: int
    days: list[DayCount]
