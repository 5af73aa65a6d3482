"""Every answer carries the headers, and only known hosts are answered."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.fakes import FakeClock
from tests.web.conftest import BASE, Filler
from tests.web.filling import Found
from worker.config import load_settings
from worker.notify.links import safe_link
from worker.store.store import Store
from worker.web.app import make_app
from worker.web.safety import KnownHosts, is_loopback, without_user

POLICY = {
    "default-src 'none'", "style-src 'self'", "img-src 'self'", "script-src 'self'",
    "connect-src 'self'",
    "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
}  # fmt: skip


def assert_guarded(answer: object) -> None:
    headers = answer.headers  # type: ignore[attr-defined]
    assert set(headers["content-security-policy"].split("; ")) == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert "access-control-allow-origin" not in headers


def test_headers_are_everywhere(client: TestClient, filled: Filler) -> None:
    filled(Found("a"))
    for path in (
        "/", "/feeds", "/watches", "/matches/1", "/nothing", "/?since=x", "/api/v1/matches",
        "/api/v1/matches/x", "/api/openapi.json", "/healthz", "/readyz", "/static/style.css",
    ):  # fmt: skip
        assert_guarded(client.get(path))
        assert_guarded(client.post(path))
        assert_guarded(client.get(path, headers={"host": "evil.example"}))


def test_a_fault_of_ours_is_a_plain_page(
    client: TestClient, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(sqlite_store.feeds, "rows", broken)
    answer = client.get("/feeds")
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.text
    assert "secret" not in answer.text
    assert_guarded(answer)


def test_pages_need_nothing_from_elsewhere(client: TestClient, filled: Filler) -> None:
    (match_id,) = filled(Found("a"))
    for path in ("/", f"/matches/{match_id}", "/feeds", "/watches", "/static/style.css",
                 "/static/match.css", "/static/review.js", "/static/keys.js"):  # fmt: skip
        text = client.get(path).text
        assert "//cdn" not in text
        assert " style=" not in text
        assert "<style" not in text
        assert "url(http" not in text


def test_only_our_own_names_are_answered(client: TestClient) -> None:
    for host in ("127.0.0.1:8321", "localhost", "LOCALHOST:1", "[::1]:8321", "127.8.9.1"):
        assert client.get("/healthz", headers={"host": host}).status_code == 200, host
    for host in (
        "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.5:8321", "",
        "a@127.0.0.1", "127.0.0.1:x", "[::1", "127.0.0.1/x", "testserver",
    ):  # fmt: skip
        assert client.get("/healthz", headers={"host": host}).status_code == 400, host


@pytest.mark.parametrize(
    ("host", "is_known"),
    [("watch.example:80", True), ("10.0.0.5:8321", True), ("evil.example", False)],
)
def test_a_trusted_network_may_use_the_configured_name_and_addresses(
    host: str, is_known: bool
) -> None:
    hosts = KnownHosts("watch.example", trust_network=True)
    assert hosts.knows(host) is is_known


def test_a_wildcard_is_no_name() -> None:
    assert not KnownHosts("0.0.0.0", trust_network=False).knows("0.0.0.0")


def test_a_foreign_name_is_not_added_to_an_untrusted_network() -> None:
    hosts = KnownHosts("127.0.0.1", trust_network=False)
    hosts.add("evil.example")
    assert not hosts.knows("evil.example")


def test_the_configured_host_is_answered(sqlite_store: Store, clock: FakeClock) -> None:
    app: FastAPI = make_app(sqlite_store, (), load_settings(web_host="watch.local"), clock)
    answer = TestClient(app, base_url=BASE).get("/healthz", headers={"host": "watch.local:8321"})
    assert answer.status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "localhost.example", "", "127.1"])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_links_and_shown_addresses() -> None:
    assert safe_link("https://a.example/x y") is None
    assert safe_link("https://a.example/" + "x" * 5000) is None
    assert safe_link("HTTPS://a.example/ok") == "HTTPS://a.example/ok"
    assert without_user("https://u:p@a.example/rss") == "https://a.example/rss"
    assert "p" not in without_user("http://u:p@[").replace("http", "")
