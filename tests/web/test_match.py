"""One match: article and seed side by side, and text that stays text whatever it holds."""

from __future__ import annotations

import json
from collections.abc import Callable

from lxml.html import HtmlElement
from starlette.testclient import TestClient

from tests.fakes import FakeClock
from tests.web.conftest import Filler
from tests.web.filling import KELP, PORTUGUESE, Found
from tests.web.test_inbox import words
from worker.config import load_settings
from worker.domain import AlignedPassage, TextSource, Verdict
from worker.store.store import Store
from worker.web.app import make_app

See = Callable[..., HtmlElement]

ARTICLE = (
    "Kilifi\n\nAu mois d'octobre s'ouvre à Kilifi le laboratoire du varech,\n"
    "a annoncé jeudi le comté.\n\n« Le budget est de 4,2 millions d'euros sur quatre ans. »\n\n"
    "Une école de plongée y sera installée, selon une source locale."
)
EVIDENCE = (
    AlignedPassage(
        "Kilifi Au mois d'octobre s'ouvre à Kilifi le laboratoire du varech, a annoncé jeudi le "
        "comté.",
        "The kelp laboratory in Kilifi opens in October, the county said on Thursday.",
        0.91,
    ),
    AlignedPassage(
        "Le budget est de 4,2 millions d'euros sur quatre ans.",
        "The budget is 4.2 million euros over four years.",
        0.88,
    ),
    AlignedPassage("never in the text", "nor in the seed", 0.5),
)
FRENCH = Found(
    "Un laboratoire à Kilifi",
    ARTICLE,
    language="fr",
    evidence=EVIDENCE,
    adds=("Une école de plongée y sera installée, selon une source locale.", "Jeanne Mwangi"),
    names=("Kilifi",),
)


def test_article_and_seed_are_linked_both_ways(see: See, filled: Filler) -> None:
    (match_id,) = filled(FRENCH)
    page = see(f"/matches/{match_id}")
    for side, other in (("a", "s"), ("s", "a")):
        passages = page.xpath(f"//span[@class='pair' and starts-with(@id, '{side}')]")
        assert len(passages) == 2
        for passage in passages:
            (badge,) = passage.xpath("a[@class='badge']")
            (target,) = page.xpath(f"//*[@id='{badge.get('href')[1:]}']")
            assert target.get("id").startswith(other)
            assert passage.get("id") in target.get("data-partners").split()
    second = page.get_element_by_id("a2")
    assert words(second) == "2« Le budget est de 4,2 millions d'euros sur quatre ans. »"
    assert "4.2 million euros" in words(page.get_element_by_id("s2"))


def test_texts_carry_their_language(see: See, filled: Filler) -> None:
    (match_id,) = filled(FRENCH)
    page = see(f"/matches/{match_id}")
    assert page.xpath("//div[@class='text']/@lang") == ["fr", "en"]
    assert page.xpath("//h1/span/@lang") == ["fr"]


def test_what_cannot_be_found_is_quoted(see: See, filled: Filler) -> None:
    (match_id,) = filled(FRENCH)
    (table,) = see(f"/matches/{match_id}").xpath("//table[@class='quotes']")
    assert words(table.xpath("tbody")[0]) == "never in the textnor in the seed50%"


def test_additions_lead_to_their_place(see: See, filled: Filler) -> None:
    (match_id,) = filled(FRENCH)
    page = see(f"/matches/{match_id}")
    assert words(page.xpath("//ul[@class='adds']/li/a[@href='#n1']")[0]).startswith("Une école")
    assert page.get_element_by_id("n1").get("class") == "new"
    assert [words(chip) for chip in page.xpath("//span[@class='chip new']")] == ["Jeanne Mwangi"]
    assert "no counterpart found in the seeds" in words(page)


def test_every_id_is_there_once_and_every_anchor_leads_somewhere(see: See, filled: Filler) -> None:
    (match_id,) = filled(FRENCH)
    page = see(f"/matches/{match_id}")
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {target[1:] for target in page.xpath("//a/@href[starts-with(., '#')]")} <= set(ids)


def test_another_seed_of_the_watch_is_shown_where_it_has_a_passage(
    see: See, filled: Filler
) -> None:
    pair = AlignedPassage("Some text of the article.", PORTUGUESE, 0.7)
    (match_id,) = filled(Found("both", evidence=(pair,)))
    page = see(f"/matches/{match_id}")
    assert page.xpath("//div[@class='text']/@lang") == ["en", "en", "pt"]
    assert "Another seed" in words(page)


def test_a_seed_that_is_gone_leaves_its_passages(
    sqlite_store: Store, clock: FakeClock, filled: Filler
) -> None:
    (match_id,) = filled(FRENCH)
    app = make_app(sqlite_store, (), load_settings(), clock)
    answer = TestClient(app, base_url="http://localhost").get(f"/matches/{match_id}")
    assert answer.status_code == 200
    assert "no longer in the watch" in answer.text
    assert "The budget is 4.2 million euros over four years." in answer.text


def test_versions_and_sightings_without_the_secret_of_the_feed(see: See, filled: Filler) -> None:
    (match_id,) = filled(FRENCH)
    page = see(f"/matches/{match_id}")
    assert "Version 1, 1 Mar 2026, 13:00 UTC" in words(page)
    assert "in The News" in words(page)
    assert "secret" not in page.text_content()


