"""The rule of stories: what is linked, what a person says, and that no order matters."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from tests.story.members import crowd, member, vector
from worker.domain import Kind
from worker.records import Placed, StoryMember
from worker.story.grouping import Grouping

RULE = Grouping()
HERE, THERE = vector(1), vector(2)


def groups(members: Iterable[StoryMember]) -> set[frozenset[str]]:
    """The stories as sets of the articles' keys, which no order of arrival changes."""
    members = list(members)
    placed = RULE.partition(members)
    return {
        frozenset(one.key for one in members if placed[one.id].story_id == name)
        for name in {place.story_id for place in placed.values()}
    }


def kinds(members: list[StoryMember]) -> dict[int, Kind]:
    return {own: place.kind for own, place in RULE.partition(members).items()}


def stories(placed: Mapping[int, Placed]) -> dict[int, int]:
    return {own: place.story_id for own, place in placed.items()}


def test_what_tells_one_seeds_event_is_one_story_whenever_and_however_it_is_told() -> None:
    told = [member(1, anchor="a", at=HERE), member(2, anchor="a", day=300, at=THERE),
            member(3, anchor="a"), member(4, anchor="b", at=HERE, day=300)]  # fmt: skip
    assert groups(told) == {frozenset({"key 1", "key 2", "key 3"}), frozenset({"key 4"})}


def test_what_says_the_same_in_a_week_is_one_story() -> None:
    told = [member(1, at=HERE), member(2, at=vector(1, 0.5, 9), day=6), member(3, at=THERE, day=1),
            member(4, at=HERE, day=13.5), member(5, day=1)]  # fmt: skip
    assert groups(told) == {
        frozenset({"key 1", "key 2"}),
        frozenset({"key 3"}),
        frozenset({"key 4"}),
        frozenset({"key 5"}),
    }


def test_vectors_of_two_encoders_are_never_compared() -> None:
    told = [member(1, at=HERE), member(2, at=HERE, encoder="other")]
    assert len(groups(told)) == 2
    wide = [member(1, at=HERE), member(2, at=HERE + HERE, encoder="wide"), member(3, at=HERE)]
    assert len(groups(wide)) == 2
    assert {(link.one.id, link.other.id) for link in RULE.links(wide[:1], wide[1:])} == {(1, 3)}


def test_an_earlier_text_makes_a_later_one_a_copy_or_a_translation() -> None:
    told = [member(1, at=HERE, day=1), member(2, at=vector(1, 0.3, 1), day=0),
            member(3, at=vector(1, 0.3, 2), day=2, language="fr"),
            member(4, at=vector(1, 1.2, 3), day=3)]  # fmt: skip
    assert kinds(told) == {
        1: Kind.COPY, 2: Kind.SAME_TOPIC, 3: Kind.TRANSLATION, 4: Kind.SAME_TOPIC
    }  # fmt: skip


def test_what_the_seeds_say_of_a_kind_stands() -> None:
    told = [member(1, at=HERE, kind=Kind.COPY, anchor="a"),
            member(2, at=HERE, kind=Kind.TRANSLATION, anchor="a", day=1),
            member(3, at=HERE, kind=Kind.SAME_EVENT, anchor="a", day=1, language="fr")]  # fmt: skip
    assert kinds(told) == {1: Kind.COPY, 2: Kind.COPY, 3: Kind.TRANSLATION}


@pytest.mark.parametrize("seed", range(12))
def test_the_order_in_which_articles_come_in_changes_nothing(seed: int) -> None:
    chance = random.Random(seed)
    told = crowd(60, seed)
    sides = {one.key: chance.choice([None, None, None, 1, 2, 3]) for one in told}
    expected: set[frozenset[str]] | None = None
    expected_kinds: dict[str, Kind] | None = None
    for _ in range(6):
        chance.shuffle(told)
        # the ids are given in the order of arrival, as a store does
        arrived = [
            replace(one, id=number, side=sides[one.key]) for number, one in enumerate(told, 1)
        ]
        found = groups(arrived)
        of_id = kinds(arrived)
        of_key = {one.key: of_id[one.id] for one in arrived}
        assert expected is None or (found, of_key) == (expected, expected_kinds)
        expected, expected_kinds = found, of_key
    assert expected is not None
    assert 1 < len(expected) < 60


def test_what_a_person_put_together_stays_together() -> None:
    told = [member(1, at=HERE, side=7), member(2, at=THERE, day=200, side=7),
            member(3, at=vector(2, 0.3, 1), day=201), member(4, at=HERE, day=100)]  # fmt: skip
    assert groups(told) == {frozenset({"key 1", "key 2", "key 3"}), frozenset({"key 4"})}


def test_what_a_person_took_apart_stays_apart_and_takes_its_like_with_it() -> None:
    near, far = vector(1, 0.9, 5), vector(1, 0.9, 6)
    told = [member(1, anchor="a", at=near, side=1), member(2, anchor="a", at=far, side=2)]
    assert stories(RULE.partition(told)) == {1: 1, 2: 2}
    later = [member(3, anchor="a", at=near, day=1), member(4, anchor="a", at=far, day=60),
             member(5, anchor="a", at=near, day=2, language="ja")]  # fmt: skip
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        placed = RULE.partition([*told, *(later[number] for number in order)])
        assert stories(placed) == {1: 1, 3: 1, 5: 1, 2: 2, 4: 2}
        assert {place.component for place in placed.values()} == {1}
