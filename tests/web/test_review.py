"""Verdicts: stored with what the matcher said, and only from a page of ours."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from tests.web.conftest import BASE, Filler
from tests.web.filling import Found
from worker.domain import Verdict
from worker.store.schema import review
from worker.store.store import Store
from worker.web.forms import MAX_NOTE

OWN = {"origin": BASE, "sec-fetch-site": "same-origin"}


def token_of(client: TestClient, match_id: int) -> str:
    found = re.search(
        r'name="token" value="([0-9a-f]{64})"', client.get(f"/matches/{match_id}").text
    )
    assert found
    return found[1]


def form_of(client: TestClient, match_id: int, **fields: str) -> dict[str, str]:
    """The form of a match's page as a browser would send it."""
    found = re.search(
        rf'name="pick" value="({match_id}\.[0-9]+)"', client.get(f"/matches/{match_id}").text
    )
    assert found
    return {"token": token_of(client, match_id), "pick": found[1], **fields}


def reviews(store: Store) -> list[Any]:
    with store.database.read() as connection:
        return list(connection.execute(sa.select(review)))


def test_a_verdict_is_stored_with_score_and_matcher(
    client: TestClient, filled: Filler, sqlite_store: Store
) -> None:
    (match_id,) = filled(Found("a", score=0.91))
    form = form_of(client, match_id, verdict="irrelevant", note=" <b>no</b>\r\n")
    answer = client.post(f"/matches/{match_id}", data=form, headers=OWN)
    assert answer.status_code == 303
    assert re.fullmatch(r"/\?done=[0-9a-f]{16}", answer.headers["location"])  # it was the last
    (row,) = reviews(sqlite_store)
    assert (row.verdict, row.note, row.score, row.matcher_version, row.relation) == (
        "irrelevant", "<b>no</b>", 0.91, "m7", "same_event"
    )  # fmt: skip
    assert "saved as irrelevant." in client.get(answer.headers["location"]).text
    page = client.get(f"/matches/{match_id}").text
    assert "&lt;b&gt;no&lt;/b&gt;</textarea>" in page
    assert "irrelevant" in client.get("/?verdict=all").text


def test_a_second_verdict_replaces_the_first_and_keeps_it_on_record(
    client: TestClient, filled: Filler, sqlite_store: Store
) -> None:
    (match_id,) = filled(Found("a"))
    for verdict in ("relevant", "unsure"):
        form = form_of(client, match_id, verdict=verdict, note="")
        assert client.post(f"/matches/{match_id}", data=form, headers=OWN).status_code == 303
    assert sqlite_store.matches.get(match_id).verdict is Verdict.UNSURE
    assert [row.verdict for row in reviews(sqlite_store)] == ["relevant", "unsure"]


def test_the_list_is_kept_and_nothing_else_is_followed(client: TestClient, filled: Filler) -> None:
    (match_id,) = filled(Found("a"))
    form = form_of(client, match_id, verdict="relevant", next="//evil.example", at="//evil")
    address = f"/matches/{match_id}?language=en&verdict=all&next=//evil.example&next=/%5Cevil"
    answer = client.post(address, data=form, headers=OWN)
    assert re.fullmatch(r"/\?language=en&verdict=all&done=[0-9a-f]{16}", answer.headers["location"])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://localhost:8321"},
        {"origin": "http://127.0.0.1:8321.evil.example"},
        {"origin": BASE, "sec-fetch-site": "cross-site"},
        {"origin": BASE, "sec-fetch-site": "same-site"},
        {"origin": "https://evil.example", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"referer": BASE + "/matches/1", "x-forwarded-for": "127.0.0.1"},
    ],
)
def test_a_form_from_elsewhere_changes_nothing(
    client: TestClient, filled: Filler, sqlite_store: Store, headers: dict[str, str]
) -> None:
    (match_id,) = filled(Found("a"))
    form = form_of(client, match_id, verdict="relevant")
    answer = client.post(f"/matches/{match_id}", data=form, headers=headers)
    assert answer.status_code == 403
    assert "Nothing was saved" in answer.text
    assert reviews(sqlite_store) == []


