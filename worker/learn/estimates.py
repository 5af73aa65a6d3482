"""How good a watch is, from verdicts on samples, with how far that may be off.

Precision is a rate of what was shown and judged: Wilson's interval (Brown, Cai and DasGupta 2001).
Recall needs what was not shown: each stratum of the blind sample tells the rate of relevant
articles among its own, which counts for as many as the stratum has (Horvitz and Thompson 1952). Its
interval comes from draws of the rates with a Beta(1/2, 1/2) prior each (Webber 2013, "Approximate
recall confidence intervals", who found it to hold where rates are small and samples too).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

_Z = 1.959964
_DRAWS = 4_000


@dataclass(frozen=True, slots=True)
class Rate:
    """An estimate from 0 to 1 with its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Stratum:
    """Articles of which some were judged, chosen by chance alone.

    Attributes:
        total: how many there are. judged: how many were judged. relevant: ... and relevant.
    """

    total: int
    judged: int
    relevant: int


def wilson(hits: int, trials: int) -> Rate | None:
    """Return a rate with Wilson's score interval; None without any trial."""
    if trials < 1:
        return None
    share = hits / trials
    spread = _Z * sqrt(share * (1 - share) / trials + _Z**2 / (4 * trials**2))
    centre, scale = share + _Z**2 / (2 * trials), 1 + _Z**2 / trials
    # at the ends exact: rounded, the interval would leave its own value out
    low = max(0.0, (centre - spread) / scale) if hits else 0.0
    high = min(1.0, (centre + spread) / scale) if hits < trials else 1.0
    return Rate(share, low, high)


def recall(shown: Stratum, missed: Sequence[Stratum]) -> Rate | None:
    """Return which share of all relevant articles is shown.

    Args:
        shown: what counts as related.
        missed: what does not, by stratum.

    Returns:
        None where nothing can be said: a stratum that holds articles was never judged, or
        nothing relevant is known.
    """
    strata = [shown, *missed]
    if any(one.total and not one.judged for one in strata):
        return None
    expected = [one.total * one.relevant / one.judged if one.judged else 0.0 for one in strata]
    if sum(expected) <= 0:
        return None
    generator = np.random.default_rng(1)  # the same verdicts give the same page
    found = []
    for one in strata:
        # what was judged is known; only the rest is drawn
        rest = max(one.total - one.judged, 0)
        rate = generator.beta(one.relevant + 0.5, one.judged - one.relevant + 0.5, _DRAWS)
        found.append(min(one.relevant, one.total) + rest * rate)
    share = found[0] / np.maximum(np.sum(found, axis=0), 1e-9)
    low, high = np.quantile(share, [0.025, 0.975])
    value = expected[0] / sum(expected)
    return Rate(value, float(min(low, value)), float(max(high, value)))
