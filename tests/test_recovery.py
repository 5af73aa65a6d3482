"""What is due comes back and what hopes for nothing is given up, whoever died in between."""

from __future__ import annotations

import errno
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import FEED_URL
from tests.fakes import FakeClock, FakeFetcher, ListChannel, NoLimiter, flat
from tests.rematches import rematch_all
from tests.sites import KELP, Item, page, rss
from worker import embedded, health, pipeline
from worker.config import Settings
from worker.domain import ChannelConfig, Failure, FeedConfig, Outcome, Watch
from worker.errors import FetchError, StoreError, TellError
from worker.feeds.health import Need, health_of
from worker.notify.channels import FileSink
from worker.notify.messages import Message
from worker.records import PollResult
from worker.services import Services

SITE = "https://news.example"


@pytest.fixture
def site(fetcher: FakeFetcher) -> FakeFetcher:
    fetcher.put(FEED_URL, rss(Item("kelp", "Kelp")), "text/xml")
    fetcher.put(f"{SITE}/kelp", page("Kelp", *KELP))
    return fetcher


def poll(services: Services) -> pipeline.Polled:
    return pipeline.poll_feeds(services, flat(pipeline.due_feeds(services)))


def test_a_pass_takes_up_what_a_killed_one_had_handed_out(
    services: Services, site: FakeFetcher, channel: ListChannel
) -> None:
    pipeline.due_feeds(services)  # and is killed
    assert embedded.run_once(services).feeds == {Outcome.OK: 1}
    services.store.feeds.poll_now()
    site.put(FEED_URL, rss(Item("kelp", "Kelp"), Item("more", "More seaweed")), "text/xml")
    poll(services)  # and is killed
    summary = embedded.run_once(services)
    assert (summary.feeds, summary.articles) == ({}, {Outcome.MATCHED: 1})
    assert len(channel.told) == 2


class OneAtATime(NoLimiter):
    """Each request puts its host's next turn off by some seconds; nobody waits for one."""

    def __init__(self, clock: FakeClock, delay_s: float) -> None:
        self._clock, self._delay, self._next = clock, timedelta(seconds=delay_s), clock()
        self._lock = threading.Lock()

    def acquire(self, url: str, delay_s: float = 0.0):  # type: ignore[no-untyped-def]
        with self._lock:
            now = self._clock()
            if self._next > now:
                wait_s = (self._next - now).total_seconds()
                raise FetchError(
                    url, Outcome.POSTPONED, Failure.TEMPORARY, "", retry_after_s=wait_s
                )
            self._next = now + self._delay
        return super().acquire(url)


@pytest.mark.parametrize(
    ("delay_s", "outcomes"),
    [(40.0, {Outcome.OK: 4}), (200.0, {Outcome.OK: 1, Outcome.POSTPONED: 3})],
)
def test_a_pass_waits_for_feeds_of_one_host(
    services: Services,
    fetcher: FakeFetcher,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    delay_s: float,
    outcomes: dict[Outcome, int],
) -> None:
    urls = [f"{SITE}/rss{number}" for number in range(4)]
    for url in urls:
        fetcher.put(url, rss(Item("kelp", "Kelp")), "text/xml")
    services.store.feeds.sync({"kelp": [FeedConfig(url) for url in urls]})
    monkeypatch.setattr(embedded.time, "sleep", lambda s: clock.advance(seconds=s))
    polite = replace(services, limiter=OneAtATime(clock, delay_s))
    monkeypatch.setattr(pipeline, "process_articles", lambda *_: pipeline.Processed())
    monkeypatch.setattr(embedded, "_batches_due_soon", lambda _services: [])
    assert embedded.run_once(polite).feeds == outcomes


def test_a_feed_that_kills_its_worker_is_alone_and_then_given_up(
    services: Services, clock: FakeClock
) -> None:
    feeds = services.store.feeds
    feeds.sync({"kelp": [FeedConfig(f"{SITE}/{number}") for number in range(3)]})
    (together,) = feeds.hint_due()
    assert len(feeds.claim(together)) == 3
    for _ in range(4):
        clock.advance(seconds=121)
        assert sorted(feeds.hint_due()) == [[one] for one in together]
        for one in together:
            assert feeds.claim([one])
    clock.advance(seconds=121)
    assert feeds.hint_due() == []
    row = next(row for row in feeds.rows() if row.state == "quarantined")
    found = health_of(row, clock())
    assert found.need is Need.HELP
    assert "died 4 times" in found.note
    feeds.set_state(row.id, "active")
    assert feeds.hint_due() == [[row.id]]


def test_an_article_that_four_killed_workers_held_is_done_and_the_culprit_given_up(
    services: Services, site: FakeFetcher, clock: FakeClock
) -> None:
    site.put(FEED_URL, rss(Item("kelp", "Kelp"), Item("culprit", "Kills who reads it")), "text/xml")
    innocent, culprit = poll(services).article_ids
    assert len(services.store.articles.claim([innocent, culprit])) == 2
    for _ in range(3):
        clock.advance(seconds=121)
        assert sorted(pipeline.due_articles(services)) == [[innocent], [culprit]]
        for one in (innocent, culprit):
            assert services.store.articles.claim([one])
    clock.advance(seconds=121)
    assert sorted(pipeline.due_articles(services)) == [[innocent], [culprit]]
    assert services.store.articles.claim([culprit])
    assert pipeline.process_articles(services, [innocent]).outcomes.total() == 1
    clock.advance(seconds=121)
    assert pipeline.due_articles(services) == []
    assert services.store.articles.counts() == {"done": 1, "quarantined": 1}


