"""The feeds page: humane words, those in trouble first, no secret of an address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from lxml.html import HtmlElement

from tests.fakes import FakeClock
from tests.web.conftest import Filler
from tests.web.filling import FEED_URL, Found
from tests.web.test_inbox import words
from worker.domain import FeedConfig, Identity, Outcome, ToldBy, Validators
from worker.records import PollResult
from worker.store.states import PAUSED
from worker.store.store import Store

See = Callable[..., HtmlElement]


def test_without_feeds(see: See) -> None:
    assert "No feeds yet" in words(see("/feeds"))


def test_a_feed_in_words(see: See, filled: Filler, clock: FakeClock) -> None:
    filled(Found("a"), Found("b"))
    clock.advance(minutes=5)
    page = see("/feeds")
    (row,) = page.xpath("//tbody/tr")
    assert words(row.xpath("th/a")[0]) == "The News"
    assert [words(cell) for cell in row.xpath("td")] == [
        "Read 5 min ago", "5 min ago", "in 15 min", "0", "2.0",
        "Poll now The News Pause The News",
    ]  # fmt: skip
    assert "1 feed is watched; all that were polled could be read." in words(page)


def test_user_names_and_passwords_are_not_shown(see: See, filled: Filler) -> None:
    filled(Found("a"))
    page = see("/feeds")
    assert "secret" not in page.text_content()
    # an address with a password is not linked either
    assert page.xpath("//tbody//a/@href") == ["/feeds/1"]
    assert "https://news.example/rss" in words(page)


def test_trouble_comes_first_and_says_what_it_is(
    see: See, sqlite_store: Store, clock: FakeClock
) -> None:
    names = ["well", "failing", "paused", "new"]
    feeds = [FeedConfig(f"https://{name}.example/rss", name) for name in names]
    sqlite_store.feeds.sync({"kelp": feeds})
    ids = {row.title: row.id for row in sqlite_store.feeds.rows()}
    for name, outcome in (("well", Outcome.UNCHANGED), ("failing", Outcome.NOT_A_FEED)):
        (job,) = sqlite_store.feeds.claim([ids[name]])
        sqlite_store.feeds.finish_poll(
            PollResult(
                job, outcome, clock() + timedelta(days=3), is_success=name == "well",
                detail="<html> instead of a feed", validators=Validators(),
            )
        )  # fmt: skip
    sqlite_store.feeds.set_state(ids["paused"], PAUSED)
    page = see("/feeds")
    assert [words(item) for item in page.xpath("//tbody/tr/th/a")] == [
        "failing", "new", "well", "paused"
    ]  # fmt: skip
    failing = words(page.xpath("//tbody/tr")[0])
    for part in ("Not a feed", "<html> instead of a feed", "never", "in 3 days"):
        assert part in failing
    assert "3 feeds are watched; 1 could not be read at the last try; 1 not polled yet." in words(
        page
    )
    assert not page.xpath("//tbody//html")


def test_it_is_said_by_what_entries_are_told_apart(
    see: See, sqlite_store: Store, clock: FakeClock
) -> None:
    sqlite_store.feeds.sync({"kelp": [FeedConfig("https://a.example/rss")]})
    feed_id = sqlite_store.feeds.rows()[0].id
    assert "by their ids" in words(see(f"/feeds/{feed_id}"))
    (job,) = sqlite_store.feeds.claim([feed_id])
    identity = Identity(ToldBy.ADDRESS, "2 ids were those of other entries before")
    due_at = clock() + timedelta(hours=1)
    result = PollResult(job, Outcome.OK, due_at, is_success=True, identity=identity)
    sqlite_store.feeds.finish_poll(result)
    said = words(see(f"/feeds/{feed_id}"))
    assert "by their addresses where an id means another entry than before; since" in said
    assert "2 ids were those of other entries before" in said


def test_the_test_feed_has_a_secret() -> None:
    assert "secret" in FEED_URL


def test_many_feeds_come_in_pages(see: See, sqlite_store: Store) -> None:
    feeds = [FeedConfig(f"https://f{n}.example/rss", f"feed {n}") for n in range(101)]
    sqlite_store.feeds.sync({"kelp": feeds})
    first, second = see("/feeds"), see("/feeds?page=2")
    names = [words(link) for page in (first, second) for link in page.xpath("//tbody/tr/th/a")]
    assert names == [feed.title for feed in feeds]
    assert first.xpath("//a[@rel='next']/@href") == ["/feeds?page=2"]
    assert second.xpath("//a[@rel='prev']/@href") == ["/feeds"]
    assert "101 feeds are watched" in words(second)
    for nonsense in ("0", "-1", "x", "9" * 30):
        see(f"/feeds?page={nonsense}", 400)
