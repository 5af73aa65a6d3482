"""What is learnt from verdicts: proposals only with evidence, intervals that hold, replays."""

from __future__ import annotations

import random

import numpy as np
import pytest

from worker.domain import Correction, Judged
from worker.domain.learning import expit, logit
from worker.learn.estimates import Stratum, recall, wilson
from worker.learn.fitting import MIN_VERDICTS, Setting, fit, propose
from worker.learn.replay import Scored, replay
from worker.learn.sampling import chosen

USUAL = 0.5


def truthful(number: int, seed: int = 0, **features: float) -> list[Judged]:
    """Verdicts that are just as likely as the scores say."""
    chance = random.Random(seed)
    scores = [chance.uniform(0.2, 0.99) for _ in range(number)]
    return [Judged(score, chance.random() < score, features) for score in scores]


def test_a_threshold_that_hides_what_people_want_is_lowered() -> None:
    wanted = [Judged(score / 100, True) for score in range(60, 90, 3)]
    unwanted = [Judged(score / 100, False) for score in (20, 21, 23, 25)]
    found = propose([*wanted, *unwanted], Setting(0.95), USUAL)
    assert found.is_change
    assert 0.3 < found.setting.threshold < 0.6
    assert found.estimate is not None
    assert (found.estimate.right, found.estimate.wrong) == (len(wanted), 0)


def test_a_threshold_that_lets_all_in_is_raised() -> None:
    wanted = [Judged(score / 100, True) for score in range(80, 99, 2)]
    unwanted = [Judged(score / 100, False) for score in range(25, 55, 3)]
    found = propose([*wanted, *unwanted], Setting(0.2), USUAL)
    assert found.is_change
    assert found.setting.threshold > 0.4


def test_a_good_threshold_is_left_alone_whatever_chance_brings() -> None:
    changed = sum(
        propose(truthful(20, seed), Setting(USUAL), USUAL).is_change for seed in range(40)
    )
    assert changed <= 4  # one in fourteen by the sign test, if the fit were free to chase chance


def test_few_verdicts_propose_nothing() -> None:
    told = [Judged(0.9, True)] * (MIN_VERDICTS - 1)
    found = propose(told, Setting(0.95), USUAL)
    assert (found.is_change, found.estimate) == (False, None)


def test_what_stays_out_anyhow_teaches_nothing() -> None:
    told = [Judged(0.45, True, is_capped=True)] * 30
    assert propose(told, Setting(0.95), USUAL).estimate is None


def test_a_correction_learns_what_the_score_does_not_know() -> None:
    told = []
    for number in range(80):
        is_at_home = number % 2 == 0
        told.append(Judged(0.6 + number / 1000, is_at_home, {"country_fit": float(is_at_home)}))
    found = propose(told, Setting(USUAL), USUAL)
    assert found.setting.correction is not None
    assert found.setting.takes(Judged(0.6, True, {"country_fit": 1.0}))
    assert not found.setting.takes(Judged(0.6, False, {"country_fit": 0.0}))


def test_without_evidence_the_general_score_is_taken_at_its_word() -> None:
    setting = fit([Judged(0.5, True), Judged(0.5, False)])
    assert setting.threshold == pytest.approx(0.4, abs=0.03)
    assert Correction().score(0.37, {}) == pytest.approx(0.37)
    assert expit(logit(0.731)) == pytest.approx(0.731)


def test_one_sided_verdicts_do_not_run_away() -> None:
    assert 0.2 <= fit([Judged(0.99, True)] * 200).threshold <= 0.95
    assert 0.2 <= fit([Judged(0.01, False)] * 200).threshold <= 0.95


def test_wilsons_interval_is_the_textbooks() -> None:
    # Newcombe 1998, table I: 81 of 263 and 15 of 148, to four digits
    for hits, trials, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)):
        rate = wilson(hits, trials)
        assert rate is not None
        assert (rate.low, rate.high) == pytest.approx((low, high), abs=5e-5)
    assert wilson(0, 0) is None
    for trials in (3, 10, 37):
        none, all_of_them = wilson(0, trials), wilson(trials, trials)
        assert none is not None
        assert all_of_them is not None
        assert (none.low, all_of_them.high) == (0.0, 1.0)


def test_recall_counts_each_stratum_for_what_it_stands_for() -> None:
    rate = recall(Stratum(100, 50, 45), [Stratum(60, 30, 5), Stratum(1000, 100, 0)])
    assert rate is not None
    assert rate.value == pytest.approx(90 / 100)
    assert rate.low < 0.9 < rate.high


@pytest.mark.parametrize("missed", [[Stratum(10, 0, 0)], [Stratum(5, 5, 0), Stratum(9, 0, 0)]])
def test_a_stratum_nobody_looked_at_leaves_recall_unknown(missed: list[Stratum]) -> None:
    assert recall(Stratum(10, 10, 9), missed) is None


def test_recall_is_known_where_all_was_judged() -> None:
    rate = recall(Stratum(10, 10, 9), [Stratum(20, 20, 1)])
    assert rate is not None
    assert (rate.low, rate.value, rate.high) == pytest.approx((0.9, 0.9, 0.9))


def test_recalls_interval_holds_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(7)
    hits = 0
    for _ in range(150):
        shown, near, far = (generator.random(n) < p for n, p in ((80, 0.9), (60, 0.3), (900, 0.01)))
        true = shown.sum() / (shown.sum() + near.sum() + far.sum())
        rate = recall(
            Stratum(80, 40, int(shown[:40].sum())),
            [Stratum(60, 20, int(near[:20].sum())), Stratum(900, 60, int(far[:60].sum()))],
        )
        assert rate is not None
        hits += rate.low <= true <= rate.high
    assert hits >= 0.9 * 150


def test_a_replay_tells_what_comes_and_goes_with_its_verdicts() -> None:
    stored = [
        Scored(1, Judged(0.9, True), True),
        Scored(2, Judged(0.6, False), False),
        Scored(3, Judged(0.55, False), None),
        Scored(4, Judged(0.4, True), True),
        Scored(5, Judged(0.45, False, is_capped=True), None),
    ]
    higher = replay(stored, Setting(0.5), Setting(0.62))
    assert (higher.goes_out.match_ids, higher.goes_out.irrelevant) == ((2, 3), 1)
    assert higher.comes_in.total == 0
    lower = replay(stored, Setting(0.5), Setting(0.3))
    assert (lower.comes_in.match_ids, lower.comes_in.relevant) == ((4,), 1)
    assert lower.goes_out.total == 0


def test_the_sample_is_drawn_by_chance_alone() -> None:
    chance = random.Random(3)
    counts = dict.fromkeys(range(10), 0)
    for _ in range(2_000):
        for one in chosen(range(10), 3, chance):
            counts[one] += 1
    assert min(counts.values()) > 520  # 600 expected, 20 the standard deviation
    assert max(counts.values()) < 680
    assert chosen([4, 2], 3, chance) == (2, 4)
