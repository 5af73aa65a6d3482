"""The pages answer in the reader's language: the one chosen, else the browser's, else English."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from lxml import html
from starlette.testclient import TestClient

from tests.web.conftest import BASE, Filler
from tests.web.filling import Found
from worker import locales


def language_of(answer_text: str) -> str:
    return str(html.document_fromstring(answer_text).get("lang"))


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ("vi", "vi"),
        ("vi-VN,vi;q=0.9,en;q=0.8", "vi"),
        ("fr-CA, en;q=0.9", "fr"),
        ("en;q=0.7, id;q=0.8", "id"),
        ("in-ID", "id"),
        ("de, ja;q=0.9, FR;q=0.1", "fr"),
        ("de, ja", "en"),
        ("fr;q=0, de", "en"),
        ("", "en"),
        ("*", "en"),
        ("fr;q=nan, vi;q=2, id;q=x, ;;,=", "en"),
        ("x" * 5000, "en"),
    ],
)
def test_the_browsers_choice(client: TestClient, wishes: str, expected: str) -> None:
    answer = client.get("/", headers={"accept-language": wishes})
    assert language_of(answer.text) == expected
    assert answer.headers["content-language"] == expected
    assert answer.headers["vary"].lower() == "accept-language, cookie"


def test_the_switch_is_remembered_and_shows_the_same_page(client: TestClient) -> None:
    headers = {"origin": BASE, "referer": f"{BASE}/watches?watch=kelp", "accept-language": "vi"}
    answer = client.post("/language", data={"language": "fr"}, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/watches?watch=kelp")
    assert "Max-Age=31536000" in answer.headers["set-cookie"]
    after = client.get("/watches", headers={"accept-language": "vi"})
    assert language_of(after.text) == "fr"
    (current,) = html.document_fromstring(after.text).xpath("//button[@aria-current='true']")
    assert current.get("value") == "fr"


@pytest.mark.parametrize(
    ("referer", "expected"),
    [
        (f"{BASE}/verdicts?relation=copy", "/"),
        (f"{BASE}/login?next=/feeds", "/login?next=/feeds"),
        ("https://elsewhere.example//evil.example/", "/"),
        (None, "/"),
    ],
)
def test_the_switch_leads_to_pages_of_ours(
    client: TestClient, referer: str | None, expected: str
) -> None:
    headers = {"origin": BASE} | ({"referer": referer} if referer else {})
    answer = client.post("/language", data={"language": "id"}, headers=headers)
    assert answer.headers["location"] == expected


def test_other_sites_and_other_languages_choose_nothing(client: TestClient) -> None:
    foreign = {"origin": "https://evil.example"}
    assert client.post("/language", data={"language": "fr"}, headers=foreign).status_code == 403
    ours = {"origin": BASE}
    assert client.post("/language", data={"language": "de"}, headers=ours).status_code == 403
    client.cookies.set("seedwatch_language", "../../etc/passwd")
    assert language_of(client.get("/").text) == "en"


def test_requests_at_once_do_not_mix_their_languages(client: TestClient, filled: Filler) -> None:
    filled(Found("Kelp"))
    wishes = list(locales.LANGUAGES) * 10

    def ask(wish: str) -> str:
        return language_of(client.get("/", headers={"accept-language": wish}).text)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, wishes)) == wishes
    assert locales.spoken() == "en"


@pytest.mark.parametrize(
    "address", ["/api/v1/matches/99", "/matches.json?relation=nonsense", "/matches.atom?verdict=x"]
)
def test_programs_are_answered_in_english(client: TestClient, address: str) -> None:
    answer = client.get(address, headers={"accept-language": "fr"})
    assert answer.status_code >= 400
    assert answer.text == client.get(address).text


def test_a_page_that_is_not_there_says_so_in_the_readers_language(client: TestClient) -> None:
    answer = client.get("/nothing", headers={"accept-language": "fr"})
    assert answer.status_code == 404
    assert language_of(answer.text) == "fr"
