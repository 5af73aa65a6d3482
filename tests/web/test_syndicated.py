"""Feeds of matches: filtered as the inbox is, cheap to ask again, open to a token."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import feedparser
import pytest
from starlette.testclient import TestClient

from tests.fakes import FakeClock
from tests.web.conftest import BASE, Filler
from tests.web.filling import KELP, Found, fill
from tests.web.test_access import HASH, log_in
from worker.config import load_settings
from worker.domain import Relation, Scope, Verdict
from worker.records import Decision
from worker.store.store import Store
from worker.web.app import make_app

FEEDS = ["/matches.atom", "/matches.json"]


def titles(client: TestClient, query: str = "") -> list[str]:
    feed = feedparser.parse(client.get(f"/matches.atom{query}").content)
    assert not feed.bozo
    found = [entry.title for entry in feed.entries]
    items = client.get(f"/matches.json{query}").json()["items"]
    assert [item["title"] for item in items] == found
    return found


def test_a_feed_has_the_filters_of_the_inbox(
    client: TestClient, filled: Filler, sqlite_store: Store
) -> None:
    first, *_ = filled(
        Found("a"), Found("b", relation=Relation.COPY, language="fr"),
        Found("c", watch="river", seed="th.md"),
    )  # fmt: skip
    sqlite_store.matches.review(first, Verdict.RELEVANT)
    assert titles(client) == titles(client, "?verdict=all&q=") == ["c", "b", "a"]
    assert titles(client, "?verdict=relevant") == ["a"]
    assert titles(client, "?verdict=unreviewed") == ["c", "b"]
    assert titles(client, "?relation=copy&language=fr") == ["b"]
    assert titles(client, "?watch=river") == ["c"]
    assert titles(client, "?q=b") == ["b"]
    assert titles(client, "?since=2027-01-01") == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["c", "b"]),
        ("?view=flat&before=2", ["c", "b"]),
        ("?verdict=all", ["c", "b", "a"]),
        ("?verdict=relevant", ["a"]),
        ("?language=fr", ["b"]),
        ("?language=fr&verdict=relevant", []),
    ],
)
def test_the_feeds_of_a_page_have_what_the_page_has(
    client: TestClient, filled: Filler, sqlite_store: Store, query: str, expected: list[str]
) -> None:
    first, *_ = filled(Found("a"), Found("b", language="fr"), Found("c"))
    sqlite_store.matches.review(first, Verdict.RELEVANT)
    page = client.get(f"/{query}").text
    links = [html.unescape(one) for one in re.findall(r'href="(/matches\.[^"]+)"', page)]
    assert len(links) == 4
    assert len({urlsplit(link).query for link in links}) == 1
    assert titles(client, f"?{urlsplit(links[0]).query}") == expected


def test_a_feed_says_what_it_is_and_where(client: TestClient, filled: Filler) -> None:
    filled(Found("a"))
    answer = client.get("/matches.atom?watch=kelp&token=")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(answer.content).feed
    assert feed.title == "Kelp & kin: matches"
    links = {link.rel: link.href for link in feed.links}
    assert links["self"] == f"{BASE}/matches.atom?watch=kelp&verdict=all"
    assert links["alternate"] == f"{BASE}/?watch=kelp&verdict=all"
    answer = client.get("/matches.json?watch=kelp")
    assert answer.headers["content-type"] == "application/feed+json; charset=utf-8"
    assert answer.json()["feed_url"] == f"{BASE}/matches.json?watch=kelp&verdict=all"


@pytest.mark.parametrize("path", FEEDS)
def test_a_filter_that_means_nothing_is_a_problem_for_programs(
    client: TestClient, path: str
) -> None:
    answer = client.get(f"{path}?relation=nonsense")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert "relation" in answer.json()["detail"]


@pytest.mark.parametrize("path", FEEDS)
def test_who_has_it_is_told_so_until_something_changes(
    client: TestClient, filled: Filler, sqlite_store: Store, clock: FakeClock, path: str
) -> None:
    (match_id,) = filled(Found("a"))
    changes: list[Callable[[], object]] = [
        lambda: filled(Found("b")),
        lambda: sqlite_store.matches.review(match_id, Verdict.UNSURE),
        lambda: sqlite_store.reviews.decide([Decision(match_id, None, None)]),
    ]
    for change in changes:
        first = client.get(path)
        for name, header in (("if-none-match", "etag"), ("if-modified-since", "last-modified")):
            again = client.get(path, headers={name: first.headers[header]})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == first.headers["etag"]
        clock.advance(minutes=1)
        change()
        for name, header in (("if-none-match", "etag"), ("if-modified-since", "last-modified")):
            assert client.get(path, headers={name: first.headers[header]}).status_code == 200
        weak = f'"x", W/{client.get(path).headers["etag"]}'
        assert client.get(path, headers={"if-none-match": weak}).status_code == 304


def test_the_etag_decides_before_the_time(client: TestClient, filled: Filler) -> None:
    filled(Found("a"))
    later = {"if-none-match": '"other"', "if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    assert client.get("/matches.atom", headers=later).status_code == 200
    for odd in ("yesterday", "", "Fri, 99 Foo 2100"):
        odd_answer = client.get("/matches.atom", headers={"if-modified-since": odd})
        assert odd_answer.status_code == 200


class TestWithAPassword:
    @pytest.fixture
    def locked(self, sqlite_store: Store, clock: FakeClock) -> Iterator[TestClient]:
        app = make_app(sqlite_store, (KELP,), load_settings(web_password_hash=HASH), clock)
        with TestClient(app, base_url=BASE, follow_redirects=False) as client:
            yield client

    @pytest.mark.parametrize("path", FEEDS)
    def test_a_token_of_scope_read_opens_it_in_the_address_or_the_header(
        self, locked: TestClient, filled: Filler, sqlite_store: Store, path: str
    ) -> None:
        filled(Found("a secret title"))
        refused = locked.get(path)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")
        assert refused.headers["content-type"] == "application/problem+json"
        secret = sqlite_store.tokens.add("reader", Scope.READ).secret
        for answer in (
            locked.get(path, params={"token": secret}),
            locked.get(path, headers={"authorization": f"Bearer {secret}"}),
        ):
            assert answer.status_code == 200
            assert "a secret title" in answer.text
            assert secret not in answer.text
        sqlite_store.tokens.revoke("reader")
        assert locked.get(path, params={"token": secret}).status_code == 401

    def test_a_mighty_token_has_no_place_in_an_address(
        self, locked: TestClient, sqlite_store: Store
    ) -> None:
        secret = sqlite_store.tokens.add("admin", Scope.ADMIN).secret
        refused = locked.get("/matches.atom", params={"token": secret})
        assert refused.status_code == 403
        assert "scope read" in refused.json()["detail"]
        bearer = {"authorization": f"Bearer {secret}"}
        assert locked.get("/matches.atom", headers=bearer).status_code == 200

    def test_a_token_in_the_address_opens_no_page_and_no_api(
        self, locked: TestClient, sqlite_store: Store
    ) -> None:
        secret = sqlite_store.tokens.add("reader", Scope.READ).secret
        assert locked.get("/", params={"token": secret}).status_code == 303
        assert locked.get("/api/v1/matches", params={"token": secret}).status_code == 401


def test_a_feed_full_of_markup_is_text(client: TestClient, filled: Filler) -> None:
    title = "<script>alert(1)</script>]]>\x0b"
    filled(Found(title, url="java\tscript:alert(1)", outlet="<img src=x onerror=alert(1)>",
                 reasons=("<b>x</b>",), adds=("</content><script>",)))  # fmt: skip
    body = client.get("/matches.atom").text
    assert not re.search("<script|<img|javascript:|java\tscript", body)
    entry = feedparser.parse(body, sanitize_html=False).entries[0]
    assert entry.title == "<script>alert(1)</script>]]>"
    assert entry.get("links", []) == []


def test_the_inbox_leads_to_the_feeds_of_its_filter(client: TestClient, filled: Filler) -> None:
    filled(Found("a"), Found("b", relation=Relation.COPY))
    page = client.get("/?relation=copy&verdict=all").text
    addresses = re.findall(r'<a href="(/matches\.[a-z]+[^"]*)"', page)
    assert [address.partition("?")[0] for address in addresses] == FEEDS
    for address in addresses:
        answer = client.get(address.replace("&amp;", "&"))
        assert answer.status_code == 200
        assert ">b<" in answer.text or '"b"' in answer.text
        assert ">a<" not in answer.text
        assert '"title": "a"' not in answer.text
    assert "token=" not in page  # nobody has to log in here


def test_who_has_logged_in_is_told_that_a_reader_needs_a_token(
    sqlite_store: Store, clock: FakeClock
) -> None:
    app = make_app(sqlite_store, (KELP,), load_settings(web_password_hash=HASH), clock)
    fill(sqlite_store, clock, Found("a"))
    with TestClient(app, base_url=BASE, follow_redirects=False) as client:
        assert log_in(client)[0] == 303
        assert "<code>&amp;token=…</code>" in client.get("/").text
        assert "<code>&amp;token=…</code>" in client.get("/?relation=copy").text
