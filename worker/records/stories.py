"""Stories: members, links, groups, and the lines that the pages show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from worker.domain import (
    Kind,
    Relation,
    SeedRows,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class StoryMember:
    """A match as grouping sees it; nothing in it depends on when the match was found.

    Attributes:
        id: of the match. key: of its article, the same whenever it comes in.
        told_at: when it was published; when first seen, where that is not known.
        anchor, kind: see `worker.domain.Place`; `kind` as it stands now.
        base_kind: the kind that its own article alone gives it.
        side: what a person said it belongs to; None where nobody did.
        component: what it hung together with so far, whatever a person said; 0 if it is new.
        story_id: of the story that it is in so far; 0 if it is new.
    """

    id: int
    key: str
    told_at: datetime
    language: str
    anchor: str | None
    base_kind: Kind
    kind: Kind
    encoder: str
    vector: bytes | None
    side: int | None = None
    component: int = 0
    story_id: int = 0


@dataclass(frozen=True, slots=True)
class StoryLink:
    """Two matches that tell one story, by what they are; `is_same_text`: copy or translation."""

    one: StoryMember
    other: StoryMember
    is_same_text: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """Where grouping puts a match: fields as in `StoryMember`."""

    component: int
    story_id: int
    kind: Kind


class StoryRule(Protocol):
    """Which matches tell one story: a pure rule, whose answers depend on no order."""

    @property
    def window(self) -> timedelta:
        """How far apart two articles are told at the most that are linked by what they say."""
        ...

    def links(
        self, new: Sequence[StoryMember], known: Sequence[StoryMember]
    ) -> Sequence[StoryLink]:
        """The links of each new match with the known ones, and of the new ones among each other."""
        ...

    def kind(self, member: StoryMember, links: Sequence[StoryLink]) -> Kind:
        """What a match is to its story, seen from these links; never less than it was."""
        ...

    def partition(self, members: Sequence[StoryMember]) -> Mapping[int, Placed]:
        """Group matches anew, a person's word first; by the match's id."""
        ...


@dataclass(frozen=True, slots=True)
class StoryGroup:
    """So many matches of a story are of one kind and in one language.

    Attributes:
        reviewed: how many of them have a verdict. review_id: the latest of their reviews.
        first: the id of the one that was found first.
    """

    kind: Kind
    language: str
    number: int
    reviewed: int
    review_id: int
    first: int


@dataclass(frozen=True, slots=True)
class StoryEntry:
    """A match as one line of its story; fields as in `MatchRow`."""

    id: int
    story_id: int
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


@dataclass(frozen=True, slots=True)
class StoryLine:
    """A story in a list, as far as its matches are wanted there.

    Attributes:
        newest: the id of its newest wanted match, by which lists are ordered and paged.
        groups: all its wanted matches, counted.
        entries: its newest wanted matches, newest first; the last one is the first that was found.
    """

    story_id: int
    newest: int
    groups: tuple[StoryGroup, ...]
    entries: tuple[StoryEntry, ...]

    @property
    def number(self) -> int:
        """How many wanted matches it has."""
        return sum(group.number for group in self.groups)

    @property
    def review_id(self) -> int:
        """The latest review of any of them, 0 without one."""
        return max(group.review_id for group in self.groups)


@dataclass(frozen=True, slots=True)
class StoryDecisionRow:
    """What somebody said of a story: of so many of its matches, when."""

    decided_at: datetime
    reviewer: str | None
    number: int


@dataclass(frozen=True, slots=True)
class StoryText:
    """A matched article of a story with its text, to be laid beside the others.

    Attributes:
        key: of its article, the same whenever it comes in. seed: the nearest one.
        url: the address that the page gives itself, else that under which it was found.
        published_raw: the time of publication as it was written.
        adds: what no seed says, see `worker.domain.Match`.
        encoder, rows: see `worker.domain.Sketch`; empty where nothing is kept.
    """

    match_id: int
    article_id: int
    version: int
    key: str
    watch: str
    seed: str
    relation: Relation
    kind: Kind
    title: str
    text: str
    language: str
    outlet: str
    url: str
    published_at: datetime | None
    published_raw: str
    author: str
    first_seen_at: datetime
    adds: tuple[str, ...]
    encoder: str
    rows: bytes


@dataclass(frozen=True, slots=True)
class KeptSeed:
    """The vectors that are kept of a seed, and the encoder that gave them."""

    rows: SeedRows
    encoder: str
