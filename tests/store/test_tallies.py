"""The kept counts: what they say, that two who write meet in peace, and counting anew.

That they are right after every other test is checked by the fixtures (`check_counts`).
"""

from __future__ import annotations

import importlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.fakes import FakeClock
from tests.store.counting import check_counts, kept
from tests.web.filling import Found, fill
from worker.domain import Match, Relation
from worker.records import DayCount, MostOf, RematchJob, StoredArticle, ValueCount
from worker.store import migrate
from worker.store.schema import match, tally
from worker.store.store import Store
from worker.store.tallies import Tally

DAY = date(2026, 3, 1)  # the fakes' clock begins there, at noon
NEXT = DAY + timedelta(days=1)
ALL = RematchJob(0, "", "m8", None, None, 0)
"""Whoever matches all that is stored again."""


def match_of(relation: Relation, watch: str = "kelp") -> Match:
    return Match(watch=watch, seed="en.md", relation=relation, score=0.9)


@pytest.fixture
def two_days(store: Store, clock: FakeClock) -> Store:
    """Three articles on one day and one on the next; one of them only nearly a match."""
    fill(
        store, clock,
        Found("a", language="ja", relation=Relation.TRANSLATION),
        Found("b", outlet="The <b>Wire</b>"),
        Found("c", relation=Relation.UNRELATED, score=0.4),
    )  # fmt: skip
    clock.advance(days=1)
    fill(store, clock, Found("d", watch="river", outlet=None, relation=Relation.COPY))
    return store


def article_called(title: str, store: Store) -> StoredArticle:
    found = {one.article.title: one for one in store.rematches.left(ALL, None, 10)}
    return found[title]


class TestCounts:
    def test_a_day(self, two_days: Store) -> None:
        assert two_days.tallies.by_day(DAY) == [
            DayCount(DAY, None, 3),
            DayCount(DAY, Relation.SAME_EVENT, 1),
            DayCount(DAY, Relation.TRANSLATION, 1),
            DayCount(NEXT, None, 1),
            DayCount(NEXT, Relation.COPY, 1),
        ]
        assert [one.day for one in two_days.tallies.by_day(NEXT)] == [NEXT, NEXT]

    def test_of_one_watch_are_its_matches_among_all_articles(self, two_days: Store) -> None:
        assert two_days.tallies.by_day(NEXT, "kelp") == [DayCount(NEXT, None, 1)]
        assert two_days.tallies.by_language(DAY, "river") == [
            ValueCount("en", 3, 1),
            ValueCount("ja", 1, 0),
        ]

    def test_languages_and_outlets_with_most_matches_first(self, two_days: Store) -> None:
        assert two_days.tallies.by_language(DAY) == [
            ValueCount("en", 3, 2),
            ValueCount("ja", 1, 1),
        ]
        outlets = two_days.tallies.by_outlet(DAY, None, 9)
        assert outlets.counts == [
            ValueCount("The News", 2, 1),
            ValueCount("", 1, 1),
            ValueCount("The <b>Wire</b>", 1, 1),
        ]
        assert two_days.tallies.by_outlet(DAY, "river", 9) == MostOf([ValueCount("", 1, 1)], 1)
        first = two_days.tallies.by_outlet(DAY, None, 1)
        assert (first.counts, first.total) == ([ValueCount("", 1, 1)], 3)

    def test_another_answer_moves_the_match_and_none_takes_it_away(self, two_days: Store) -> None:
        stored = article_called("a", two_days)
        for relation in (Relation.COPY, Relation.UNRELATED):
            two_days.rematches.store(stored, [match_of(relation)], "m8", {})
            found = [one.relation for one in two_days.tallies.by_day(DAY) if one.day == DAY]
            kept_one = [relation] if relation.is_related else []
            assert found == [None, *kept_one, Relation.SAME_EVENT]


class TestTogether:
    def test_two_workers_at_once_are_both_counted(self, two_days: Store) -> None:
        stored = two_days.rematches.left(ALL, None, 10)
        start = threading.Barrier(len(stored))

        def rematch(one: StoredArticle) -> None:
            start.wait(10)
            for number in range(5):
                relation = (Relation.COPY, Relation.SAME_TOPIC)[number % 2]
                two_days.rematches.store(one, [match_of(relation)], f"m{number}", {})

        with ThreadPoolExecutor(len(stored)) as pool:
            list(pool.map(rematch, stored))
        check_counts(two_days)

    def test_counting_anew_beside_a_change_counts_it_once(
        self, two_days: Store, store_url: str
    ) -> None:
        if two_days.database.is_sqlite:
            pytest.skip("SQLite lets only one write at a time")
        other = Store(store_url)
        stored = article_called("a", two_days)
        with two_days.database.write() as connection:
            change = Tally(two_days.database, connection)
            change.note([stored.id])
            connection.execute(
                match.update().where(match.c.article_id == stored.id).values(relation="copy")
            )
            rebuilt = threading.Thread(target=other.tallies.rebuild)
            rebuilt.start()
            rebuilt.join(10)  # nothing is locked yet: it is done before the change is
            assert not rebuilt.is_alive()
            change.write()
        check_counts(two_days)
        other.close()


class TestRebuild:
    def test_it_mends_what_is_wrong(self, two_days: Store) -> None:
        right = kept(two_days)
        with two_days.database.write() as connection:
            connection.execute(tally.update().values(number=tally.c.number + 7))
        two_days.tallies.rebuild()
        assert kept(two_days) == right

    def test_a_long_name_is_cut_alike(self, store: Store, clock: FakeClock) -> None:
        fill(store, clock, Found("a", outlet="Ế𝄞" * 300))
        found = store.tallies.by_outlet(DAY, None, 9)
        assert found.counts == [ValueCount("Ế𝄞" * 100, 1, 1)]
        check_counts(store)


def test_what_was_stored_before_is_counted_by_the_migration(two_days: Store) -> None:
    (path,) = (Path(migrate.__file__).parent / "migrations" / "versions").glob("*_tally.py")
    migration = importlib.import_module(f"worker.store.migrations.versions.{path.stem}")
    right = kept(two_days)
    with two_days.database.write() as connection:
        connection.execute(tally.delete())
        migration.count(connection)
    assert kept(two_days) == right
