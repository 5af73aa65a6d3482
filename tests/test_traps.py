"""Traps of feeds and pages as in production: real bytes over sockets, the parsers' processes."""

from __future__ import annotations

import json
import logging
import socket
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.extract.test_wall import WALLS
from tests.fakes import FakeClock, flat
from tests.fetch.conftest import LOOPBACK, Handler, RawServer, response
from tests.sites import KELP, TRAM, Item, page, rss
from worker import pipeline
from worker.domain import FeedConfig, Outcome, TextSource, ToldBy
from worker.feeds.health import Need, health_of
from worker.fetch import AddressGuard, HostLimiter, HttpFetcher
from worker.health import oldest_due_feed
from worker.isolation import Isolation
from worker.records import FeedRow
from worker.services import Services


@pytest.fixture(scope="module")
def isolation() -> Iterator[Isolation]:
    isolation = Isolation()
    yield isolation
    isolation.close()


@pytest.fixture
def real(services: Services, server: RawServer, isolation: Isolation) -> Iterator[Services]:
    """The pipeline over loopback, with the parsers' processes, and one feed."""
    fetcher = HttpFetcher(AddressGuard(LOOPBACK), "0.1.0", "")
    limiter = HostLimiter(0.0, max_wait_s=1.0, turns=services.store.turns)
    services.store.feeds.sync({"kelp": (FeedConfig(server.url("/rss")),)})
    yield replace(services, fetcher=fetcher, limiter=limiter, isolation=isolation)
    fetcher.close()


def serve(server: RawServer, body: str, **headers: str) -> None:
    server.answers["/rss"] = response(body.encode(), **({"content_type": "text/xml"} | headers))


def poll(services: Services) -> list[int]:
    services.store.feeds.poll_now()
    return pipeline.poll_feeds(services, flat(pipeline.due_feeds(services))).article_ids


def work(services: Services, ids: list[int]) -> dict[str, int]:
    return dict(pipeline.process_articles(services, ids).outcomes)


def row_of(services: Services) -> FeedRow:
    (row,) = [row for row in services.store.feeds.rows() if row.state == "active"]
    return row


def articles(services: Services) -> list[tuple[Any, ...]]:
    """Title, version and number of sightings of each article."""
    with services.store.database.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT entry_title, version, (SELECT count(*) FROM sighting WHERE article_id = "
            "article.id) FROM article ORDER BY id"
        ).all()
    return [tuple(row) for row in rows]


def told_of_page(services: Services) -> tuple[Any, ...]:
    """Where the only article's text is from, how its page ended, and the text."""
    with services.store.database.read() as connection:
        row = connection.exec_driver_sql("SELECT text_source, fetch_outcome, text FROM article")
        return tuple(row.one())


ITEMS = [Item(f"a{number}", f"Title {number}") for number in range(12)]
JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "items": [{"id": item.slug, "title": item.title} for item in ITEMS],
}
SITEMAP = "".join(
    f"<url><loc>https://news.example/{item.slug}</loc><n:news><n:title>{item.title}</n:title>"
    "</n:news></url>"
    for item in ITEMS
)


@pytest.mark.parametrize(
    ("body", "fewer"),
    [
        (rss(*ITEMS), rss(*ITEMS[:3])),
        (json.dumps(JSON_FEED), json.dumps(JSON_FEED | {"items": JSON_FEED["items"][:3]})),
        (f"<urlset xmlns:n='n'>{SITEMAP}</urlset>", rss(*ITEMS[:3])),
    ],
    ids=["RSS", "JSON Feed", "sitemap"],
)
def test_entries_over_the_cap_are_left_out_counted_and_told(
    real: Services, server: RawServer, clock: FakeClock, body: str, fewer: str
) -> None:
    capped = replace(real, settings=real.settings.model_copy(update={"feed_max_entries": 10}))
    serve(server, body)
    for outcome in (Outcome.OK, Outcome.UNCHANGED):  # it is still so where nothing is new
        poll(capped)
        row = row_of(capped)
        health = health_of(row, clock())
        assert (row.last_outcome, row.entries, row.overflow) == (outcome, 10, 2)
        assert (health.need, health.note) == (
            Need.OVERFLOW, "2 entries over the cap were left out",
        )  # fmt: skip
    poll(real)  # with a larger cap: the rest of what the server has sent all the time
    assert (row_of(real).entries, row_of(real).overflow) == (12, 0)
    poll(capped)
    serve(server, fewer)
    poll(capped)
    row = row_of(capped)
    assert (row.overflow, health_of(row, clock()).need) == (0, Need.NOTHING)


