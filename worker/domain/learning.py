"""What verdicts teach: a watch's tuning, and the judged articles that it is learnt from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

GENERAL_SCORE = "general_score"
"""The feature that keeps the score of the general model where a correction has changed it."""
MISSING_ASPECTS = "missing_aspects"
"""The feature that says how many of the watch's aspects an article lacks; absent for none."""
_LOGIT_CAP = 9.0


def logit(probability: float) -> float:
    """Return the log-odds of a probability, within what a score of four digits can say."""
    inner = min(max(probability, 1e-4), 1 - 1e-4)
    return math.log(inner / (1 - inner))


def expit(log_odds: float) -> float:
    """Return the probability of log-odds."""
    return 1 / (1 + math.exp(-max(-_LOGIT_CAP * 4, min(_LOGIT_CAP * 4, log_odds))))


@dataclass(frozen=True, slots=True)
class Correction:
    """A small model of one watch on top of the general one.

    Log-odds = intercept + slope * log-odds of the general score
             + sum of weight * (feature - its centre).

    Attributes:
        intercept: 0 where nothing was learnt. slope: 1 then.
        weights: by feature; none where nothing was learnt. centres: of the same features.
    """

    intercept: float = 0.0
    slope: float = 1.0
    weights: Mapping[str, float] = field(default_factory=dict)
    centres: Mapping[str, float] = field(default_factory=dict)

    def score(self, general: float, features: Mapping[str, float]) -> float:
        """Return the corrected probability.

        Args:
            general: the score of the general model, 0..1.
            features: of the article; one that is missing is taken for usual.
        """
        told = sum(
            weight * (features.get(name, self.centres[name]) - self.centres[name])
            for name, weight in self.weights.items()
        )
        return expit(self.intercept + self.slope * logit(general) + told)


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a person has decided for a watch, instead of its file's or the matcher's own threshold.

    Attributes:
        id: of the decision; matches that were scored under it name it.
        threshold: None = the watch's or the matcher's own.
        correction: None = the general model alone.
    """

    id: int
    threshold: float | None = None
    correction: Correction | None = None

    @property
    def mark(self) -> str:
        """What is added to the matcher's version."""
        return f"+t{self.id}"


@dataclass(frozen=True, slots=True)
class Judged:
    """An article on which a person gave a verdict.

    Attributes:
        score: of the general model. features: of the matcher.
        is_capped: it stays out whatever the threshold: a bare title, or an aspect is missing.
    """

    score: float
    is_relevant: bool
    features: Mapping[str, float] = field(default_factory=dict)
    is_capped: bool = False

    def is_taken(self, threshold: float, correction: Correction | None = None) -> bool:
        """Whether it counts as related."""
        if self.is_capped:
            return False
        score = correction.score(self.score, self.features) if correction else self.score
        return score >= threshold
