"""Logistic regression with signed weights, in numpy: small, exact, the same on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def fit(
    rows: Array, labels: Array, weights: Array, signs: Array, penalty: float
) -> tuple[Array, float]:
    """Fit by projected gradient with momentum.

    Args:
        rows: shape (articles, features). labels: 0 or 1. weights: of articles.
        signs: 1 where a weight must not be negative, -1 where not positive, 0 where free.
        penalty: L2 on the standardised weights.

    Returns:
        Weights for the features as given, and the intercept.
    """
    centre, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    scaled = (rows - centre) / spread
    weights = weights / weights.sum() * len(rows)
    step = 0.25 * np.linalg.norm(scaled * np.sqrt(weights)[:, None], 2) ** 2 + penalty
    step += 0.25 * len(rows)
    beta, bias = np.zeros(rows.shape[1]), 0.0
    ahead, ahead_bias, momentum = beta.copy(), bias, 1.0
    for _ in range(4000):
        error = weights * (1 / (1 + np.exp(-(scaled @ ahead + ahead_bias))) - labels)
        new = ahead - (scaled.T @ error + penalty * ahead) / step
        new = np.where(signs > 0, np.maximum(new, 0), np.where(signs < 0, np.minimum(new, 0), new))
        new_bias = ahead_bias - error.sum() / step
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / following * (new - beta)
        ahead_bias = new_bias + (momentum - 1) / following * (new_bias - bias)
        beta, bias, momentum = new, new_bias, following
    return beta / spread, float(bias - (beta / spread * centre).sum())
