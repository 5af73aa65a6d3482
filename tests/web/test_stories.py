"""Stories in the pages: one line each, decided at once, taken apart, put together; filters."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from lxml.html import HtmlElement, document_fromstring
from starlette.testclient import TestClient

from tests.web.conftest import Filler
from tests.web.filling import Found
from tests.web.test_inbox import titles, words
from tests.web.test_review import OWN, token_of
from tests.web.test_verdicts import submit
from worker.domain import Relation, Verdict
from worker.store.filters import MOST_FILTERS
from worker.store.store import Store
from worker.web import forms

See = Callable[..., HtmlElement]
TOLD = (
    Found("first", story="kelp"),
    Found("Labo", story="kelp", language="fr", relation=Relation.TRANSLATION, outlet="L'Écho"),
    Found("alone"),
    Found("again", story="kelp", relation=Relation.COPY),
    Found("研究所", story="kelp", language="ja", relation=Relation.TRANSLATION),
)


def folded(page: HtmlElement) -> list[str]:
    return [words(item) for item in page.xpath("//details[@class='fold']/ol/li//a")]


def list_form(page: HtmlElement) -> HtmlElement:
    return page.xpath("//form[@class='list']")[0]


def ticks(page: HtmlElement, title: str) -> dict[str, list[str]]:
    """The box of the line that a title leads, as a browser would send it."""
    (box,) = page.xpath(f"//li[contains(@class, 'row')][.//h3[contains(., '{title}')]]/label/input")
    return {box.get("name"): [box.get("value")]}


def test_a_story_is_one_line_that_says_what_is_folded_under_it(see: See, filled: Filler) -> None:
    first, *_ = filled(*TOLD)
    page = see("/")
    assert titles(page) == ["first", "alone"]  # the story that got the latest match comes first
    (line,) = page.xpath("//li[contains(@class, 'story')]")
    said = words(line)
    for part in ("1 copy, 2 translations", "English, French, Japanese", "4 to review",
                 "L'Écho, French, 27 Feb 2026"):  # fmt: skip
        assert part in said
    assert folded(page) == ["研究所", "again", "Labo"]
    assert line.xpath(".//details/p/a/@href") == [f"/stories/{first}"]
    assert line.xpath(".//details//span[@lang='ja']/text()") == ["研究所"]


def test_a_match_in_the_readers_language_leads_its_story(
    client: TestClient, filled: Filler
) -> None:
    story, *_ = filled(*TOLD)
    in_french = {"accept-language": "fr"}
    page = document_fromstring(client.get("/", headers=in_french).text)
    assert titles(page) == ["Labo", "alone"]
    page = document_fromstring(client.get(f"/stories/{story}", headers=in_french).text)
    assert words(page.xpath("//h1")[0]) == "Labo"
    page = document_fromstring(client.get("/", headers={"accept-language": "vi"}).text)
    assert titles(page) == ["first", "alone"]


def test_every_match_is_a_line_if_one_wants_it(see: See, filled: Filler) -> None:
    filled(*TOLD)
    page = see("/?view=flat&language=fr")
    assert titles(page) == ["Labo"]
    assert titles(see("/?view=flat")) == ["研究所", "again", "alone", "Labo", "first"]
    assert page.xpath("//nav[@class='view']/a/@href") == ["/?language=fr",
                                                          "/?language=fr&view=flat"]  # fmt: skip
    assert page.xpath("//form[@class='filters']/input[@name='view']/@value") == ["flat"]
    assert all("view=flat" in address for address in page.xpath("//nav[@class='tabs']/a/@href"))


def test_a_filter_counts_only_what_it_lets_through(see: See, filled: Filler) -> None:
    filled(*TOLD)
    page = see("/?relation=translation")
    assert titles(page) == ["Labo"]
    assert folded(page) == ["研究所"]
    assert "1 translation" in words(page.xpath("//details[@class='fold']/summary")[0])


def test_pages_of_stories_show_each_story_once(
    see: See, filled: Filler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "PAGE_SIZE", 2)
    names = ["a", "b", "c", "a", "d", "b", "e", "a", "f"]
    filled(*(Found(f"{name} {number}", story=name) for number, name in enumerate(names)))
    for query in ("/", "/?language=en", f"/?q={quote('Some text')}"):
        seen: list[str] = []
        address = query
        while address:
            page = see(address)
            seen += [title[0] for title in titles(page)]
            address = next(iter(page.xpath("//nav[@class='pages']/a[@rel='next']/@href")), "")
        assert seen == ["f", "a", "e", "b", "d", "c"], query


def test_a_whole_story_is_decided_at_once_as_it_was_seen(
    client: TestClient, see: See, filled: Filler, sqlite_store: Store
) -> None:
    ids = filled(*TOLD)
    page = see("/")
    (late,) = filled(Found("late", story="kelp"))
    status, after = submit(
        client, list_form(page), "relevant", **ticks(page, "first"), reviewer="Ana"
    )
    assert status == 303
    verdicts = {one: sqlite_store.matches.get(one).verdict for one in [*ids, late]}
    assert verdicts == {
        ids[0]: Verdict.RELEVANT, ids[1]: Verdict.RELEVANT, ids[2]: None,
        ids[3]: Verdict.RELEVANT, ids[4]: Verdict.RELEVANT, late: None,
    }  # fmt: skip
    assert titles(after) == ["late", "alone"]
    assert words(after.xpath("//div[@class='flash']/p")[0]) == "4 matches: saved as relevant."
    _, after = submit(client, after.xpath("//div[@class='flash']/form")[0], "undo")
    assert words(after.xpath("//div[@class='flash']/p")[0]) == "4 matches: taken back."
    assert sqlite_store.matches.verdict_counts() == {None: 6}


def test_what_somebody_decided_meanwhile_in_a_story_is_not_overwritten(
    client: TestClient, see: See, filled: Filler, sqlite_store: Store
) -> None:
    first, second, *_ = filled(*TOLD)
    sqlite_store.matches.review(first, Verdict.UNSURE)
    page = see("/?verdict=all")
    sqlite_store.matches.review(second, Verdict.IRRELEVANT, reviewer="Binh")
    status, after = submit(client, list_form(page), "relevant", **ticks(page, "first"))
    assert status == 409
    assert [words(item) for item in after.xpath("//section[@class='clash']/h2")] == ["Labo"]
    assert sqlite_store.matches.get(first).verdict is Verdict.RELEVANT  # seen as it was
    assert sqlite_store.matches.get(second).verdict is Verdict.IRRELEVANT


def test_of_a_filtered_story_only_what_the_line_stands_for_is_decided(
    client: TestClient, see: See, filled: Filler, sqlite_store: Store
) -> None:
    filled(*TOLD)
    page = see("/?relation=translation")
    submit(client, list_form(page), "irrelevant", **ticks(page, "Labo"))
    assert sqlite_store.matches.verdict_counts() == {None: 3, Verdict.IRRELEVANT: 2}


def test_two_stories_are_made_one_and_taken_apart_again(
    client: TestClient, see: See, filled: Filler, sqlite_store: Store
) -> None:
    first, *_ = filled(*TOLD)
    page = see("/")
    picked = ticks(page, "first") | ticks(page, "alone")
    form = {"token": token_of(client, first), "reviewer": "Ana"}
    answer = client.post("/stories/merge", data=form | picked, headers=OWN)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/stories/{first}")
    story = see(f"/stories/{first}")
    assert "A story of 5 matches" in words(story)
    assert "5 matches put where they are by Ana" in words(story)
    alone = ticks(story, "alone")
    answer = client.post("/stories/split", data=form | alone, headers=OWN)
    assert see(answer.headers["location"]).xpath("//h1")[0].text_content() == "alone"
    filled(Found("more", story="kelp"))
    assert titles(see("/")) == ["first", "alone"]
    assert sqlite_store.stories.size(first) == 5


def test_a_storys_page_has_all_its_matches_in_the_order_of_their_telling(
    client: TestClient, see: See, filled: Filler, sqlite_store: Store
) -> None:
    first, second, *_ = filled(*TOLD)
    page = see(f"/stories/{first}")
    assert titles(page) == ["first", "Labo", "again", "研究所"]
    assert "A story of 4 matches, in English, French, Japanese." in words(page)
    status, page = submit(client, list_form(page), "relevant", **ticks(page, "Labo"))
    assert status == 303
    assert words(page.xpath("//h1")[0]) == "first"
    assert words(page.xpath("//div[@class='flash']/p")[0]) == "Labo: saved as relevant."
    assert sqlite_store.matches.get(second).verdict is Verdict.RELEVANT
    answer = client.get(f"/stories/{second}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/stories/{first}")
    assert client.get("/stories/4711").status_code == 404
    assert "in a story of 4 matches" in words(see(f"/matches/{second}"))


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/verdicts", {"verdict": "relevant", "story": "1"}, 400),
        ("/verdicts", {"verdict": "relevant", "story": "1.2"}, 400),
        ("/verdicts", {"verdict": "relevant", "story": "1.2.x"}, 400),
        ("/stories/merge", {"pick": "1.0"}, 400),
        ("/stories/merge", {"pick": ["1.0", "2.0"]}, 400),
        ("/stories/merge", {"pick": ["1.0", "4711.0"]}, 404),
        ("/stories/split", {}, 400),
        ("/stories/split", {"pick": "x"}, 400),
        ("/filters", {"name": " "}, 400),
        ("/filters", {"name": "x" * 61}, 400),
        ("/filters?relation=cousin", {"name": "x"}, 400),
        ("/filters/0/remove", {}, 404),
    ],
)
def test_a_form_that_makes_no_sense_changes_nothing(
    client: TestClient,
    filled: Filler,
    sqlite_store: Store,
    path: str,
    fields: dict[str, str],
    status: int,
) -> None:
    first, *_ = filled(*TOLD)
    data = {"token": token_of(client, first)} | fields
    assert client.post(path, data=data, headers=OWN).status_code == status
    assert sqlite_store.matches.verdict_counts() == {None: 5}
    assert sqlite_store.stories.size(first) == 4
    assert sqlite_store.filters.rows() == []


@pytest.mark.parametrize("path", ["/stories/merge", "/stories/split", "/filters"])
def test_a_form_from_elsewhere_changes_nothing(
    client: TestClient, filled: Filler, sqlite_store: Store, path: str
) -> None:
    first, *_ = filled(*TOLD)
    form = {"token": token_of(client, first), "pick": [f"{first}.0"], "name": "x"}
    evil = {"origin": "https://evil.example"}
    assert client.post(path, data=form, headers=evil).status_code == 403
    assert client.post(path, data=form | {"token": "0" * 64}, headers=OWN).status_code == 403
    assert sqlite_store.filters.rows() == []


def test_a_filter_is_saved_shown_to_everybody_and_removed(
    client: TestClient, see: See, filled: Filler, sqlite_store: Store
) -> None:
    filled(*TOLD)
    assert not see("/").xpath("//details[@class='save']")
    page = see("/?language=fr&verdict=all&before=99")
    (form,) = page.xpath("//details[@class='save']/form")
    _, page = submit(client, form, "", name="  <b>Français</b> ")
    (row,) = sqlite_store.filters.rows()
    assert (row.name, row.query) == ("<b>Français</b>", "?language=fr&verdict=all")
    client.cookies.clear()
    page = see("/")
    (link,) = page.xpath("//nav[@class='saved']//a")
    assert (words(link), link.get("href")) == ("<b>Français</b>", "/?language=fr&verdict=all")
    assert titles(see(link.get("href"))) == ["Labo"]
    # saved again under its name it is replaced, not doubled
    (form,) = see("/?language=ja").xpath("//details[@class='save']/form")
    submit(client, form, "", name="<b>Français</b>")
    assert [row.query for row in sqlite_store.filters.rows()] == ["?language=ja"]
    (form,) = see("/").xpath("//nav[@class='saved']//form")
    submit(client, form, "")
    assert sqlite_store.filters.rows() == []
    assert not see("/").xpath("//nav[@class='saved']")


def test_no_more_filters_are_kept_than_a_page_can_show(
    client: TestClient, see: See, filled: Filler, sqlite_store: Store
) -> None:
    first, *_ = filled(*TOLD)
    for number in range(MOST_FILTERS):
        sqlite_store.filters.save(f"f{number}", "?language=fr")
    form = {"token": token_of(client, first), "name": "one more"}
    assert client.post("/filters?language=ja", data=form, headers=OWN).status_code == 400
    assert client.post("/filters?language=ja", data=form | {"name": "f3"}, headers=OWN)
    assert len(sqlite_store.filters.rows()) == MOST_FILTERS
