"""What verdicts teach, as stored: decided settings, judged matches, the blind sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.domain import Correction, Tuning

NEAR, FAR = "near", "far"
"""The strata of the blind sample: stored near misses, and what scored too little to be stored."""


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting of a watch that a person decided on.

    Attributes:
        threshold: None = the file's, or the matcher's own. correction: None = none.
        file_threshold: what watch.toml said then; if it says something else today, the file was
            edited since and counts again.
        threshold_before: what held until then.
        estimate: what was expected of it, as it was shown.
        undoes: the decision that this one took back.
    """

    id: int
    watch: str
    threshold: float | None
    correction: Correction | None
    file_threshold: float | None
    threshold_before: float | None
    estimate: Mapping[str, Any] | None
    reviewer: str | None
    decided_at: datetime
    undoes: int | None

    def tuning(self, file_threshold: float | None) -> Tuning | None:
        """What it means today; None where the file has been edited since, or it says nothing.

        Args:
            file_threshold: of the watch.toml of today.
        """
        says_nothing = self.threshold is None and self.correction is None
        if says_nothing or self.file_threshold != file_threshold:
            return None
        return Tuning(self.id, self.threshold, self.correction)


@dataclass(frozen=True, slots=True)
class NewSetting:
    """A setting to be stored; see `SettingRow`."""

    watch: str
    threshold: float | None
    correction: Correction | None
    file_threshold: float | None
    threshold_before: float | None
    estimate: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """A match or near miss, with what its score came from and what was said of it.

    Attributes:
        verdict: as stored. stratum: of the blind sample it was drawn in; None = not drawn.
        order: greater the later the verdict was given; 0 without one.
    """

    match_id: int
    language: str
    is_related: bool
    is_suggestion: bool
    score: float
    features: Mapping[str, float]
    verdict: str | None
    order: int
    stratum: str | None


@dataclass(frozen=True, slots=True)
class SampleWindow:
    """The time from which blind samples were drawn, and what it held.

    Attributes:
        totals: how many articles each stratum and language held below the threshold.
        shown: how many related ones came up in the same time, by language.
    """

    totals: Mapping[str, Mapping[str, int]]
    shown: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class BlindRow:
    """An article of the blind sample, without anything that the matcher thinks of it."""

    match_id: int
    review_id: int
    watch: str
    title: str
    text: str
    language: str
    outlet: str | None
    url: str | None
    published_at: datetime | None
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class SeedRow:
    """A relevant article that a person made a seed of its watch."""

    id: int
    watch: str
    article_id: int
    title: str
    text: str
    language: str
    url: str | None
    published_at: datetime | None
    reviewer: str | None
    added_at: datetime


@dataclass(frozen=True, slots=True)
class NameRow:
    """A rendering of a name, and what a person said of it.

    Attributes:
        standing: "proposed", "approved" or "rejected".
    """

    id: int
    watch: str
    name: str
    language: str
    text: str
    articles: int
    sample: str
    standing: str
    reviewer: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueryYield:
    """What a search feed has brought.

    Attributes:
        entries: so far. matches: of them, related. relevant: of these, judged so.
    """

    feed_id: int
    url: str
    title: str
    language: str | None
    state: str
    entries: int
    matches: int
    relevant: int
