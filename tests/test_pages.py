"""Pages over real sockets: robots.txt, pauses that servers ask for, boilerplate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.fakes import BusyParsers, FakeClock, flat
from tests.fetch.conftest import LOOPBACK, RawServer, response
from tests.sites import KELP, TRAM, Item, page, rss
from worker import pipeline
from worker.domain import DetectedLanguage, FeedConfig, Outcome, TextSource
from worker.fetch import AddressGuard, HostLimiter, HttpFetcher
from worker.fetch.robots import RobotsRules
from worker.services import AllAllowed, Services


@pytest.fixture
def real(services: Services, server: RawServer) -> Iterator[Services]:
    """The pipeline over loopback, with a real limiter and robots.txt."""
    fetcher = HttpFetcher(AddressGuard(LOOPBACK), "0.1.0", "")
    limiter = HostLimiter(0.0, max_wait_s=1.0, turns=services.store.turns)
    watch = replace(services.watches[0], feeds=(FeedConfig(server.url("/rss")),))
    services.store.feeds.sync({"kelp": watch.feeds})
    yield replace(
        services, fetcher=fetcher, limiter=limiter, robots=RobotsRules(fetcher, limiter),
        watches=(watch,),
    )  # fmt: skip
    fetcher.close()


def put(server: RawServer, *items: Item, **pages: str) -> None:
    site = server.url("")
    server.answers["/rss"] = response(rss(*items, site=site).encode(), content_type="text/xml")
    for name, body in pages.items():
        server.answers[f"/{name}"] = response(body.encode(), content_type="text/html")


def poll(services: Services) -> list[int]:
    services.store.feeds.poll_now()
    return pipeline.poll_feeds(services, flat(pipeline.due_feeds(services))).article_ids


def work(services: Services, ids: list[int]) -> dict[str, int]:
    return dict(pipeline.process_articles(services, ids).outcomes)


def paths(server: RawServer) -> list[str]:
    return [path for path, _ in server.requests]


KELP_ITEM = Item("kelp", "Kelp at last", "More seaweed.")


def test_a_page_that_robots_txt_forbids_is_not_fetched_and_the_feeds_text_stays(
    real: Services, server: RawServer, clock: FakeClock
) -> None:
    put(server, KELP_ITEM, Item("tram", "New trams"), tram=page("New trams", *TRAM))
    server.answers["/robots.txt"] = response(b"User-agent: *\nDisallow: /kelp\nDisallow: /rss\n")
    assert work(real, poll(real)) == {Outcome.MATCHED: 1, Outcome.UNRELATED: 1}
    assert sorted(paths(server)) == ["/robots.txt", "/rss", "/tram"]  # the feed is polled
    (row,) = real.store.matches.rows()
    assert row.text_source is TextSource.FEED
    with real.store.database.read() as connection:
        told = connection.exec_driver_sql(
            "SELECT fetch_outcome, last_error FROM article WHERE entry_title = 'Kelp at last'"
        ).one()
    assert told[0] == Outcome.BLOCKED
    assert "(robots.txt)" in told[1]
    clock.advance(days=2)
    assert pipeline.due_articles(real) == []


class TestRedirects:
    """Where a page leads to has rules and a turn of its own."""

    @pytest.fixture
    def other(self) -> Iterator[RawServer]:
        raw = RawServer()
        yield raw
        raw.close()

    def test_the_targets_robots_txt_is_asked_and_kept(
        self, real: Services, server: RawServer, other: RawServer
    ) -> None:
        put(server, KELP_ITEM, Item("tram", "New trams"))
        server.answers["/kelp"] = response(status="301 x", Location=other.url("/forbidden"))
        server.answers["/tram"] = response(status="302 x", Location=other.url("/allowed"))
        other.answers["/robots.txt"] = response(b"User-agent: *\nDisallow: /forbidden\n")
        other.answers["/allowed"] = response(page("New trams", *TRAM).encode())
        other.answers["/forbidden"] = response(page("Kelp", *KELP).encode())
        assert work(real, poll(real)) == {Outcome.MATCHED: 1, Outcome.UNRELATED: 1}
        assert sorted(paths(other)) == ["/allowed", "/robots.txt"]
        (row,) = real.store.matches.rows()
        assert row.text_source is TextSource.FEED

    def test_a_path_of_the_same_host_too(self, real: Services, server: RawServer) -> None:
        put(server, KELP_ITEM, print=page("Kelp", *KELP))
        server.answers["/kelp"] = response(status="302 x", Location="/print")
        server.answers["/robots.txt"] = response(b"User-agent: *\nDisallow: /print\n")
        work(real, poll(real))
        assert "/print" not in paths(server)

    def test_the_article_is_known_by_where_it_was_found(
        self, real: Services, server: RawServer, other: RawServer
    ) -> None:
        put(server, KELP_ITEM)
        server.answers["/kelp"] = response(status="302 x", Location="/hop")
        server.answers["/hop"] = response(status="302 x", Location=other.url("/at-last"))
        other.answers["/at-last"] = response(page("Kelp", *KELP).encode())
        work(real, poll(real))
        with real.store.database.read() as connection:
            told = connection.exec_driver_sql("SELECT text_source, final_url FROM article").one()
        assert tuple(told) == (TextSource.PAGE, other.url("/at-last"))

    @pytest.mark.parametrize(
        ("location", "outcome"),
        [
            ("/kelp", Outcome.TOO_MANY_REDIRECTS),
            ("http://10.0.0.1/", Outcome.BLOCKED_ADDRESS),
            ("file:///etc/passwd", Outcome.BAD_URL),
        ],
    )
    def test_they_end(
        self, real: Services, server: RawServer, location: str, outcome: Outcome
    ) -> None:
        put(server, KELP_ITEM)
        server.answers["/kelp"] = response(status="301 x", Location=location)
        assert work(real, poll(real)) == {Outcome.MATCHED: 1}
        with real.store.database.read() as connection:
            told = connection.exec_driver_sql("SELECT fetch_outcome FROM article").scalar()
        assert told == outcome


def test_an_opaque_link_is_not_asked_for_and_one_article_whichever_search_brings_it(
    real: Services, server: RawServer, clock: FakeClock
) -> None:
    def searched(link: str) -> bytes:
        return response(
            "<rss version='2.0'><channel><item><title>Kelp seaweed - The News</title>"
            f"<link>https://news.google.com/rss/articles/{link}?oc=5</link><guid>{link}</guid>"
            "<pubDate>Sun, 01 Mar 2026 09:00:00 GMT</pubDate><source url='https://news.example'>"
            "The News</source></item></channel></rss>".encode()
        )

    class AsGoogle:
        """The search engine's answers, from loopback."""

        def fetch(self, url: str, **more: Any) -> Any:
            asked.append(url)
            return replace(real.fetcher.fetch(server.url("/rss"), **more), url=url, final_url=url)

        hop = fetch

    asked: list[str] = []
    google = replace(real, fetcher=AsGoogle(), robots=AllAllowed())  # type: ignore[arg-type]
    feeds = [f"https://news.google.com/rss/search?q=kelp&hl={code}" for code in ("en", "fr")]
    real.store.feeds.sync({"kelp": [FeedConfig(url) for url in feeds]})
    ids = []
    for link in ("CBMiAAAAAAAA", "CBMiBBBBBBBB", "CBMiCCCCCCCC"):
        server.answers["/rss"] = searched(link)
        ids += poll(google)
    assert len(set(ids)) == 1
    assert work(google, ids) == {Outcome.MATCHED: 1}
    assert set(asked) == set(feeds)
    with real.store.database.read() as connection:
        told = connection.exec_driver_sql("SELECT fetch_outcome, last_error FROM article").one()
    assert told[0] == Outcome.WRAPPED
    assert "the feed's text is kept" in told[1]


