"""Verdicts -> a proposal: another threshold, or a small correction of the general model.

The prior is the general model itself: its score taken at its word. A logistic regression with
Gaussian priors (maximum a posteriori, Newton's method) says how far the verdicts move it. What is
proposed was better on verdicts that its fit had not seen (leave-one-out; tenfold above 60 of them),
or nothing is proposed. `bench/learning.py` measures it on stories that no weight has seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from worker.domain import Correction, Judged
from worker.domain.learning import expit, logit

Array = NDArray[np.float64]

MIN_VERDICTS = 8
"""Below this nothing is proposed: half a dozen of one opinion says little about a rate."""
MIN_FOR_CORRECTION = 40
"""Verdicts from which a correction is fitted, ten of either kind among them: its six weights want
some ten events each at the least (Peduzzi et al. 1996); the prior stands in for the rest."""
MIN_EACH_FOR_CORRECTION = 10
MOST_VERDICTS = 500
"""The latest ones that are learnt from: what a watch is about may drift."""
LEAST_THRESHOLD, GREATEST_THRESHOLD = 0.2, 0.95
"""Below the first nothing is stored (`worker.store.findings.NEAR_MISS`), so nothing is known."""
TARGET = 0.4
"""The probability from which a related article is worth showing: the threshold that is best for F1
is half the best F1 (Lipton et al. 2014), here .82 to .97, a little lower for a single seed."""
CORRECTION_FEATURES = ("core", "subject", "country_fit", "name_cover", "near_date", "number_share")
_INTERCEPT_SD, _SLOPE_SD, _WEIGHT_SD = 1.0, 0.3, 0.3
_LEAST_SLOPE = 0.2
_TURNS_AT_MOST = 30
_WHOLE = 60
_FOLDS = 10


@dataclass(frozen=True, slots=True)
class Setting:
    """A threshold and a correction, where there is one."""

    threshold: float
    correction: Correction | None = None

    def takes(self, judged: Judged) -> bool:
        """Whether an article counts as related."""
        return judged.is_taken(self.threshold, self.correction)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a change does to verdicts that its fit had not seen.

    Attributes:
        verdicts: how many there were.
        right, wrong: how many of them the change decides otherwise than before, and rightly so or
            not.
        f1_before, f1_after: on these verdicts, which are not a fair sample of all articles: good
            for comparing, not for quoting.
    """

    verdicts: int
    right: int
    wrong: int
    f1_before: float
    f1_after: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that the verdicts speak for, or what they say against any.

    Attributes:
        setting: what is proposed; what holds now where nothing is.
        is_change: whether it is another one.
        estimate: None with too few verdicts.
    """

    setting: Setting
    is_change: bool
    estimate: Estimate | None


def propose(judged: Sequence[Judged], now: Setting, usual: float) -> Proposal:
    """Propose a setting for a watch.

    Args:
        judged: by verdict, latest last; only relevant or irrelevant ones.
        now: what holds today.
        usual: the matcher's own threshold. What moves towards it needs less evidence, since the
            labelled stories speak for it too.
    """
    told = [one for one in judged if not one.is_capped][-MOST_VERDICTS:]
    if len(told) < MIN_VERDICTS:
        return Proposal(now, False, None)
    best = Proposal(now, False, None)
    for with_features in (False, True):
        if with_features and not _may_correct(told):
            continue
        setting = fit(told, with_features=with_features)
        estimate = _held_out(told, now, with_features)
        is_back = (
            setting.correction is None
            and now.correction is None
            and abs(setting.threshold - usual) < abs(now.threshold - usual)
        )
        if best.estimate is None:
            best = Proposal(now, False, estimate)
        gain = estimate.f1_after - max(
            estimate.f1_before, best.estimate.f1_after if best.is_change and best.estimate else 0.0
        )
        if gain > 0 and _is_enough(estimate, is_back):
            best = Proposal(setting, True, estimate)
    return best


def fit(judged: Sequence[Judged], *, with_features: bool = False) -> Setting:
    """Fit a setting; with the features a correction, without them a threshold of general scores."""
    table, centres, scales = _table(judged, with_features)
    truth = np.array([one.is_relevant for one in judged], dtype=float)
    prior = np.zeros(table.shape[1])
    prior[1] = 1.0
    deviations = np.array([_INTERCEPT_SD, _SLOPE_SD, *[_WEIGHT_SD] * len(centres)])
    beta = _maximum_a_posteriori(table, truth, prior, deviations)
    slope = max(float(beta[1]), _LEAST_SLOPE)
    if not with_features:
        threshold = expit((logit(TARGET) - float(beta[0])) / slope)
        return Setting(round(min(max(threshold, LEAST_THRESHOLD), GREATEST_THRESHOLD), 2))
    weights = {
        name: round(float(value) / scale, 4)
        for name, value, scale in zip(CORRECTION_FEATURES, beta[2:], scales, strict=True)
    }
    kept = {name: round(c, 4) for name, c in zip(CORRECTION_FEATURES, centres, strict=True)}
    return Setting(TARGET, Correction(round(float(beta[0]), 4), round(slope, 4), weights, kept))


def _may_correct(judged: Sequence[Judged]) -> bool:
    relevant = sum(one.is_relevant for one in judged)
    rarer = min(relevant, len(judged) - relevant)
    return len(judged) >= MIN_FOR_CORRECTION and rarer >= MIN_EACH_FOR_CORRECTION


def _is_enough(estimate: Estimate, is_back: bool) -> bool:
    """Whether the evidence suffices: by the sign test, at half for a way back, else at .07.

    Four to nothing and seven to one pass .07: of six stories' watches with the shipped threshold
    none was then made worse.
    """
    changed = estimate.right + estimate.wrong
    if estimate.right < (1 if is_back else 4):
        return False
    tail = sum(comb(changed, k) for k in range(estimate.right, changed + 1)) / (1 << changed)
    return tail <= (0.5 if is_back else 0.07)


def _held_out(judged: Sequence[Judged], now: Setting, with_features: bool) -> Estimate:
    folds = len(judged) if len(judged) <= _WHOLE else _FOLDS
    after: list[bool] = [False] * len(judged)
    for fold in range(folds):
        held = range(fold, len(judged), folds)
        rest = [one for number, one in enumerate(judged) if number % folds != fold]
        setting = fit(rest, with_features=with_features)
        for number in held:
            after[number] = setting.takes(judged[number])
    before = [now.takes(one) for one in judged]
    truth = [one.is_relevant for one in judged]
    changed = [(a, y) for b, a, y in zip(before, after, truth, strict=True) if a != b]
    right = sum(a == y for a, y in changed)
    return Estimate(len(judged), right, len(changed) - right, f1(before, truth), f1(after, truth))


def f1(taken: Sequence[bool], truth: Sequence[bool]) -> float:
    """Return the harmonic mean of precision and recall; 0 where nothing is relevant."""
    hits = sum(t and y for t, y in zip(taken, truth, strict=True))
    return 2 * hits / (sum(taken) + sum(truth)) if hits else 0.0


def _table(judged: Sequence[Judged], with_features: bool) -> tuple[Array, list[float], list[float]]:
    """Return the rows to fit on: 1, the log-odds, and the features on a common scale."""
    columns = [np.ones(len(judged)), np.array([logit(one.score) for one in judged])]
    centres, scales = [], []
    for name in CORRECTION_FEATURES if with_features else ():
        values = np.array([one.features.get(name, 0.0) for one in judged])
        centre, scale = float(values.mean()), max(float(values.std()), 0.05)
        centres.append(centre)
        scales.append(scale)
        columns.append((values - centre) / scale)
    return np.stack(columns, axis=1), centres, scales


def _maximum_a_posteriori(table: Array, truth: Array, prior: Array, deviations: Array) -> Array:
    """Fit a logistic regression with a Gaussian prior on each coefficient."""
    precision = 1 / deviations**2
    beta = prior.copy()
    for _ in range(_TURNS_AT_MOST):
        chance = 1 / (1 + np.exp(-np.clip(table @ beta, -30, 30)))
        slope = table.T @ (chance - truth) + precision * (beta - prior)
        bend = (table * (chance * (1 - chance))[:, None]).T @ table + np.diag(precision)
        step = np.clip(np.linalg.solve(bend, slope), -2, 2)
        beta = beta - step
        if float(np.abs(step).max()) < 1e-6:
            break
    return beta
