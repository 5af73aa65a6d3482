"""What is concluded about stories and learnt about watches, as the API gives it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from worker.domain import Clue, Confidence, Way
from worker.records import BlindRow, DayState, FollowedQuote, NameRow, RematchState, SharedFact
from worker.store.naming import MAX_NAME as MAX_RENDERING
from worker.web.api.models.fields import Day, Given
from worker.web.forms import MAX_NAME


class Node(BaseModel):
    """A text of a story: an article's match, or a seed."""

    id: str
    title: str
    language: str
    outlet: str
    url: str
    published_at: datetime | None
    first_seen_at: datetime | None
    match_id: int | None
    seed: str | None


class Clues(BaseModel):
    """One thing that speaks for a link."""

    clue: Clue
    value: str
    said: str


class Edge(BaseModel):
    """A hypothesis: `target` seems to go back to `source`."""

    source: str
    target: str
    way: Way
    decided: bool = Field(description="false: which of the two was first is open")
    confidence: Confidence
    evidence: list[Clues]


class Insight(BaseModel):
    """What is said of a story as far as it was looked at."""

    story_id: int
    watch: str
    articles: int = Field(description="that the story has")
    looked_at: int = Field(description="the earliest of them, of which this is said")


class LineageGraph(Insight):
    """Who may have taken a story from whom."""

    note: str
    nodes: list[Node]
    edges: list[Edge]


class FactList(Insight):
    """Facts side by side, contradictions first."""

    note: str
    facts: list[SharedFact]


class QuoteList(Insight):
    """Quotations followed through a story, what most texts have first."""

    quotes: list[FollowedQuote]


class NameList(BaseModel):
    """The names of a watch as other languages write them."""

    names: list[NameRow]


class NewStanding(Given):
    """A person's word on a name."""

    standing: Literal["approved", "rejected"]
    text: str | None = Field(
        None, min_length=1, max_length=MAX_RENDERING, description="the name, corrected"
    )
    reviewer: str | None = Field(None, max_length=MAX_NAME, description="else the token's name")


class Estimated(BaseModel):
    """A rate from 0 to 1 with its 95% interval."""

    value: float
    low: float
    high: float


class QualityOf(BaseModel):
    """How good a watch is in one language, or in all, as far as verdicts tell."""

    language: str | None = Field(description="null: all")
    shown: int
    judged: int = Field(description="verdicts on what was shown")
    blind: int = Field(description="verdicts on the blind sample")
    precision: Estimated | None
    near_recall: Estimated | None = Field(description="of what is shown or came near")
    recall: Estimated | None


class TuningOf(BaseModel):
    """A watch's threshold, what verdicts speak for, and what it is worth."""

    watch: str
    threshold: float
    has_correction: bool
    is_decided: bool = Field(description="by a person, beside the file")
    verdicts: int
    proposed_threshold: float | None
    quality: list[QualityOf]


class NewRematch(Given):
    """What is to be matched again."""

    since: Day | None = Field(
        None, description="what was first seen on this day (UTC) or later; null: all"
    )
    reviewer: str | None = Field(None, max_length=MAX_NAME, description="else the token's name")


class RematchOf(BaseModel):
    """A request to match stored articles again; it is about all watches."""

    id: int
    state: RematchState
    asked_at: datetime
    reviewer: str | None
    since: date | None
    total: int | None = Field(description="articles to match again; null: not counted yet")
    done: int
    passed_over: int = Field(description="could not be matched and keep their answers")
    newly_matched: int = Field(description="for this watch, so far")
    no_longer_matched: int
    error: str | None = Field(description="why it was given up")


class RematchList(BaseModel):
    """The requests that were made last, latest first."""

    requests: list[RematchOf]


class MovedMatches(BaseModel):
    """Stored matches that another threshold would let in or drop."""

    match_ids: list[int]
    relevant: int = Field(description="so many of them were judged so")
    irrelevant: int


class ReplayOf(BaseModel):
    """What another threshold would change among what is stored; nothing is saved."""

    watch: str
    threshold: float
    comes_in: MovedMatches
    goes_out: MovedMatches


class BlindList(BaseModel):
    """Articles below the threshold, drawn by chance, without their scores."""

    articles: list[BlindRow]


class DayOf(BaseModel):
    """A day (UTC) of an outlet."""

    day: date
    state: DayState = Field(
        description="matched; below: published, below the threshold; quiet: the feed was read and "
        "had nothing new; broken: it could not be read; unasked: not asked, or forgotten"
    )
    polls: int
    good_polls: int = Field(description="those that could be read")
    entries: int
    matches: int
    nearest_score: float | None = Field(description="the best score just below the threshold")


class OutletOf(BaseModel):
    """The days of an outlet in one language."""

    language: str
    outlet: str
    feed_id: int
    days: list[DayOf]


class SilenceGrid(BaseModel):
    """Languages, outlets and days."""

    outlets: list[OutletOf]