def test_opaque_links_of_feeds_that_count_their_items_are_articles_of_their_own(
    real: Services, server: RawServer
) -> None:
    for name in ("fish", "kelp"):
        link = f"https://news.google.com/rss/articles/CBMi{name}AAAA?oc=5"
        server.answers[f"/{name}"] = response(
            "<rss version='2.0'><channel><title>Picked</title><item><guid>1</guid>"
            f"<title>About {name}</title><link>{link}</link></item></channel></rss>".encode()
        )
    real.store.feeds.sync({"kelp": [FeedConfig(server.url(f"/{n}")) for n in ("fish", "kelp")]})
    assert len(set(poll(real))) == 2


def test_while_robots_txt_cannot_be_had_the_feeds_text_is_stored_and_the_page_tried_later(
    real: Services, server: RawServer, clock: FakeClock
) -> None:
    put(server, KELP_ITEM, kelp=page("Kelp at last", *KELP))
    server.answers["/robots.txt"] = response(status="503 Later")
    assert work(real, poll(real)) == {Outcome.MATCHED: 1}
    (row,) = real.store.matches.rows()
    assert row.text_source is TextSource.FEED
    clock.advance(minutes=59)
    assert pipeline.due_articles(real) == []
    clock.advance(minutes=2)
    server.answers["/robots.txt"] = response(status="404 None")
    fresh = replace(real, robots=RobotsRules(real.fetcher, real.limiter))  # type: ignore[arg-type]
    ((article_id,),) = pipeline.due_articles(fresh)
    work(fresh, [article_id])
    (row,) = real.store.matches.rows()
    assert row.text_source is TextSource.PAGE


