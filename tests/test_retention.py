"""Old texts that matched nothing, and old logs, are forgotten; what a person relies on is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import FEED_URL
from tests.fakes import FakeClock, FakeFetcher, ListChannel, WordMatcher, flat
from tests.rematches import rematch_all
from tests.sites import KELP, TRAM, Item, page, rss
from worker import pipeline
from worker.domain import ArticleText, FeedConfig, Match, Outcome, Verdict
from worker.records import Attempt, MatchFilter
from worker.services import Services

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
    settings = services.settings.model_copy(update={"keep_days": 30, "keep_log_days": 0})
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
    rematch_all(replace(kept, matcher=matcher))
    assert {article.title for article in matcher.seen} == {"Kelp", "Tram"}


def test_a_sweep_forgets_a_bounded_number_and_then_rests(
    kept: Services, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "FORGET_BATCH", 1)
    clock.advance(days=40)
    left = []
    for _ in range(4):
        pipeline.tidy(kept)
        left.append(sum(texts(kept).values()))
    assert left == [3, 2, 2, 2]
    calls: list[Any] = []
    monkeypatch.setattr(kept.store.retention, "forget_texts", lambda *args: calls.append(args) or 0)
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
        kept.store.retention.forget_texts(30, 10)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)
    (query,) = (sql for sql in said if "EXISTS" in sql)
    with kept.store.database.read() as connection:
        filled = query.replace("?", "'2026-01-01'")
        filled = filled.replace("LIMIT '2026-01-01' OFFSET '2026-01-01'", "LIMIT 1")
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {filled}").all()
    assert any("ix_article_with_text" in row[3] for row in plan), plan


def log_sizes(services: Services) -> tuple[int, int]:
    """Lines of the log of fetches, and of that of deliveries."""
    with services.store.database.read() as connection:
        fetches, deliveries = (
            connection.exec_driver_sql(f"SELECT count(*) FROM {log}").scalar_one()
            for log in ("fetch_event", "attempt")
        )
    return fetches, deliveries


def tell(services: Services) -> int:
    """Tell what is due; how many messages."""
    batches = pipeline.due_deliveries(services, with_hinted=True)
    return sum(sum(pipeline.deliver(services, batch).values()) for batch in batches)


def test_both_logs_are_forgotten_by_age_and_only_they(
    kept: Services, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "FORGET_LOG_BATCH", 2)
    settings = kept.settings.model_copy(update={"keep_days": 0, "keep_log_days": 60})
    services = replace(kept, settings=settings)
    assert tell(services) == 1
    assert log_sizes(services) == (5, 1)  # a poll and four pages; one message
    clock.advance(days=59)
    assert services.store.channels.log_test("kelp", "list", Attempt(Outcome.SENT))
    clock.advance(days=2)
    sizes = []
    for _ in range(4):
        pipeline.tidy(services)
        sizes.append(log_sizes(services))
    assert sizes == [(3, 1), (1, 1), (0, 1), (0, 1)]
    assert texts(services) == ALL
    assert len(list(services.store.matches.rows())) == 1
    assert services.store.outbox.counts() == {"done": 1}
    assert tell(services) == 0


def test_what_is_older_than_the_retention_comes_in_only_once(
    kept: Services, clock: FakeClock, fetcher: FakeFetcher, channel: ListChannel
) -> None:
    """Under another id, by another feed, with another tracker in its address."""
    settings = kept.settings.model_copy(update={"keep_log_days": 30})
    services = replace(kept, settings=settings)
    assert tell(services) == 1
    clock.advance(days=400)
    for _ in range(3):
        pipeline.tidy(services)
    assert (texts(services), log_sizes(services)) == (OLD, (0, 0))
    other = "https://other.example/rss"
    services.store.feeds.sync({"kelp": (FeedConfig(FEED_URL), FeedConfig(other))})
    again = [Item(f"{name}?utm_source=x", name.title(), "Again.", guid=f"new-{name}")
             for name in ALL]  # fmt: skip
    for url in (FEED_URL, other):
        fetcher.put(url, rss(*again), "text/xml")
    assert run(services) == 0
    assert services.store.articles.counts() == {"done": 4}
    assert tell(services) == 0
    assert len(channel.told) == 1
