"""Old texts that matched nothing are forgotten; nothing that a person relies on is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import FEED_URL
from tests.fakes import FakeClock, FakeFetcher, WordMatcher, flat
from tests.sites import KELP, TRAM, Item, page, rss
from worker import pipeline
from worker.domain import ArticleText, Match, Verdict
from worker.services import Services
from worker.store.matches import MatchFilter

SITE = "https://news.example"
TRAMS = "nine new trams"


class NearMatcher(WordMatcher):
    """Trams are a near miss."""

    def match(self, articles: Sequence[ArticleText]) -> list[tuple[Match, ...]]:
        return [
            (replace(found, score=0.3) if TRAMS in article.text else found,)
            for article, (found,) in zip(articles, super().match(articles), strict=True)
        ]


@pytest.fixture
def kept(services: Services, fetcher: FakeFetcher) -> Services:
    """A match, a near miss and two articles of no interest; texts are kept for 30 days."""
    put(fetcher, "kelp", "tram", "dull", "dreary")
    fetcher.put(f"{SITE}/kelp", page("Kelp", *KELP))
    fetcher.put(f"{SITE}/tram", page("Tram", *TRAM))
    for name in ("dull", "dreary"):
        fetcher.put(f"{SITE}/{name}", page(name, f"Nothing of interest is {name} here. " * 20))
    settings = services.settings.model_copy(update={"keep_days": 30})
    services = replace(services, settings=settings, matcher=NearMatcher())
    run(services)
    return services


def put(fetcher: FakeFetcher, *names: str, summary: str = "What the feed says.") -> None:
    items = [Item(name, name.title(), f"{summary} {name}") for name in names]
    fetcher.put(FEED_URL, rss(*items), "text/xml")


def run(services: Services) -> int:
    """Poll and process; how many articles."""
    services.store.feeds.poll_now()
    polled = pipeline.poll_feeds(services, flat(pipeline.due_feeds(services)))
    return pipeline.process_articles(services, polled.article_ids).outcomes.total()


def texts(services: Services) -> dict[str, bool]:
    """Whether each article has any text, and its versions agree."""
    sql = (
        "SELECT url, text, entry_text, content_hash, (SELECT count(*) FROM article_version "
        "WHERE article_id = article.id) AS versions FROM article"
    )
    with services.store.database.read() as connection:
        rows = connection.execute(sa.text(sql)).all()
    for row in rows:
        assert bool(row.text) == bool(row.entry_text) == bool(row.content_hash)
        assert bool(row.versions) == bool(row.text)
    return {row.url.rpartition("/")[2]: bool(row.text) for row in rows}


ALL = {"kelp": True, "tram": True, "dull": True, "dreary": True}
OLD = {"kelp": True, "tram": True, "dull": False, "dreary": False}


def test_only_old_texts_that_matched_nothing_are_forgotten(
    kept: Services, clock: FakeClock
) -> None:
    (found,) = kept.store.matches.rows()
    kept.store.matches.review(found.id, Verdict.RELEVANT)
    clock.advance(days=29)
    pipeline.tidy(kept)
    assert texts(kept) == ALL
    clock.advance(days=1, hours=2)
    pipeline.tidy(kept)
    assert texts(kept) == OLD
    (row,) = kept.store.matches.rows()
    assert (row.verdict, len(kept.store.matches.versions(row.article_id))) == ("relevant", 1)
    assert len(list(kept.store.matches.rows(MatchFilter(with_unrelated=True)))) == 2


def test_what_was_forgotten_is_known_to_its_feed(
    kept: Services, clock: FakeClock, fetcher: FakeFetcher
) -> None:
    clock.advance(days=40)
    pipeline.tidy(kept)
    put(fetcher, "dull", "dreary", "kelp", "tram")
    assert run(kept) == 0
    assert kept.store.articles.counts() == {"done": 4}
    put(fetcher, "dull", summary="Edited, and of interest again.")
    assert run(kept) == 1
    assert texts(kept) == {**OLD, "dull": True}


def test_a_rematch_passes_over_what_was_forgotten(kept: Services, clock: FakeClock) -> None:
    clock.advance(days=40)
    pipeline.tidy(kept)
    matcher = NearMatcher()
    matcher.version = "word-2"
    list(pipeline.rematch(replace(kept, matcher=matcher)))
    assert {article.title for article in matcher.seen} == {"Kelp", "Tram"}


def test_a_sweep_forgets_a_bounded_number_and_then_rests(
    kept: Services, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "FORGET_BATCH", 1)
    clock.advance(days=40)
    left = []
    for _ in range(6):
        pipeline.tidy(kept)
        left.append(sum(texts(kept).values()))
    assert left == [3, 2, 2, 2, 2, 2]
    with kept.store.database.read() as connection:
        events = "SELECT count(*) FROM fetch_event"
        # four pages and a poll, of which five sweeps took one each; the sixth found none and rests
        assert connection.exec_driver_sql(events).scalar() == 0
    calls: list[Any] = []
    monkeypatch.setattr(kept.store.retention, "forget", lambda *args: calls.append(args) or 0)
    pipeline.tidy(kept)
    assert calls == []
    clock.advance(hours=2)
    pipeline.tidy(kept)
    assert calls == [(30, 1)]


def test_without_the_setting_nothing_is_forgotten(
    kept: Services, services: Services, clock: FakeClock
) -> None:
    clock.advance(days=4000)
    pipeline.tidy(services)
    assert texts(services) == ALL


def test_old_texts_are_found_by_their_index(kept: Services) -> None:
    """Of millions of articles whose text is gone, none is looked at."""
    if not kept.store.database.is_sqlite:
        pytest.skip("PostgreSQL's planner walks small tables")
    said: list[str] = []
    listen = lambda *given: said.append(given[2])  # noqa: E731
    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        kept.store.retention.forget(30, 10)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)
    (query,) = (sql for sql in said if "EXISTS" in sql)
    with kept.store.database.read() as connection:
        filled = query.replace("?", "'2026-01-01'")
        filled = filled.replace("LIMIT '2026-01-01' OFFSET '2026-01-01'", "LIMIT 1")
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {filled}").all()
    assert any("ix_article_with_text" in row[3] for row in plan), plan
