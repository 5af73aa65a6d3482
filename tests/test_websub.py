"""Feeds that are pushed: a real small hub on loopback, our real callback, both databases."""

from __future__ import annotations

import hmac
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import BusyParsers, FakeClock, flat
from tests.fetch.conftest import LOOPBACK, RawServer, response
from tests.sites import Item, rss
from worker import pipeline
from worker.config import Settings, load_settings
from worker.domain import FeedConfig, Outcome
from worker.errors import ConfigError
from worker.feeds.websub import is_signed, lease_of, pause_after
from worker.fetch import AddressGuard, HttpFetcher
from worker.records import FeedRow
from worker.services import Services
from worker.web.app import make_app
from worker.web.server import BackgroundServer


class Hub:
    """Takes subscriptions, asks back as the recommendation says, pushes what it is given."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.asks_back: list[tuple[int, str]] = []
        self.status = 202
        self.lease_s = 86_400
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["content-length"])
                form = parse_qs(self.rfile.read(size).decode())
                hub.forms.append({name: values[0] for name, values in form.items()})
                self.send_response(hub.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hub"

    def ask_back(self, mode: str = "subscribe", **changed: str) -> tuple[int, str]:
        """Verify the intent of the latest subscriber (section 5.3)."""
        form = self.forms[-1]
        asked = {
            "hub.mode": mode, "hub.topic": form["hub.topic"], "hub.challenge": "c-123",
            "hub.lease_seconds": str(self.lease_s),
        }  # fmt: skip
        asked |= {f"hub.{name}": value for name, value in changed.items()}
        return send(f"{form['hub.callback']}?{urlencode(asked)}")

    def push(self, body: bytes, algorithm: str = "sha256", secret: str = "") -> tuple[int, str]:
        form = self.forms[-1]
        key = (secret or form["hub.secret"]).encode()
        signature = f"{algorithm}={hmac.new(key, body, algorithm).hexdigest()}"
        headers = {"X-Hub-Signature": signature, "Content-Type": "application/rss+xml"}
        return send(form["hub.callback"], body, headers)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def send(
    url: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    request = urllib.request.Request(url, body, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@dataclass
class World:
    services: Services
    hub: Hub
    site: RawServer
    clock: FakeClock
    parsers: BusyParsers

    def publish(self, *slugs: str, hub: str | None = None, **headers: str) -> None:
        """What the site's feed says from now on."""
        named = self.hub.url if hub is None else hub
        link = {"Link": f'<{named}>; rel="hub", <{self.topic}>; rel="self"'} if named else {}
        self.site.answers["/rss"] = response(self.feed(*slugs), **link, **headers)

    def feed(self, *slugs: str) -> bytes:
        return rss(*(Item(slug, f"About {slug}") for slug in slugs)).encode()

    @property
    def topic(self) -> str:
        return self.site.url("/rss?topic")

    def poll(self) -> dict[str, int]:
        self.services.store.feeds.poll_now()
        ids = flat(pipeline.due_feeds(self.services, with_hinted=True))
        return dict(pipeline.poll_feeds(self.services, ids).outcomes)

    def subscribe(self) -> int:
        return pipeline.subscribe(self.services, pipeline.due_subscriptions(self.services))

    @property
    def row(self) -> FeedRow:
        rows = self.services.store.feeds.rows()
        return next(row for row in rows if row.url == self.site.url("/rss"))

    def wait_s(self) -> float:
        return (self.row.next_poll_at - self.clock()).total_seconds()


@pytest.fixture
def world(services: Services, server: RawServer, clock: FakeClock) -> Iterator[World]:
    fetcher = HttpFetcher(AddressGuard(LOOPBACK), "0.1.0", "")
    hub = Hub()
    services.store.feeds.sync({"kelp": [FeedConfig(server.url("/rss"))]})
    parsers = BusyParsers()
    parsers.is_busy = False
    services = replace(services, fetcher=fetcher, isolation=parsers)

    def take(feed_id: int, body: bytes, content_type: str) -> Outcome:
        return pipeline.take_push(services, feed_id, body, content_type)

    app = make_app(services.store, (), Settings(feed_max_bytes=50_000), clock, store_push=take)
    with BackgroundServer(app, "127.0.0.1", 0) as pages:
        settings = services.settings.model_copy(update={"web_url": pages.url})
        services = replace(services, settings=settings)
        yield World(services, hub, server, clock, parsers)
    hub.close()
    fetcher.close()


