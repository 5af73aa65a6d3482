"""A reverse proxy that says who somebody is: believed from its own address only."""

from __future__ import annotations

import logging
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from tests.fakes import FakeClock
from tests.web.conftest import BASE, Filler
from tests.web.filling import KELP, Found
from tests.web.test_access import HASH, log_in
from tests.web.test_review import OWN, form_of
from worker.config import load_settings
from worker.errors import ConfigError
from worker.store.store import Store
from worker.web.app import make_app
from worker.web.server import BackgroundServer

PROXY = "10.0.0.7"
USER = {"x-remote-user": "Linh Trần".encode()}
Ask = Callable[..., TestClient]


@pytest.fixture
def ask(sqlite_store: Store, clock: FakeClock) -> Ask:
    """A client that asks from some address."""

    def client(peer: str = PROXY, base: str = BASE, **settings: object) -> TestClient:
        given = {"web_proxy_header": "X-Remote-User", "web_proxy_address": f"{PROXY}, ::1"}
        app = make_app(sqlite_store, (KELP,), load_settings(**given | settings), clock)
        return TestClient(app, base_url=base, follow_redirects=False, client=(peer, 50_000))

    return client


def test_who_the_proxy_names_is_let_in_and_decides_under_that_name(
    ask: Ask, filled: Filler, sqlite_store: Store
) -> None:
    (match_id,) = filled(Found("a secret title"))
    with ask() as client:
        client.headers.update(USER)
        page = client.get(f"/matches/{match_id}").text
        assert "a secret title" in page
        assert 'value="Linh Trần" readonly' in page
        form = form_of(client, match_id, verdict="relevant", reviewer="Somebody Else")
        assert client.post(f"/matches/{match_id}", data=form, headers=OWN).status_code == 303
        assert client.get("/api/v1/matches").status_code == 200
    assert sqlite_store.matches.get(match_id).reviewer == "Linh Trần"


@pytest.mark.parametrize("peer", ["10.0.0.8", "127.0.0.1", "::ffff:10.0.0.8", "unix", ""])
def test_the_header_from_anybody_else_is_ignored_and_logged(
    ask: Ask, filled: Filler, peer: str, caplog: pytest.LogCaptureFixture
) -> None:
    filled(Found("a secret title"))
    with ask(peer) as client, caplog.at_level(logging.WARNING):
        answer = client.get("/", headers=USER)
        assert (answer.status_code, "secret" in answer.text) == (403, False)
        assert client.get("/api/v1/matches", headers=USER).status_code == 401
        assert client.get("/matches.atom", headers=USER).status_code == 401
    logged = [record.getMessage() for record in caplog.records if "ignored" in record.getMessage()]
    assert logged == [f"x-remote-user from {peer} is ignored: that is not the proxy's address"]


def test_a_made_up_forwarded_address_is_no_address(sqlite_store: Store) -> None:
    # through the real server: it is one that may be told to believe such headers
    settings = load_settings(web_proxy_header="X-Remote-User", web_proxy_address=PROXY)
    with BackgroundServer(make_app(sqlite_store, (), settings), "127.0.0.1", 0) as server:
        request = urllib.request.Request(
            server.url, headers={"X-Remote-User": "ana", "X-Forwarded-For": PROXY}
        )
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(request, timeout=10)


def test_an_address_of_the_proxy_may_be_written_as_ipv6(ask: Ask) -> None:
    for peer in ("::ffff:10.0.0.7", "::1"):
        with ask(peer) as client:
            assert client.get("/", headers=USER).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("x-remote-user", "")],
        [("x-remote-user", "  ")],
        [("x-remote-user", "a"), ("x-remote-user", "b")],
        [("x-remote-user", "x" * 81)],
        [("x_remote_user", "a")],
        [("x-forwarded-for", PROXY)],
    ],
)
def test_a_proxy_that_names_nobody_lets_nobody_in(ask: Ask, headers: list[tuple[str, str]]) -> None:
    with ask() as client:
        assert client.get("/", headers=headers).status_code == 403
        assert client.post("/verdicts", headers=headers).status_code == 403
        assert client.get("/login", headers=headers).status_code in (303, 403)


def test_a_password_beside_it_still_opens(ask: Ask) -> None:
    with ask("10.0.0.8", web_password_hash=HASH) as client:
        assert client.get("/", headers=USER).headers["location"] == "/login"
        assert log_in(client) == (303, "/")
        assert client.get("/").status_code == 200


def test_only_known_names_are_answered_for_a_page_elsewhere_may_ask_from_the_proxys_address(
    ask: Ask,
) -> None:
    with ask(base="http://rebound.example", web_password_hash=HASH) as client:
        assert client.get("/", headers=USER).status_code == 400
    with ask(base="http://review.example", web_names="Review.example, other.example") as client:
        assert client.get("/", headers=USER).status_code == 200


def test_it_may_be_served_beyond_loopback(ask: Ask) -> None:
    app = ask().app
    with BackgroundServer(app, "0.0.0.0", 0) as server:  # type: ignore[arg-type]
        assert server.port


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            {"web_proxy_header": "X-User"},
            "SEEDWATCH_WEB_PROXY_HEADER: is of no use without SEEDWATCH_WEB_PROXY_ADDRESS",
        ),
        (
            {"web_proxy_address": "10.0.0.7"},
            "SEEDWATCH_WEB_PROXY_ADDRESS: is of no use without SEEDWATCH_WEB_PROXY_HEADER",
        ),
        ({"web_proxy_header": "X User", "web_proxy_address": "10.0.0.7"}, "web_proxy_header"),
        ({"web_proxy_header": "X-User", "web_proxy_address": "proxy"}, "'proxy' is no network"),
        ({"web_proxy_header": "X-User", "web_proxy_address": "0.0.0.0/0"}, "every address"),
        ({"web_names": "http://x/"}, "is no host name"),
    ],
)
def test_what_makes_no_sense_is_refused_at_the_start(settings: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        load_settings(**settings)
