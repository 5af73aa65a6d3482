"""Facts of a story side by side: what its texts say of one thing, and whether they agree."""

from __future__ import annotations

from dataclasses import dataclass

from worker.domain import Measure


@dataclass(frozen=True, slots=True)
class Saying:
    """A text that says something, and where.

    Attributes:
        match_id: of an article; None for a seed. seed: its id; None for an article.
        written: the words that say it, as they stand in `passage`.
        start, end: where they stand in it, in characters.
    """

    match_id: int | None
    seed: str | None
    title: str
    outlet: str
    language: str
    written: str
    passage: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Version:
    """What some of the texts say, the first to tell it first.

    Attributes:
        value: without language: a number, a day as 2026-03-12 (parts that are not given are
            `?`), a name.
        independent: how many say it, copies and translations of one text counted once.
    """

    value: str
    independent: int
    sayings: tuple[Saying, ...]


@dataclass(frozen=True, slots=True)
class SharedFact:
    """Something that several texts say.

    Attributes:
        unit: of a measure as CLDR calls it, of an amount the currency's kind ("dollar"); or "".
        versions: one if all agree; else what each says, what most say first.
        is_conflict: two of them contradict each other, as far as can be told.
    """

    kind: Measure
    unit: str
    versions: tuple[Version, ...]
    is_conflict: bool
