"""Stories in the store: grouped as they come in, the same in any order, on both databases."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import numpy as np
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import worker.store
from tests.fakes import FakeClock
from tests.store.arrivals import RULE, arrive, finish, groups, poll, results_of, stored
from tests.story.members import crowd, member, vector
from worker.domain import Kind, Relation, Verdict
from worker.errors import InputError, NotFoundError
from worker.records import MatchFilter, StoryLink, StoryMember
from worker.store.schema import metadata
from worker.store.store import Store
from worker.story.grouping import Grouping

MIGRATIONS = Path(worker.store.__file__).parent / "migrations"
Emptied = Callable[[], Store]


@pytest.fixture
def emptied(store: Store) -> Emptied:
    """The store, without what was in it."""

    def empty() -> Store:
        with store.database.write() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        return store

    return empty


def test_articles_find_their_stories_in_any_order(emptied: Emptied, clock: FakeClock) -> None:
    told = crowd(40, seed=3)
    chance = random.Random(1)
    found, of_key = [], []
    for size in (40, 1, 3, 7):
        chance.shuffle(told)
        store = emptied()
        for start in range(0, len(told), size):
            arrive(store, clock, told[start : start + size])
        rows = stored(store)
        found.append(groups(rows))
        of_key.append(kinds(store))
        assert all(row.component == row.story_id for row in rows)
    assert found[1:] == found[:-1]
    assert of_key[1:] == of_key[:-1]
    assert 1 < len(found[0]) < 40
    assert {"translation", "copy", "same_event", "same_topic"} == set(of_key[0].values())


def test_one_that_links_two_stories_makes_them_one(store: Store, clock: FakeClock) -> None:
    left, right = vector(1), vector(2)
    both = np.frombuffer(left, np.int8) // 2 + np.frombuffer(right, np.int8) // 2
    between = both.astype(np.int8).tobytes()
    arrive(store, clock, [member(1, at=left), member(2, at=right)])
    assert [row.story_id for row in stored(store)] == [1, 2]
    arrive(store, clock, [member(3, at=between)])
    assert {row.story_id for row in stored(store)} == {1}


def test_a_new_text_may_leave_its_story(store: Store, clock: FakeClock) -> None:
    told = [
        member(1, at=vector(1)),
        member(2, at=vector(1), day=1),
        member(3, at=vector(1), day=5),
    ]
    ids = poll(store, clock, told)
    finish(store, ids, told)
    assert groups(stored(store)) == {frozenset({"key 1", "key 2", "key 3"})}
    assert kinds(store) == {"key 1": "same_topic", "key 2": "copy", "key 3": "copy"}
    finish(store, ids, [replace(told[0], vector=vector(2))], text="another text")
    assert groups(stored(store)) == {frozenset({"key 1"}), frozenset({"key 2", "key 3"})}
    assert kinds(store) == {"key 1": "same_topic", "key 2": "same_topic", "key 3": "copy"}
    finish(store, ids, told[:1])
    assert groups(stored(store)) == {frozenset({"key 1", "key 2", "key 3"})}


def test_one_that_is_no_longer_related_leaves(store: Store, clock: FakeClock) -> None:
    told = [member(1, at=vector(1), anchor="a"), member(2, at=vector(1), anchor="a", day=1)]
    ids = poll(store, clock, told)
    finish(store, ids, told)
    finish(store, ids, told[:1], relation=Relation.UNRELATED)
    assert groups(stored(store)) == {frozenset({"key 2"})}
    assert kinds(store) == {"key 1": None, "key 2": "same_topic"}
    finish(store, ids, told[:1])
    assert groups(stored(store)) == {frozenset({"key 1", "key 2"})}


def kinds(store: Store) -> dict[str, str | None]:
    return {row.key: row.kind for row in stored(store)}


def test_a_near_miss_is_in_no_story(store: Store, clock: FakeClock) -> None:
    arrive(store, clock, [member(1, at=vector(1))], relation=Relation.UNRELATED)
    arrive(store, clock, [member(2, at=vector(1))])
    assert [row.story_id for row in stored(store)] == [None, 2]


def test_without_a_sketch_a_match_is_alone(store: Store, clock: FakeClock) -> None:
    arrive(store, clock, [member(1), member(2, kind=Kind.COPY)])
    assert len(groups(stored(store))) == 2
    assert kinds(store) == {"key 1": "same_topic", "key 2": "copy"}


def test_two_workers_that_store_one_story_at_once_make_one(store: Store, clock: FakeClock) -> None:
    told = [member(1, at=vector(1)), member(2, at=vector(1))]
    ids = poll(store, clock, told)
    results = results_of(store, ids, told)
    together = Barrier(2, timeout=1)

    class Slow(Grouping):
        def links(
            self, new: Sequence[StoryMember], known: Sequence[StoryMember]
        ) -> list[StoryLink]:
            with suppress(BrokenBarrierError):  # the other one waits until this one has committed
                together.wait()
            return super().links(new, known)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: store.articles.finish([one], {}, rule=Slow()), results))
    assert {row.story_id for row in stored(store)} == {1}


def test_what_was_matched_before_there_were_stories_is_grouped_by_its_seeds(
    store_url: str, clock: FakeClock
) -> None:
    store = Store(store_url, clock)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with store.database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        relations = ("copy", "same_topic", "unrelated", "same_event")
        for number, relation in enumerate(relations, 1):
            values = {"number": number, "relation": relation, "at": "2026-02-01 00:00:00"}
            connection.execute(
                sa.text(
                    "INSERT INTO article (key_hash, state, due_at, first_seen_at) "
                    "VALUES (:number, 'done', :at, :at)"
                ),
                values,
            )
            connection.execute(
                sa.text(
                    "INSERT INTO match (article_id, watch, seed, relation, score, "
                    "is_suggestion, evidence, adds, shared, reasons, features, matcher_version, "
                    "encoder, article_version, created_at, updated_at) VALUES (:number, "
                    "'kelp', 'en.md', :relation, 1, :no, '[]', '[]', '{}', '[]', '{}', 'm', 'e', "
                    "1, :at, :at)"
                ),
                {**values, "no": False},
            )
    store.migrate()
    assert [(row.story_id, row.component, row.kind) for row in stored(store)] == [
        (1, 1, "copy"), (2, 2, "same_topic"), (None, None, None), (1, 1, "same_event")
    ]  # fmt: skip
    arrive(store, clock, [member(5, anchor="en.md")])
    assert stored(store)[-1].story_id == 1
    store.close()


ONE_EVENT = [
    member(number, anchor="en.md", kind=Kind.SAME_EVENT, at=vector(number % 2 + 1), day=number / 10)
    for number in range(1, 7)
]


def id_of(store: Store, key: str) -> int:
    return next(row.id for row in stored(store) if row.key == key)


def keys(*numbers: int) -> frozenset[str]:
    return frozenset(f"key {number}" for number in numbers)


def test_what_a_person_splits_stays_apart_and_newcomers_go_to_their_like(
    store: Store, clock: FakeClock
) -> None:
    arrive(store, clock, ONE_EVENT)
    assert groups(stored(store)) == {keys(1, 2, 3, 4, 5, 6)}
    odd = [id_of(store, f"key {number}") for number in (1, 3, 5)]
    new_id = store.story_decisions.split(odd, RULE, "Ana")
    assert new_id == min(odd)
    assert groups(stored(store)) == {keys(1, 3, 5), keys(2, 4, 6)}
    late = [
        member(7, anchor="en.md", at=vector(2), day=1),
        member(8, anchor="en.md", at=vector(1), day=1, language="fr"),
        member(9, anchor="en.md", at=vector(2, 0.4, 9), day=2),
    ]
    for one in late:
        arrive(store, clock, [one])
    assert groups(stored(store)) == {keys(1, 3, 5, 7, 9), keys(2, 4, 6, 8)}
    (decision,) = store.story_decisions.history(new_id)
    assert (decision.reviewer, decision.number) == ("Ana", 3)


def test_what_a_person_merges_stays_one_even_if_a_text_changes(
    store: Store, clock: FakeClock
) -> None:
    told = [member(1, at=vector(1)), member(2, at=vector(2), day=90), member(3, at=vector(3))]
    ids = poll(store, clock, told)
    finish(store, ids, told)
    assert len(groups(stored(store))) == 3
    store.story_decisions.merge([id_of(store, "key 1"), id_of(store, "key 2")], RULE)
    assert groups(stored(store)) == {keys(1, 2), keys(3)}
    finish(store, ids, [replace(told[0], vector=vector(9))], text="another text")
    arrive(store, clock, [member(4, at=vector(2, 0.3, 1), day=91)])
    assert groups(stored(store)) == {keys(1, 2, 4), keys(3)}
    # no longer found related, and related again: the decision still holds
    finish(store, ids, told[:1], relation=Relation.UNRELATED)
    assert groups(stored(store)) == {keys(2, 4), keys(3)}
    finish(store, ids, told[:1])
    assert groups(stored(store)) == {keys(1, 2, 4), keys(3)}


def test_the_last_word_counts(store: Store, clock: FakeClock) -> None:
    arrive(store, clock, ONE_EVENT)
    first, second = (id_of(store, f"key {number}") for number in (1, 2))
    store.story_decisions.split([first], RULE)
    store.story_decisions.merge([first, second], RULE)
    assert groups(stored(store)) == {keys(1, 2, 3, 4, 5, 6)}
    store.story_decisions.split([second], RULE)
    assert groups(stored(store)) == {keys(1, 3, 4, 5, 6), keys(2)}


def test_decisions_and_arrivals_in_any_order_after_them_give_the_same(
    emptied: Emptied, clock: FakeClock
) -> None:
    found = []
    for seed in range(3):
        chance = random.Random(seed)
        store = emptied()
        early, late = crowd(24, seed=5)[:12], crowd(24, seed=5)[12:]
        chance.shuffle(early)
        arrive(store, clock, early)
        largest = max(groups(stored(store)), key=lambda group: (len(group), sorted(group)))
        store.story_decisions.split([id_of(store, min(largest))], RULE)
        chance.shuffle(late)
        for start in range(0, len(late), seed + 1):
            arrive(store, clock, late[start : start + seed + 1])
        found.append(groups(stored(store)))
    assert found[1:] == found[:-1]


def test_a_decision_that_makes_no_sense_is_refused(store: Store, clock: FakeClock) -> None:
    arrive(store, clock, [*ONE_EVENT, member(8, at=vector(8))])
    ids = {row.key: row.id for row in stored(store)}
    decide = store.story_decisions
    with pytest.raises(InputError, match="in one story already"):
        decide.merge([ids["key 1"], ids["key 2"]], RULE)
    with pytest.raises(InputError, match="not in one story"):
        decide.split([ids["key 1"], ids["key 8"]], RULE)
    with pytest.raises(InputError, match="all that it has"):
        decide.split([ids["key 8"]], RULE)
    with pytest.raises(NotFoundError, match="4711"):
        decide.merge([ids["key 1"], 4711], RULE)
    assert decide.history(min(ids.values())) == []


def test_stories_are_listed_newest_first_and_paged_by_their_newest_match(
    store: Store, clock: FakeClock
) -> None:
    for number in (1, 2, 3, 1, 4, 2):  # events, by arrival
        arrive(store, clock, [member(len(stored(store)) + 1, at=vector(number), language="fr")])
    first, second, third, fourth, fifth, sixth = (row.id for row in stored(store))
    lines = store.stories.lines(MatchFilter(), limit=2, shown=1)
    assert [(line.story_id, line.newest, line.number) for line in lines] == [
        (second, sixth, 2), (fifth, fifth, 1)
    ]  # fmt: skip
    assert [entry.id for entry in lines[0].entries] == [sixth, second]
    later = store.stories.lines(MatchFilter(before_id=fifth), limit=5, shown=5)
    assert [(line.story_id, line.newest) for line in later] == [(first, fourth), (third, third)]
    assert [entry.id for entry in later[0].entries] == [fourth, first]
    # by another filter a story stands where its newest wanted match is
    store.matches.review(sixth, Verdict.RELEVANT)
    lines = store.stories.lines(MatchFilter(unreviewed=True), limit=5, shown=5)
    assert [(line.story_id, line.newest, line.number) for line in lines] == [
        (fifth, fifth, 1), (first, fourth, 2), (third, third, 1), (second, second, 1)
    ]  # fmt: skip
    found = store.stories.lines(MatchFilter(text="key", before_id=fifth), limit=5, shown=5)
    assert [line.story_id for line in found] == [first, third]
    assert store.stories.lines(MatchFilter(language="ja"), limit=5, shown=5) == []
