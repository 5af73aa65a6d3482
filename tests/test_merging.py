"""Declared addresses: what is one article becomes one, and nothing else does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
import sqlalchemy as sa

from tests.conftest import FEED_URL
from tests.fakes import FakeClock, FakeFetcher, WordMatcher, flat
from tests.sites import KELP, TRAM, Item, page, rss
from worker import pipeline
from worker.domain import ArticleText, Failure, Match, Outcome, Relation, Verdict
from worker.errors import FetchError
from worker.pipeline import Processed
from worker.services import Services

SITE = "https://news.example"


def poll(services: Services, *items: Item) -> list[int]:
    assert isinstance(services.fetcher, FakeFetcher)
    services.fetcher.put(FEED_URL, rss(*items), "text/xml")
    services.store.feeds.poll_now()
    return pipeline.poll_feeds(services, flat(pipeline.due_feeds(services))).article_ids


def work(services: Services, ids: list[int]) -> Processed:
    return pipeline.process_articles(services, ids)


def titles(services: Services) -> list[str]:
    return sorted(row.title for row in services.store.matches.rows())


def canonicals(services: Services) -> set[str | None]:
    with services.store.database.read() as connection:
        return set(connection.execute(sa.text("SELECT canonical_url FROM article")).scalars())


def test_one_template_address_on_two_pages_of_a_batch_merges_nothing(
    services: Services, fetcher: FakeFetcher
) -> None:
    everywhere = f"{SITE}/2026/all-news"
    fetcher.put(f"{SITE}/kelp", page("Kelp", *KELP, canonical=everywhere))
    fetcher.put(f"{SITE}/tram", page("Trams", *TRAM, canonical=everywhere))
    done = work(services, poll(services, Item("kelp", "Kelp"), Item("tram", "Trams")))
    assert done.outcomes == {Outcome.MATCHED: 1, Outcome.UNRELATED: 1}
    assert services.store.articles.counts() == {"done": 2}
    assert len(canonicals(services) - {None}) == 1  # the one that said so first is believed


def test_an_article_that_is_still_waiting_takes_no_other_in(
    services: Services, fetcher: FakeFetcher
) -> None:
    fetcher.put(f"{SITE}/2026/all-news-today", page("All", *TRAM))
    fetcher.put(f"{SITE}/kelp", page("Kelp", *KELP, canonical=f"{SITE}/2026/all-news-today"))
    waiting, kelp = poll(services, Item("2026/all-news-today", "All"), Item("kelp", "Kelp"))
    work(services, [kelp])
    work(services, [waiting])
    assert titles(services) == ["Kelp"]
    assert services.store.articles.counts() == {"done": 2}


def test_two_that_declare_each_other_become_one(services: Services, fetcher: FakeFetcher) -> None:
    fetcher.put(f"{SITE}/kelp-a-2026", page("Kelp", *KELP, canonical=f"{SITE}/kelp-b-2026"))
    fetcher.put(f"{SITE}/kelp-b-2026", page("Kelp", *KELP, canonical=f"{SITE}/kelp-a-2026"))
    items = (Item("kelp-a-2026", "Kelp"), Item("kelp-b-2026", "Kelp"))
    done = work(services, poll(services, *items))
    assert done.outcomes == {Outcome.MATCHED: 1, Outcome.DUPLICATE: 1}
    assert done.relations == {Relation.SAME_EVENT: 1}
    assert services.store.articles.counts() == {"done": 1, "merged": 1}
    (row,) = services.store.matches.rows()
    assert len(services.store.matches.sightings(row.article_id)) == 2


def test_a_page_with_the_whole_text_is_not_lost_to_one_with_a_title(
    services: Services, fetcher: FakeFetcher
) -> None:
    first, whole = Item("kelp-story-2026", "Kelp at last"), Item("print/kelp-story", "Kelp at last")
    fetcher.pages[f"{SITE}/kelp-story-2026"] = FetchError(
        f"{SITE}/kelp-story-2026", Outcome.BLOCKED, Failure.BLOCKED, "HTTP 403", 403
    )
    work(services, poll(services, first))
    fetcher.put(
        f"{SITE}/print/kelp-story", page("Kelp at last", *KELP, canonical=f"{SITE}/kelp-story-2026")
    )
    assert work(services, poll(services, first, whole)).outcomes == {Outcome.MATCHED: 1}
    (row,) = services.store.matches.rows()
    assert "twelve tonnes" in services.store.matches.article_text(row.article_id)


def test_what_the_feeds_text_gave_goes_with_the_article_that_is_merged(
    services: Services, fetcher: FakeFetcher, clock: FakeClock
) -> None:
    items = (Item("kelp-story-2026", "Kelp", summary="More seaweed."),
             Item("m/1", "Kelp", summary="More seaweed."))  # fmt: skip
    fetcher.put(f"{SITE}/kelp-story-2026", page("Kelp", *KELP))
    fetcher.pages[f"{SITE}/m/1"] = FetchError(
        f"{SITE}/m/1", Outcome.TIMEOUT, Failure.TEMPORARY, "10 s"
    )
    work(services, poll(services, *items))
    kept, gone = sorted(services.store.matches.rows(), key=lambda row: row.url or "")
    services.store.matches.review(gone.id, Verdict.RELEVANT, "seen")
    clock.advance(minutes=10)
    fetcher.put(f"{SITE}/m/1", page("Kelp", *KELP, canonical=f"{SITE}/kelp-story-2026"))
    done = work(services, flat(pipeline.due_articles(services)))
    assert (done.outcomes, done.relations) == ({Outcome.DUPLICATE: 1}, {})
    (row,) = services.store.matches.rows()
    assert (row.id, row.verdict, row.note) == (kept.id, Verdict.RELEVANT, "seen")
    assert len(services.store.reviews.history(row.id)) == 1
    assert services.store.notices.counts() == {"pending": 1}


def test_two_workers_that_meet_make_one_article(services: Services, fetcher: FakeFetcher) -> None:
    canonical = f"{SITE}/2026/kelp"
    for slug in ("kelp", "m/kelp"):
        fetcher.put(f"{SITE}/{slug}", page("Kelp", *KELP, canonical=canonical))
    ids = poll(services, Item("kelp", "Kelp"), Item("m/kelp", "Kelp"))
    together = Barrier(2, timeout=20)

    class Meeting(WordMatcher):
        def match(self, articles: list[ArticleText]) -> list[tuple[Match, ...]]:  # type: ignore[override]
            together.wait()
            return super().match(articles)

    meeting = replace(services, matcher=Meeting())
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda one: work(meeting, [one]).outcomes, ids))
    assert sum(done[1:], done[0]) == {Outcome.MATCHED: 1, Outcome.DUPLICATE: 1}
    assert len(list(services.store.matches.rows())) == 1


@pytest.mark.parametrize("state", ["working", "waiting", "quarantined"])
def test_an_edit_is_never_lost(
    services: Services, fetcher: FakeFetcher, clock: FakeClock, state: str
) -> None:
    ids = poll(services, Item("kelp", "Trams", summary="A."))
    error = FetchError(f"{SITE}/kelp", Outcome.TIMEOUT, Failure.TEMPORARY, "10 s")
    fetcher.pages[f"{SITE}/kelp"] = error
    edited = Item("kelp", "The seaweed scandal", summary="seaweed B.")
    if state == "working":
        fetcher.put(f"{SITE}/kelp", page("Trams", *TRAM))

        class Slow(WordMatcher):
            def match(self, articles: list[ArticleText]) -> list[tuple[Match, ...]]:  # type: ignore[override]
                assert poll(services, edited) == []  # somebody has it
                return super().match(articles)

        work(replace(services, matcher=Slow()), ids)
    else:
        work(services, ids)
        if state == "quarantined":
            with services.store.database.write() as connection:
                connection.execute(sa.text("UPDATE article SET state = 'quarantined'"))
        poll(services, edited)
    for _ in range(6):
        clock.advance(minutes=30)
        for batch in pipeline.due_articles(services):
            work(services, batch)
    assert titles(services) == ["The seaweed scandal"]
    assert services.store.articles.counts() == {"done": 1}


def test_an_edit_whose_page_is_out_of_reach_leaves_the_match_as_it_was(
    services: Services, fetcher: FakeFetcher
) -> None:
    fetcher.put(f"{SITE}/kelp", page("Kelp at last", *KELP))
    work(services, poll(services, Item("kelp", "Kelp at last", summary="Short.")))
    (before,) = services.store.matches.rows()
    fetcher.pages[f"{SITE}/kelp"] = FetchError(
        f"{SITE}/kelp", Outcome.BLOCKED, Failure.BLOCKED, "HTTP 403", 403
    )
    done = work(services, poll(services, Item("kelp", "At last", summary="Short.")))
    assert (done.outcomes, done.relations) == ({Outcome.MATCHED: 1}, {})
    assert list(services.store.matches.rows()) == [before]


def test_an_unexpected_error_in_a_fetch_costs_its_page_only(
    services: Services, fetcher: FakeFetcher
) -> None:
    fetcher.put(f"{SITE}/kelp", page("Kelp", *KELP))
    fetcher.pages[f"{SITE}/tram"] = UnicodeError("label too long")
    done = work(services, poll(services, Item("kelp", "Kelp"), Item("tram", "Tram")))
    assert done.outcomes == {Outcome.MATCHED: 1, Outcome.FAILED: 1}