def test_a_larger_cap_brings_the_rest_though_the_server_says_that_nothing_is_new(
    real: Services, server: RawServer
) -> None:
    def conditional(connection: socket.socket, path: str) -> None:
        is_known = "if-none-match" in server.requests[-1][1]
        connection.sendall(
            response(status="304 Not Modified")
            if is_known
            else response(rss(*ITEMS).encode(), ETag='"same"', content_type="text/xml")
        )

    server.answers["/rss"] = conditional
    capped = replace(real, settings=real.settings.model_copy(update={"feed_max_entries": 10}))
    for services, entries, overflow in [
        (capped, 10, 2), (capped, 10, 2), (real, 12, 0), (real, 12, 0), (capped, 12, 0),
    ]:  # fmt: skip
        poll(services)
        assert (row_of(services).entries, row_of(services).overflow) == (entries, overflow)
    asked = ["if-none-match" in headers for _, headers in server.requests]
    assert asked == [False, True, False, True, True]


def test_a_resumed_feed_is_asked_for_all_that_it_has(real: Services, server: RawServer) -> None:
    serve(server, rss(Item("a", "A")), ETag='"1"')
    poll(real)
    feed_id = row_of(real).id
    real.store.feeds.set_state(feed_id, "paused")
    real.store.feeds.set_state(feed_id, "active")
    poll(real)
    assert "if-none-match" not in server.requests[-1][1]


def test_an_item_of_a_json_feed_has_no_address_but_what_it_says(
    real: Services, server: RawServer
) -> None:
    items = [
        {"id": "7", "content_text": "More seaweed."},
        {"id": "posts/8", "title": "Eight", "content_html": "<p>Text of eight.</p>"},
        {"id": server.url("/9"), "title": "Nine", "content_text": "Told in short."},
        {"id": 10, "title": "Ten", "external_url": server.url("/10")},
    ]
    server.answers["/9"] = server.answers["/10"] = response(page("P", *KELP).encode())
    serve(server, json.dumps(JSON_FEED | {"items": items}))
    done = work(real, poll(real))
    assert sorted(path for path, _ in server.requests) == ["/10", "/9", "/rss"]
    assert sum(done.values()) == 4
    with real.store.database.read() as connection:
        told = connection.exec_driver_sql(
            "SELECT text_source, fetch_outcome, text FROM article WHERE url IS NULL ORDER BY text"
        ).all()
    assert [tuple(row) for row in told] == [
        (TextSource.FEED, None, "More seaweed."), (TextSource.FEED, None, "Text of eight."),
    ]  # fmt: skip
    serve(server, json.dumps(JSON_FEED | {"items": items, "title": "Told again"}))
    poll(real)
    assert len(articles(real)) == 4


@pytest.mark.parametrize(
    ("broken", "outcome"),
    [
        ("<html><body>maintenance</body></html>", Outcome.NOT_A_FEED),
        (f"<rss><channel><item {'a=1 ' * 20_000}>", Outcome.TOO_COMPLEX),
    ],
)
def test_a_304_turns_no_broken_feed_green(
    real: Services, server: RawServer, clock: FakeClock, broken: str, outcome: Outcome
) -> None:
    """The server answers 304 to whoever has what it sends, the broken answer too."""
    now = {"tag": '"good"', "body": rss(Item("a", "A"))}

    def conditional(connection: socket.socket, path: str) -> None:
        sent = server.requests[-1][1].get("if-none-match")
        is_known = sent == now["tag"]
        body = b"" if is_known else now["body"].encode()
        status = "304 Not Modified" if is_known else "200 OK"
        connection.sendall(response(body, status, ETag=now["tag"], content_type="text/xml"))

    server.answers["/rss"] = conditional
    ended = []
    for tag, body in [
        ('"good"', now["body"]), ('"bad"', broken), ('"bad"', broken), ('"bad"', broken),
        ('"good"', now["body"]),
    ]:  # fmt: skip
        now |= {"tag": tag, "body": body}
        poll(real)
        row = row_of(real)
        ended.append((row.last_outcome, row.failures))
    assert ended == [
        (Outcome.OK, 0), (outcome, 1), (outcome, 2), (outcome, 3), (Outcome.UNCHANGED, 0),
    ]  # fmt: skip
    asked = [headers.get("if-none-match") for _, headers in server.requests]
    assert asked == [None, *['"good"'] * 4]


