"""Feed broken, nothing published, below the threshold, matched: told apart day by day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.fakes import FakeClock
from tests.web.filling import FEED_URL, KELP, Found, fill
from worker.domain import FeedConfig, Outcome, Relation, Validators
from worker.records import DayNumbers, DayState, OutletDays, PollResult
from worker.store.schema import fetch_event, sighting
from worker.store.silence import _first_id
from worker.store.store import Store

OTHER_URL = "https://lune.example/rss"


def poll(store: Store, clock: FakeClock, url: str, outcome: Outcome) -> None:
    """A poll that brings nothing."""
    store.feeds.poll_now()
    (job,) = store.feeds.claim([store.feeds.find(url)])
    store.feeds.finish_poll(
        PollResult(job, outcome, clock(), outcome is Outcome.UNCHANGED, validators=Validators())
    )


@pytest.fixture
def days(store: Store, clock: FakeClock) -> list[date]:
    """A week: read and silent, broken, a near miss, unrelated, matched, postponed, not asked."""
    feeds = (*KELP.feeds, FeedConfig(OTHER_URL, "La Lune", "fr-FR"))
    store.feeds.sync({KELP.name: feeds})
    found = [clock().date() + timedelta(days=number) for number in range(7)]
    poll(store, clock, FEED_URL, Outcome.UNCHANGED)
    poll(store, clock, FEED_URL, Outcome.TIMEOUT)
    poll(store, clock, OTHER_URL, Outcome.UNCHANGED)
    clock.advance(days=1)
    poll(store, clock, FEED_URL, Outcome.TIMEOUT)
    clock.advance(days=1)
    fill(store, clock, Found("near", language="fr", relation=Relation.UNRELATED, score=0.41))
    clock.advance(days=2)
    fill(store, clock, Found("one", language="fr"), Found("two", language="ja"),
         Found("far", language="fr", relation=Relation.UNRELATED, score=0.2))  # fmt: skip
    clock.advance(days=1)
    poll(store, clock, FEED_URL, Outcome.POSTPONED)
    clock.advance(days=1)
    store.feeds.sync({KELP.name: feeds})  # filling it took the second one out
    return found


def states(one: OutletDays, days: list[date]) -> list[str]:
    return [str(one.on(day).state) for day in days]


def test_the_days_of_each_outlet_and_language(store: Store, days: list[date]) -> None:
    outlets = store.silence.outlets(days[0])
    found = {(one.language, one.outlet): states(one, days) for one in outlets}
    assert found == {
        ("fr", "La Lune"): ["quiet", *["unasked"] * 6],
        ("fr", "The News"): [
            "quiet", "broken", "below", "unasked", "matched", "unasked", "unasked",
        ],
        ("ja", "The News"): [
            "quiet", "broken", "quiet", "unasked", "matched", "unasked", "unasked",
        ],
    }  # fmt: skip
    (news,) = [one for one in outlets if (one.language, one.outlet) == ("fr", "The News")]
    assert news.on(days[0]) == DayNumbers(polls=2, good=1)
    assert news.on(days[2]) == DayNumbers(1, 1, entries=1, matches=0, nearest=0.41)
    assert news.on(days[4]) == DayNumbers(1, 1, entries=2, matches=1, nearest=0.2)


def test_only_the_days_asked_for_and_the_feeds_of_a_watch(store: Store, days: list[date]) -> None:
    (_lune, news, _japanese) = store.silence.outlets(days[3])
    assert states(news, days)[:4] == ["unasked"] * 4
    assert news.on(days[4]).state is DayState.MATCHED
    assert store.silence.outlets(days[0], "nobody") == []
    assert len(store.silence.outlets(days[0], KELP.name)) == 3


def test_a_match_of_another_watch_is_none_of_this_one(
    store: Store, clock: FakeClock, days: list[date]
) -> None:
    fill(store, clock, Found("river", language="fr", watch="river", seed="th.md"))
    today = clock().date()
    for watch, expected in ((None, DayState.MATCHED), (KELP.name, DayState.BELOW)):
        found = {one.language: one for one in store.silence.outlets(today, watch)
                 if one.outlet == "The News"}  # fmt: skip
        assert found["fr"].on(today).state is expected


def test_what_a_feed_tells_of_its_language_is_enough(
    store: Store, clock: FakeClock, days: list[date]
) -> None:
    store.feeds.sync({KELP.name: [FeedConfig(FEED_URL, "The News", "pt-BR")]})
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE feed SET language = 'pt-BR' WHERE title = 'The News'")
    (news,) = [one for one in store.silence.outlets(days[0]) if one.outlet == "The News"]
    assert news.language == "pt"
    assert news.on(days[4]) == DayNumbers(1, 1, entries=3, matches=2, nearest=0.2)


def test_older_rows_are_not_read(store: Store, clock: FakeClock, days: list[date]) -> None:
    with store.database.read() as connection:
        for table, at in ((fetch_event, fetch_event.c.at), (sighting, sighting.c.seen_at)):
            times = [row[0] for row in connection.execute(at.table.select().with_only_columns(at))]
            for moment in (*times, clock()):
                first = _first_id(connection, table, at, moment + timedelta(hours=1))
                kept = connection.execute(
                    table.select().with_only_columns(at).where(table.c.id >= first)
                )
                assert sorted(row[0] for row in kept) == sorted(
                    one for one in times if one >= moment
                )


def test_an_empty_store_has_no_outlets(store: Store, clock: FakeClock) -> None:
    assert store.silence.outlets(clock().date()) == []
