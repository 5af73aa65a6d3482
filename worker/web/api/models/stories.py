"""Stories as the API gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from worker.domain import Kind, Relation, Verdict
from worker.web.api.models.fields import Given, MatchNumber
from worker.web.forms import MAX_NAME, PAGE_SIZE


class StoryMatch(BaseModel):
    """A match as one line of its story."""

    id: int
    watch: str
    kind: Kind
    relation: Relation
    score: float
    is_suggestion: bool
    title: str
    language: str
    outlet: str | None
    published_at: datetime | None
    first_seen_at: datetime
    created_at: datetime
    version: int
    verdict: Verdict | None
    reviewer: str | None
    review_id: int


class StoryGroup(BaseModel):
    """So many matches of a story are of one kind and in one language; so many have a verdict."""

    kind: Kind
    language: str
    number: int
    reviewed: int


class Story(BaseModel):
    """A story: how many of its matches fit, counted, and the newest of them."""

    story_id: int
    number: int
    groups: list[StoryGroup]
    matches: list[StoryMatch]


class StoryPage(BaseModel):
    """Stories, the one with the newest match first."""

    stories: list[Story]
    next_cursor: str | None


class WholeStory(BaseModel):
    """A story with its matches (a thousand at the most) in the order in which they were told."""

    story_id: int
    number: int
    matches: list[StoryMatch]


class NewStoryDecision(Given):
    """What matches are: one story with those that theirs have (merge), or one of their own."""

    act: Literal["merge", "split"]
    match_ids: list[MatchNumber] = Field(min_length=1, max_length=PAGE_SIZE)
    reviewer: str | None = Field(None, max_length=MAX_NAME, description="else the token's name")
