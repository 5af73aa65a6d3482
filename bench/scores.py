"""Measures of a ranking and of a decision, in numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]


def f1(guess: Flags, truth: Flags) -> float:
    """2 TP / (2 TP + FP + FN); 1 where there is nothing to find and nothing was found."""
    total = int(guess.sum() + truth.sum())
    return 2 * int((guess & truth).sum()) / total if total else 1.0


def average_precision(scores: NDArray[np.float64], truth: Flags) -> float:
    """Mean precision at the places of the true ones; ties in the given order."""
    order = np.argsort(-scores, kind="stable")
    hits = truth[order]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean()) if hits.any() else 0.0
