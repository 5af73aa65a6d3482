"""Decisions on thresholds, added seeds and blind samples, on both databases."""

from __future__ import annotations

import pytest

from tests.fakes import FakeClock
from tests.web.filling import KELP, Found, fill
from worker.domain import Correction, Relation, Seed, Verdict
from worker.errors import NotFoundError
from worker.records import FAR, NEAR, NewSetting
from worker.store.learning import added_seeds
from worker.store.store import Store

MISS = Relation.UNRELATED


def lowered(threshold: float, before: float = 0.5) -> NewSetting:
    return NewSetting("kelp", threshold, None, None, before, {"right": 4})


def test_the_latest_decision_holds_and_each_can_be_taken_back(store: Store) -> None:
    first = store.learning.decide(lowered(0.6), "Lan", seen=0)
    assert first is not None
    corrected = NewSetting(
        "kelp", 0.4, Correction(0.1, 1.2, {"core": 2.0}, {"core": 0.1}), None, 0.6
    )
    second = store.learning.decide(corrected, None, seen=first.id)
    assert second is not None
    assert store.learning.current()["kelp"].correction == corrected.correction
    assert store.learning.undo("kelp", first.id) is None  # not the latest
    undone = store.learning.undo("kelp", second.id, "Mai")
    assert undone is not None
    assert (undone.threshold, undone.correction, undone.undoes) == (0.6, None, second.id)
    again = store.learning.undo("kelp", undone.id)
    assert again is not None
    assert (again.threshold, again.undoes) == (None, first.id)
    assert again.tuning(None) is None
    assert store.learning.undo("kelp", again.id) is None
    assert [row.reviewer for row in store.learning.history("kelp")] == [None, "Mai", None, "Lan"]


def test_of_two_who_decide_at_once_the_later_one_is_told(store: Store) -> None:
    assert store.learning.decide(lowered(0.6), seen=0)
    assert store.learning.decide(lowered(0.7), seen=0) is None
    assert store.learning.current()["kelp"].threshold == 0.6


def test_a_file_that_was_edited_later_counts_again(store: Store) -> None:
    row = store.learning.decide(NewSetting("kelp", 0.6, None, 0.55, 0.55))
    assert row is not None
    tuning = row.tuning(0.55)
    assert tuning is not None
    assert (tuning.threshold, tuning.mark) == (0.6, f"+t{row.id}")
    assert row.tuning(0.5) is None
    assert row.tuning(None) is None


def test_a_relevant_article_becomes_a_seed_and_leaves_again(store: Store, clock: FakeClock) -> None:
    (match_id,) = fill(store, clock, Found("Labo", "Un laboratoire.", language="fr"))
    row = store.learning.add_seed(match_id, "Lan")
    assert store.learning.add_seed(match_id) == row  # once is enough
    (seed,) = added_seeds(store.learning.seeds(), "kelp")
    assert seed == Seed(
        f"added:{row.id}", "Labo", "Un laboratoire.", "fr", row.url, row.published_at
    )
    assert added_seeds(store.learning.seeds(), "river") == ()
    with pytest.raises(NotFoundError):
        store.learning.remove_seed("river", row.id)
    store.learning.remove_seed("kelp", row.id)
    assert store.learning.seeds() == []


def test_a_sample_is_drawn_once_from_each_window(store: Store, clock: FakeClock) -> None:
    *_, judged = fill(
        store,
        clock,
        Found("shown"),
        Found("near", language="fr", relation=MISS, score=0.4),
        Found("far", relation=MISS, score=0.05),
        Found("near, judged already", relation=MISS, score=0.3),
    )
    store.matches.review(judged, Verdict.IRRELEVANT)
    clock.advance(minutes=5)
    drawn = store.samples.draw("kelp", lambda strata: strata)
    assert {name: len(ids) for name, ids in drawn.items()} == {NEAR: 1, FAR: 1}
    assert [row.title for row in store.samples.waiting("kelp")] == ["near"]
    window = store.samples.window("kelp")
    assert window.totals == {NEAR: {"fr": 1}, FAR: {"en": 1}}
    assert window.shown == {"en": 1}
    again = store.samples.draw("kelp", lambda strata: strata)
    assert {name: len(ids) for name, ids in again.items()} == {NEAR: 0, FAR: 0}
    assert store.samples.window("kelp").totals == window.totals


def test_a_verdict_on_the_sample_is_counted_with_its_stratum(
    store: Store, clock: FakeClock
) -> None:
    near, shown = fill(store, clock, Found("near", relation=MISS, score=0.4), Found("shown"))
    store.samples.draw("kelp", lambda strata: strata)
    clock.advance(minutes=5)
    store.samples.draw("kelp", lambda strata: strata)
    store.matches.review(near, Verdict.RELEVANT)
    store.matches.review(shown, Verdict.UNSURE)
    (row,) = store.learning.scored(KELP.name, only_judged=True)
    assert (row.match_id, row.stratum, row.is_related) == (near, NEAR, False)
    assert store.samples.waiting("kelp") == []
    assert len(store.learning.scored(KELP.name)) == 2
