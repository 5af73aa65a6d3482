"""Verdicts through the pages: two reviewers, many at once, taken back, with a name."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from lxml.html import HtmlElement, document_fromstring
from starlette.testclient import TestClient

from tests.web.conftest import Filler
from tests.web.filling import Found
from tests.web.test_inbox import titles, words
from tests.web.test_review import OWN, form_of, reviews
from worker.domain import Verdict
from worker.store.store import Store

See = Callable[..., HtmlElement]


def submit(
    client: TestClient, form: HtmlElement, verdict: str, **fields: object
) -> tuple[int, HtmlElement]:
    """Send a form of a page as a browser does, and follow where it leads."""
    data: dict[str, object] = {}
    for field in form.xpath(".//input[@name][@type='hidden' or not(@type)] | .//textarea"):
        data.setdefault(field.get("name"), []).append(field.value or "")  # type: ignore[attr-defined]
    answer = client.post(form.get("action"), data=data | {"verdict": verdict} | fields, headers=OWN)
    status = answer.status_code
    if status == 303:
        answer = client.get(answer.headers["location"])
    return status, document_fromstring(answer.text)


def decide_form(page: HtmlElement) -> HtmlElement:
    return page.xpath("//section[@id='verdict']/form")[0]


def test_two_reviewers_do_not_overwrite_each_other(
    client: TestClient, see: See, filled: Filler, sqlite_store: Store
) -> None:
    (match_id,) = filled(Found("Kelp"))
    ana, binh = (decide_form(see(f"/matches/{match_id}")) for _ in range(2))
    submit(client, ana, "relevant", reviewer="Ana", note="<b>yes</b>")
    status, page = submit(client, binh, "irrelevant", reviewer="Binh", note="no")
    assert status == 409
    said = words(page)
    for part in ("Somebody decided meanwhile", "Relevant by Ana", "<b>yes</b>", "Irrelevant", "no",
                 "1 Mar 2026, 13:00 UTC"):  # fmt: skip
        assert part in said
    assert sqlite_store.matches.get(match_id).reviewer == "Ana"
    assert len(reviews(sqlite_store)) == 1
    status, _ = submit(client, page.xpath("//section[@class='clash']/form")[0], "irrelevant")
    assert status == 303
    row = sqlite_store.matches.get(match_id)
    assert (row.verdict, row.note, row.reviewer) == (Verdict.IRRELEVANT, "no", "Binh")


def test_a_first_verdict_leads_on_and_a_changed_one_stays(
    client: TestClient, see: See, filled: Filler
) -> None:
    older, newer = filled(Found("older"), Found("newer"))
    _, page = submit(client, decide_form(see(f"/matches/{newer}")), "relevant")
    assert words(page.xpath("//h1")[0]) == "older"
    assert words(page.xpath("//div[@class='flash']/p")[0]) == "newer: saved as relevant."
    _, page = submit(client, decide_form(see(f"/matches/{newer}")), "unsure")
    assert words(page.xpath("//h1")[0]) == "newer"
    assert older != newer


def test_what_was_just_decided_can_be_taken_back(
    client: TestClient, see: See, filled: Filler, sqlite_store: Store
) -> None:
    _, newer = filled(Found("older"), Found("newer"))
    _, page = submit(client, decide_form(see(f"/matches/{newer}")), "relevant", reviewer="Ana")
    _, page = submit(client, page.xpath("//div[@class='flash']/form")[0], "undo")
    assert words(page.xpath("//h1")[0]) == "newer"
    assert words(page.xpath("//div[@class='flash']/p")[0]) == "newer: taken back, now not reviewed."
    assert not page.xpath("//div[@class='flash']/form")
    assert sqlite_store.matches.get(newer).verdict is None
    history = words(page.xpath("//details[@class='history']")[0])
    assert "2 decisions so far" in history
    assert "taken back by Ana, then not reviewed" in history
    assert "Relevant by Ana" in history
    assert "same event, 95%, matcher m7" in history


def test_many_at_once(client: TestClient, see: See, filled: Filler, sqlite_store: Store) -> None:
    ids = filled(*(Found(f"t{number}") for number in range(5)))
    page = see("/?language=en")
    picks = page.xpath("//input[@name='pick']/@value")
    assert picks == [f"{match_id}.0" for match_id in reversed(ids)]
    (form,) = page.xpath("//form[@class='list']")
    status, page = submit(client, form, "irrelevant", pick=picks[:3], reviewer="Ana")
    assert status == 303
    assert titles(page) == ["t1", "t0"]
    assert words(page.xpath("//div[@class='flash']/p")[0]) == "3 matches: saved as irrelevant."
    assert len({row.act for row in reviews(sqlite_store)}) == 1
    _, page = submit(client, page.xpath("//div[@class='flash']/form")[0], "undo")
    assert titles(page) == [f"t{number}" for number in range(4, -1, -1)]
    assert words(page.xpath("//div[@class='flash']/p")[0]) == "3 matches: taken back."
    assert {row.verdict for row in reviews(sqlite_store)[3:]} == {None}


def test_of_many_the_stale_ones_are_told(
    client: TestClient, see: See, filled: Filler, sqlite_store: Store
) -> None:
    first, second = filled(Found("one", text="x"), Found("two"))
    page = see("/")
    sqlite_store.matches.review(first, Verdict.UNSURE, reviewer="Binh")
    status, page = submit(
        client, page.xpath("//form[@class='list']")[0], "relevant",
        pick=page.xpath("//input[@name='pick']/@value"),
    )  # fmt: skip
    assert status == 409
    assert [words(item) for item in page.xpath("//section[@class='clash']/h2")] == ["one"]
    assert "1 other match was saved" in words(page)
    assert sqlite_store.matches.get(first).verdict is Verdict.UNSURE
    assert sqlite_store.matches.get(second).verdict is Verdict.RELEVANT


def test_the_list_comes_back_at_the_row_asked_for(client: TestClient, filled: Filler) -> None:
    first, second = filled(Found("one"), Found("two"))
    form = form_of(client, second, verdict="relevant", at=f"m{first}")
    location = client.post("/verdicts?language=en&before=9", data=form, headers=OWN).headers[
        "location"
    ]
    assert re.fullmatch(rf"/\?language=en&before=9&done=[0-9a-f]{{16}}#m{first}", location)


@pytest.mark.parametrize("pick", ["", "1", "1.", ".1", "1.1.1", "-1.0", "1.x", "٣.0", "9" * 30])
def test_a_pick_that_makes_no_sense_is_refused(
    client: TestClient, filled: Filler, sqlite_store: Store, pick: str
) -> None:
    (match_id,) = filled(Found("a"))
    form = form_of(client, match_id, verdict="relevant") | {"pick": pick}
    for address in ("/verdicts", f"/matches/{match_id}"):
        assert client.post(address, data=form, headers=OWN).status_code == 400
    assert reviews(sqlite_store) == []


def test_nothing_picked_changes_nothing(client: TestClient, filled: Filler) -> None:
    (match_id,) = filled(Found("a"))
    form = form_of(client, match_id, verdict="relevant")
    del form["pick"]
    answer = client.post("/verdicts", data=form, headers=OWN)
    assert answer.headers["location"] == "/"


def test_a_form_of_many_from_elsewhere_is_refused(
    client: TestClient, filled: Filler, sqlite_store: Store
) -> None:
    (match_id,) = filled(Found("a"))
    form = form_of(client, match_id, verdict="relevant")
    evil = {"origin": "https://evil.example"}
    assert client.post("/verdicts", data=form, headers=evil).status_code == 403
    form["token"] = "0" * 64
    assert client.post("/verdicts", data=form, headers=OWN).status_code == 403
    assert reviews(sqlite_store) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Ana", "Ana"), ("  Nguyễn  Bình ", "Nguyễn Bình"), ("محمد;x=1", "محمد;x=1"),
        ("a\0\r\nSet-Cookie: x=1", "aSet-Cookie: x=1"), ("x" * 500, "x" * 80), ("", None),
    ],
)  # fmt: skip
def test_the_name_is_kept_with_the_verdict_and_remembered(
    client: TestClient, see: See, filled: Filler, sqlite_store: Store, given: str, kept: str | None
) -> None:
    (match_id,) = filled(Found("a"))
    form = form_of(client, match_id, verdict="relevant", reviewer=given)
    answer = client.post(f"/matches/{match_id}", data=form, headers=OWN)
    assert sqlite_store.matches.get(match_id).reviewer == kept
    assert len(answer.headers.get_list("set-cookie")) == 1
    assert "httponly" in answer.headers["set-cookie"].lower() or kept is None
    for address in ("/?verdict=all", f"/matches/{match_id}"):
        (field,) = see(address).xpath("//input[@name='reviewer'][not(@type='hidden')]")
        assert field.value == (kept or "")


def test_an_act_that_makes_no_sense_is_passed_over(see: See, filled: Filler) -> None:
    (match_id,) = filled(Found("a"))
    for act in ("1", "0" * 16, "%00", "<script>"):
        for path in ("/", f"/matches/{match_id}"):
            assert not see(f"{path}?done={act}").xpath("//div[@class='flash']")
