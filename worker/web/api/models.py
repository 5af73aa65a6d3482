"""What the API takes and gives. A match is the record that exports give, field by field."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from worker.domain import Kind, Relation, Verdict
from worker.web.forms import MAX_NAME, MAX_NOTE, PAGE_SIZE
from worker.web.listquery import LANGUAGE_PATTERN, WATCH_PATTERN

MAX_URL = 2_048
MAX_NUMBER = 2**53 - 1
"""The largest that every reader of JSON holds exactly; no id comes near."""


def _refuse_lookalikes(value: object) -> object:
    """Refuse what is read as a number elsewhere: true, "7"."""
    if isinstance(value, (bool, str)):
        raise ValueError("is no number")
    return value


def _refuse_numbers(value: object) -> object:
    """Refuse what is read as a time elsewhere: seconds since 1970."""
    if not (isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)):
        raise ValueError("use a date such as 2025-03-12")
    return value


Whole = Annotated[int, BeforeValidator(_refuse_lookalikes)]
MatchNumber = Annotated[int, Field(ge=1, le=MAX_NUMBER), BeforeValidator(_refuse_lookalikes)]
Day = Annotated[date, BeforeValidator(_refuse_numbers)]
Id = Annotated[int, Path(ge=1, le=MAX_NUMBER)]
WatchName = Annotated[str, Path(pattern=WATCH_PATTERN)]


class Given(BaseModel):
    """What a program sends: an unknown member is an error, never passed over."""

    model_config = ConfigDict(extra="forbid")


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


class Article(BaseModel):
    """An article without its text."""

    id: int
    url: str | None
    final_url: str | None
    canonical_url: str | None
    title: str
    language: str
    outlet: str | None
    author: str | None
    published_at: datetime | None
    first_seen_at: datetime
    processed_at: datetime | None
    state: str
    outcome: str | None
    text_source: str | None
    version: int


class ArticlePage(BaseModel):
    """Articles, first seen latest first."""

    articles: list[Article]
    next_cursor: str | None


class Sighting(BaseModel):
    """An entry of a feed that led to the article."""

    feed_id: int
    feed: str
    url: str | None
    title: str
    seen_at: datetime


class Version(BaseModel):
    """A text that the article has had, without the text."""

    number: int
    title: str
    characters: int
    seen_at: datetime


class WholeArticle(Article):
    """An article with its current text, its versions and where it was seen."""

    text: str
    versions: list[Version]
    sightings: list[Sighting]


class WholeVersion(BaseModel):
    """A text that the article has had."""

    number: int
    title: str
    text: str
    seen_at: datetime


class Feed(BaseModel):
    """A feed and how it is doing; addresses are without user names and passwords."""

    id: int
    url: str
    title: str
    language: str | None
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
    look: bool = Field(
        True, strict=True, description="ask the address first; false takes it as it is"
    )


class FeedChange(Given):
    """What a feed shall be."""

    state: Literal["active", "paused"]


class Move(Given):
    """The address that a feed has moved to, as you saw it."""

    moved_to: str = Field(min_length=1, max_length=MAX_URL)


class Seed(BaseModel):
    """A reference article of a watch."""

    id: str
    title: str
    url: str | None
    language: str
    published_at: datetime | None
    text: str


class Watch(BaseModel):
    """A set of seeds with its settings."""

    name: str
    title: str
    description: str
    languages: list[str]
    threshold: float | None = Field(description="null: the matcher's own")
    feeds: int = Field(description="that are polled for it")
    seeds: list[Seed]


class WatchList(BaseModel):
    """All watches."""

    watches: list[Watch]


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


class Fault(BaseModel):
    """Which part of a request is wrong."""

    loc: list[str]
    msg: str


class Problem(BaseModel):
    """What is wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[Fault] | None = None
    current: MatchRecord | None = Field(None, description="the match as it is now (409)")
    choices: list[str] | None = Field(None, description="the feeds that a page names (422)")
