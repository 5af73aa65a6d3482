"""Feeds of all kinds of news: which pages are fetched, what is kept of the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.conftest import FEED_URL
from tests.fakes import FakeFetcher, WordMatcher, flat
from tests.sites import KELP, TRAM, Item, page, rss
from tests.test_cli import Run, run
from worker import pipeline
from worker.domain import ArticleText, FeedConfig, FetchPolicy, Match, Outcome
from worker.services import Services

__all__ = ["run"]
SITE = "https://news.example"
OTHER_URL = "https://other.example/rss"
SUMMARY = "Nine of them run on the northern line from next winter on, each with two wide doors."
ITEMS = (Item("kelp", "Kelp", "More seaweed."), Item("tram", "New trams", SUMMARY))


class Cheap(WordMatcher):
    """Says so where a text shares nothing with the seeds, as the gate of the real one does."""

    def _match(self, article: ArticleText) -> Match:
        found = super()._match(article)
        return found if found.relation.is_related else replace(found, score=0.005, features={})


@pytest.fixture
def general(services: Services, fetcher: FakeFetcher) -> Services:
    """A general feed, of which pages are fetched only if they may matter."""
    services.store.feeds.sync({"kelp": [FeedConfig(FEED_URL, fetch=FetchPolicy.TRIAGE)]})
    fetcher.put(FEED_URL, rss(*ITEMS), "text/xml")
    fetcher.put(OTHER_URL, rss(*ITEMS), "text/xml")
    fetcher.put(f"{SITE}/kelp", page("Kelp", *KELP))
    fetcher.put(f"{SITE}/tram", page("New trams", *TRAM))
    return replace(services, matcher=Cheap())


def poll(services: Services) -> list[int]:
    services.store.feeds.poll_now()
    return pipeline.poll_feeds(services, flat(pipeline.due_feeds(services))).article_ids


def pages(fetcher: FakeFetcher) -> list[str]:
    return sorted(url for url, _ in fetcher.asked if not url.endswith("/rss"))


def test_only_pages_that_may_matter_are_fetched_and_the_others_are_kept_and_counted(
    general: Services, fetcher: FakeFetcher
) -> None:
    done = pipeline.process_articles(general, poll(general))
    assert done.outcomes == {Outcome.MATCHED: 1, Outcome.SKIPPED: 1}
    assert pages(fetcher) == [f"{SITE}/kelp"]
    (feed,) = general.store.feeds.rows()
    assert (feed.fetch, general.store.triage.counts()) == (FetchPolicy.TRIAGE, {feed.id: 1})
    with general.store.database.read() as connection:
        kept = connection.exec_driver_sql(
            "SELECT title, text, text_source, state FROM article WHERE outcome = 'skipped'"
        ).one()
    assert tuple(kept) == ("New trams", SUMMARY, "feed", "done")
    assert poll(general) == []


def test_a_changed_watch_goes_back_to_them(general: Services, fetcher: FakeFetcher) -> None:
    pipeline.process_articles(general, poll(general))
    assert general.store.triage.again() == 1
    ids = flat(pipeline.due_articles(general))
    assert pipeline.process_articles(general, ids).outcomes == {Outcome.SKIPPED: 1}
    changed = replace(general, matcher=Cheap("trams"))
    assert changed.store.triage.again() == 1
    ids = flat(pipeline.due_articles(changed, with_hinted=True))
    assert pipeline.process_articles(changed, ids).outcomes == {Outcome.MATCHED: 1}
    assert f"{SITE}/tram" in pages(fetcher)
    assert changed.store.triage.counts() == {}


def test_an_article_that_another_feed_brings_too_is_fetched(
    general: Services, fetcher: FakeFetcher
) -> None:
    pipeline.process_articles(general, poll(general))
    feeds = [FeedConfig(FEED_URL, fetch=FetchPolicy.TRIAGE), FeedConfig(OTHER_URL)]
    general.store.feeds.sync({"kelp": feeds})
    pipeline.process_articles(general, poll(general))
    assert pages(fetcher) == [f"{SITE}/kelp", f"{SITE}/tram"]


def test_the_policy_is_that_of_the_files_and_all_wins(general: Services) -> None:
    triage, whole = FeedConfig(FEED_URL, fetch=FetchPolicy.TRIAGE), FeedConfig(FEED_URL)
    for feeds, policy in (
        ({"kelp": [whole]}, FetchPolicy.ALL),
        ({"kelp": [triage], "trams": [triage]}, FetchPolicy.TRIAGE),
        ({"kelp": [triage], "trams": [whole]}, FetchPolicy.ALL),
        ({"kelp": [whole], "trams": [triage]}, FetchPolicy.ALL),
    ):
        general.store.feeds.sync(feeds)
        assert [row.fetch for row in general.store.feeds.rows()] == [policy]


def test_a_title_alone_is_too_little_to_skip_a_page(
    general: Services, fetcher: FakeFetcher
) -> None:
    fetcher.put(FEED_URL, rss(Item("tram", "New trams", "Nine.")), "text/xml")
    done = pipeline.process_articles(general, poll(general))
    assert done.outcomes == {Outcome.UNRELATED: 1}
    assert pages(fetcher) == [f"{SITE}/tram"]


def test_a_matcher_that_breaks_skips_nothing(general: Services, fetcher: FakeFetcher) -> None:
    broken = Item("poison", "Poison", "poison " * 10)
    fetcher.put(FEED_URL, rss(*ITEMS, broken), "text/xml")
    fetcher.put(f"{SITE}/poison", page("Poison", *TRAM))
    done = pipeline.process_articles(general, poll(general))
    assert done.outcomes == {Outcome.MATCHED: 1, Outcome.UNRELATED: 2}


def test_it_is_chosen_and_counted_by_command(run: Run) -> None:
    added = run("feeds", "add", "--no-look", "--fetch", "triage", "https://news.example/rss")
    assert added.code == 0
    (row,) = run("feeds", "list", "--json").json
    assert row["fetch"] == "triage"
    assert run("feeds", "skipped", "--again", "--json").json == {"feeds": [], "due_again": 0}
    assert run("feeds", "add", "--fetch", "some", "https://news.example/rss").code == 2
