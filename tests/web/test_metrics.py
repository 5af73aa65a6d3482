"""/metrics: what all workers did, read from the store by whichever web process is asked."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from tests.conftest import FEED_URL
from tests.fakes import FakeClock, FakeFetcher, flat
from tests.sites import KELP, Item, page, rss
from worker import pipeline
from worker.config import load_settings
from worker.domain import Scope
from worker.services import Services
from worker.web.access import hash_password
from worker.web.app import make_app

ROOT = Path(__file__).parents[2]
BASE = "http://127.0.0.1:8321"


@pytest.fixture
def busy(services: Services, fetcher: FakeFetcher, clock: FakeClock) -> Services:
    """A poll, a match, an article that breaks the matcher, a delivery."""
    fetcher.put(FEED_URL, rss(Item("kelp", "Kelp"), Item("bad", "Bad")), "text/xml")
    fetcher.put("https://news.example/kelp", page("Kelp", *KELP))
    fetcher.put("https://news.example/bad", page("Bad", "This is poison for a matcher. " * 20))
    work(services)
    clock.advance(minutes=1)
    return services


def work(services: Services) -> None:
    """As in two processes: each has counters of its own that it adds to the store's."""
    polled = pipeline.poll_feeds(services, flat(pipeline.due_feeds(services)))
    other = replace(services, measures=type(services.measures)())
    pipeline.process_articles(other, polled.article_ids)
    pipeline.take_turn(services, "sweep")


def text_of(services: Services) -> str:
    client = TestClient(make_app(services.store, (), services.settings), base_url=BASE)
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return answer.text


def metrics_of(services: Services) -> dict[tuple[str, ...], float]:
    """Each sample, by its name and the values of its labels, in the order of their names."""
    return {
        (sample.name.removeprefix("seedwatch_"), *dict(sorted(sample.labels.items())).values()): (
            sample.value
        )
        for family in text_string_to_metric_families(text_of(services))
        for sample in family.samples
    }


def test_the_work_of_all_processes_is_told(busy: Services) -> None:
    told = metrics_of(busy)
    assert told["store_up",] == 1
    assert told["feeds", "active"] == 1
    assert told["articles", "done"] == told["articles", "pending"] == 1
    assert told["matches", "en", "same_event"] == 1
    assert told["polls_done_total", "ok"] == 1
    assert told["articles_done_total", "matched"] == 1
    assert told["articles_done_total", "failed"] == 1
    assert told["pulse_age_seconds", "sweep"] >= 0
    assert told["oldest_due_seconds", "articles"] == 0
    for stage, times in (("poll", 1), ("fetch", 2), ("read", 2), ("store", 1)):
        assert told["stage_seconds_count", stage] == times
        assert told["stage_seconds_bucket", "+Inf", stage] == times
        assert 0 <= told["stage_seconds_bucket", "0.05", stage] <= times
        assert told["stage_seconds_sum", stage] > 0


def test_counters_only_grow(busy: Services, clock: FakeClock) -> None:
    before = metrics_of(busy)
    busy.store.feeds.poll_now()
    clock.advance(minutes=5)
    work(busy)
    after = metrics_of(busy)
    grown = {key for key in before if key[0].endswith(("_total", "_count", "_sum", "_bucket"))}
    assert grown
    assert all(after[key] >= before[key] for key in grown)
    assert after["polls_done_total", "unchanged"] == 1


def test_a_store_that_does_not_answer_is_told_not_hidden(busy: Services) -> None:
    with busy.store.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE counter RENAME TO gone")
    assert metrics_of(busy)["store_up",] == 0


def test_hints_that_wait_in_the_broker_are_counted(busy: Services, redis_url: str) -> None:
    import kombu
    import redis

    from worker.app import MATCH, _transport_options

    settings = load_settings(broker_url=redis_url)
    redis.Redis.from_url(redis_url).flushdb()
    options = _transport_options(settings)
    with kombu.Connection(redis_url, transport_options=options) as connection:
        queue = kombu.Queue(MATCH, routing_key=MATCH)
        for _ in range(3):
            connection.Producer().publish({}, routing_key=MATCH, declare=[queue])
    told = metrics_of(replace(busy, settings=settings))
    assert told["queue_length", "match"] == 3
    assert told["queue_length", "fetch"] == 0
    away = load_settings(broker_url="redis://127.0.0.1:1/0")
    assert ("queue_length", "match") not in metrics_of(replace(busy, settings=away))


def test_behind_a_password_a_scraper_needs_a_token(busy: Services) -> None:
    settings = load_settings(web_password_hash=hash_password("a long password"))
    client = TestClient(make_app(busy.store, (), settings), base_url=BASE)
    assert client.get("/metrics", follow_redirects=False).status_code == 401
    token = busy.store.tokens.add("prometheus", Scope.READ)
    answer = client.get("/metrics", headers={"authorization": f"Bearer {token.secret}"})
    assert answer.status_code == 200
    assert "seedwatch_store_up 1.0" in answer.text


def test_the_dashboard_and_the_alarms_ask_for_what_there_is(busy: Services) -> None:
    told = {f"seedwatch_{key[0]}" for key in metrics_of(busy)} | {"seedwatch_queue_length"}
    told |= set(re.findall(r"^# TYPE (\w+)", text_of(busy), re.MULTILINE))  # those without a number
    dashboard = json.loads((ROOT / "monitoring/grafana/seedwatch.json").read_text("utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked.append((ROOT / "monitoring/alerts.yml").read_text("utf-8"))

    names = {name for text in asked for name in re.findall(r"\bseedwatch_\w+", text)}
    assert len(names) > 8
    assert names <= told
