"""The pipeline over real stores: what a user relies on, whatever happens in between."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace

import pytest

from tests.conftest import FEED_URL
from tests.fakes import FakeClock, FakeFetcher, ListChannel, WordMatcher, flat
from tests.rematches import rematch_all
from tests.sites import KELP, TRAM, Item, page, rss
from worker import pipeline
from worker.domain import (
    Failure,
    NotModified,
    Outcome,
    Relation,
    TextSource,
    Validators,
    Verdict,
)
from worker.errors import FetchError
from worker.health import oldest_due
from worker.pipeline import Processed
from worker.records import Change, MatchFilter
from worker.services import Services

SITE = "https://news.example"


def poll(services: Services) -> pipeline.Polled:
    return pipeline.poll_feeds(services, flat(pipeline.due_feeds(services)))


def work(services: Services, ids: list[int]) -> Processed:
    return pipeline.process_articles(services, ids)


@pytest.fixture
def site(fetcher: FakeFetcher) -> FakeFetcher:
    """A feed with an article of the story and one that is not."""
    fetcher.put(FEED_URL, rss(Item("kelp", "Kelp at last"), Item("tram", "New trams")), "text/xml")
    fetcher.put(f"{SITE}/kelp", page("Kelp at last", *KELP))
    fetcher.put(f"{SITE}/tram", page("New trams", *TRAM))
    return fetcher


def test_a_new_article_is_fetched_matched_stored_and_told(
    services: Services, site: FakeFetcher, channel: ListChannel
) -> None:
    polled = poll(services)
    assert polled.outcomes == {Outcome.OK: 1}
    done = work(services, polled.article_ids)
    assert done.outcomes == {Outcome.MATCHED: 1, Outcome.UNRELATED: 1}
    assert done.relations == {Relation.SAME_EVENT: 1}

    (row,) = services.store.matches.rows()
    assert (row.title, row.language, row.outlet) == ("Kelp at last", "en", "The News")
    assert row.text_source is TextSource.PAGE
    assert row.evidence[0]["seed"] == "seaweed is farmed"
    assert "twelve tonnes of seaweed" in services.store.matches.article_text(row.article_id)

    assert pipeline.deliver(services, flat(pipeline.due_deliveries(services))) == {"sent": 1}
    assert [title for _, title in channel.told] == ["Kelp at last"]


def test_a_second_poll_stores_nothing_twice(
    services: Services, site: FakeFetcher, clock: FakeClock
) -> None:
    work(services, poll(services).article_ids)
    clock.advance(days=2)
    again = poll(services)
    assert again.outcomes == {Outcome.UNCHANGED: 1}
    assert again.article_ids == []
    assert services.store.articles.counts() == {"done": 2}


def test_the_second_request_is_conditional_only_after_a_good_parse(
    services: Services, fetcher: FakeFetcher, clock: FakeClock
) -> None:
    tag = Validators(etag='"1"')
    fetcher.put(FEED_URL, "<html><body>maintenance</body></html>", validators=tag)
    assert poll(services).outcomes == {Outcome.NOT_A_FEED: 1}
    clock.advance(days=2)
    fetcher.put(FEED_URL, rss(Item("kelp", "Kelp at last")), "text/xml", validators=tag)
    poll(services)
    clock.advance(hours=20)
    fetcher.pages[FEED_URL] = NotModified(FEED_URL, FEED_URL)
    assert poll(services).outcomes == {Outcome.UNCHANGED: 1}
    sent = [validators for url, validators in fetcher.asked if url == FEED_URL]
    assert sent == [None, None, tag]


def test_a_second_sighting_is_another_sighting_not_a_second_article(
    services: Services, site: FakeFetcher
) -> None:
    other = "https://other.example/rss"
    tracked = rss(Item("kelp?utm_source=rss", "Kelp at last", guid="x"))
    site.put(other, tracked, "text/xml")
    services.store.feeds.sync({"kelp": [*services.watches[0].feeds, replace(
        services.watches[0].feeds[0], url=other)]})  # fmt: skip
    work(services, poll(services).article_ids)
    (row,) = services.store.matches.rows()
    sightings = services.store.matches.sightings(row.article_id)
    assert {sighting.feed_url for sighting in sightings} == {FEED_URL, other}


def test_pages_that_declare_one_address_become_one_article(
    services: Services, fetcher: FakeFetcher
) -> None:
    fetcher.put(FEED_URL, rss(Item("kelp", "Kelp"), Item("m/kelp-1", "Kelp, mobile")), "text/xml")
    canonical = f"{SITE}/2026/kelp"
    for slug in ("kelp", "m/kelp-1"):
        fetcher.put(f"{SITE}/{slug}", page("Kelp", *KELP, canonical=canonical))
    work(services, poll(services).article_ids)
    assert len(list(services.store.matches.rows())) == 1
    assert services.store.articles.counts() == {"done": 1, "merged": 1}


def test_pages_that_wrongly_declare_one_address_stay_apart(
    services: Services, fetcher: FakeFetcher
) -> None:
    fetcher.put(FEED_URL, rss(Item("kelp", "Kelp"), Item("tram", "Trams")), "text/xml")
    canonical = f"{SITE}/2026/all-news"
    fetcher.put(f"{SITE}/kelp", page("Kelp", *KELP, canonical=canonical))
    fetcher.put(f"{SITE}/tram", page("Trams", *TRAM, canonical=canonical))
    polled = poll(services)
    for article_id in polled.article_ids:
        work(services, [article_id])
    assert services.store.articles.counts() == {"done": 2}


def test_an_edited_article_is_a_new_version(
    services: Services, site: FakeFetcher, clock: FakeClock
) -> None:
    work(services, poll(services).article_ids)
    clock.advance(days=1)
    site.put(FEED_URL, rss(Item("kelp", "Kelp at last, buyers say"), Item("tram", "New trams")),
             "text/xml")  # fmt: skip
    site.put(f"{SITE}/kelp", page("Kelp at last, buyers say", *KELP, "The buyers want more of it."))
    edited = poll(services)
    assert len(edited.article_ids) == 1
    work(services, edited.article_ids)
    (row,) = services.store.matches.rows()
    assert row.version == 2
    titles = [version.title for version in services.store.matches.versions(row.article_id)]
    assert titles == ["Kelp at last", "Kelp at last, buyers say"]


@pytest.mark.parametrize(
    ("error", "is_retried"),
    [
        (FetchError(f"{SITE}/kelp", Outcome.BLOCKED, Failure.BLOCKED, "HTTP 403", 403), False),
        (FetchError(f"{SITE}/kelp", Outcome.SERVER_ERROR, Failure.TEMPORARY, "HTTP 502"), True),
    ],
)
def test_without_its_page_an_article_keeps_the_feeds_text(
    services: Services, fetcher: FakeFetcher, clock: FakeClock, error: FetchError, is_retried: bool
) -> None:
    fetcher.put(FEED_URL, rss(Item("kelp", "Kelp at last", summary="More seaweed.")), "text/xml")
    fetcher.pages[f"{SITE}/kelp"] = error
    done = work(services, poll(services).article_ids)
    assert done.outcomes == {Outcome.MATCHED: 1}
    (row,) = services.store.matches.rows()
    assert row.text_source is TextSource.FEED
    assert services.store.matches.article_text(row.article_id) == "More seaweed."
    clock.advance(minutes=10)
    assert len(pipeline.due_articles(services)) == is_retried


def test_a_page_that_comes_back_replaces_the_feeds_text(
    services: Services, fetcher: FakeFetcher, clock: FakeClock
) -> None:
    fetcher.put(FEED_URL, rss(Item("kelp", "Kelp at last", summary="More seaweed.")), "text/xml")
    fetcher.pages[f"{SITE}/kelp"] = FetchError(
        f"{SITE}/kelp", Outcome.TIMEOUT, Failure.TEMPORARY, "10 s"
    )
    work(services, poll(services).article_ids)
    clock.advance(minutes=10)
    fetcher.put(f"{SITE}/kelp", page("Kelp at last", *KELP))
    ((article_id,),) = pipeline.due_articles(services)
    work(services, [article_id])
    (row,) = services.store.matches.rows()
    assert row.text_source is TextSource.PAGE
    assert row.version == 2


def test_one_article_that_breaks_matching_does_not_cost_the_others(
    services: Services, site: FakeFetcher, clock: FakeClock
) -> None:
    site.put(f"{SITE}/tram", page("New trams", *TRAM, "This text is poison."))
    done = work(services, poll(services).article_ids)
    assert done.outcomes == {Outcome.MATCHED: 1, Outcome.FAILED: 1}
    for _ in range(3):
        clock.advance(days=1)
        for batch in pipeline.due_articles(services):
            done = work(services, batch)
    assert done.outcomes == {Outcome.QUARANTINED: 1}
    assert services.store.articles.counts() == {"done": 1, "quarantined": 1}


def test_a_dead_workers_articles_come_back_one_by_one(
    services: Services, site: FakeFetcher, clock: FakeClock
) -> None:
    ids = poll(services).article_ids
    assert len(services.store.articles.claim(ids)) == 2  # and then the worker dies
    assert pipeline.due_articles(services) == []
    clock.advance(seconds=121)
    batches = pipeline.due_articles(services)
    assert sorted(batches) == [[ids[0]], [ids[1]]]
    for batch in batches:
        work(services, batch)
    assert services.store.articles.counts() == {"done": 2}


def test_what_else_is_due_is_taken_up_with_a_batch(services: Services, site: FakeFetcher) -> None:
    ids = poll(services).article_ids
    done = pipeline.process_articles(services, ids[:1], more=5)
    assert done.outcomes.total() == 2
    assert work(services, ids).outcomes == {}


def test_of_what_is_left_a_worker_takes_up_no_more_than_half(
    services: Services, site: FakeFetcher
) -> None:
    ids = poll(services).article_ids
    claim = services.store.articles.claim_more
    first, second, third = ([job.id for job in claim(5)] for _ in range(3))
    assert len(first) == len(second) == 1
    assert sorted(first + second) == sorted(ids)
    assert third == []


def test_an_article_that_was_tried_before_is_worked_on_alone(
    services: Services, site: FakeFetcher, clock: FakeClock
) -> None:
    ids = poll(services).article_ids
    services.store.articles.claim(ids[:1])  # and then the worker dies
    clock.advance(seconds=121)
    assert pipeline.process_articles(services, ids[:1], more=5).outcomes.total() == 1
    services.store.articles.claim(ids[1:])
    clock.advance(seconds=121)
    assert services.store.articles.claim_more(5) == []


def test_an_article_that_kills_its_worker_is_quarantined(
    services: Services, site: FakeFetcher, clock: FakeClock
) -> None:
    ids = poll(services).article_ids
    for batches in ([ids], *[[[one] for one in ids]] * 4):  # once together, then each alone
        for batch in batches:
            assert services.store.articles.claim(batch)
        clock.advance(seconds=121)
    assert pipeline.due_articles(services) == []
    assert services.store.articles.counts() == {"quarantined": 2}


def test_a_worker_that_was_too_slow_changes_nothing(
    services: Services, site: FakeFetcher, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = poll(services).article_ids
    match = services.matcher.match

    def slow_match(articles):  # type: ignore[no-untyped-def]
        clock.advance(seconds=121)
        services.store.articles.claim(ids)  # by another worker, meanwhile
        return match(articles)

    monkeypatch.setattr(services.matcher, "match", slow_match)
    assert work(services, ids).outcomes == {Outcome.LEASE_LOST: 2}
    assert list(services.store.matches.rows()) == []


def test_processing_the_same_ids_twice_does_the_work_once(
    services: Services, site: FakeFetcher
) -> None:
    ids = poll(services).article_ids
    work(services, [*ids, *ids])
    assert work(services, ids).outcomes == {}
    assert len(list(services.store.matches.rows(MatchFilter(with_unrelated=True)))) == 1


def test_an_edit_that_leaves_the_story_leaves_the_list(
    services: Services, site: FakeFetcher, clock: FakeClock
) -> None:
    work(services, poll(services).article_ids)
    clock.advance(days=1)
    site.put(FEED_URL, rss(Item("kelp", "Corrected"), Item("tram", "New trams")), "text/xml")
    site.put(f"{SITE}/kelp", page("Corrected", *TRAM))
    work(services, poll(services).article_ids)
    assert list(services.store.matches.rows()) == []


def test_rematching_corrects_what_another_version_said_and_keeps_verdicts(
    services: Services, site: FakeFetcher
) -> None:
    work(services, poll(services).article_ids)
    (kelp,) = services.store.matches.rows()
    services.store.matches.review(kelp.id, Verdict.IRRELEVANT)
    assert rematch_all(services).total == 0

    trams = WordMatcher("trams")
    trams.version = "word-2"
    changed = replace(services, matcher=trams)
    done = rematch_all(changed)
    assert (done.total, done.done, done.change("kelp")) == (2, 2, Change(came=1, went=0))
    tram, still = services.store.matches.rows()
    assert (tram.title, tram.matcher_version) == ("New trams", "word-2")
    assert (still.id, still.verdict) == (kelp.id, Verdict.IRRELEVANT)  # judged, so it stays
    assert still.score == 0.01  # but that is what is thought of it now
    assert rematch_all(changed).total == 0


def test_a_backlog_that_shrinks_is_slow_and_one_that_does_not_is_broken(
    services: Services, site: FakeFetcher, clock: FakeClock
) -> None:
    first, second = poll(services).article_ids
    assert oldest_due(services.store, services.settings).status == "ok"
    clock.advance(seconds=300)
    assert oldest_due(services.store, services.settings).status == "fail"
    work(services, [first])
    assert oldest_due(services.store, services.settings).status == "warn"
    clock.advance(seconds=300)
    assert oldest_due(services.store, services.settings).status == "fail"
    work(services, [second])
    assert oldest_due(services.store, services.settings).status == "ok"


class BusyHost:
    """A limiter that says: not yet."""

    def acquire(self, url: str, delay_s: float = 0.0) -> AbstractContextManager[None]:
        raise FetchError(url, Outcome.POSTPONED, Failure.TEMPORARY, "", retry_after_s=40.0)


def test_what_politeness_holds_back_is_put_off_and_no_failure(
    services: Services, site: FakeFetcher, clock: FakeClock
) -> None:
    polite = replace(services, limiter=BusyHost())
    assert poll(polite).outcomes == {Outcome.POSTPONED: 1}
    (row,) = services.store.feeds.rows()
    assert (row.failures, row.last_outcome) == (0, None)
    clock.advance(seconds=41)
    ids = poll(services).article_ids
    done = work(polite, ids)
    assert (done.outcomes, done.unfinished) == ({}, [])
    assert work(services, ids).outcomes == {}
    assert services.store.articles.next_due_in_s() == 40.0
    clock.advance(seconds=41)
    assert work(services, ids).outcomes == {Outcome.MATCHED: 1, Outcome.UNRELATED: 1}


def test_a_delivery_that_fails_is_made_later_under_the_same_key(
    services: Services, site: FakeFetcher, channel: ListChannel, clock: FakeClock
) -> None:
    channel.failures = 1
    work(services, poll(services).article_ids)
    assert pipeline.deliver(services, flat(pipeline.due_deliveries(services))) == {"failed": 1}
    assert pipeline.due_deliveries(services) == []
    clock.advance(minutes=10)
    assert pipeline.deliver(services, flat(pipeline.due_deliveries(services))) == {"sent": 1}
    clock.advance(days=1)
    assert pipeline.due_deliveries(services) == []
    assert len(channel.told) == 1


def test_of_two_beats_one_tick_counts(services: Services, clock: FakeClock) -> None:
    assert pipeline.take_turn(services, "sweep")
    assert not pipeline.take_turn(services, "sweep")
    clock.advance(seconds=services.settings.sweep_tick_s)
    assert pipeline.take_turn(services, "sweep")


@pytest.mark.parametrize(
    ("body", "content_type", "outcome"),
    [
        (rss(), "text/xml", Outcome.EMPTY),
        ("<html><title>Hello</title></html>", "text/html", Outcome.NOT_A_FEED),
        ("", "text/xml", Outcome.NOT_A_FEED),
    ],
)
def test_each_poll_has_one_outcome(
    services: Services, fetcher: FakeFetcher, body: str, content_type: str, outcome: Outcome
) -> None:
    fetcher.put(FEED_URL, body, content_type)
    assert poll(services).outcomes == {outcome: 1}
    (row,) = services.store.feeds.rows()
    assert row.last_outcome == outcome
    assert (row.failures > 0) == (outcome is Outcome.NOT_A_FEED)
