"""Polls over real sockets and real stores: redirects, lying validators, politeness."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from celery.signals import worker_process_shutdown

from tasks import poll as _connected  # noqa: F401 - it listens to the pool
from tests.fakes import FakeClock, flat
from tests.fetch.conftest import LOOPBACK, RawServer, response
from tests.sites import Item, rss
from worker import pipeline, polls
from worker.domain import FeedConfig, Outcome
from worker.errors import NotFoundError, StoreError
from worker.feeds.health import Need, health_of
from worker.fetch import AddressGuard, HttpFetcher
from worker.polling import poll as poll_one
from worker.polls import POLLS_AT_ONCE
from worker.records import FeedRow, PollResult
from worker.services import Services


@pytest.fixture
def real(services: Services, server: RawServer) -> Iterator[Services]:
    """The pipeline, fetching from the raw server over loopback."""
    fetcher = HttpFetcher(AddressGuard(LOOPBACK), "0.1.0", "")
    watch = replace(services.watches[0], feeds=(FeedConfig(server.url("/old")),))
    services.store.feeds.sync({"kelp": watch.feeds})
    yield replace(services, fetcher=fetcher, watches=(watch,))
    fetcher.close()


def feed(*items: Item, **headers: str) -> bytes:
    return response(rss(*items).encode(), content_type="application/rss+xml", **headers)


def moved(server: RawServer, path: str, status: str = "301 Moved Permanently") -> bytes:
    return response(status=status, Location=server.url(path))


def poll(services: Services, *paths: str) -> dict[str, int]:
    for row in services.store.feeds.rows():
        services.store.feeds.poll_now(row.id)
    return dict(pipeline.poll_feeds(services, flat(pipeline.due_feeds(services))).outcomes)


def rows(services: Services) -> dict[str, FeedRow]:
    """The feeds that are followed, by the path of their address."""
    return {
        row.url.partition("/")[2].rpartition("/")[2]: row
        for row in services.store.feeds.rows()
        if row.state == "active"
    }


class TestRedirects:
    def test_five_in_a_row_are_to_confirm_and_change_nothing_before(
        self, real: Services, server: RawServer, clock: FakeClock
    ) -> None:
        server.answers["/old"] = moved(server, "/hop", "308 Permanent Redirect")
        server.answers["/hop"] = moved(server, "/new")
        server.answers["/new"] = feed(Item("a", "A"), ETag='"1"')
        for count in range(1, 6):
            if count == 3:  # a 304 behind the redirects counts, too
                server.answers["/new"] = response(status="304 Not Modified")
            if count == 4:
                server.answers["/new"] = feed(Item("a", "A"), Item("b", "B"))
            assert poll(real) == {Outcome.UNCHANGED if count in (2, 3, 5) else Outcome.OK: 1}
            row = rows(real)["old"]
            assert (row.moved_to, row.moved_count) == (server.url("/new"), count)
            assert (health_of(row, clock()).need is Need.CONFIRM) == (count == 5)
        assert [path for path, _ in server.requests] == ["/old", "/hop", "/new"] * 5

        changed = real.store.feeds.confirm_move(row.id)
        assert (changed.feed_id, changed.is_merged) == (row.id, False)
        server.requests.clear()
        assert poll(real) == {Outcome.OK: 1}
        assert [path for path, _ in server.requests] == ["/new"]
        assert (rows(real)["new"].moved_to, rows(real)["new"].entries) == (None, 2)

    def test_a_watch_that_names_the_former_address_means_the_feed(
        self, real: Services, server: RawServer
    ) -> None:
        server.answers |= {"/old": moved(server, "/new"), "/new": feed(Item("a", "A"))}
        poll(real)
        feed_id = rows(real)["old"].id
        real.store.feeds.confirm_move(feed_id)
        real.store.feeds.sync({"kelp": real.watches[0].feeds})
        assert {name: row.id for name, row in rows(real).items()} == {"new": feed_id}
        assert real.store.feeds.find(server.url("/old")) == feed_id
        assert real.store.feeds.add(FeedConfig(server.url("/old")), "kelp") == feed_id

    def test_an_address_that_is_a_feed_already_takes_the_sightings_over(
        self, real: Services, server: RawServer
    ) -> None:
        real.store.feeds.add(FeedConfig(server.url("/new")), "trams")
        server.answers["/old"] = feed(Item("a", "A"), Item("b", "B"))
        server.answers["/new"] = feed(Item("b", "B"), Item("c", "C"))
        poll(real)
        server.answers["/old"] = moved(server, "/new")
        poll(real)
        old, new = rows(real)["old"], rows(real)["new"]
        changed = real.store.feeds.confirm_move(old.id)
        assert (changed.feed_id, changed.is_merged) == (new.id, True)
        (left,) = rows(real).values()
        # the old feed's poll by way of the redirect had brought "c" as well
        assert (left.id, left.entries, left.watches) == (new.id, 3, ("kelp", "trams"))
        with real.store.database.read() as connection:
            counted = connection.execute(sa.text("SELECT count(*) FROM sighting")).scalar()
            events = connection.execute(sa.text("SELECT count(*) FROM fetch_event")).scalar()
        assert (counted, events) == (3, 4)
        assert poll(real) == {Outcome.UNCHANGED: 1} or poll(real) == {Outcome.UNCHANGED: 1}

    @pytest.mark.parametrize("status", ["302 Found", "307 Temporary Redirect", "303 See Other"])
    def test_a_temporary_hop_makes_the_chain_temporary(
        self, real: Services, server: RawServer, status: str
    ) -> None:
        server.answers["/old"] = moved(server, "/hop")
        server.answers["/hop"] = moved(server, "/new", status)
        server.answers["/new"] = feed(Item("a", "A"))
        poll(real)
        row = rows(real)["old"]
        assert (row.moved_to, row.moved_count) == (None, 0)
        with pytest.raises(NotFoundError, match="nothing to confirm"):
            real.store.feeds.confirm_move(row.id)

    def test_a_failed_poll_neither_counts_nor_forgets(
        self, real: Services, server: RawServer
    ) -> None:
        server.answers |= {"/old": moved(server, "/new"), "/new": feed(Item("a", "A"))}
        poll(real)
        server.answers["/new"] = response(b"<html>sorry</html>")
        assert poll(real) == {Outcome.NOT_A_FEED: 1}
        server.answers["/new"] = feed(Item("a", "A"))
        poll(real)
        assert rows(real)["old"].moved_count == 2
        server.answers["/old"] = feed(Item("a", "A"))
        poll(real)
        assert rows(real)["old"].moved_count == 0

    def test_a_permanent_redirect_to_a_private_address_is_refused(
        self, real: Services, server: RawServer
    ) -> None:
        server.answers["/old"] = response(status="301 x", Location="http://10.0.0.1/rss")
        assert poll(real) == {Outcome.BLOCKED_ADDRESS: 1}
        assert rows(real)["old"].moved_to is None

    def test_a_poll_under_way_is_not_stored_under_the_new_address(
        self, real: Services, server: RawServer
    ) -> None:
        server.answers |= {"/old": moved(server, "/new"), "/new": feed(Item("a", "A"))}
        poll(real)
        real.store.feeds.poll_now()
        (job,) = real.store.feeds.claim([rows(real)["old"].id])
        real.store.feeds.confirm_move(job.id)
        result = poll_one(real, job)
        assert real.store.feeds.finish_poll(result) is None  # type: ignore[arg-type]


class TestSlowServers:
    """A feed that takes its time is left to itself; what it gives comes all the same."""

    @pytest.fixture
    def release(self, real: Services, server: RawServer) -> threading.Event:
        event = threading.Event()

        def slow(connection: socket.socket, path: str) -> None:
            event.wait(20)
            connection.sendall(feed(Item("late", "Late")))

        server.answers |= {"/old": slow, "/quick": feed(Item("a", "A"))}
        real.store.feeds.add(FeedConfig(server.url("/quick")), "kelp")
        return event

    def test_nobody_waits_for_it(
        self, real: Services, server: RawServer, release: threading.Event
    ) -> None:
        late: queue.SimpleQueue[pipeline.Polled] = queue.SimpleQueue()
        ids = flat(pipeline.due_feeds(real))
        polled = pipeline.poll_feeds(real, ids, patience_s=2.0, on_late=late.put)
        assert (polled.outcomes, polled.late) == ({Outcome.OK: 1}, 1)
        assert rows(real)["quick"].entries == 1
        assert rows(real)["old"].last_outcome is None
        release.set()
        ended = late.get(timeout=20)
        assert (ended.outcomes, len(ended.article_ids)) == ({Outcome.OK: 1}, 1)
        assert rows(real)["old"].entries == 1

    def test_a_process_that_ends_waits_for_it_a_little(
        self, real: Services, server: RawServer, release: threading.Event
    ) -> None:
        pipeline.poll_feeds(real, flat(pipeline.due_feeds(real)), patience_s=0.0)
        release.set()
        worker_process_shutdown.send(None)  # as Celery does where a pool replaces a child
        assert {name: row.entries for name, row in rows(real).items()} == {"old": 1, "quick": 1}

    def test_a_process_that_ends_gives_back_what_takes_too_long(
        self,
        real: Services,
        server: RawServer,
        release: threading.Event,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(polls, "END_PATIENCE_S", 0.0)
        late: queue.SimpleQueue[pipeline.Polled] = queue.SimpleQueue()
        held = rows(real)["old"].id
        pipeline.poll_feeds(real, [held], patience_s=0.0, on_late=late.put)
        worker_process_shutdown.send(None)
        (again,) = real.store.feeds.claim([held])  # at once, by whoever comes first
        assert again.tries == 1
        release.set()  # should it live on after all, it changes nothing
        assert late.get(timeout=20).outcomes == {Outcome.LEASE_LOST: 1}
        result = poll_one(real, again)
        assert isinstance(result, PollResult)
        assert real.store.feeds.finish_poll(result)

    def test_a_process_that_ends_gives_back_what_waits_for_a_place(
        self,
        real: Services,
        server: RawServer,
        release: threading.Event,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(polls, "_places", threading.BoundedSemaphore(1))  # and "/old" holds it
        waiting = rows(real)["quick"].id
        ids = flat(pipeline.due_feeds(real))
        with ThreadPoolExecutor(1) as pool:
            polled = pool.submit(pipeline.poll_feeds, real, sorted(ids), patience_s=0.0)
            while not polls._running:
                time.sleep(0.01)
            pipeline.begin_end_of_polls()
            assert polled.result(timeout=20).late == 1
        assert rows(real)["quick"].last_outcome is None
        (again,) = real.store.feeds.claim([waiting])  # at once, by whoever comes first
        assert again.tries == 1
        real.store.feeds.release([again])
        release.set()
        pipeline.end_polls()
        assert pipeline.poll_feeds(real, [waiting]).outcomes == {Outcome.OK: 1}  # as ever

    def test_without_a_limit_all_are_waited_for(
        self, real: Services, server: RawServer, release: threading.Event
    ) -> None:
        release.set()
        polled = pipeline.poll_feeds(real, flat(pipeline.due_feeds(real)))
        assert (polled.outcomes, polled.late) == ({Outcome.OK: 2}, 0)

    def test_so_many_run_at_once_and_no_more(self, real: Services, server: RawServer) -> None:
        inside, most, lock = [], [], threading.Lock()

        def counted(connection: socket.socket, path: str) -> None:
            with lock:
                inside.append(path)
                most.append(len(inside))
            time.sleep(0.05)
            with lock:
                inside.remove(path)
            connection.sendall(feed())

        paths = [f"/many{number}" for number in range(POLLS_AT_ONCE + 30)]
        server.answers |= dict.fromkeys(paths, counted)
        real.store.feeds.sync({"kelp": [FeedConfig(server.url(path)) for path in paths]})
        polled = pipeline.poll_feeds(real, flat(pipeline.due_feeds(real)))
        assert polled.outcomes == {Outcome.EMPTY: len(paths)}
        assert max(most) <= POLLS_AT_ONCE

    def test_a_bug_while_storing_is_told_and_nobody_waits_for_ever(
        self, real: Services, server: RawServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> None:
            raise RuntimeError("a bug")

        server.answers["/old"] = feed(Item("a", "A"))
        monkeypatch.setattr(real.store.feeds, "finish_poll", broken)
        with pytest.raises(StoreError, match="a bug"):
            pipeline.poll_feeds(real, flat(pipeline.due_feeds(real)))


class TestUnchangedTogether:
    """Polls that found nothing new are stored several at once; each counts for itself."""

    @pytest.fixture
    def three(self, real: Services, server: RawServer) -> list[int]:
        for path in ("/old", "/b", "/c"):
            server.answers[path] = feed(Item("a", "A"))
        real.store.feeds.sync({"kelp": [FeedConfig(server.url(p)) for p in ("/old", "/b", "/c")]})
        assert poll(real) == {Outcome.OK: 3}
        for row in rows(real).values():
            real.store.feeds.poll_now(row.id)
        return flat(pipeline.due_feeds(real))

    def test_each_has_its_event_and_its_next_poll(
        self, real: Services, three: list[int], clock: FakeClock
    ) -> None:
        assert pipeline.poll_feeds(real, three).outcomes == {Outcome.UNCHANGED: 3}
        for row in rows(real).values():
            assert row.last_outcome == Outcome.UNCHANGED
            assert row.next_poll_at > clock()
            latest, first = real.store.feed_history.polls(row.id, 5)
            assert (latest.outcome, first.outcome) == (Outcome.UNCHANGED, Outcome.OK)
            assert latest.size_bytes > 0
        assert real.store.feeds.claim(three) == []

    def test_whose_lease_was_lost_changes_nothing(
        self, real: Services, three: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lost, *others = three
        finish = real.store.feeds.finish_unchanged

        def late(results: list[PollResult]) -> frozenset[int]:
            (job,) = (result.job for result in results if result.job.id == lost)
            real.store.feeds.release([job])
            assert real.store.feeds.claim([lost])  # somebody else has it now
            return finish(results)

        monkeypatch.setattr(real.store.feeds, "finish_unchanged", late)
        polled = pipeline.poll_feeds(real, three)
        assert polled.outcomes == {Outcome.UNCHANGED: 2, Outcome.LEASE_LOST: 1}
        events = {one: len(real.store.feed_history.polls(one, 5)) for one in three}
        assert events == {lost: 1, **dict.fromkeys(others, 2)}

    @pytest.mark.parametrize("error", [StoreError("no"), RuntimeError("a bug")])
    def test_what_cannot_be_stored_costs_the_others_nothing(
        self,
        real: Services,
        three: list[int],
        monkeypatch: pytest.MonkeyPatch,
        error: Exception,
    ) -> None:
        finish = real.store.feeds.finish_unchanged

        def picky(results: list[PollResult]) -> frozenset[int]:
            if any(result.job.id == three[1] for result in results):
                raise error
            return finish(results)

        monkeypatch.setattr(real.store.feeds, "finish_unchanged", picky)
        outcomes = {Outcome.UNCHANGED: 2, Outcome.FAILED: 1}
        assert pipeline.poll_feeds(real, three).outcomes == outcomes

    def test_they_do_not_wait_for_a_slow_server(
        self, real: Services, server: RawServer, three: list[int]
    ) -> None:
        event = threading.Event()

        def slow(connection: socket.socket, path: str) -> None:
            event.wait(20)
            connection.sendall(feed(Item("a", "A")))

        server.answers["/old"] = slow
        held = rows(real)["old"].id
        with ThreadPoolExecutor(1) as pool:
            polled = pool.submit(pipeline.poll_feeds, real, three)
            others = [one for one in three if one != held]
            ends_at = time.monotonic() + 15
            while time.monotonic() < ends_at and not polled.done():
                if all(len(real.store.feed_history.polls(one, 5)) == 2 for one in others):
                    break
                time.sleep(0.02)
            assert len(real.store.feed_history.polls(held, 5)) == 1
            event.set()
            assert polled.result(20).outcomes == {Outcome.UNCHANGED: 3}


class TestLyingValidators:
    def test_they_hide_entries_for_a_day_at_most(
        self, real: Services, server: RawServer, clock: FakeClock
    ) -> None:
        def lie(connection, path):  # type: ignore[no-untyped-def]
            sent = server.requests[-1][1]
            told_new = "if-none-match" in sent or "if-modified-since" in sent
            connection.sendall(response(status="304 x") if told_new else body)

        server.answers["/old"] = lie
        body = feed(Item("a", "A"), ETag='"always"')
        assert poll(real) == {Outcome.OK: 1}
        body = feed(Item("a", "A"), Item("b", "B"), ETag='"always"')
        assert poll(real) == {Outcome.UNCHANGED: 1}
        clock.advance(hours=25)
        assert poll(real) == {Outcome.OK: 1}
        assert rows(real)["old"].entries == 2

    def test_the_same_body_is_noticed_by_its_hash_and_counts_as_a_body(
        self, real: Services, server: RawServer, clock: FakeClock
    ) -> None:
        server.answers["/old"] = feed(Item("a", "A"), ETag='"1"')
        poll(real)
        clock.advance(hours=25)
        assert poll(real) == {Outcome.UNCHANGED: 1}
        server.requests.clear()
        clock.advance(hours=23)
        poll(real)
        assert server.requests[0][1]["if-none-match"] == '"1"'


def test_days_and_the_latest_entry_are_kept(
    real: Services, server: RawServer, clock: FakeClock
) -> None:
    server.answers["/old"] = feed(
        Item("a", "A"),
        Item("b", "B", date="Sat, 28 Feb 2026 09:00:00 GMT"),
        Item("c", "C", date=""),
    )
    poll(real)
    row = rows(real)["old"]
    assert row.entry_days == {"2026-02-28": 1, "2026-03-01": 1}
    assert row.last_entry_at is not None
    assert row.last_entry_at.isoformat() == "2026-03-01T09:00:00+00:00"
    clock.advance(days=1)
    server.answers["/old"] = feed(Item("a", "A"), Item("d", "D", date=""))
    poll(real)
    row = rows(real)["old"]
    assert row.entry_days == {"2026-02-28": 1, "2026-03-01": 1, "2026-03-02": 1}
    assert (row.last_entry_at, row.entries) == (clock(), 4)


def test_the_hours_of_publication_are_learned_and_used(
    real: Services, server: RawServer, clock: FakeClock
) -> None:
    def of_day(day: int) -> list[Item]:
        return [
            Item(f"{day}-{hour}", "A", date=f"{day:02} Mar 2026 {hour:02}:{minute}:00 GMT")
            for hour in (9, 10, 11)
            for minute in (10, 30)
        ]

    items: list[Item] = [Item("dated", "A", date="01 Mar 2026 00:00:00 GMT")]
    for day in range(1, 20):
        items += [
            replace(item, slug=f"{item.slug}-{n}", guid="") for n, item in enumerate(of_day(day))
        ]
        server.answers["/old"] = feed(*items)
        clock.now = datetime(2026, 3, day, 12, tzinfo=UTC)
        poll(real)
    real.store.feeds.poll_now()
    (job,) = real.store.feeds.claim(flat(pipeline.due_feeds(real)))
    assert job.entry_hours == {"9": 38, "10": 38, "11": 38}
    waits = {}
    for hour in (9, 20):
        clock.now = datetime(2026, 3, 20, hour, tzinfo=UTC)
        result = poll_one(real, job)
        assert isinstance(result, PollResult)
        waits[hour] = (result.next_poll_at - clock()).total_seconds()
    assert waits[9] < 1_800
    assert waits[20] > 7_200


class TestSitemaps:
    def sitemap(self, server: RawServer, *names: str) -> bytes:
        items = "".join(
            f"<url><loc>{server.url('/' + name)}</loc><news:news><news:publication>"
            "<news:name>The News</news:name></news:publication>"
            f"<news:title>{name}</news:title></news:news></url>"
            for name in names
        )
        return response(f'<urlset xmlns:news="n">{items}</urlset>'.encode())

    def index(self, server: RawServer, *paths: str) -> bytes:
        maps = "".join(f"<sitemap><loc>{server.url(path)}</loc></sitemap>" for path in paths)
        return response(f"<sitemapindex>{maps}</sitemapindex>".encode(), ETag='"same"')

    def test_an_index_is_polled_with_its_sitemaps_one_level_deep(
        self, real: Services, server: RawServer, clock: FakeClock
    ) -> None:
        server.answers |= {
            "/old": self.index(server, "/1", "/2", "/deeper", "/none"),
            "/1": self.sitemap(server, "a", "b"),
            "/2": self.sitemap(server, "b", "c"),
            "/deeper": self.index(server, "/1"),
        }
        assert poll(real) == {Outcome.OK: 1}
        row = rows(real)["old"]
        assert (row.entries, row.title) == (3, "The News")
        assert "not_found" in (row.last_detail or "")
        server.answers["/1"] = self.sitemap(server, "a", "b", "d")
        clock.advance(hours=1)
        server.requests.clear()
        assert poll(real) == {Outcome.OK: 1}  # though the index itself is the same
        assert "if-none-match" not in server.requests[0][1]
        assert rows(real)["old"].entries == 4

    def test_an_index_without_any_readable_sitemap_fails(
        self, real: Services, server: RawServer
    ) -> None:
        server.answers["/old"] = self.index(server, "/1", "/2")
        assert poll(real) == {Outcome.NOT_FOUND: 1}

    def test_sitemaps_of_pages_beside_those_of_news_are_nothing_to_worry_about(
        self, real: Services, server: RawServer
    ) -> None:
        pages = response(b"<urlset><url><loc>https://a.test/about</loc></url></urlset>")
        server.answers |= {"/old": self.index(server, "/pages", "/1"), "/pages": pages}
        server.answers["/1"] = self.sitemap(server, "a")
        assert poll(real) == {Outcome.OK: 1}
        assert rows(real)["old"].last_detail is None
        server.answers["/old"] = self.index(server, "/pages")
        assert poll(real) == {Outcome.NOT_A_FEED: 1}
        assert "an index of sitemaps; none of those looked at (1) has news: give" in str(
            rows(real)["old"].last_detail
        )

    def test_a_child_may_not_lead_to_a_private_address(
        self, real: Services, server: RawServer
    ) -> None:
        body = b"<sitemapindex><sitemap><loc>http://10.0.0.1/news</loc></sitemap></sitemapindex>"
        server.answers["/old"] = response(body)
        assert poll(real) == {Outcome.BLOCKED_ADDRESS: 1}
