"""The inbox: rows in words, filters by address, keyset paging, and what an empty list says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest
from lxml.html import HtmlElement
from starlette.testclient import TestClient

from tests.fakes import FakeClock
from tests.web.conftest import Filler
from tests.web.filling import Found
from worker.domain import Relation, Verdict
from worker.store.store import Store
from worker.web import forms

See = Callable[..., HtmlElement]


def titles(page: HtmlElement) -> list[str]:
    return [item.text_content() for item in page.xpath("//ol[@class='rows']/li//h3")]


def words(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())


def test_row_says_what_where_and_why(see: See, filled: Filler) -> None:
    (match_id,) = filled(
        Found("海藻の研究所", language="ja", relation=Relation.TRANSLATION, score=0.997,
              outlet="海の新聞", reasons=("nine passages say the same", "another reason"))
    )  # fmt: skip
    (row,) = see("/").xpath("//ol[@class='rows']/li")
    said = words(row)
    for part in ("Translation", "very likely 99%", "海の新聞", "Japanese", "27 Feb 2026",
                 "Nine passages say the same", "Not reviewed", "Kelp & kin"):  # fmt: skip
        assert part in said
    assert "another reason" not in said
    (title,) = row.xpath(".//h3/a")
    assert title.get("href") == f"/matches/{match_id}"
    assert title.xpath("span/@lang") == ["ja"]


def test_score_in_words(see: See, filled: Filler) -> None:
    filled(
        Found("sure", score=1.0),
        Found("likely", score=0.7),
        Found("possible", score=0.4),
        Found("short", score=0.7, is_suggestion=True),
    )
    said = [words(row) for row in see("/").xpath("//p[@class='how']")]
    assert [text.split("event ")[1] for text in said] == [
        "suggestion only 70%", "possible 40%", "likely 70%", "very likely 100%"
    ]  # fmt: skip


def test_arabic_is_set_from_the_right(see: See, filled: Filler) -> None:
    filled(Found("مختبر للأعشاب البحرية", language="ar"))
    (span,) = see("/").xpath("//h3/a/span")
    assert (span.get("lang"), span.get("dir")) == ("ar", "rtl")


def test_unknown_language_is_left_to_the_letters(see: See, filled: Filler) -> None:
    filled(Found("???", language="und"))
    page = see("/")
    (span,) = page.xpath("//h3/a/span")
    assert (span.get("lang"), span.get("dir")) == (None, "auto")
    assert "Unknown language" in words(page)


def test_without_a_reason_the_evidence_speaks(see: See, filled: Filler) -> None:
    filled(Found("quiet", reasons=(), names=("Kilifi", "MVSL")))
    assert words(see("/").xpath("//p[@class='reason']")[0]) == "Both name Kilifi, MVSL"


def test_filters(see: See, filled: Filler, sqlite_store: Store, clock: FakeClock) -> None:
    (first, *_) = filled(
        Found("a"),
        Found("b", relation=Relation.COPY),
        Found("c", language="fr"),
        Found("miss", relation=Relation.UNRELATED, score=0.35),
    )
    sqlite_store.matches.review(first, Verdict.RELEVANT)
    clock.now += timedelta(days=1)
    filled(Found("d", watch="river", seed="th.md"))
    lists = {
        "/": ["d", "c", "b"],
        "/?verdict=all": ["d", "c", "b", "a"],
        "/?verdict=relevant": ["a"],
        "/?verdict=irrelevant": [],
        "/?language=fr": ["c"],
        "/?relation=copy": ["b"],
        "/?relation=unrelated": ["miss"],
        "/?watch=river": ["d"],
        "/?watch=kelp&relation=&language=&since=": ["c", "b"],
        "/?since=2026-03-02": ["d"],
        "/?since=2026-03-03": [],
    }
    assert {address: titles(see(address)) for address in lists} == lists


def test_outlet_feed_and_words(see: See, filled: Filler, sqlite_store: Store) -> None:
    filled(
        Found("a kelp farm", outlet="L'Écho & <fils>"),
        Found("海藻の研究所", outlet="海の新聞", language="ja"),
    )
    (feed_id,) = (row.id for row in sqlite_store.feeds.rows())
    outlet = "L'Écho & <fils>"
    lists = {
        f"/?outlet={quote(outlet)}": ["a kelp farm"],
        "/?outlet=nobody": [],
        f"/?feed={feed_id}": ["海藻の研究所", "a kelp farm"],
        "/?feed=4711": [],
        f"/?q={quote('海藻')}": ["海藻の研究所"],
        f"/?q={quote('kelp FARM')}&feed={feed_id}": ["a kelp farm"],
        f"/?q={quote('!%00?')}": [],
    }
    assert {address: titles(see(address)) for address in lists} == lists
    page = see(f"/?q={quote('<b>')}%22&outlet={quote('<i>')}")
    assert page.xpath("//input[@id='q']/@value") == ['<b>"']
    assert not page.xpath("//main//b | //main//i")
    assert [words(item) for item in page.xpath("//select[@name='outlet']/option")] == [
        "any", "L'Écho & <fils> (1)", "海の新聞 (1)", "<i>"
    ]  # fmt: skip
    assert [words(item) for item in page.xpath("//select[@name='feed']/option")] == [
        "any", "The News"
    ]  # fmt: skip


def test_what_is_looked_for_stays_in_every_link(see: See, filled: Filler) -> None:
    (_, match_id) = filled(Found("kelp"), Found("kelp too"))
    page = see("/?q=kelp+%26+more&outlet=x%26y&feed=7&verdict=all")
    assert all(
        "q=kelp+%26+more&outlet=x%26y&feed=7" in address
        for address in page.xpath("//nav[@class='tabs']/a/@href")
    )
    page = see("/?q=kelp")
    assert page.xpath("//h3/a/@href")[0] == f"/matches/{match_id}?q=kelp"
    assert see(f"/matches/{match_id}?q=kelp").xpath("//a[@rel='next']/@href") == [
        f"/matches/{match_id - 1}?q=kelp"
    ]


def test_lists_by_verdict_have_their_numbers_and_keep_the_filter(
    see: See, filled: Filler, sqlite_store: Store
) -> None:
    first, second, _, _ = filled(Found("a"), Found("b"), Found("c"), Found("d", language="fr"))
    sqlite_store.matches.review(first, Verdict.RELEVANT)
    sqlite_store.matches.review(second, Verdict.UNSURE)
    tabs = see("/?language=en").xpath("//nav[@class='tabs']/a")
    assert [words(tab) for tab in tabs] == [
        "To review 1", "Relevant 1", "Irrelevant 0", "Unsure 1", "All 3"
    ]  # fmt: skip
    assert [tab.get("href") for tab in tabs][-1] == "/?language=en&verdict=all"
    assert [words(tab) for tab in tabs if tab.get("aria-current")] == ["To review 1"]


def test_pages_are_keyset_and_keep_the_filter(
    see: See, filled: Filler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "PAGE_SIZE", 3)
    filled(*(Found(f"t{number}") for number in range(7)))
    seen: list[str] = []
    address = "/?language=en"
    while address:
        page = see(address)
        seen += titles(page)
        # a match that comes in meanwhile does not shift what is still to be read
        filled(Found(f"late {len(seen)}"))
        address = next(iter(page.xpath("//a[@rel='next']/@href")), "")
        assert not address or "language=en" in address
    assert seen == [f"t{number}" for number in range(6, -1, -1)]


def test_an_empty_page_beyond_the_last_one_leads_back(see: See, filled: Filler) -> None:
    (first,) = filled(Found("a"))
    page = see(f"/?before={first}")
    assert "No older matches" in words(page)


def test_days_are_headings(see: See, filled: Filler, clock: FakeClock) -> None:
    for days in (0, 3, 1, 1):
        clock.now += timedelta(days=days)
        filled(Found(f"{clock.now:%d}"))
    headings = [words(item) for item in see("/").xpath("//section[@class='day']/h2")]
    days = ("today", "yesterday", "on Wednesday, 4 March 2026", "on Sunday, 1 March 2026")
    assert headings == [f"Found {day}" for day in days]


def test_without_feeds_it_says_what_to_do(see: See) -> None:
    assert "seedwatch feeds add URL" in words(see("/"))


def test_without_matches_it_says_how_far_it_is(see: See, filled: Filler) -> None:
    filled()
    said = words(see("/"))
    assert "Nothing found yet" in said
    assert "1 of 1 feed could be read" in said
    assert "seedwatch doctor" in said


def test_when_all_is_reviewed_it_says_so(see: See, filled: Filler, sqlite_store: Store) -> None:
    (first,) = filled(Found("a"))
    sqlite_store.matches.review(first, Verdict.UNSURE)
    assert "All reviewed" in words(see("/"))
    assert "No match fits" in words(see("/?language=ko"))


def test_a_value_that_means_nothing_is_refused(client: TestClient) -> None:
    for query in (
        "relation=cousin", "verdict=maybe", "since=yesterday", "since=2026-13-40", "before=-1",
        "before=99999999999999999999", "before=1e3", "before=%D9%A1", "watch=../etc",
        "watch=a%00b", "language=%3Cscript%3E", "language=e%00",
        "feed=x", "feed=99999999999999999999", f"q={'x' * 201}", f"outlet={'x' * 1001}",
    ):  # fmt: skip
        answer = client.get(f"/?{query}")
        assert answer.status_code == 400, query
        assert query.partition("=")[0] in answer.text
        assert "<script>" not in answer.text