def test_a_dead_workers_feeds_and_deliveries_come_back_one_by_one(
    services: Services, site: FakeFetcher, clock: FakeClock
) -> None:
    site.put(FEED_URL, rss(Item("kelp", "Kelp"), Item("more", "More seaweed")), "text/xml")
    pipeline.process_articles(services, poll(services).article_ids)
    (ids,) = pipeline.due_deliveries(services)
    for _ in range(4):
        assert services.store.outbox.claim(ids)
        clock.advance(seconds=121)
        assert sorted(pipeline.due_deliveries(services)) == [[one] for one in ids]
    assert services.store.outbox.claim(ids)
    clock.advance(seconds=121)
    assert pipeline.due_deliveries(services) == []
    assert services.store.outbox.counts() == {"quarantined": 2}


def test_feeds_and_deliveries_that_wait_in_vain_are_told(
    services: Services, site: FakeFetcher, clock: FakeClock
) -> None:
    settings = Settings(broker_url="redis://127.0.0.1/0")
    look = (health.oldest_due_feed, health.oldest_due_delivery)
    clock.advance(seconds=300)
    assert health.oldest_due_feed(services.store, services.settings).status == "warn"
    assert [find(services.store, settings).status for find in look] == ["fail", "ok"]
    pipeline.process_articles(services, poll(services).article_ids)
    clock.advance(seconds=300)
    assert [find(services.store, settings).status for find in look] == ["ok", "fail"]
    pipeline.deliver(services, flat(pipeline.due_deliveries(services)))
    assert [find(services.store, settings).status for find in look] == ["ok", "ok"]


def test_polls_that_note_the_same_edits_in_other_orders_both_succeed(
    services: Services, fetcher: FakeFetcher
) -> None:
    urls = [f"{SITE}/a", f"{SITE}/b"]
    services.store.feeds.sync({"kelp": [FeedConfig(url) for url in urls]})
    with ThreadPoolExecutor(2) as pool:
        for word in ("first", "second", "third"):
            items = [Item(f"kelp-{number}", f"{word} {number}") for number in range(150)]
            fetcher.put(urls[0], rss(*items), "text/xml")
            fetcher.put(urls[1], rss(*reversed(items)), "text/xml")
            services.store.feeds.poll_now()
            ids = flat(pipeline.due_feeds(services))
            done = list(pool.map(lambda one: pipeline.poll_feeds(services, [one]).outcomes, ids))
            assert done == [{Outcome.OK: 1}] * 2
            with services.store.database.write() as connection:
                connection.execute(sa.text("UPDATE article SET state = 'done'"))


def test_a_poll_that_cannot_be_stored_costs_one_feed(
    services: Services, site: FakeFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [FEED_URL, f"{SITE}/2"]
    site.pages[urls[1]] = site.pages[FEED_URL]
    services.store.feeds.sync({"kelp": [FeedConfig(url) for url in urls]})
    finish = services.store.feeds.finish_poll

    def broken(result: PollResult) -> list[int] | None:
        if result.job.url == FEED_URL:
            raise StoreError("deadlock detected")
        return finish(result)

    monkeypatch.setattr(services.store.feeds, "finish_poll", broken)
    assert poll(services).outcomes == {Outcome.OK: 1, Outcome.FAILED: 1}


def test_a_channel_is_told_once_wherever_it_stands_and_whatever_changes_in_it(
    services: Services, site: FakeFetcher
) -> None:
    analyst, boss = ChannelConfig("list", "analyst"), ChannelConfig("list", "boss")
    again = replace(analyst, to=("x",))
    watch = services.watches[0]
    first = replace(services, watches=(replace(watch, channels=(analyst,)),))
    pipeline.process_articles(first, poll(first).article_ids)
    services.matcher.version = "word-2"  # type: ignore[misc]
    both = replace(services, watches=(replace(watch, channels=(boss, again)),))
    rematch_all(both)
    pipeline.deliver(both, flat(pipeline.due_deliveries(both)))
    with services.store.database.read() as connection:
        told = connection.execute(sa.text("SELECT key FROM outbox ORDER BY key")).scalars().all()
    (row,) = services.store.matches.rows()
    assert told == [f"kelp:analyst:{row.id}", f"kelp:boss:{row.id}"]


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
def test_a_line_that_does_not_fit_on_the_disk_is_taken_back(
    services: Services, site: FakeFetcher, clock: FakeClock, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    pipeline.process_articles(services, poll(services).article_ids)
    (row,) = services.store.matches.rows()
    message = Message("k", Watch("kelp", "Kelp", ()), ChannelConfig("file"), (row,), clock())
    sink = FileSink(tmp_path / "output", clock)
    sink.send(message)
    (path,) = (tmp_path / "output").iterdir()
    whole = path.read_bytes()
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, line: write(file, line[:20]))
    with pytest.raises(TellError, match="only 20 of") as caught:
        sink.send(message)
    assert caught.value.__cause__.errno == errno.ENOSPC  # type: ignore[union-attr]
    assert path.read_bytes() == whole


def test_what_does_not_fit_its_column_is_cut_or_kept_whole(services: Services) -> None:
    language = "en-US-x-" + "long" * 5
    services.store.feeds.add(FeedConfig(f"{SITE}/x", "t", language), "kelp")
    assert language[:16] in [row.language for row in services.store.feeds.rows()]
    assert services.store.pulse.take("sweep", "worker-7d9c5b." * 10, 10)
