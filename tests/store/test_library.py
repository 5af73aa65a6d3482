"""Articles to look up, numbers over matches, and when anything changed: on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.fakes import FakeClock
from tests.web.filling import Found, fill
from worker.domain import Relation, Verdict
from worker.errors import NotFoundError
from worker.records import Decision, MatchFilter
from worker.store.matches import filtered
from worker.store.schema import match
from worker.store.store import Store
from worker.store.sums import sums_of


def test_articles_page_by_page(store: Store, clock: FakeClock) -> None:
    for day in range(3):
        fill(store, clock, Found(f"a{day}"), Found(f"b{day}", outlet=None))
        clock.advance(days=1)
    whole = store.library.rows(limit=100)
    assert [row.title[1] for row in whole] == ["2", "2", "1", "1", "0", "0"]
    paged = []
    before = None
    while page := store.library.rows(limit=1, before=before):
        paged += page
        before = (page[-1].first_seen_at, page[-1].id)
    assert paged == whole
    since = whole[3].first_seen_at
    assert store.library.rows(limit=100, since=since) == whole[:4]
    assert store.library.get(whole[0].id) == whole[0]
    assert store.library.version(whole[0].id, 1).title == whole[0].title
    assert store.library.feed_ids(whole[0].id) == [1]
    with pytest.raises(NotFoundError):
        store.library.get(99)
    with pytest.raises(NotFoundError):
        store.library.version(whole[0].id, 2)


def test_sums_count_the_wanted_matches(store: Store, clock: FakeClock) -> None:
    clock.advance(hours=11, minutes=50)  # shortly before midnight, UTC
    first, _ = fill(store, clock, Found("a"), Found("b", language="ja", outlet=None))
    clock.advance(minutes=30)
    fill(store, clock, Found("c", relation=Relation.COPY), Found("n", relation=Relation.UNRELATED,
                                                               score=0.4))  # fmt: skip
    store.matches.review(first, Verdict.RELEVANT)
    sums = store.matches.sums()
    assert sums.total == 3
    assert sums.relations == {"same_event": 2, "copy": 1}
    assert sums.languages == {"en": 2, "ja": 1}
    assert sums.outlets == {"The News": 2, None: 1}
    assert sums.verdicts == {None: 2, "relevant": 1}
    assert sums.days == {
        date(2026, 3, 1): {"same_event": 2}, date(2026, 3, 2): {"copy": 1},
    }  # fmt: skip
    assert store.matches.sums(MatchFilter(relation=Relation.COPY, limit=1)).total == 1
    assert store.matches.sums(MatchFilter(text="nothing of the kind")).total == 0


def test_kept_counts_say_what_counting_says(store: Store, clock: FakeClock) -> None:
    clock.advance(hours=11, minutes=50)
    first, _ = fill(store, clock, Found("a", relation=Relation.COPY), Found("b", outlet=None))
    clock.advance(minutes=30)
    fill(store, clock, Found("c", watch="river", seed="th.md", language="ja"), Found("d"),
         Found("n", relation=Relation.UNRELATED, score=0.4))  # fmt: skip
    store.matches.review(first, Verdict.RELEVANT)
    day = datetime(2026, 3, 2, tzinfo=UTC)
    for wanted in (
        MatchFilter(), MatchFilter(watch="kelp", limit=1), MatchFilter(relation=Relation.COPY),
        MatchFilter(since=day), MatchFilter(watch="river", since=day),
    ):  # fmt: skip
        names = ("relation", "language", "outlet", "verdict", "created_at")
        columns = sa.select(*(match.c[name] for name in names))
        with store.database.read() as connection:
            counted = sums_of(connection, filtered(columns, wanted, store.database).subquery())
        assert counted.total > 0
        assert store.matches.sums(wanted) == counted
    late = MatchFilter(since=day + timedelta(hours=1))  # not a whole day: counted
    assert store.matches.sums(late).total == 0
    assert store.matches.sums(MatchFilter(relation=Relation.UNRELATED)).total == 1


def test_every_change_of_a_match_moves_the_latest_change(store: Store, clock: FakeClock) -> None:
    assert store.matches.changed_at() is None
    times = []
    (match_id,) = fill(store, clock, Found("a"))
    for decision in (Decision(match_id, None, Verdict.UNSURE), Decision(match_id, None, None)):
        times.append(store.matches.changed_at())
        clock.advance(hours=1)
        store.reviews.decide([decision])
    times.append(store.matches.changed_at())
    assert times == sorted(set(times))  # type: ignore[type-var]