def test_while_the_parsers_are_busy_a_large_feed_and_page_wait_and_lose_nothing(
    real: Services, server: RawServer, clock: FakeClock
) -> None:
    put(server, KELP_ITEM, kelp=page("Kelp at last", *KELP))
    server.answers["/robots.txt"] = response(status="404 None")
    parsers = BusyParsers()
    busy = replace(real, isolation=parsers)
    ids = flat(pipeline.due_feeds(busy))
    assert pipeline.poll_feeds(busy, ids).outcomes == {Outcome.POSTPONED: 1}
    assert {row.failures for row in busy.store.feeds.rows()} == {0}
    clock.advance(seconds=61)
    parsers.is_busy = False
    ids = poll(busy)
    parsers.is_busy = True
    assert work(busy, ids) == {Outcome.MATCHED: 1}  # by what the feed says
    clock.advance(minutes=2)
    parsers.is_busy = False
    work(busy, flat(pipeline.due_articles(busy)))
    assert set(sources(busy).values()) == {"page"}


def test_a_429_pauses_the_host_for_feeds_and_pages_of_all_workers(
    real: Services, server: RawServer, clock: FakeClock
) -> None:
    put(server, KELP_ITEM, Item("tram", "New trams", "Nine."))
    server.answers["/robots.txt"] = response(status="404 None")
    for path in ("/kelp", "/tram"):
        server.answers[path] = response(status="429 Slow", Retry_After="7200")
    one_by_one = [work(real, [article_id]) for article_id in poll(real)]
    assert sorted(list(done) for done in one_by_one) == [[Outcome.MATCHED], [Outcome.UNRELATED]]
    assert len([path for path in paths(server) if path in ("/kelp", "/tram")]) == 1
    # another worker, with a limiter of its own on the same store
    other = replace(real, limiter=HostLimiter(0.0, max_wait_s=1.0, turns=real.store.turns))
    other.store.feeds.poll_now()
    polled = pipeline.poll_feeds(other, flat(pipeline.due_feeds(other)))
    assert polled.outcomes == {Outcome.POSTPONED: 1}
    clock.advance(hours=2, seconds=1)
    put(server, KELP_ITEM, Item("tram", "New trams", "Nine."),
        kelp=page("Kelp at last", *KELP), tram=page("New trams", *TRAM))  # fmt: skip
    due = [article_id for batch in pipeline.due_articles(other) for article_id in batch]
    assert len(due) == 2
    work(other, due)
    with other.store.database.read() as connection:
        sources = connection.exec_driver_sql("SELECT DISTINCT text_source FROM article").scalars()
        assert sources.all() == ["page"]


WALL = (
    "We value your privacy. To read on, accept that we and our 812 partners store cookies here.",
    "You can change your mind at any time in the settings at the bottom of each of our pages.",
    "Subscribers with an account can log in and read on without advertisements of any kind.",
)


def sources(services: Services) -> dict[str, str]:
    with services.store.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT entry_title, text_source FROM article").all()
    return {row[0]: row[1] for row in rows}


FARMS = "Farmers of Kilifi county harvested twelve tonnes of seaweed; a buyer in Porto takes it."


