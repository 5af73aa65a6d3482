"""What a briefing says of stories: what is new against the seeds, what of them is repeated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from worker.records.facts import SharedFact
from worker.records.quotes import FollowedQuote


class FactKind(StrEnum):
    """What sort of thing the coverage says."""

    PASSAGE = "passage"
    QUOTATION = "quotation"
    NAME = "name"
    FIGURE = "figure"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Teller:
    """An article that says something, and where: the passage as it stands there."""

    match_id: int
    outlet: str
    language: str
    told_at: datetime
    passage: str


@dataclass(frozen=True, slots=True)
class ToldFact:
    """Something that articles say and no seed does, or something of a seed that articles repeat.

    Attributes:
        text: as its first teller has it; in the seed's words if it is the seed's.
        independent: how many say it, copies and translations of one text counted once.
        tellers: all of them, the first to tell it first.
        beside: of what a seed says: a match whose page shows that seed beside its article.
    """

    kind: FactKind
    text: str
    language: str
    independent: int
    tellers: tuple[Teller, ...]
    beside: int | None = None


@dataclass(frozen=True, slots=True)
class SeedShare:
    """How much of an article goes back to a seed, 0..1; None where that cannot be told."""

    match_id: int
    title: str
    outlet: str
    language: str
    share: float | None


@dataclass(frozen=True, slots=True)
class StoryBrief:
    """A story on one page.

    Attributes:
        title, language: of the article that told it first.
        articles: that it has. looked_at: the earliest of them, of which this is said.
        independent: how many texts of their own those are.
        facts: what no seed says, what most say first; told in the period by at least one.
        conflicts: what its texts contradict each other in.
        quotes: that two texts of their own or more have.
        repeated: passages of seeds that most repeat. silent: those that nobody repeats.
    """

    story_id: int
    watch: str
    title: str
    language: str
    articles: int
    looked_at: int
    independent: int
    languages: tuple[str, ...]
    facts: tuple[ToldFact, ...]
    repeated: tuple[ToldFact, ...]
    silent: tuple[ToldFact, ...]
    shares: tuple[SeedShare, ...]
    conflicts: tuple[SharedFact, ...] = ()
    quotes: tuple[FollowedQuote, ...] = ()


@dataclass(frozen=True, slots=True)
class Brief:
    """The stories of a period, the one with the newest match first.

    Attributes:
        is_cut: there are more than are told.
    """

    made_at: datetime
    since: datetime | None
    watch: str | None
    stories: tuple[StoryBrief, ...]
    is_cut: bool
