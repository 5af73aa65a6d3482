"""Verdicts on both databases: locked to what was seen, taken back one by one, never lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fakes import FakeClock
from tests.web.filling import Found, fill
from worker.domain import Verdict
from worker.errors import NotFoundError
from worker.records import Decision
from worker.store.store import Store

YES, NO, UNSURE = Verdict.RELEVANT, Verdict.IRRELEVANT, Verdict.UNSURE


@pytest.fixture
def ids(store: Store, clock: FakeClock) -> list[int]:
    return fill(store, clock, Found("a"), Found("b"), Found("c"))


def seen(store: Store, match_id: int) -> int:
    return store.matches.get(match_id).review_id


def now_is(store: Store, match_id: int) -> tuple[object, ...]:
    row = store.matches.get(match_id)
    return row.verdict, row.note, row.reviewer


def test_a_stale_decision_is_refused_and_changes_nothing(store: Store, ids: list[int]) -> None:
    before = seen(store, ids[0])
    first = store.reviews.decide([Decision(ids[0], before, YES, "good")], "Ana")
    assert (first.done, first.refused) == ((ids[0],), ())
    late = Decision(ids[0], before, NO, "bad")
    second = store.reviews.decide([late], "Binh")
    assert (second.act, second.done, second.refused) == ("", (), (late,))
    assert now_is(store, ids[0]) == (YES, "good", "Ana")
    assert len(store.reviews.history(ids[0])) == 1


def test_of_many_who_decide_at_once_one_is_first(store: Store, ids: list[int]) -> None:
    def decide(number: int) -> bool:
        verdict = (YES, NO, UNSURE)[number % 3]
        return bool(
            store.reviews.decide([Decision(ids[0], 0, verdict, f"{number}")], f"{number}").done
        )

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(decide, range(6))) == 1
    (only,) = store.reviews.history(ids[0])
    assert now_is(store, ids[0]) == (only.verdict, only.note, only.reviewer)


def test_two_who_lock_the_same_rows_in_other_orders_both_end(store: Store, ids: list[int]) -> None:
    orders = [ids, ids[::-1]] * 3
    with ThreadPoolExecutor(6) as pool:
        done = list(
            pool.map(
                lambda order: store.reviews.decide([Decision(one, None, YES) for one in order]),
                orders,
            )
        )
    assert all(len(one.done) == 3 for one in done)


def test_a_form_sent_twice_and_two_of_one_mind_are_no_conflict(
    store: Store, ids: list[int]
) -> None:
    for who in ("Ana", "Ana", "Binh"):
        assert store.reviews.decide([Decision(ids[0], 0, YES, "x")], who).refused == ()
    assert len(store.reviews.history(ids[0])) == 1


def test_of_many_only_the_stale_ones_are_refused(store: Store, ids: list[int]) -> None:
    store.matches.review(ids[1], NO)
    decided = store.reviews.decide([Decision(one, 0, YES) for one in ids], "Ana")
    assert decided.done == (ids[0], ids[2])
    assert [one.match_id for one in decided.refused] == [ids[1]]
    assert [row.match_id for row in store.reviews.of_act(decided.act)] == [ids[0], ids[2]]


def test_taking_back_goes_step_by_step_to_the_beginning(store: Store, ids: list[int]) -> None:
    one = ids[0]
    for verdict, note, who in ((YES, "1", "Ana"), (NO, "2", "Binh"), (UNSURE, "3", None)):
        store.reviews.decide([Decision(one, seen(store, one), verdict, note)], who)
    expected = [(NO, "2", "Binh"), (YES, "1", "Ana"), (None, None, None)]
    for state in expected:
        store.reviews.decide([Decision(one, seen(store, one), None)], "Chi")
        assert now_is(store, one) == state
    nothing = store.reviews.decide([Decision(one, seen(store, one), None)])
    assert (nothing.done, nothing.refused) == ((), ())
    history = store.reviews.history(one)
    assert [row.verdict for row in history] == [YES, NO, UNSURE, NO, YES, None]
    assert [row.undoes for row in history][3:] == [history[n].id for n in (2, 1, 0)]
    assert [row.reviewer for row in history][3:] == ["Chi"] * 3
    assert [row.is_latest for row in history] == [False] * 5 + [True]
    store.reviews.decide([Decision(one, seen(store, one), YES)])
    store.reviews.decide([Decision(one, seen(store, one), None)])
    assert now_is(store, one) == (None, None, None)


def test_a_restored_verdict_keeps_its_time(store: Store, ids: list[int], clock: FakeClock) -> None:
    store.matches.review(ids[0], YES)
    first = store.matches.get(ids[0]).reviewed_at
    clock.advance(hours=2)
    store.matches.review(ids[0], NO)
    store.reviews.decide([Decision(ids[0], seen(store, ids[0]), None)])
    assert store.matches.get(ids[0]).reviewed_at == first


def test_a_stale_undo_is_refused(store: Store, ids: list[int]) -> None:
    store.matches.review(ids[0], YES)
    before = seen(store, ids[0])
    store.matches.review(ids[0], NO)
    assert store.reviews.decide([Decision(ids[0], before, None)]).refused
    assert now_is(store, ids[0]) == (NO, None, None)


def test_without_a_word_on_it_the_note_stays(store: Store, ids: list[int]) -> None:
    store.matches.review(ids[0], YES, "keep me")
    store.reviews.decide([Decision(ids[0], None, NO)])
    assert now_is(store, ids[0])[1] == "keep me"
    store.reviews.decide([Decision(ids[0], None, NO, "")])
    assert now_is(store, ids[0])[1] is None


def test_one_that_is_missing_stores_none(store: Store, ids: list[int]) -> None:
    with pytest.raises(NotFoundError, match="4711"):
        store.reviews.decide([Decision(ids[0], 0, YES), Decision(4711, 0, YES)])
    assert now_is(store, ids[0]) == (None, None, None)