@pytest.mark.parametrize(
    ("summary", "body", "source"),
    [
        (FARMS, WALL, TextSource.FEED),
        (FARMS, KELP, TextSource.PAGE),
        # told in other words, but for the place
        ("What came out of the water along the coast north of Mombasa pleased everybody who had "
         "waited for it, and the tonnes were counted twice in Kilifi.", KELP, TextSource.PAGE),
        ("Short.", WALL, TextSource.PAGE),  # nothing to compare with
        ("", WALL, TextSource.PAGE),
    ],
)  # fmt: skip
def test_a_page_that_has_nothing_of_what_its_feed_tells_is_named_and_not_taken(
    real: Services, server: RawServer, summary: str, body: tuple[str, ...], source: TextSource
) -> None:
    server.answers["/robots.txt"] = response(status="404 None")
    put(server, Item("kelp", "Kelp at last", summary), kelp=page("Kelp at last", *body))
    work(real, poll(real))
    with real.store.database.read() as connection:
        told = connection.exec_driver_sql(
            "SELECT text_source, fetch_outcome, last_error, text FROM article"
        ).one()
    if source is TextSource.PAGE:
        assert tuple(told)[:3] == (source, Outcome.OK, None)
        return
    assert tuple(told)[:2] == (source, Outcome.UNLIKE)
    assert "nothing of the feed's title and summary" in told[2]
    assert told[3] == summary


def test_a_summary_in_another_language_than_its_page_says_nothing_against_it(
    real: Services, server: RawServer
) -> None:
    class ByScript:
        """Knows Vietnamese by its letters."""

        def detect(self, text: str, **_: object) -> DetectedLanguage:
            return DetectedLanguage("vi" if "ộ" in text else "en", 1.0)

    server.answers["/robots.txt"] = response(status="404 None")
    translated = "Nông dân ở hạt đã thu hoạch mười hai tấn rong biển, một người mua hứa mua hết vụ."
    put(server, Item("kelp", "Rong biển", translated), kelp=page("Rong biển", *KELP))
    work(replace(real, detector=ByScript()), poll(real))
    assert set(sources(real).values()) == {"page"}


class TestBoilerplate:
    @pytest.fixture(autouse=True)
    def _no_rules(self, server: RawServer) -> None:
        server.answers["/robots.txt"] = response(status="404 None")

    def test_one_text_on_three_addresses_is_no_article_and_the_first_two_are_put_right(
        self, real: Services, server: RawServer, clock: FakeClock
    ) -> None:
        items = [Item(f"a{n}", f"Title {n}", f"More seaweed, part {n}.") for n in range(4)]
        put(server, *items, Item("kelp", "Kelp at last", "More seaweed."),
            kelp=page("Kelp at last", *KELP),
            **{item.slug: page(item.title, *WALL) for item in items})  # fmt: skip
        ids = poll(real)
        for article_id in ids:  # one by one, as they come over days
            work(real, [article_id])
        due = [article_id for batch in pipeline.due_articles(real) for article_id in batch]
        assert len(due) == 2
        work(real, due)
        assert sources(real) == {
            "Kelp at last": "page", "Title 0": "feed", "Title 1": "feed", "Title 2": "feed",
            "Title 3": "feed",
        }  # fmt: skip
        assert pipeline.due_articles(real) == []
        with real.store.database.read() as connection:
            told = connection.exec_driver_sql(
                "SELECT text, last_error FROM article WHERE entry_title = 'Title 3'"
            ).one()
        assert told[0] == "More seaweed, part 3."
        assert "addresses of its host" in told[1]

    def test_in_one_batch_too(self, real: Services, server: RawServer) -> None:
        items = [Item(f"a{n}", f"Title {n}", f"Part {n}.") for n in range(3)]
        put(server, *items, **{item.slug: page(item.title, *WALL) for item in items})
        work(real, poll(real))
        assert set(sources(real).values()) == {"feed"}
        assert pipeline.due_articles(real) == []

    def test_one_article_in_three_sections_stays_an_article(
        self, real: Services, server: RawServer
    ) -> None:
        items = [Item(f"s{n}/kelp", "Kelp at last", "Seaweed.", guid=str(n)) for n in range(3)]
        put(server, *items, **{item.slug: page(item.title, *KELP) for item in items})
        work(real, poll(real))
        assert set(sources(real).values()) == {"page"}

    def test_without_a_text_of_the_feed_the_pages_is_kept(
        self, real: Services, server: RawServer
    ) -> None:
        items = [Item(f"a{n}", f"Title {n}") for n in range(3)]
        put(server, *items, **{item.slug: page(item.title, *WALL) for item in items})
        work(real, poll(real))
        assert set(sources(real).values()) == {"page"}