def test_a_text_from_the_feed_says_so(see: See, filled: Filler) -> None:
    (match_id,) = filled(Found("thin", source=TextSource.FEED, is_suggestion=True))
    said = words(see(f"/matches/{match_id}"))
    assert "The page could not be read" in said
    assert "a suggestion only" in said


def test_next_to_review_stays_in_the_list(see: See, filled: Filler, sqlite_store: Store) -> None:
    first, second, third, fourth = filled(
        Found("1"), Found("2", language="fr"), Found("3"), Found("4")
    )
    sqlite_store.matches.review(third, Verdict.RELEVANT)

    def following(match_id: int, query: str = "") -> list[str]:
        found: list[str] = see(f"/matches/{match_id}{query}").xpath("//a[@rel='next']/@href")
        return found

    def above(match_id: int, query: str = "") -> list[str]:
        found: list[str] = see(f"/matches/{match_id}{query}").xpath("//a[@rel='prev']/@href")
        return found

    assert following(fourth) == [f"/matches/{second}"]
    assert following(fourth, "?language=en") == [f"/matches/{first}?language=en"]
    assert following(first) == [f"/matches/{fourth}"]  # round to the newest
    assert following(second, "?language=fr") == []
    assert above(second) == [f"/matches/{fourth}"]
    assert above(second, "?verdict=all") == [f"/matches/{third}?verdict=all"]
    assert above(fourth) == []


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>&lt;b&gt;{{ 7*7 }}"


def test_markup_of_an_article_stays_text(see: See, client: TestClient, filled: Filler) -> None:
    (match_id,) = filled(
        Found(
            HOSTILE + "1", HOSTILE + "\n\n" + HOSTILE, url="javascript:alert(3)", outlet=HOSTILE,
            evidence=(AlignedPassage(HOSTILE, HOSTILE, 0.5),), adds=(HOSTILE, "<b>"),
            names=(HOSTILE,), reasons=(HOSTILE,), language="en",
        )
    )  # fmt: skip
    for address in ("/", f"/matches/{match_id}", "/feeds"):
        page = see(address)
        assert not page.xpath("//img[not(@alt='')]")
        scripts = {script.get("src") for script in page.xpath("//script")}
        assert scripts <= {"/static/keys.js", "/static/live.js", "/static/review.js"}
        assert not page.xpath("//@*[starts-with(name(), 'on')]")
        assert not page.xpath("//@href[starts-with(., 'javascript')] | //b[text()]")
        assert "49" not in page.text_content()
    assert HOSTILE in see(f"/matches/{match_id}").text_content()
    record = client.get(f"/api/v1/matches/{match_id}")
    assert record.headers["content-type"] == "application/json"
    assert json.loads(record.text)["title"] == HOSTILE + "1"


def test_odd_titles_are_shown(see: See, filled: Filler) -> None:
    titles = [
        "abc\0def", "\u202egnihtemos", "🎬" * 50, "\ud800 lone", "x" * 5000, "", " \n\t",
        "ｱ́\u0300", "]]>", "{% raise %}",
    ]  # fmt: skip
    ids = filled(*(Found(title, text=f"{title}\n\n{title} and more of it.") for title in titles))
    assert len(see("/").xpath("//ol[@class='rows']/li")) == len(titles)
    for match_id in ids:
        assert see(f"/matches/{match_id}").xpath("//h1")


def test_only_web_addresses_are_linked(see: See, filled: Filler) -> None:
    good = ["https://news.example/a?b=1&c=%22", "http://xn--mgbh0fb.example/مقال"]
    bad = [
        "javascript:alert(1)", "java\tscript:alert(1)", "JaVaScRiPt://x/%0aalert(1)",
        "data:text/html,x", "//evil.example/x", "https://user:pw@news.example/",
        "https:\\\\evil.example", "http://[::1", "http://a:99999999/", None,
    ]  # fmt: skip
    ids = filled(*(Found("t", url=url) for url in [*good, *bad]))
    links = [see(f"/matches/{one}").xpath("//header[@class='match']//a") for one in ids]
    assert [[link.get("href") for link in found] for found in links] == [
        *([url] for url in good), *([] for _ in bad)
    ]  # fmt: skip
    assert {link.get("rel") for found in links for link in found} == {
        "noopener noreferrer nofollow"
    }


def test_what_is_not_there_is_a_plain_page(see: See) -> None:
    for address in (
        "/matches/1", "/matches/0", "/matches/-1", "/matches/abc", "/matches/1.0",
        "/matches/99999999999999999999", f"/matches/{2**63 - 1}", "/matches/%D9%A1", "/matches/",
        "/nothing", "/static/nothing.css", "/static/../views.py", "/docs", "/redoc",
    ):  # fmt: skip
        assert "Nothing here" in words(see(address, 404)), address


def test_a_very_long_text_is_cut_and_says_so(see: See, filled: Filler) -> None:
    (match_id,) = filled(Found("long", text="word " * 40_000))
    page = see(f"/matches/{match_id}")
    assert "only the beginning is shown" in words(page)
    assert len(page.text_content()) < 80_000


def test_the_seeds_title_is_part_of_its_text(see: See, filled: Filler) -> None:
    (match_id,) = filled(FRENCH)
    assert KELP.seeds[0].title in words(see(f"/matches/{match_id}"))