def subscribed(world: World) -> World:
    world.publish("a")
    world.poll()
    world.subscribe()
    assert world.hub.ask_back() == (200, "c-123")
    return world


def test_a_feed_that_names_a_hub_is_subscribed_to_and_pushed(world: World) -> None:
    world.publish("a")
    world.poll()
    assert world.subscribe() == 1
    (form,) = world.hub.forms
    assert (form["hub.mode"], form["hub.topic"]) == ("subscribe", world.topic)
    assert len(form["hub.secret"]) > 30
    assert world.hub.ask_back() == (200, "c-123")
    assert world.hub.push(world.feed("b")) == (202, "ok")
    assert world.row.entries == 2
    assert len(flat(pipeline.due_articles(world.services))) == 1  # the sweep hands it out at once
    waiting = flat(pipeline.due_articles(world.services, with_hinted=True))
    assert len(waiting) == 2
    # the same again, by push and by poll, is nothing new
    assert world.hub.push(world.feed("b"))[0] == 202
    world.publish("b", "a")
    assert world.poll() == {Outcome.OK: 1}
    assert world.row.entries == 2
    assert flat(pipeline.due_articles(world.services, with_hinted=True)) == waiting


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_the_hub_chooses_how_it_signs(world: World, algorithm: str) -> None:
    assert subscribed(world).hub.push(world.feed("b"), algorithm) == (202, "ok")


def test_a_hub_named_in_the_feed_itself_counts_too(world: World) -> None:
    world.site.answers["/rss"] = response(
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title>"
        f"<link rel='hub' href='{world.hub.url}'/><link rel='self' href='{world.topic}'/>"
        "<entry><id>a</id><title>A</title><link href='/a'/></entry></feed>".encode()
    )
    world.poll()
    assert world.subscribe() == 1
    assert world.hub.forms[0]["hub.topic"] == world.topic


class TestTheCallbackTrustsNobody:
    def test_what_is_not_signed_rightly_is_refused_and_not_stored(self, world: World) -> None:
        hub = subscribed(world).hub
        callback, body = hub.forms[-1]["hub.callback"], world.feed("b")
        assert hub.push(body, secret="guessed")[0] == 403
        assert hub.push(body, "md5")[0] == 403
        assert send(callback, body)[0] == 403
        signed = hmac.new(hub.forms[-1]["hub.secret"].encode(), body, "sha256").hexdigest()
        headers = {"X-Hub-Signature": f"sha256={signed}"}
        assert send(callback, body + b" ", headers)[0] == 403
        assert world.row.entries == 1

    def test_another_address_means_nothing(self, world: World) -> None:
        form = subscribed(world).hub.forms[-1]
        wrong = form["hub.callback"][:-3] + "xyz"
        assert send(wrong, b"x")[0] == 410
        assert send(f"{wrong}?hub.mode=subscribe&hub.topic={world.topic}&hub.challenge=c")[0] == 404
        assert send(f"{wrong}{'x' * 5_000}", b"x")[0] == 410

    def test_a_push_is_bounded(self, world: World) -> None:
        assert subscribed(world).hub.push(b"<rss>" + b" " * 60_000)[0] == 413

    def test_a_push_that_is_no_feed_costs_nothing(self, world: World) -> None:
        assert subscribed(world).hub.push(b"<html>sorry") == (202, "not_a_feed")
        assert world.row.entries == 1

    @pytest.mark.parametrize(
        ("mode", "changed"),
        [
            ("subscribe", {"topic": "https://other.example/rss"}),
            ("unsubscribe", {}),
            ("publish", {}),
            ("subscribe", {"challenge": ""}),
        ],
    )
    def test_only_what_was_asked_for_is_confirmed(
        self, world: World, mode: str, changed: dict[str, str]
    ) -> None:
        world.publish("a")
        world.poll()
        world.subscribe()
        assert world.hub.ask_back(mode, **changed)[0] == 404
        assert world.services.store.subscriptions.of_token(token(world)).until is None  # type: ignore[union-attr]

    def test_nor_a_day_after(self, world: World) -> None:
        world.publish("a")
        world.poll()
        world.subscribe()
        world.clock.advance(hours=25)
        assert world.hub.ask_back()[0] == 404

    def test_any_host_name_reaches_it_and_nothing_else(self, world: World) -> None:
        callback = subscribed(world).hub.forms[-1]["hub.callback"]
        host = {"Host": "watch.example.org"}
        assert send(callback, b"x", host)[0] == 403
        assert send(callback.partition("/websub/")[0] + "/", headers=host)[0] == 400


