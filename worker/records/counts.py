"""Numbers kept of articles and matches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from worker.domain import (
    Relation,
)


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many articles (relation None) or matches of a relation were found on a day."""

    day: date
    relation: Relation | None
    number: int


@dataclass(frozen=True, slots=True)
class ValueCount:
    """How many articles and matches there are of a language or an outlet."""

    value: str
    articles: int
    matches: int


@dataclass(frozen=True, slots=True)
class MostOf:
    """The first of many counts, and how many there are in all."""

    counts: Sequence[ValueCount]
    total: int


@dataclass(frozen=True, slots=True)
class Sums:
    """How many matches of a list there are of each kind, most first; days in their order.

    Attributes:
        outlets: None where it is not known. verdicts: None counts those not reviewed.
        days: by the day (UTC) on which they were found, and by relation.
    """

    total: int
    relations: Mapping[str, int]
    languages: Mapping[str, int]
    outlets: Mapping[str | None, int]
    verdicts: Mapping[str | None, int]
    days: Mapping[date, Mapping[str, int]]
