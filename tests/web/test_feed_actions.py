"""What a person does to feeds in the pages: pause, poll now, follow a move, add. Only by POST."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from lxml.html import HtmlElement, document_fromstring
from starlette.testclient import TestClient

from tests.fakes import FakeClock
from tests.fetch.conftest import RawServer, response
from tests.sites import Item, rss
from tests.web.conftest import BASE, Filler
from tests.web.filling import KELP, OTHER, Found
from tests.web.test_inbox import words
from tests.web.test_review import OWN
from worker.adding import FoundFeed
from worker.config import load_settings
from worker.domain import FeedConfig, Outcome, Validators
from worker.records import FeedRow, PollResult
from worker.store.states import ACTIVE, PAUSED, QUARANTINED
from worker.store.store import Store
from worker.web.app import make_app
from worker.web.feedpages import FEEDS_A_PAGE
from worker.web.finder import AT_ONCE, Finder

See = Callable[..., HtmlElement]
OLD, NEW = "https://old.example/rss", "https://new.example/rss"


def send(client: TestClient, form: HtmlElement, **fields: str) -> tuple[int, HtmlElement]:
    """Send a form as a browser does, and follow where it leads."""
    data = {
        field.get("name"): field.value or ""
        for field in form.xpath(".//input[@name] | .//select[@name]")
    }
    answer = client.post(form.get("action"), data=data | fields, headers=OWN)
    status = answer.status_code
    if status == 303:
        answer = client.get(answer.headers["location"])
        assert answer.status_code == 200
    return status, document_fromstring(answer.text)


def list_form(page: HtmlElement) -> HtmlElement:
    (form,) = page.xpath("//form[@action='/feeds']")
    return form


def add_form(page: HtmlElement) -> HtmlElement:
    return page.xpath("//form[@action='/feeds/add']")[0]


def acts(page: HtmlElement) -> list[str]:
    return [value.partition(".")[0] for value in page.xpath("//button[@name='act']/@value")]


def flash(page: HtmlElement) -> str:
    return words(page.xpath("//div[@class='flash']")[0])


@pytest.fixture
def feed_id(sqlite_store: Store, clock: FakeClock) -> int:
    """A feed that was polled once and is due in an hour."""
    sqlite_store.feeds.sync({"kelp": [FeedConfig(OLD, "The <i>Old</i> News")]})
    poll(sqlite_store, clock, sqlite_store.feeds.find(OLD))
    return sqlite_store.feeds.find(OLD)


def poll(
    store: Store,
    clock: FakeClock,
    feed_id: int,
    outcome: Outcome = Outcome.EMPTY,
    **more: object,
) -> None:
    store.feeds.poll_now(feed_id)
    (job,) = store.feeds.claim([feed_id])
    values = {"is_success": True, "status": 200, "validators": Validators("etag")} | more
    store.feeds.finish_poll(
        PollResult(job, outcome, clock() + timedelta(hours=1), **values)  # type: ignore[arg-type]
    )


def row_of(store: Store, feed_id: int) -> FeedRow:
    return store.feeds.get(feed_id)


class TestChange:
    def test_pause_and_resume(
        self, client: TestClient, see: See, sqlite_store: Store, feed_id: int, clock: FakeClock
    ) -> None:
        status, page = send(client, list_form(see("/feeds")), act=f"pause.{feed_id}")
        assert (status, row_of(sqlite_store, feed_id).state) == (303, PAUSED)
        assert flash(page).startswith("The <i>Old</i> News: paused;")
        assert acts(page) == ["resume"]
        assert "Paused" in words(page.xpath("//tbody/tr")[0])
        clock.advance(hours=3)
        status, page = send(client, list_form(page), act=f"resume.{feed_id}")
        row = row_of(sqlite_store, feed_id)
        assert (status, row.state, row.next_poll_at) == (303, ACTIVE, clock())
        assert acts(page) == ["poll", "pause"]

    def test_poll_now_makes_it_due(
        self, client: TestClient, see: See, sqlite_store: Store, feed_id: int, clock: FakeClock
    ) -> None:
        assert row_of(sqlite_store, feed_id).next_poll_at > clock()
        _, page = send(client, list_form(see("/feeds")), act=f"poll.{feed_id}")
        assert row_of(sqlite_store, feed_id).next_poll_at == clock()
        assert "now due" in words(page.xpath("//tbody/tr")[0])

    def test_what_was_given_up_can_be_taken_up_again(
        self, client: TestClient, see: See, sqlite_store: Store, feed_id: int
    ) -> None:
        sqlite_store.feeds.set_state(feed_id, QUARANTINED)
        page = see("/feeds")
        assert "Given up, since polling it killed its worker" in words(page)
        send(client, list_form(page), act=f"resume.{feed_id}")
        assert row_of(sqlite_store, feed_id).state == ACTIVE

    def test_one_that_no_file_names_any_more_can_be_resumed_for_good(
        self, client: TestClient, see: See, sqlite_store: Store, feed_id: int
    ) -> None:
        sqlite_store.feeds.sync({})
        page = see(f"/feeds/{feed_id}")
        assert "No watch names it any more" in words(page)
        send(client, list_form(page), act=f"resume.{feed_id}")
        sqlite_store.feeds.sync({})
        assert row_of(sqlite_store, feed_id).state == ACTIVE

    def test_the_feeds_own_page_leads_back_to_itself(
        self, client: TestClient, see: See, feed_id: int
    ) -> None:
        _, page = send(client, list_form(see(f"/feeds/{feed_id}")), act=f"pause.{feed_id}")
        assert words(page.xpath("//h1")[0]) == "The <i>Old</i> News"
        assert "paused;" in flash(page)

    def test_only_our_own_forms_change_anything(
        self, client: TestClient, see: See, sqlite_store: Store, feed_id: int
    ) -> None:
        token = list_form(see("/feeds")).xpath("input[@name='token']/@value")[0]
        for path, data in (("/feeds", {"act": f"pause.{feed_id}"}), ("/feeds/add", {"url": NEW})):
            for headers, sent in ((OWN, "forged"), ({"origin": "https://evil.example"}, token)):
                answer = client.post(path, data=data | {"token": sent}, headers=headers)
                assert answer.status_code == 403
        assert [row.state for row in sqlite_store.feeds.rows()] == [ACTIVE]

    @pytest.mark.parametrize(
        ("act", "status"),
        [("resume.1", 409), ("move.1.0", 409), ("burn.1", 409), ("pause", 400), ("pause.x", 400),
         ("", 400), ("pause.99", 404)],
    )  # fmt: skip
    def test_what_does_not_fit_changes_nothing(
        self, client: TestClient, see: See, sqlite_store: Store, feed_id: int, act: str, status: int
    ) -> None:
        before = row_of(sqlite_store, feed_id)
        assert send(client, list_form(see("/feeds")), act=act)[0] == status
        assert row_of(sqlite_store, feed_id) == before


class TestMove:
    def test_a_move_is_asked_about_after_five_polls_and_not_before(
        self, client: TestClient, see: See, sqlite_store: Store, feed_id: int, clock: FakeClock
    ) -> None:
        for count in range(1, 5):
            poll(sqlite_store, clock, feed_id, moved_to=NEW, moved_count=count)
            for path in ("/feeds", f"/feeds/{feed_id}"):
                page = see(path)
                assert NEW not in words(page)
                assert "move" not in acts(page)
        poll(sqlite_store, clock, feed_id, moved_to=NEW, moved_count=5)
        page = see("/feeds")
        assert f"At 5 polls in a row it sent us on for good to {NEW}" in words(page)
        (button,) = page.xpath("//button[starts-with(@value, 'move')]/@value")
        status, page = send(client, list_form(page), act=button)
        assert (status, row_of(sqlite_store, feed_id).url) == (303, NEW)
        assert "at its new address" in flash(page)
        assert sqlite_store.feeds.find(OLD) == feed_id
        assert OLD in words(see(f"/feeds/{feed_id}"))

    def test_only_the_address_that_was_seen_is_confirmed(
        self, client: TestClient, see: See, sqlite_store: Store, feed_id: int, clock: FakeClock
    ) -> None:
        poll(sqlite_store, clock, feed_id, moved_to=NEW, moved_count=5)
        page = see("/feeds")
        (button,) = page.xpath("//button[starts-with(@value, 'move')]/@value")
        poll(sqlite_store, clock, feed_id, moved_to="https://evil.example/rss", moved_count=9)
        assert send(client, list_form(page), act=button)[0] == 409
        assert row_of(sqlite_store, feed_id).url == OLD

    def test_no_private_address_is_confirmed(
        self, client: TestClient, see: See, sqlite_store: Store, feed_id: int, clock: FakeClock
    ) -> None:
        poll(sqlite_store, clock, feed_id, moved_to="http://169.254.169.254/rss", moved_count=5)
        page = see("/feeds")
        (button,) = page.xpath("//button[starts-with(@value, 'move')]/@value")
        status, page = send(client, list_form(page), act=button)
        assert (status, row_of(sqlite_store, feed_id).url) == (400, OLD)
        assert "private address" in words(page)


class TestFeed:
    def test_its_page_tells_its_polls_entries_and_pace(
        self, see: See, sqlite_store: Store, feed_id: int, clock: FakeClock
    ) -> None:
        poll(sqlite_store, clock, feed_id, overflow=34, ttl_s=5_400.0, status=200, elapsed_s=1.25)
        poll(sqlite_store, clock, feed_id, Outcome.SERVER_ERROR, is_success=False, status=503,
             detail="<b>busy</b>")  # fmt: skip
        said = words(see(f"/feeds/{feed_id}"))
        for part in ("34 entries of the last document were over the limit",
                     "Its server has an error HTTP 503 <b>busy</b>", "1.2 s",
                     "it asks to be left alone for 2 h",
                     "its server tells us when nothing is new", "It has brought nothing yet.",
                     "kelp; named in a watch.toml"):  # fmt: skip
            assert part in said, said
        assert len(see(f"/feeds/{feed_id}").xpath("//tbody/tr")) == 3

    def test_its_entries_are_text_and_lead_to_their_matches(self, see: See, filled: Filler) -> None:
        filled(Found("<script>alert(1)</script>", url="javascript:alert(1)"))
        page = see("/feeds/1")
        assert "<script>alert(1)</script>" in words(page.xpath("//ul[@class='entries']")[0])
        assert not page.xpath("//ul[@class='entries']//a")
        assert "secret" not in page.text_content()
        (matches,) = page.xpath("//a[.='Matches found in this feed']/@href")
        assert len(see(matches).xpath("//ol[@class='rows']/li")) == 1

    def test_a_feed_that_is_not_there(self, see: See) -> None:
        see("/feeds/7", 404)
        see("/feeds/x", 404)


@pytest.fixture
def web(sqlite_store: Store, clock: FakeClock, server: RawServer) -> Iterator[TestClient]:
    """The pages as `seedwatch web` makes them, on a machine where loopback may be fetched."""
    server.answers["/rss"] = response(rss(Item("a", "A")).encode(), content_type="text/xml")
    settings = load_settings(
        database_url=f"sqlite:///{sqlite_store.database.url.removeprefix('sqlite:///')}",
        fetch_allow_nets="127.0.0.0/8",
        fetch_delay_s=0.0,
    )
    app = make_app(sqlite_store, (KELP, OTHER), settings, clock)
    with TestClient(app, base_url=BASE, follow_redirects=False) as client:
        yield client


def site(*hrefs: str) -> bytes:
    links = "".join(f'<link rel="alternate" type="application/rss+xml" href="{h}">' for h in hrefs)
    return response(f"<!doctype html><head>{links}</head>".encode(), content_type="text/html")


class TestAdd:
    def add(self, client: TestClient, url: str, **more: str) -> tuple[int, HtmlElement]:
        page = document_fromstring(client.get("/feeds").text)
        return send(client, add_form(page), url=url, **more)

    def test_a_site_is_asked_for_its_feed(
        self, web: TestClient, server: RawServer, sqlite_store: Store
    ) -> None:
        server.answers["/"] = site("/rss")
        status, page = self.add(web, server.url("/"), watch="river")
        assert status == 303
        assert "added;" in flash(page)
        (row,) = sqlite_store.feeds.rows()
        assert (row.url, row.watches, row.origin) == (server.url("/rss"), ("river",), "user")
        _, page = self.add(web, server.url("/rss"), watch="river")
        assert "among the feeds already" in flash(page)
        assert len(sqlite_store.feeds.rows()) == 1
        sqlite_store.feeds.set_state(row.id, PAUSED)
        _, page = self.add(web, server.url("/rss#top").replace("http", "HTTP"), watch="river")
        assert "among the feeds already, but not polled: resume it" in flash(page)
        assert row_of(sqlite_store, row.id).state == PAUSED

    def test_of_several_feeds_a_person_chooses_one(
        self, web: TestClient, server: RawServer, sqlite_store: Store
    ) -> None:
        server.answers["/"] = site("/rss", "/comments")
        status, page = self.add(web, server.url("/"), watch="river")
        assert (status, sqlite_store.feeds.rows()) == (422, [])
        (form,) = page.xpath("//form[@aria-labelledby='choose']")
        choices = form.xpath(".//button/@value")
        assert choices == [server.url("/rss"), server.url("/comments")]
        send(web, form, url=choices[0])
        (row,) = sqlite_store.feeds.rows()
        assert (row.url, row.watches) == (choices[0], ("river",))

    def test_what_cannot_be_polled_is_one_clear_error_beside_the_address(
        self, web: TestClient, server: RawServer, sqlite_store: Store
    ) -> None:
        server.answers["/"] = site()
        for url, said in (
            (server.url("/"), "nothing there can be polled (not a feed); nothing was added."),
            (server.url("/none"), "nothing there can be polled (not found); nothing was added."),
            ("http://10.0.0.1/rss", "private address, not fetched: address 10.0.0.1 may"),
            ("https://a:pw@b.example/", "contains a user name or password; nothing was"),
            ("ftp://b.example/", "only http and https are fetched; nothing was"),
        ):
            status, page = self.add(web, url)
            assert status == 422
            (told,) = page.xpath("//p[@role='alert']")
            assert said in words(told)
            (field,) = page.xpath("//input[@name='url']")
            assert (field.value, field.get("aria-describedby")) == (url, told.get("id"))
        assert sqlite_store.feeds.rows() == []

    def test_nonsense_is_refused(self, web: TestClient) -> None:
        assert self.add(web, " ")[0] == 400
        assert self.add(web, "https://a.example/" + "x" * 3_000)[0] == 400
        assert self.add(web, "https://a.example/", watch="nobodys")[0] == 400

    def test_an_address_without_a_scheme_is_one(
        self, sqlite_store: Store, clock: FakeClock
    ) -> None:
        asked: list[str] = []

        def find(url: str) -> FoundFeed:
            asked.append(url)
            return FoundFeed(url, Outcome.TIMEOUT, "read timed out")

        app = make_app(sqlite_store, (KELP,), load_settings(), clock, Finder(find))
        with TestClient(app, base_url=BASE, follow_redirects=False) as client:
            status, page = self.add(client, " news.example ")
        assert (status, asked) == (303, ["https://news.example"])
        assert "added;" in flash(page)  # it may answer tomorrow

    def test_a_site_that_never_answers_costs_a_bounded_time_and_nobody_else(
        self, sqlite_store: Store, clock: FakeClock
    ) -> None:
        hang = threading.Event()

        def find(url: str) -> FoundFeed:
            hang.wait(60)
            return FoundFeed(url, Outcome.OK)

        app = make_app(sqlite_store, (KELP,), load_settings(), clock, Finder(find, 0.05))
        with TestClient(app, base_url=BASE, follow_redirects=False) as client:
            said = [words(self.add(client, NEW)[1].xpath("//p[@role='alert']")[0])
                    for _ in range(AT_ONCE + 1)]  # fmt: skip
            assert client.get("/feeds").status_code == 200
        hang.set()
        assert all("did not answer within 0 s; nothing was added" in told for told in said[:-1])
        assert "other addresses are being looked at" in said[-1]
        assert sqlite_store.feeds.rows() == []

    def test_an_error_of_the_search_is_raised_where_it_is_waited_for(self) -> None:
        def find(url: str) -> FoundFeed:
            raise ZeroDivisionError(url)

        finder = Finder(find)
        for _ in range(AT_ONCE + 1):  # each gives its place back
            with pytest.raises(ZeroDivisionError):
                finder(NEW)


def test_a_page_of_feeds_is_bounded() -> None:
    assert FEEDS_A_PAGE <= 100