def token(world: World) -> str:
    return world.hub.forms[-1]["hub.callback"].rpartition("/")[2]


class TestTime:
    def test_a_lease_is_renewed_before_it_ends(self, world: World) -> None:
        subscribed(world)
        world.clock.advance(hours=19)
        assert pipeline.due_subscriptions(world.services) == []
        world.clock.advance(minutes=15)
        assert world.subscribe() == 1
        world.hub.ask_back()
        assert pipeline.due_subscriptions(world.services) == []

    def test_a_hub_that_does_not_ask_back_is_asked_again(self, world: World) -> None:
        world.publish("a")
        world.poll()
        assert (world.subscribe(), world.subscribe()) == (1, 0)
        world.clock.advance(minutes=61)
        assert world.subscribe() == 1

    def test_a_hub_that_fails_or_says_no_is_left_alone_ever_longer(self, world: World) -> None:
        world.publish("a")
        world.poll()
        world.hub.status = 500
        for minutes in (10, 20, 40):
            assert world.subscribe() == 0
            assert len(pipeline.due_subscriptions(world.services)) == 0
            world.clock.advance(minutes=minutes, seconds=1)
            assert len(pipeline.due_subscriptions(world.services)) == 1
        world.hub.status = 202
        assert world.subscribe() == 1
        assert world.hub.ask_back("denied", reason="no") == (200, "")
        world.clock.advance(hours=12)
        assert pipeline.due_subscriptions(world.services) == []

    def test_polls_become_a_net_while_pushes_come(self, world: World) -> None:
        subscribed(world)
        world.poll()
        assert world.wait_s() == 21_600
        # a poll that finds what nobody pushed: the hub cannot be relied on
        world.publish("a", "missed")
        world.poll()
        assert world.wait_s() < 21_600
        world.publish("a", "missed", ETag='"x"')
        world.clock.advance(minutes=30)
        world.poll()
        assert world.wait_s() < 21_600
        # until it pushes again
        world.clock.advance(minutes=1)
        world.hub.push(world.feed("pushed"))
        world.poll()
        assert world.wait_s() == 21_600
        # and when the lease is over, polls are as before
        world.clock.advance(hours=25)
        world.poll()
        assert world.wait_s() < 21_600

    def test_a_feed_that_moves_to_another_hub_or_names_none(self, world: World) -> None:
        subscribed(world)
        old = world.hub.forms[-1]
        other = Hub()
        world.publish("a", "b", hub=other.url)
        world.poll()
        assert world.subscribe() == 1
        assert len(other.forms) == 1
        other.close()
        world.publish("a", "b", "c", hub="")
        world.poll()
        assert pipeline.due_subscriptions(world.services) == []
        assert send(old["hub.callback"], b"x")[0] == 410

    def test_a_paused_feed_takes_no_push_and_says_so(self, world: World) -> None:
        subscribed(world)
        feeds = world.services.store.feeds
        feeds.set_state(world.row.id, "paused")
        assert world.hub.push(world.feed("b"))[0] == 410  # which ends it at the hub
        assert world.row.entries == 1
        assert pipeline.due_subscriptions(world.services) == []
        feeds.set_state(world.row.id, "active")
        assert world.subscribe() == 1
        world.publish("b", "a")
        world.poll()
        assert world.row.entries == 2
        assert world.wait_s() < 21_600  # nobody pushes until the hub has asked back
        assert world.hub.ask_back() == (200, "c-123")
        assert world.hub.push(world.feed("c")) == (202, "ok")

    def test_the_poll_that_finds_what_was_not_pushed_is_followed_by_one_at_its_own_pace(
        self, world: World
    ) -> None:
        subscribed(world)
        world.poll()
        assert world.wait_s() == 21_600
        world.publish("a", "missed")
        world.clock.advance(hours=6)
        world.poll()
        assert world.wait_s() < 21_600
        assert world.subscribe() == 1  # the hub may have forgotten us
        assert world.hub.ask_back() == (200, "c-123")
        world.clock.advance(hours=1)
        world.publish("a", "missed", "again")
        world.poll()
        assert world.wait_s() < 21_600
        assert world.subscribe() == 0  # and is not asked at each poll

    def test_without_a_public_address_a_hub_is_no_reason_to_wait(self, world: World) -> None:
        subscribed(world)
        world.poll()
        alone(world).poll()
        assert world.wait_s() < 21_600


