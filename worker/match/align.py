"""Passages of an article beside the passages of the seeds that say the same.

A pair counts when its similarity stands out: against other news (the margin of `vectorspace`) and
against the other pairs of its row and column (mutual best). Order tells a translation, which
follows its seed, from a report, which does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.match.vectorspace import Similarities

MAX_ORDER_Z = 4.0
STRONG = 0.30
"""Margin from which two passages say the same; median of translated passages 0.45, of unrelated
ones -0.05 (bench/fit_space.py)."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Passage `article` of the article and `seed` of a seed, by index, with their margin."""

    article: int
    seed: int
    margin: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """How an article lies beside one seed.

    Attributes:
        pairs: best partner of each passage of the article, in the article's order.
        mean: margin of the best partners, alone or joined with a neighbour, weighted by width;
            margins below 0 count 0.
        in_order: the same for the best alignment that never goes back in the seed.
        covered: share of the article's width in strong pairs.
        seed_covered: share of the seed's passages that are the best partner in a strong pair.
        order: in_order / mean, spread to 0..1 and drawn towards 0.5 in short texts: near 1 for a
            translation.
        order_z: rank correlation of the pairs' places, in standard deviations of chance.
    """

    pairs: tuple[Pair, ...]
    mean: float
    in_order: float
    covered: float
    seed_covered: float
    order: float
    order_z: float


_NOTHING = Alignment((), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
_ORDER_FLOOR = 0.6
"""in_order / mean of texts that only share a topic; shares of 0.95 and more are translations."""


def best_in_order(gains: Similarities) -> float:
    """Return the largest sum of gains, one a row, whose columns never go back.

    Args:
        gains: shape (passages of the article, passages of the seed), none negative.
    """
    best = np.zeros(gains.shape[1], dtype=np.float64)
    for row in gains:
        best = np.maximum.accumulate(best) + row
    return float(best.max())


def align(margins: Similarities, joined: Similarities, widths: NDArray[np.float32]) -> Alignment:
    """Align an article with one seed.

    Args:
        margins: shape (passages of the article, passages of the seed).
        joined: the same or more, where a passage and a pair of neighbours say the same.
        widths: of the article's passages.
    """
    if not margins.size:
        return _NOTHING
    best = margins.argmax(axis=1)
    values = margins[np.arange(len(best)), best]
    weights = widths / widths.sum()
    reach = joined.max(axis=1)
    pairs = tuple(
        Pair(i, int(j), float(v)) for i, (j, v) in enumerate(zip(best, values, strict=True))
    )
    is_strong = values >= STRONG
    mean = float((np.maximum(reach, 0.0) * weights).sum())
    in_order = best_in_order(np.maximum(joined, 0.0) * weights[:, None])
    order = 0.5
    if len(best) >= 3 and margins.shape[1] >= 3:
        order = max(0.0, (in_order / max(mean, 1e-6) - _ORDER_FLOOR) / (1 - _ORDER_FLOOR))
        order = 0.5 + (order - 0.5) * len(best) / (len(best) + 3)
    return Alignment(
        pairs,
        mean,
        in_order,
        float(weights[is_strong].sum()),
        len(set(best[is_strong].tolist())) / margins.shape[1],
        order,
        _order_z(best, np.maximum(values, 0.0) * weights),
    )


def _order_z(places: NDArray[np.intp], weights: NDArray[np.float32]) -> float:
    """Return the rank correlation of the partners' places, in standard deviations of chance.

    Args:
        places: in the seed, one for each passage of the article, in its order.
        weights: of the pairs: clear ones tell, others hardly.
    """
    total = float(weights.sum())
    if total <= 0 or len(places) < 3:
        return 0.0
    share = weights / total
    effective = 1.0 / float((share**2).sum())
    own = np.arange(len(places), dtype=np.float64)
    ranks = np.argsort(np.argsort(places, kind="stable"), kind="stable").astype(np.float64)
    own, ranks = own - (own * share).sum(), ranks - (ranks * share).sum()
    spread = math.sqrt(float((share * own**2).sum() * (share * ranks**2).sum()))
    if spread <= 0:
        return 0.0
    correlation = float((share * own * ranks).sum()) / spread
    return min(MAX_ORDER_Z, correlation * math.sqrt(max(effective - 1.0, 0.0)))