def test_ids_that_are_new_at_every_fetch_make_no_second_article(
    real: Services, server: RawServer
) -> None:
    for number in range(3):
        ids = [f"{slug}-{number}" for slug in "ab"]
        tracked = [f"{slug}?utm_source=rss&amp;utm_term={number}" for slug in "ab"]
        serve(server, rss(*(Item(t, f"Title {i[0]}", guid=i)
                            for t, i in zip(tracked, ids, strict=True))))  # fmt: skip
        poll(real)
    found = sorted((title, seen) for title, _, seen in articles(real))
    assert found == [("Title a", 3), ("Title b", 3)]


def test_ids_that_are_missing_or_shared_are_noted_once(
    real: Services, server: RawServer, clock: FakeClock
) -> None:
    since = clock()
    for title in ("A", "Another A"):
        items = [Item("a", title, guid="0"), Item("b", "B", guid="0"), Item("c", "C")]
        serve(server, rss(*items).replace("<guid>c</guid>", ""))
        poll(real)
        clock.advance(hours=1)
    serve(server, rss(Item("d", "D")))
    poll(real)
    row = row_of(real)
    assert (row.told_by, row.told_by_since) == (ToldBy.ID_OR_ADDRESS, since)
    assert row.told_by_why == "of 3 entries 1 have no id and 2 one that others have too"
    assert len(articles(real)) == 4