def alone(world: World) -> World:
    """The same without an address that hubs can reach."""
    settings = world.services.settings.model_copy(update={"web_url": ""})
    return replace(world, services=replace(world.services, settings=settings))


def test_once_there_is_a_public_address_hubs_are_asked_though_no_feed_has_changed(
    world: World,
) -> None:
    world.publish("a", ETag='"same"')
    alone(world).poll()
    assert pipeline.due_subscriptions(alone(world).services) == []
    world.site.answers["/rss"] = response(status="304 Not Modified")
    assert world.poll() == {Outcome.UNCHANGED: 1}
    assert world.subscribe() == 1


def test_a_push_that_cannot_be_read_makes_the_feed_due_soon(world: World) -> None:
    subscribed(world)
    world.poll()
    for _ in range(2):  # however often
        assert world.hub.push(b"<html>sorry") == (202, "not_a_feed")
        assert world.wait_s() == 120


def test_a_push_that_has_no_time_to_be_read_is_to_come_again(world: World) -> None:
    subscribed(world)
    world.parsers.is_busy = True
    assert world.hub.push(world.feed("b"))[0] == 503
    world.parsers.is_busy = False
    assert world.hub.push(world.feed("b")) == (202, "ok")


def test_a_hub_at_a_private_address_is_not_asked(world: World) -> None:
    world.publish("a", hub="http://10.0.0.1/hub")
    world.poll()
    assert world.subscribe() == 0
    world.clock.advance(minutes=11)
    assert len(pipeline.due_subscriptions(world.services)) == 1


def test_without_a_public_address_nobody_subscribes(world: World) -> None:
    world.publish("a")
    alone(world).poll()
    assert pipeline.due_subscriptions(alone(world).services) == []


@pytest.mark.parametrize("url", ["watch.example.org", "ftp://a.test", "https://u:p@a.test/", "x"])
def test_an_unusable_public_address_is_named(url: str) -> None:
    with pytest.raises(ConfigError, match="web_url"):
        load_settings(web_url=url)


@given(st.text(max_size=80), st.binary(max_size=50))
def test_no_header_is_a_signature_by_chance(header: str, body: bytes) -> None:
    assert not is_signed(header, "secret", body)


def test_leases_and_pauses_are_bounded() -> None:
    assert lease_of("86400") == timedelta(days=1)
    assert lease_of("1") == timedelta(minutes=5)
    assert lease_of("9" * 30) == timedelta(days=30)
    assert lease_of("soon") == lease_of("") == lease_of("-5") == timedelta(days=1)
    assert pause_after(10**6) == timedelta(days=1)