@pytest.mark.parametrize("headers", [OWN, {"origin": BASE}, {"sec-fetch-site": "same-origin"}])
def test_our_own_form_is_taken(client: TestClient, filled: Filler, headers: dict[str, str]) -> None:
    (match_id,) = filled(Found("a"))
    form = form_of(client, match_id, verdict="relevant")
    assert client.post(f"/matches/{match_id}", data=form, headers=headers).status_code == 303


@pytest.mark.parametrize("token", [None, "", "0" * 64, "é", "\0"])
def test_without_the_token_nothing_changes(
    client: TestClient, filled: Filler, sqlite_store: Store, token: str | None
) -> None:
    (match_id,) = filled(Found("a"))
    token_of(client, match_id)
    form = {"verdict": "relevant"} | ({} if token is None else {"token": token})
    assert client.post(f"/matches/{match_id}", data=form, headers=OWN).status_code == 403
    assert reviews(sqlite_store) == []


def test_a_token_is_worth_nothing_without_its_cookie(
    client: TestClient, filled: Filler, sqlite_store: Store
) -> None:
    (match_id,) = filled(Found("a"))
    form = form_of(client, match_id, verdict="relevant")
    client.cookies.clear()
    assert client.post(f"/matches/{match_id}", data=form, headers=OWN).status_code == 403
    client.cookies.set("seedwatch_form", "f" * 43)
    assert client.post(f"/matches/{match_id}", data=form, headers=OWN).status_code == 403
    assert reviews(sqlite_store) == []


def test_the_cookie_is_shut_to_scripts_and_other_sites(client: TestClient, filled: Filler) -> None:
    (match_id,) = filled(Found("a"))
    cookie = client.get(f"/matches/{match_id}").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"verdict": "maybe"}, 400),
        ({}, 400),
        ({"verdict": "relevant", "note": "x" * (MAX_NOTE + 1)}, 413),
        ({"verdict": "relevant", "note": "x" * 100_000}, 413),
        ({"verdict": "relevant"} | {f"f{n}": "" for n in range(600)}, 400),
    ],
)
def test_a_form_that_makes_no_sense_changes_nothing(
    client: TestClient, filled: Filler, sqlite_store: Store, form: dict[str, str], status: int
) -> None:
    (match_id,) = filled(Found("a"))
    form = form_of(client, match_id) | form
    answer = client.post(f"/matches/{match_id}", data=form, headers=OWN)
    assert answer.status_code == status
    assert reviews(sqlite_store) == []


def test_only_plain_forms_are_read(client: TestClient, filled: Filler) -> None:
    (match_id,) = filled(Found("a"))
    answer = client.post(f"/matches/{match_id}", json={"verdict": "relevant"}, headers=OWN)
    assert answer.status_code == 415


def test_a_match_that_is_not_there_cannot_be_reviewed(client: TestClient, filled: Filler) -> None:
    (match_id,) = filled(Found("a"))
    form = form_of(client, match_id, verdict="relevant")
    assert client.post("/matches/4711", data=form, headers=OWN).status_code == 400
    form["pick"] = "4711.0"
    for address in ("/matches/4711", "/verdicts"):
        assert client.post(address, data=form, headers=OWN).status_code == 404


def test_a_note_with_odd_characters_comes_back(
    client: TestClient, filled: Filler, sqlite_store: Store
) -> None:
    (match_id,) = filled(Found("a"))
    form = form_of(client, match_id, verdict="unsure", note="a\0b 海 عربي 🎬")
    assert client.post(f"/matches/{match_id}", data=form, headers=OWN).status_code == 303
    assert sqlite_store.matches.get(match_id).note == "ab 海 عربي 🎬"