def test_ids_that_are_places_in_the_list_lose_no_article(
    real: Services, server: RawServer, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    order = "cba"
    for newest in ("d", "e", "f", "gh", "ijk"):
        items = [Item(slug, f"About {slug}", guid=str(place)) for place, slug in enumerate(order)]
        serve(server, rss(*items))
        poll(real)
        if newest == "e":  # the first time that "0" is another entry
            since = clock()
        clock.advance(hours=1)
        order = (newest + order)[:3]
    found = sorted(title for title, *_ in articles(real))
    assert found == [f"About {slug}" for slug in "abcdefgh"]
    row = row_of(real)
    assert (row.told_by, row.told_by_since) == (ToldBy.ADDRESS, since)
    assert row.told_by_why == "2 ids were those of other entries before"
    told = [record for record in caplog.records if "told apart" in record.message]
    assert [(record.was, record.feed) for record in told] == [("id", row.id)]  # type: ignore[attr-defined]
    serve(server, rss(*(Item(slug, f"About {slug}", guid=str(n)) for n, slug in enumerate("ijk"))))
    poll(real)  # nothing in it was there before
    assert len(articles(real)) == 11
    edited = [Item("i", "About i, edited", guid="0"), Item("j", "About j", guid="1")]
    serve(server, rss(*edited))
    ids = poll(real)
    assert len(articles(real)) == 11
    assert len(ids) == 1


def test_an_edited_headline_that_changes_the_address_too_is_a_new_version(
    real: Services, server: RawServer, clock: FakeClock
) -> None:
    site = server.url("")
    serve(server, rss(Item("kelp", "Kelp at last", guid="7"), site=site))
    server.answers["/kelp"] = response(page("Kelp at last", *KELP).encode())
    assert work(real, poll(real)) == {Outcome.MATCHED: 1}
    clock.advance(days=1)
    serve(server, rss(Item("kelp-sold", "Kelp sold", guid="7"), site=site))
    server.answers["/kelp"] = response(status="301 x", Location="/kelp-sold")
    server.answers["/kelp-sold"] = response(page("Kelp sold", *KELP, "It was sold.").encode())
    assert work(real, poll(real)) == {Outcome.MATCHED: 1}
    assert articles(real) == [("Kelp sold", 2, 1)]
    (row,) = real.store.matches.rows()
    titles = [version.title for version in real.store.matches.versions(row.article_id)]
    assert titles == ["Kelp at last", "Kelp sold"]


SUMMARY = "Farmers in Kilifi harvested twelve tonnes of seaweed this spring, the county said."
LONG = (*KELP, *TRAM)


def publish(server: RawServer, *items: Item, **texts: tuple[str, ...]) -> None:
    serve(server, rss(*items, site=server.url("")))
    for item in items:
        body = page(item.title, *texts.get(item.slug.partition("-")[0], LONG))
        server.answers[f"/{item.slug}"] = response(body.encode())


def test_an_article_with_another_headline_id_and_address_is_a_new_version_of_it(
    real: Services, server: RawServer, clock: FakeClock
) -> None:
    first, again = (
        Item("kelp-1", "Kelp at last", SUMMARY), Item("kelp-2", "Kelp sold for seaweed", SUMMARY)
    )  # fmt: skip
    publish(server, first)
    assert work(real, poll(real)) == {Outcome.MATCHED: 1}
    (before,) = real.store.matches.rows()
    clock.advance(hours=2)
    publish(server, again, first)
    assert work(real, poll(real)) == {Outcome.DUPLICATE: 1}
    server.answers["/kelp-1"] = response(status="404 Gone")
    publish(server, again)
    assert poll(real) == []
    (row,) = real.store.matches.rows()
    assert (row.id, row.title, row.url) == (before.id, again.title, server.url("/kelp-2"))
    versions = real.store.matches.versions(row.article_id)
    assert [version.title for version in versions] == [first.title, again.title]
    assert len(real.store.matches.sightings(row.article_id)) == 2
    assert real.store.articles.counts() == {"done": 1, "merged": 1}
    assert real.store.notices.counts() == {"pending": 1}  # told once
    # edited again under its new address, it is still that article
    clock.advance(hours=1)
    publish(server, replace(again, title="Kelp and trams"), kelp=(*LONG, "It was sold."))
    assert work(real, poll(real)) == {Outcome.MATCHED: 1}
    (row,) = real.store.matches.rows()
    assert (row.id, row.title) == (before.id, "Kelp and trams")
    assert "It was sold." in real.store.matches.article_text(row.article_id)


def test_two_addresses_of_one_text_in_one_poll_are_one_article(
    real: Services, server: RawServer, clock: FakeClock
) -> None:
    items = [Item(f"kelp-{n}", f"Kelp at last {n}", SUMMARY) for n in range(3)]
    publish(server, *items)
    assert work(real, poll(real)) == {Outcome.MATCHED: 1, Outcome.DUPLICATE: 2}
    (row,) = real.store.matches.rows()
    assert len(real.store.matches.versions(row.article_id)) == 1
    assert len(real.store.matches.sightings(row.article_id)) == 3


@pytest.mark.parametrize(
    "other",
    [
        {"kelp": (KELP[0].replace("twelve", "12"), *LONG[1:])},
        {"kelp": (KELP[0].replace("Kilifi", "Lamu"), *LONG[1:])},
        {"summary": "Our partners and we value your privacy, accept the cookies of this website"},
        {"date": "Mon, 02 Mar 2026 09:00:00 GMT"},
    ],
    ids=["another figure", "another name", "not what its feed says", "of another day"],
)
def test_what_is_only_alike_stays_two_articles(
    real: Services, server: RawServer, clock: FakeClock, other: dict[str, Any]
) -> None:
    publish(server, Item("kelp-1", "Kelp at last", SUMMARY))
    work(real, poll(real))
    clock.advance(days=1, hours=-1)
    own = {name: value for name, value in other.items() if name != "kelp"}
    publish(server, replace(Item("kelp-2", "Sold at last", SUMMARY), **own),
            **{name: value for name, value in other.items() if name == "kelp"})  # fmt: skip
    assert Outcome.DUPLICATE not in work(real, poll(real))
    assert real.store.articles.counts() == {"done": 2}


def test_a_copy_of_another_outlet_stays_an_article_of_its_own(
    real: Services, server: RawServer
) -> None:
    publish(server, Item("kelp-1", "Kelp at last", SUMMARY))
    body = rss(Item("kelp-2", "Kelp at last", SUMMARY), site=server.url(""))
    server.answers["/other"] = response(body.replace("The News", "The Times").encode())
    server.answers["/kelp-2"] = server.answers["/kelp-1"]
    real.store.feeds.add(FeedConfig(server.url("/other")), "kelp")
    assert work(real, poll(real)) == {Outcome.MATCHED: 2}


def test_a_wrong_media_type_makes_no_feed_a_page(real: Services, server: RawServer) -> None:
    types = ["text/html", "application/octet-stream", "image/png", "application/json", "x", ""]
    for number, content_type in enumerate(types):
        body = rss(Item(str(number), "A")).encode()
        server.answers[f"/{number}"] = response(body, content_type=content_type)
    feeds = [FeedConfig(server.url(f"/{number}")) for number in range(len(types))]
    real.store.feeds.sync({"kelp": feeds})
    poll(real)
    rows = [row for row in real.store.feeds.rows() if row.state == "active"]
    assert [(row.last_outcome, row.entries) for row in rows] == [(Outcome.OK, 1)] * len(types)


def test_a_page_that_says_it_is_a_feed_is_none_and_asked_for_more_and_more_seldom(
    real: Services, server: RawServer, clock: FakeClock
) -> None:
    serve(server, page("News", *KELP), content_type="application/rss+xml")
    waits = []
    for _ in range(6):
        poll(real)
        row = row_of(real)
        assert row.last_outcome == Outcome.NOT_A_FEED
        waits.append(row.next_poll_at - clock())
    assert waits == [timedelta(hours=hours) for hours in (1, 2, 4, 8, 16, 24)]
    assert health_of(row, clock()).note == "failed 6 times: no feed markup"


def test_the_entries_of_a_feed_that_breaks_off_are_stored_and_it_is_said(
    real: Services, server: RawServer
) -> None:
    whole = rss(Item("a", "A"), Item("b", "B & more"), Item("c", "C"))
    serve(server, whole[: whole.index("<link>https://news.example/c")])
    poll(real)
    row = row_of(real)
    assert (row.last_outcome, row.entries, row.failures) == (Outcome.OK, 3, 0)
    assert row.last_detail


def test_the_rest_of_a_feed_that_broke_off_comes_though_the_server_says_that_nothing_is_new(
    real: Services, server: RawServer
) -> None:
    whole = rss(Item("a", "A"), Item("b", "B"), Item("c", "C"))

    def once_cut(connection: socket.socket, path: str) -> None:
        """An old server, which ends its answer by hanging up: too early the first time."""
        if "if-none-match" in server.requests[-1][1]:
            connection.sendall(response(status="304 Not Modified"))
            return
        body = whole if len(server.requests) > 1 else whole[: whole.index("<item><title>B")]
        head = b'HTTP/1.0 200 OK\r\nETag: "1"\r\nContent-Type: text/xml\r\n\r\n'
        connection.sendall(head + body.encode())

    server.answers["/rss"] = once_cut
    for outcome, entries in [(Outcome.OK, 1), (Outcome.OK, 3), (Outcome.UNCHANGED, 3)]:
        poll(real)
        assert (row_of(real).last_outcome, row_of(real).entries) == (outcome, entries)


def test_validators_of_another_address_hide_nothing(real: Services, server: RawServer) -> None:
    """A feed that moves to a server that counts its versions alike."""

    def versioned(body: str) -> Handler:
        def answer(connection: socket.socket, path: str) -> None:
            is_known = server.requests[-1][1].get("if-none-match") == '"1"'
            connection.sendall(
                response(status="304 Not Modified")
                if is_known
                else response(body.encode(), ETag='"1"', content_type="text/xml")
            )

        return answer

    old, new = versioned(rss(Item("a", "A"))), versioned(rss(Item("a", "A"), Item("b", "B")))
    moved = response(status="302 Found", Location="/new")
    server.answers |= {"/new": new}
    for answer, outcome, entries in [
        (old, Outcome.OK, 1), (old, Outcome.UNCHANGED, 1),
        (moved, Outcome.OK, 2), (moved, Outcome.UNCHANGED, 2), (old, Outcome.OK, 2),
    ]:  # fmt: skip
        server.answers["/rss"] = answer
        poll(real)
        assert (row_of(real).last_outcome, row_of(real).entries) == (outcome, entries)


def test_what_feed_and_server_ask_for_slows_polls_down(
    real: Services, server: RawServer, clock: FakeClock
) -> None:
    dates = [f"Sun, 01 Mar 2026 11:{minute}:00 GMT" for minute in (10, 20, 30, 40)]
    items = [Item(f"a{n}", f"A {n}", date=date) for n, date in enumerate(dates)]
    plain = rss(*items)
    waits = []
    for body, headers in [
        (plain, {}),
        (plain.replace("<item>", "<ttl>150</ttl><item>", 1), {}),
        (plain.replace("<item>", "<ttl>999999</ttl><item>", 1), {}),
        (plain + " ", {"Cache_Control": "public, max-age=7200"}),
    ]:
        serve(server, body, **headers)
        poll(real)
        waits.append((row_of(real).next_poll_at - clock()).total_seconds() / 3_600)
    assert waits[0] < 1
    assert waits[1:] == [2.5, 6, 2]


REFUSALS = {
    "403": response(b"<html><body><p>no</p>", "403 Forbidden"),
    "bot wall with 202": response(b"", "202 Accepted", x_amzn_waf_action="challenge"),
    "bot wall with 200": response(WALLS["cloudflare"].encode(), content_type="text/html"),
    "consent": response(WALLS["consent in French"].encode(), content_type="text/html"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_of_a_page_that_is_refused_the_feeds_text_is_kept_marked_so_and_it_is_left_alone(
    real: Services, server: RawServer, clock: FakeClock, name: str
) -> None:
    serve(server, rss(Item("kelp", "Kelp at last", "More seaweed."), site=server.url("")))
    server.answers["/kelp"] = REFUSALS[name]
    assert work(real, poll(real)) == {Outcome.MATCHED: 1}
    assert told_of_page(real) == (TextSource.FEED, Outcome.BLOCKED, "More seaweed.")
    clock.advance(days=2)
    assert pipeline.due_articles(real) == []
    assert [path for path, _ in server.requests].count("/kelp") == 1


def test_a_search_engine_that_refuses_is_asked_hourly_at_most_and_makes_nothing_unhealthy(
    real: Services, server: RawServer, clock: FakeClock
) -> None:
    class AsGdelt:
        """Its answers, from loopback."""

        def fetch(self, url: str, **more: Any) -> Any:
            return real.fetcher.fetch(server.url("/rss"), **more)

        hop = fetch

    search = "https://api.gdeltproject.org/api/v2/doc/doc?query=kelp&format=rss"
    real.store.feeds.sync({"kelp": (FeedConfig(search),)})
    gdelt = replace(real, fetcher=AsGdelt(), limiter=HostLimiter(0.0))  # type: ignore[arg-type]
    server.answers["/rss"] = response(b"Please limit requests", "429 Slow")
    due = flat(pipeline.due_feeds(gdelt))
    assert pipeline.poll_feeds(gdelt, due).outcomes == {Outcome.RATE_LIMITED: 1}
    assert row_of(gdelt).next_poll_at - clock() >= timedelta(hours=1)
    clock.advance(minutes=59)
    assert flat(pipeline.due_feeds(gdelt)) == []
    assert oldest_due_feed(gdelt.store, gdelt.settings).status == "ok"


def test_trafilaturas_forgotten_dependency_is_one_of_ours() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    needed = {line.partition(">")[0] for line in project["project"]["dependencies"]}
    assert {"trafilatura", "lxml", "lxml-html-clean"} <= needed
