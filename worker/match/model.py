"""Features -> probabilities: three small logistic models, their weights in data/model.json.

`bench/fit_matcher.py` fits them on labelled stories, every weight with the sign that a person would
expect of it, and measures with one story left out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "model.json"


@dataclass(frozen=True)
class Logistic:
    """Probability = 1 / (1 + exp(-(intercept + sum of weight * feature)))."""

    weights: Mapping[str, float]
    intercept: float

    def logit(self, features: Mapping[str, float]) -> float:
        """Return the log-odds."""
        return self.intercept + sum(w * features[name] for name, w in self.weights.items())

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the probability, 0..1."""
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, self.logit(features)))))

    def contributions(self, features: Mapping[str, float]) -> dict[str, float]:
        """Return what each feature adds to the log-odds."""
        return {name: w * features[name] for name, w in self.weights.items()}


@dataclass(frozen=True)
class Model:
    """The three decisions.

    Attributes:
        related: whether the article is related at all.
        same_text: whether it is the seed's own text, copied or translated.
        same_event: of a related article that is not: whether it reports the seed's event.
        typical: mean of each feature over the fitted articles, for explanations.
        version: changes with every fit.
    """

    related: Logistic
    same_text: Logistic
    same_event: Logistic
    typical: Mapping[str, float]
    version: str


def logistic_of(stored: Mapping[str, object]) -> Logistic:
    """Return the model that a file holds."""
    weights = stored["weights"]
    intercept = stored["intercept"]
    assert isinstance(weights, dict)  # noqa: S101 - narrows what json gives; our own file
    assert isinstance(intercept, float)  # noqa: S101
    return Logistic({str(k): float(v) for k, v in weights.items()}, intercept)


@lru_cache(maxsize=1)
def shipped_model() -> Model:
    """Return the model in data/model.json."""
    stored = json.loads(_FILE.read_text(encoding="utf-8"))
    return Model(
        related=logistic_of(stored["related"]),
        same_text=logistic_of(stored["same_text"]),
        same_event=logistic_of(stored["same_event"]),
        typical=stored["typical"],
        version=stored["version"],
    )
