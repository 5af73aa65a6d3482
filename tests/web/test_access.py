"""The password: nothing is shown without it, guessing is slow, a session can be ended."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.testclient import TestClient

from tests.fakes import FakeClock
from tests.web.conftest import BASE, Filler
from tests.web.filling import KELP, Found
from tests.web.test_review import OWN, form_of
from worker.config import load_settings
from worker.errors import ConfigError
from worker.store.store import Store
from worker.web.access import COOKIE, SESSION_S, Access, Attempts, hash_password
from worker.web.app import make_app
from worker.web.login import own_path
from worker.web.server import BackgroundServer

argon2 = pytest.importorskip("argon2")
PASSWORD = "correct horse battery"
HASH: str = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture
def locked(sqlite_store: Store, clock: FakeClock) -> Iterator[TestClient]:
    """The pages with a password."""
    app = make_app(sqlite_store, (KELP,), load_settings(web_password_hash=HASH), clock)
    with TestClient(app, base_url=BASE, follow_redirects=False) as client:
        yield client


def log_in(client: TestClient, password: str = PASSWORD, following: str = "") -> tuple[int, str]:
    page = client.get("/login", params={"next": following}).text
    form = dict(re.findall(r'name="(token|next)" value="([^"]*)"', page))
    answer = client.post("/login", data=form | {"password": password}, headers=OWN)
    return answer.status_code, answer.headers.get("location", answer.text)


def test_nothing_is_shown_without_a_session(locked: TestClient, filled: Filler) -> None:
    (match_id,) = filled(Found("a secret title"))
    for path in ("/", f"/matches/{match_id}", "/feeds", "/watches", "/nothing", "/logout"):
        answer = locked.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/login")
        assert "content-security-policy" in answer.headers
    for path in ("/api/v1/matches", "/api/openapi.json", "/api/v1/matches/1"):
        assert locked.get(path).status_code == 401
    for path in ("/verdicts", f"/matches/{match_id}", "/"):
        assert locked.post(path, headers=OWN).status_code == 401
    for path in ("/healthz", "/readyz", "/static/style.css", "/login"):
        answer = locked.get(path)
        assert answer.status_code == 200, path
        assert "a secret title" not in answer.text
    assert locked.get("/static/../").status_code in (303, 404)


def test_the_password_opens_and_leads_on(locked: TestClient, filled: Filler) -> None:
    (match_id,) = filled(Found("a secret title"))
    asked = locked.get(f"/matches/{match_id}?language=en").headers["location"]
    page = locked.get(asked)
    assert f'value="/matches/{match_id}?language=en"' in page.text
    assert log_in(locked, following=f"/matches/{match_id}") == (303, f"/matches/{match_id}")
    answer = locked.get(f"/matches/{match_id}")
    assert "a secret title" in answer.text
    assert 'href="/logout"' in answer.text
    assert locked.get("/api/v1/matches").status_code == 200
    assert locked.get("/login").headers["location"] == "/"
    form = form_of(locked, match_id, verdict="relevant")
    assert locked.post(f"/matches/{match_id}", data=form, headers=OWN).status_code == 303


def test_a_wrong_password_opens_nothing(locked: TestClient) -> None:
    for wrong in ("", "correct horse", PASSWORD + " ", "x" * 5_000, "\0", HASH):
        status, text = log_in(locked, wrong)
        assert status == 403
        assert "That is not the password." in text
    assert locked.get("/").status_code == 303


def test_guessing_is_slowed_down(locked: TestClient) -> None:
    assert [log_in(locked, "wrong password")[0] for _ in range(11)] == [403] * 10 + [429]
    status, text = log_in(locked)
    assert status == 429
    assert "Try again in 15 min" in text


def test_logging_out_ends_the_session(locked: TestClient) -> None:
    log_in(locked)
    page = locked.get("/logout").text
    token = re.search(r'name="token" value="(\w+)"', page)
    assert token
    assert locked.post("/logout", data={"token": "x"}, headers=OWN).status_code == 403
    answer = locked.post("/logout", data={"token": token[1]}, headers=OWN)
    assert answer.headers["location"] == "/login"
    assert locked.get("/").status_code == 303


@pytest.mark.parametrize("headers", [{}, {"origin": "https://evil.example"}])
def test_a_log_in_from_elsewhere_is_refused(locked: TestClient, headers: dict[str, str]) -> None:
    page = locked.get("/login").text
    token = re.search(r'name="token" value="(\w+)"', page)
    assert token
    form = {"token": token[1], "password": PASSWORD}
    assert locked.post("/login", data=form, headers=headers).status_code == 403
    assert COOKIE not in locked.cookies


def test_the_cookie(locked: TestClient) -> None:
    page = locked.get("/login").text
    token = re.search(r'name="token" value="(\w+)"', page)
    assert token
    form = {"token": token[1], "password": PASSWORD}
    plain = locked.post("/login", data=form, headers=OWN).headers["set-cookie"].lower()
    assert "httponly" in plain
    assert "samesite=lax" in plain
    assert "secure" not in plain
    secure = {**OWN, "origin": BASE.replace("http", "https")}
    locked.cookies.delete(COOKIE)
    answer = locked.post("/login", data=form, headers=secure)
    assert "; secure" in answer.headers["set-cookie"].lower()


def session(access: Access) -> str:
    from starlette.responses import Response

    answer = Response()
    access.start_session(answer, Request({"type": "http", "headers": []}))
    return answer.headers["set-cookie"].partition(";")[0]


def test_a_session_cannot_be_made_up_or_kept_for_ever() -> None:
    now = [1_000.0]
    access = Access(HASH, lambda: now[0])
    good = session(access)
    other = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

    def holds(cookie: str, by: Access = access) -> bool:
        return by.has_session(Headers({"cookie": cookie}))

    assert holds(good)
    assert holds(good, Access(HASH, lambda: now[0]))  # another process, or after a restart
    assert not holds(good, Access(other, lambda: now[0]))  # a new password ends it
    ends = good.partition("=")[2].partition(".")[0]
    for bad in (good + "0", good.replace(ends, str(int(ends) + 1)), f"{COOKIE}=", f"{COOKIE}=..",
                f"{COOKIE}={ends}.x", f"{COOKIE}=1e9.a.b",
                good.replace(".", "", 1)):  # fmt: skip
        assert not holds(bad), bad
    now[0] += SESSION_S
    assert not holds(good)


def test_attempts_are_forgotten_and_kept_apart() -> None:
    now = [0.0]
    attempts = Attempts(lambda: now[0], most=2, window_s=60)

    def at(host: str) -> Request:
        return Request({"type": "http", "client": (host, 1), "headers": []})

    for _ in range(2):
        assert attempts.wait_s(at("10.0.0.1")) == 0
        attempts.failed(at("10.0.0.1"))
    assert attempts.wait_s(at("10.0.0.1")) > 0
    assert attempts.wait_s(at("10.0.0.2")) == 0
    for number in range(2):
        attempts.failed(at(f"2001:db8::{number}"))
    assert attempts.wait_s(at("2001:db8::ffff")) > 0
    assert attempts.wait_s(at("2001:db9::1")) == 0
    now[0] = 61
    assert attempts.wait_s(at("10.0.0.1")) == 0


@pytest.mark.parametrize(
    "bad",
    ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "evil",
     "/a\nb", "/\tevil", "", "/login?next=/", "/logout", "/%zz\u2028", "/" + "x" * 3_000],
)  # fmt: skip
def test_only_own_paths_are_gone_on_to(locked: TestClient, bad: str) -> None:
    assert own_path(bad) == "/"
    assert log_in(locked, following=bad) == (303, "/")


def test_own_paths_are() -> None:
    assert own_path("/matches/3?q=%E6%B5%B7&language=ja") == "/matches/3?q=%E6%B5%B7&language=ja"


def test_with_a_password_other_machines_are_served(sqlite_store: Store) -> None:
    app = make_app(sqlite_store, (), load_settings(web_password_hash=HASH))
    with BackgroundServer(app, "0.0.0.0", 0) as server:
        assert server.port
    client = TestClient(app, base_url="http://watch.example", follow_redirects=False)
    assert client.get("/").headers["location"] == "/login"
    assert client.get("/", headers={"host": "a/b"}).status_code == 400


def test_a_setting_that_is_no_hash_is_named(sqlite_store: Store) -> None:
    for wrong in ("secret", "$argon2id$", "$2b$12$x"):
        with pytest.raises(ConfigError, match="--hash-password") as caught:
            make_app(sqlite_store, (), load_settings(web_password_hash=wrong))
        assert wrong not in str(caught.value).replace("--hash-password", "")


def test_the_command_prints_a_hash_that_fits() -> None:
    from worker.commands.parts import web

    done = CliRunner().invoke(web, ["--hash-password"], input=f"{PASSWORD}\n")
    printed = done.stdout.strip().splitlines()[-1]
    assert Access(printed).is_right(PASSWORD)
    assert not Access(printed).is_right(PASSWORD + "x")
    assert PASSWORD not in done.stdout
    with pytest.raises(ConfigError, match="10"):
        hash_password("short")


def test_without_a_password_there_is_nothing_to_log_in_to(client: TestClient) -> None:
    assert client.get("/login").headers["location"] == "/"
    assert 'href="/logout"' not in client.get("/").text
