"""What programs change: with a token of the right scope, and never over somebody else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.fakes import FakeClock, ListChannel
from tests.web.api_client import bearer, pages
from tests.web.conftest import BASE, Filler
from tests.web.filling import FEED_URL, KELP, OTHER, Found
from worker.adding import FoundFeed
from worker.config import load_settings
from worker.domain import (
    ChannelConfig,
    Failure,
    FeedConfig,
    Outcome,
    Relation,
    Rendering,
    Scope,
    Verdict,
)
from worker.notify.exports import FORMATS
from worker.store.filters import MOST_FILTERS
from worker.store.naming import PROPOSED
from worker.store.notices import note
from worker.store.store import Store
from worker.telling import Telling
from worker.web.app import make_app
from worker.web.finder import Finder

DESK = ChannelConfig("webhook", "desk", to=("https://example.org/hook/geheim",))
NAMES = {"name": "kelp", "channel": "desk"} | dict.fromkeys(
    ("match_id", "feed_id", "filter_id", "message_id", "name_id"), "1"
)


def found_feed(url: str) -> FoundFeed:
    """An internet of one site with two feeds, one with one, and nothing else."""
    if "//two." in url:
        choices = ("https://two.example/a", "https://user:secret@two.example/b")
        return FoundFeed(url, Outcome.NOT_A_FEED, choices=choices)
    if "//one." in url:
        return FoundFeed("https://one.example/rss", Outcome.OK)
    return FoundFeed(url, Outcome.NOT_A_FEED)


@pytest.fixture
def app(sqlite_store: Store, clock: FakeClock) -> FastAPI:
    settings = load_settings()
    watches = (replace(KELP, channels=(DESK,)), OTHER)
    telling = Telling(sqlite_store, watches, {"webhook": ListChannel()}, "", clock, lambda: 0.0)
    telling.compose()
    finder = Finder(found_feed)
    return make_app(sqlite_store, watches, settings, clock, finder, telling=telling)


class TestVerdicts:
    def test_a_verdict_is_given_seen_and_taken_back(
        self, client: TestClient, filled: Filler, sqlite_store: Store
    ) -> None:
        (match_id,) = filled(Found("a"))
        client.headers.update(bearer(sqlite_store, Scope.REVIEW, "press bot"))
        path = f"/api/v1/matches/{match_id}/verdict"
        given = {"verdict": "relevant", "review_id": 0, "note": "Tell Linh"}
        answer = client.put(path, json=given)
        assert answer.status_code == 200
        record = answer.json()
        assert (record["verdict"], record["note"]) == ("relevant", "Tell Linh")
        assert record["reviewer"] == "press bot"
        named = given | {"review_id": record["review_id"], "reviewer": "Kim", "verdict": "unsure"}
        review_id = client.put(path, json=named).json()["review_id"]
        assert client.delete(path, params={"review_id": review_id}).json()["verdict"] == "relevant"
        history = client.get(f"/api/v1/matches/{match_id}/reviews").json()["reviews"]
        assert [(row["verdict"], row["reviewer"]) for row in history] == [
            ("relevant", "press bot"), ("unsure", "Kim"), ("relevant", "press bot"),
        ]  # fmt: skip

    def test_nobody_is_overwritten(
        self, client: TestClient, filled: Filler, sqlite_store: Store
    ) -> None:
        (match_id,) = filled(Found("a"))
        client.headers.update(bearer(sqlite_store))
        sqlite_store.matches.review(match_id, Verdict.IRRELEVANT, reviewer="Kim")
        path = f"/api/v1/matches/{match_id}/verdict"
        answer = client.put(path, json={"verdict": "relevant", "review_id": 0})
        assert answer.status_code == 409
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["current"]["reviewer"] == "Kim"
        assert client.delete(path, params={"review_id": 0}).status_code == 409
        assert sqlite_store.matches.get(match_id).verdict is Verdict.IRRELEVANT
        same = client.put(path, json={"verdict": "irrelevant", "review_id": 0})
        assert same.status_code == 200

    def test_many_at_once(self, client: TestClient, filled: Filler, sqlite_store: Store) -> None:
        ids = filled(*(Found(f"t{number}") for number in range(3)))
        client.headers.update(bearer(sqlite_store))
        sqlite_store.matches.review(ids[1], Verdict.UNSURE)
        decisions = [{"match_id": one, "review_id": 0, "verdict": "relevant"} for one in ids]
        answer = client.post("/api/v1/verdicts", json={"decisions": decisions}).json()
        assert answer["done"] == [ids[0], ids[2]]
        assert [row["id"] for row in answer["refused"]] == [ids[1]]
        unknown = [*decisions[:1], {"match_id": 999, "review_id": 0, "verdict": None}]
        assert client.post("/api/v1/verdicts", json={"decisions": unknown}).status_code == 404

    @pytest.mark.parametrize(
        "fault",
        [{"review_id": True}, {"review_id": "0"}, {"verdict": "nice"}, {"more": 1}, {"note": 7}],
    )
    def test_what_only_looks_right_is_refused(
        self, client: TestClient, filled: Filler, sqlite_store: Store, fault: dict[str, object]
    ) -> None:
        (match_id,) = filled(Found("a"))
        given = {"verdict": "relevant", "review_id": 0} | fault
        answer = client.put(
            f"/api/v1/matches/{match_id}/verdict", json=given, headers=bearer(sqlite_store)
        )
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["loc"] == ["body", next(iter(fault))]
        assert sqlite_store.matches.get(match_id).verdict is None


Change = tuple[str, str, dict[str, Any] | None, Scope]
CHANGES: list[Change] = [
    ("PUT", "/api/v1/matches/1/verdict", {"verdict": "relevant", "review_id": 0}, Scope.REVIEW),
    ("DELETE", "/api/v1/matches/1/verdict?review_id=0", None, Scope.REVIEW),
    ("POST", "/api/v1/verdicts",
     {"decisions": [{"match_id": 1, "review_id": 0, "verdict": "unsure"}]}, Scope.REVIEW),
    ("POST", "/api/v1/story-decisions", {"act": "split", "match_ids": [1]}, Scope.REVIEW),
    ("POST", "/api/v1/watches/kelp/names/1", {"standing": "approved"}, Scope.REVIEW),
    ("POST", "/api/v1/watches/kelp/rematch", {"since": "2026-01-01"}, Scope.REVIEW),
    ("POST", "/api/v1/feeds", {"url": "https://one.example/", "watch": "kelp"}, Scope.ADMIN),
    ("PATCH", "/api/v1/feeds/1", {"state": "paused"}, Scope.ADMIN),
    ("POST", "/api/v1/feeds/1/poll", None, Scope.ADMIN),
    ("POST", "/api/v1/feeds/1/move", {"moved_to": "https://x.example/"}, Scope.ADMIN),
    ("DELETE", "/api/v1/feeds/1", None, Scope.ADMIN),
    ("POST", "/api/v1/filters", {"name": "Copies", "relation": "copy"}, Scope.REVIEW),
    ("DELETE", "/api/v1/filters/1", None, Scope.REVIEW),
    ("POST", "/api/v1/channels/kelp/desk/test", None, Scope.ADMIN),
    ("POST", "/api/v1/channels/kelp/desk/on", None, Scope.ADMIN),
    ("POST", "/api/v1/messages/1/retry", None, Scope.ADMIN),
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: " ".join(change[:2]))
def test_a_change_needs_a_token_of_its_scope(
    client: TestClient, filled: Filler, sqlite_store: Store, change: Change
) -> None:
    method, path, body, scope = change
    filled(Found("a"))
    sqlite_store.names.add("kelp", Rendering("Kilifi", "ja", "キリフィ"), PROPOSED)
    before = [list(sqlite_store.matches.rows()), sqlite_store.feeds.rows()]
    refused = client.request(method, path, json=body)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    bad = {"authorization": "Bearer seedwatch_x"}
    assert client.request(method, path, json=body, headers=bad).status_code == 401
    for weaker in [one for one in Scope if not one.allows(scope)]:
        headers = bearer(sqlite_store, weaker)
        assert client.request(method, path, json=body, headers=headers).status_code == 403
    foreign = bearer(sqlite_store) | {"origin": "https://evil.example"}
    assert client.request(method, path, json=body, headers=foreign).status_code == 403
    assert before == [list(sqlite_store.matches.rows()), sqlite_store.feeds.rows()]
    enough = bearer(sqlite_store, scope)
    assert client.request(method, path, json=body, headers=enough).status_code in (
        200, 201, 202, 204, 409,
    )  # fmt: skip


def test_every_change_of_the_api_is_in_that_list(client: TestClient) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    told = {
        (method.upper(), path.format_map(NAMES))
        for path, operations in paths.items()
        for method in operations.keys() - {"get"}
    }
    assert told == {(method, path.partition("?")[0]) for method, path, _, _ in CHANGES}


class TestFeeds:
    @pytest.fixture(autouse=True)
    def _admin(self, client: TestClient, sqlite_store: Store) -> None:
        client.headers.update(bearer(sqlite_store))

    def add(self, client: TestClient, url: str, **more: object) -> Any:
        return client.post("/api/v1/feeds", json={"url": url, "watch": "kelp", **more})

    def test_a_feed_is_added_by_its_sites_address(self, client: TestClient) -> None:
        answer = self.add(client, "https://one.example/", title="One", language="sw")
        assert answer.status_code == 201
        feed = answer.json()
        assert (feed["url"], feed["title"], feed["language"]) == (
            "https://one.example/rss", "One", "sw",
        )  # fmt: skip
        assert (feed["state"], feed["origin"], feed["watches"]) == ("active", "user", ["kelp"])
        assert answer.headers["location"] == f"/api/v1/feeds/{feed['id']}"
        assert client.get(answer.headers["location"]).json() == feed
        assert self.add(client, "https://one.example/").status_code == 200
        assert len(client.get("/api/v1/feeds").json()["feeds"]) == 1

    @pytest.mark.parametrize(
        ("url", "told"),
        [
            ("http://127.0.0.1/rss", "blocked_address"),
            ("javascript:alert(1)", "bad_url"),
            ("https://none.example/", "not_a_feed; nothing was added"),
        ],
    )
    def test_an_address_that_is_no_feed_is_refused(
        self, client: TestClient, sqlite_store: Store, url: str, told: str
    ) -> None:
        answer = self.add(client, url)
        assert (answer.status_code, told in answer.json()["detail"]) == (422, True), answer.text
        assert sqlite_store.feeds.rows() == []

    def test_of_several_feeds_one_has_to_be_chosen(self, client: TestClient) -> None:
        answer = self.add(client, "https://two.example/")
        assert answer.status_code == 422
        assert answer.json()["choices"] == ["https://two.example/a", "https://two.example/b"]

    def test_an_address_may_be_taken_as_it_is(self, client: TestClient) -> None:
        answer = self.add(client, "https://none.example/rss", look=False)
        assert answer.json()["url"] == "https://none.example/rss"
        assert self.add(client, "http://10.1.2.3/", look=False).status_code == 422

    def test_of_one_that_is_known_what_is_given_is_changed(
        self, client: TestClient, sqlite_store: Store
    ) -> None:
        first = self.add(client, "https://one.example/").json()
        given = {"title": "One", "language": "sw-KE", "fetch": "triage"}
        answer = self.add(client, "HTTPS://One.example:443/rss#x", look=False, **given)
        assert (answer.status_code, answer.json()["id"]) == (200, first["id"])
        assert {name: answer.json()[name] for name in given} == given | {"language": "sw"}
        refused = self.add(client, "https://one.example/", language="xx")
        assert refused.status_code == 422
        assert "'xx' is no language" in refused.json()["detail"]
        sqlite_store.feeds.sync({"kelp": [FeedConfig("https://named.example/rss", "T")]})
        named = self.add(client, "https://named.example/rss", look=False, title="Other")
        assert named.status_code == 422
        assert "a watch.toml names it" in named.json()["detail"]

    def test_one_that_no_file_names_any_more_is_resumed_or_removed(
        self, client: TestClient, sqlite_store: Store
    ) -> None:
        for change in ("resume", "remove"):
            sqlite_store.feeds.sync({"kelp": [FeedConfig(FEED_URL)]})
            sqlite_store.feeds.sync({})
            (row,) = sqlite_store.feeds.rows()
            assert row.state == "retired"
            path = f"/api/v1/feeds/{row.id}"
            if change == "resume":
                assert client.patch(path, json={"state": "active"}).json()["state"] == "active"
                sqlite_store.feeds.sync({})
                assert client.get(path).json()["state"] == "active"
            assert client.delete(path).status_code == 204

    def test_an_unknown_watch_is_named(self, client: TestClient) -> None:
        answer = self.add(client, "https://one.example/", watch="kelb")
        assert (answer.status_code, "kelp, river" in answer.json()["detail"]) == (404, True)

    def test_pause_resume_poll_and_remove(
        self, client: TestClient, sqlite_store: Store, clock: FakeClock
    ) -> None:
        sqlite_store.feeds.sync({"kelp": [FeedConfig(FEED_URL)]})
        feed_id = self.add(client, "https://one.example/").json()["id"]
        path = f"/api/v1/feeds/{feed_id}"
        assert client.patch(path, json={"state": "paused"}).json()["state"] == "paused"
        assert client.patch(path, json={"state": "paused"}).status_code == 200
        assert client.post(f"{path}/poll").status_code == 409
        assert client.patch(path, json={"state": "active"}).json()["state"] == "active"
        clock.advance(hours=1)
        polled = client.post(f"{path}/poll")
        assert (polled.status_code, polled.json()["next_poll_at"]) == (202, "2026-03-01T13:00:00Z")
        assert client.delete(path).status_code == 204
        assert client.get(path).status_code == 404
        (kept,) = client.get("/api/v1/feeds").json()["feeds"]
        assert "secret" not in str(kept)
        assert client.delete(f"/api/v1/feeds/{kept['id']}").status_code == 409


def test_articles_with_versions_and_sightings(client: TestClient, filled: Filler) -> None:
    filled(Found("first", text="One."), Found("second", text="Two."))
    listed = client.get("/api/v1/articles?since=2026-03-01").json()["articles"]
    by_title = {row["title"]: row for row in listed}
    assert set(by_title) == {"first", "second"}
    assert client.get("/api/v1/articles?since=2026-03-02").json()["articles"] == []
    whole = client.get(f"/api/v1/articles/{by_title['first']['id']}").json()
    assert (whole["text"], whole["version"]) == ("One.", 1)
    assert [(one["number"], one["characters"]) for one in whole["versions"]] == [(1, 4)]
    (sighting,) = whole["sightings"]
    assert (sighting["feed"], sighting["title"]) == ("The News", "first")
    version = client.get(f"/api/v1/articles/{whole['id']}/versions/1").json()
    assert version["text"] == "One."


def test_stories_are_listed_and_taken_apart_and_put_together(
    client: TestClient, filled: Filler, sqlite_store: Store
) -> None:
    first, second = filled(Found("a"), Found("b", language="ja", relation=Relation.COPY))
    client.headers.update(bearer(sqlite_store, name="bot"))

    def listed(query: str = "") -> list[list[int]]:
        found = client.get(f"/api/v1/stories{query}").json()["stories"]
        assert all(one["number"] == sum(g["number"] for g in one["groups"]) for one in found)
        return sorted(sorted(match["id"] for match in one["matches"]) for one in found)

    def decide(act: str, *match_ids: int) -> Any:
        given = {"act": act, "match_ids": match_ids}
        return client.post("/api/v1/story-decisions", json=given)

    if listed() == [[first, second]]:
        split = decide("split", second).json()
        assert [match["id"] for match in split["matches"]] == [second]
    assert listed() == [[first], [second]]
    assert listed("?language=ja") == [[second]]
    page = client.get("/api/v1/stories?limit=1").json()
    following = client.get("/api/v1/stories", params={"cursor": page["next_cursor"]}).json()
    ids = [one["story_id"] for one in page["stories"] + following["stories"]]
    assert sorted(ids) == [first, second]
    merged = decide("merge", first, second)
    assert (merged.status_code, merged.json()["number"]) == (200, 2)
    assert listed() == [[first, second]]
    again = decide("merge", first, second)
    assert (again.status_code, "one story already" in again.json()["detail"]) == (409, True)
    assert decide("merge", 999).status_code == 404
    assert client.get(f"/api/v1/stories/{second}").json() == merged.json()
    assert client.get("/api/v1/stories/999").status_code == 404


def test_watches_and_near_misses(client: TestClient, filled: Filler) -> None:
    filled(Found("near", relation=Relation.UNRELATED, score=0.4), Found("a"))
    kelp, river = client.get("/api/v1/watches").json()["watches"]
    assert (kelp["title"], kelp["feeds"], river["feeds"]) == ("Kelp & kin", 1, 0)
    assert kelp["seeds"][0]["text"].startswith("The kelp laboratory")
    assert client.get("/api/v1/watches/kelp").json() == kelp
    misses = client.get("/api/v1/watches/kelp/near-misses").json()["matches"]
    assert [row["title"] for row in misses] == ["near"]


def test_stats_count_what_is_chosen(
    client: TestClient, filled: Filler, sqlite_store: Store
) -> None:
    first, *_ = filled(Found("a"), Found("b", language="ja", outlet=None))
    sqlite_store.matches.review(first, Verdict.RELEVANT)
    assert client.get("/api/v1/stats").json() == {
        "total": 2, "relations": {"same_event": 2}, "languages": {"en": 1, "ja": 1},
        "outlets": {"The News": 1}, "verdicts": {"relevant": 1}, "unreviewed": 1,
        "days": [{"day": "2026-03-01", "matches": 2, "relations": {"same_event": 2}}],
    }  # fmt: skip
    assert client.get("/api/v1/stats?verdict=relevant").json()["total"] == 1


class TestExports:
    @pytest.mark.parametrize("name", list(FORMATS))
    def test_an_export_is_the_document(self, client: TestClient, filled: Filler, name: str) -> None:
        filled(Found("first"), Found("second", language="ja"))
        answer = client.get(f"/api/v1/exports/{name}?language=ja")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == FORMATS[name].media_type
        assert "attachment" in answer.headers["content-disposition"]
        assert b"second" in answer.content
        assert b"first" not in answer.content.replace(b"first_seen_at", b"")

    def test_a_large_one_arrives_whole(self, client: TestClient, filled: Filler) -> None:
        filled(*(Found(f"t{n}", text=f"{n}", adds=("x" * 30_000,)) for n in range(12)))
        lines = client.get("/api/v1/exports/jsonl").text.splitlines()
        assert len(lines) == 12

    def test_excel_gets_its_mark(self, client: TestClient) -> None:
        assert client.get("/api/v1/exports/csv?bom=true").content.startswith(b"\xef\xbb\xbf")


class TestLimits:
    def test_who_asks_too_often_waits(self, sqlite_store: Store, clock: FakeClock) -> None:
        app = make_app(sqlite_store, (KELP,), load_settings(web_api_per_minute=3), clock)
        client = TestClient(app, base_url=BASE)
        one, other = bearer(sqlite_store), bearer(sqlite_store)
        assert [client.get("/api/v1/watches", headers=one).status_code for _ in range(4)] == [
            200, 200, 200, 429,
        ]  # fmt: skip
        refused = client.get("/api/v1/watches", headers=one)
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert refused.headers["content-type"] == "application/problem+json"
        assert client.get("/api/v1/watches", headers=other).status_code == 200
        assert client.get("/").status_code == 200

    def test_a_body_has_a_largest_size(self, client: TestClient, sqlite_store: Store) -> None:
        headers = bearer(sqlite_store) | {"content-type": "application/json"}
        large = b'{"decisions": "' + b"x" * 2_000_000 + b'"}'
        told = client.post("/api/v1/verdicts", content=large, headers=headers)
        untold = client.post("/api/v1/verdicts", content=iter([large]), headers=headers)
        assert (told.status_code, untold.status_code) == (413, 413)
        assert untold.headers["content-type"] == "application/problem+json"


class TestFilters:
    def test_a_filter_is_saved_listed_and_removed(
        self, client: TestClient, sqlite_store: Store
    ) -> None:
        client.headers.update(bearer(sqlite_store, Scope.REVIEW, "press bot"))
        given = {"name": " Copies \n in French", "relation": "copy", "language": "fr", "q": "tảo"}
        saved = client.post("/api/v1/filters", json=given).json()
        assert (saved["name"], saved["created_by"]) == ("Copies in French", "press bot")
        assert saved["query"] == "?q=t%E1%BA%A3o&relation=copy&language=fr"
        again = client.post("/api/v1/filters", json={"name": saved["name"], "verdict": "all"})
        assert again.json()["query"] == "?verdict=all"
        assert client.get("/api/v1/filters").json() == {"filters": [again.json()]}
        path = f"/api/v1/filters/{saved['id']}"
        assert client.delete(path).status_code == 204
        assert client.get("/api/v1/filters").json() == {"filters": []}
        assert client.delete(path).status_code == 204

    def test_what_is_no_filter_is_refused(self, client: TestClient, sqlite_store: Store) -> None:
        client.headers.update(bearer(sqlite_store))
        for fault in ({"name": "\u0000"}, {"name": ""}, {"relation": "nice"}, {"page": 2}):
            answer = client.post("/api/v1/filters", json={"name": "x", **fault})
            assert answer.status_code == 422, fault
        assert sqlite_store.filters.rows() == []

    def test_no_more_than_are_kept(self, client: TestClient, sqlite_store: Store) -> None:
        client.headers.update(bearer(sqlite_store))
        for number in range(MOST_FILTERS):
            sqlite_store.filters.save(f"f{number}", "")
        assert client.post("/api/v1/filters", json={"name": "one more"}).status_code == 409


class TestTelling:
    @pytest.fixture(autouse=True)
    def _admin(self, client: TestClient, sqlite_store: Store) -> None:
        client.headers.update(bearer(sqlite_store))

    def test_a_channel_is_listed_without_its_secret_and_tested(self, client: TestClient) -> None:
        (channel,) = client.get("/api/v1/channels").json()["channels"]
        assert (channel["watch"], channel["name"], channel["state"]) == ("kelp", "desk", "active")
        assert channel["to"] == ["https://example.org/…"]
        tested = client.post("/api/v1/channels/kelp/desk/test").json()
        assert (tested["outcome"], tested["message_id"]) == ("sent", None)
        second = client.post("/api/v1/channels/kelp/desk/test").json()
        assert pages(client, "/api/v1/deliveries", limit=1) == [second, tested]
        assert client.post("/api/v1/channels/kelp/none/test").status_code == 404
        assert client.post("/api/v1/channels/river/desk/on").status_code == 404

    def test_a_message_that_was_given_up_is_sent_again(
        self, client: TestClient, filled: Filler, sqlite_store: Store, clock: FakeClock
    ) -> None:
        (match_id,) = filled(Found("a"))
        key = (KELP.name, match_id)
        with sqlite_store.database.write() as connection:
            note(sqlite_store.database, connection, key, DESK, clock())
        receiver = ListChannel(failures=1)
        receiver.failure = Failure.HARD
        watches = (replace(KELP, channels=(DESK,)),)
        telling = Telling(sqlite_store, watches, {"webhook": receiver}, "", clock, lambda: 0.0)
        telling.compose()
        telling.deliver([1])
        (message,) = client.get("/api/v1/messages").json()["messages"]
        assert (message["title"], message["failures"]) == ("a", 1)
        (channel,) = client.get("/api/v1/channels").json()["channels"]
        assert (channel["state"], channel["failures"]) == ("off", 1)
        assert client.post(f"/api/v1/messages/{message['id']}/retry").status_code == 204
        assert client.get("/api/v1/messages").json()["messages"] == []
        (channel,) = client.get("/api/v1/channels").json()["channels"]
        assert (channel["state"], channel["queued"]) == ("active", 1)
        assert client.post("/api/v1/messages/999/retry").status_code == 409
