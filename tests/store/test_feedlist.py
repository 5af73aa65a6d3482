"""The list of feeds: known however they are spelt, as the files say them, paused and retired."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from worker.domain import FeedConfig, FetchPolicy
from worker.records import Added, FeedRow
from worker.store.feedfind import hash_of
from worker.store.states import ACTIVE, PAUSED, RETIRED
from worker.store.store import Store

RSS = "https://news.example/rss"
ODD = "HTTPS://News.example:443/rss#latest"


def only(store: Store) -> FeedRow:
    (row,) = store.feeds.rows()
    return row


def stored_as(store: Store, url: str) -> int:
    """A feed as earlier versions stored it, in whatever spelling it was given."""
    feed_id = store.feeds.add(FeedConfig("https://former.example/"), "kelp")
    with store.database.write() as connection:
        connection.execute(
            sa.text(
                "UPDATE feed SET url = :url, url_hash = :hash, origin = 'config' WHERE id = :id"
            ),
            {"url": url, "hash": hash_of(url), "id": feed_id},
        )
    return feed_id


def test_one_feed_however_it_is_spelt(store: Store) -> None:
    store.feeds.sync({"kelp": [FeedConfig(RSS)], "river": [FeedConfig(ODD)]})
    feed_id = only(store).id
    assert only(store).watches == ("kelp", "river")
    assert store.feeds.add(FeedConfig(f" {ODD}"), "trams") == feed_id
    assert store.feeds.find(ODD) == store.feeds.find(f"feed:{RSS}") == feed_id
    job = store.feeds.job_of(ODD)
    assert job is not None
    assert (job.id, job.url) == (feed_id, RSS)


@pytest.mark.parametrize("asked", [RSS, ODD, "https://NEWS.example/rss"])
def test_a_feed_of_an_earlier_version_keeps_its_spelling_and_is_the_same(
    store: Store, asked: str
) -> None:
    feed_id = stored_as(store, ODD)
    store.feeds.sync({"kelp": [FeedConfig(asked)]})
    assert store.feeds.add(FeedConfig(asked), "river") == feed_id
    assert store.feeds.find(asked) == feed_id
    row = only(store)
    assert (row.id, row.url, row.state, row.watches) == (feed_id, ODD, ACTIVE, ("kelp", "river"))


def test_of_two_spellings_of_an_earlier_version_each_can_be_named(store: Store) -> None:
    first, second = stored_as(store, RSS), stored_as(store, ODD)
    assert (store.feeds.find(RSS), store.feeds.find(ODD)) == (first, second)
    assert store.feeds.find("https://NEWS.example/rss") == first
    store.feeds.sync({"kelp": [FeedConfig(RSS), FeedConfig(ODD)]})
    states = {row.id: row.state for row in store.feeds.rows()}
    assert states == {first: ACTIVE, second: RETIRED}  # one address is polled once


def test_titles_languages_and_policies_follow_the_files(store: Store) -> None:
    store.feeds.sync({"kelp": [FeedConfig(RSS, "Before", "en")]})
    feeds = [FeedConfig(RSS, "After", "vi", FetchPolicy.TRIAGE)]
    store.feeds.sync({"kelp": feeds, "river": [FeedConfig(RSS, "Another")]})
    row = only(store)
    assert (row.title, row.language, row.fetch) == ("After", "vi", FetchPolicy.ALL)
    store.feeds.sync({"kelp": [FeedConfig(RSS)]})  # nothing is said any more: nothing is lost
    assert (only(store).title, only(store).language) == ("After", "vi")


def test_what_a_person_says_of_an_added_feed_stays(store: Store) -> None:
    feed_id = store.feeds.add(FeedConfig(RSS, "Its own"), "kelp")
    store.feeds.change(feed_id, language="vi", fetch=FetchPolicy.TRIAGE)
    store.feeds.sync({})
    row = only(store)
    assert (row.title, row.language, row.fetch) == ("Its own", "vi", FetchPolicy.TRIAGE)


def test_a_resumed_feed_that_no_file_names_stays(store: Store) -> None:
    store.feeds.sync({"kelp": [FeedConfig(RSS)]})
    store.feeds.sync({"kelp": []})
    assert only(store).state == RETIRED
    store.feeds.set_state(only(store).id, ACTIVE)
    store.feeds.sync({"kelp": []})
    assert (only(store).state, only(store).origin, only(store).watches) == (
        ACTIVE, "user", ("kelp",)
    )  # fmt: skip


def test_a_feed_that_no_file_names_is_really_removed_and_a_named_one_paused(store: Store) -> None:
    store.feeds.sync({"kelp": [FeedConfig(RSS)]})
    store.feeds.remove(only(store).id)
    assert only(store).state == PAUSED
    store.feeds.set_state(only(store).id, ACTIVE)
    store.feeds.sync({"kelp": []})
    store.feeds.remove(only(store).id)
    assert store.feeds.rows() == []


def test_many_are_added_at_once_new_and_known_ones_told_apart(store: Store) -> None:
    known = store.feeds.add(FeedConfig(RSS, "Known"), "kelp")
    other = "https://other.example/rss"
    configs = [FeedConfig(RSS, "Another title"), FeedConfig(other, "Other")]
    added = store.feeds.add_all(configs, "river", paused=[RSS, other])
    assert added == [Added(known, is_new=False), Added(added[1].feed_id, is_new=True)]
    first, second = store.feeds.rows()
    assert (first.title, first.state, first.watches) == ("Known", ACTIVE, ("kelp", "river"))
    assert (second.title, second.state, second.watches) == ("Other", PAUSED, ("river",))
