"""Facts side by side: on the story's page, in the briefing, as JSON, from the command."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from lxml import html
from lxml.html import HtmlElement
from starlette.testclient import TestClient

from tests.web.conftest import Filler
from tests.web.filling import KELP
from tests.web.test_brief import PADDING, found, packed
from tests.web.test_inbox import words
from worker.analysis.brief import Period, brief_of
from worker.analysis.facts import facts_of
from worker.analysis.stories import Analyst
from worker.domain import Measure, Rendering, SeedRows
from worker.locales import speaking
from worker.match.matcher import read_article
from worker.notify.briefs import blocks, write_html, write_text
from worker.records import Brief, SharedFact
from worker.sketching import as_article, text_hash_of
from worker.store.naming import APPROVED
from worker.store.store import Store

See = Callable[..., HtmlElement]
NOW = datetime(2026, 3, 20, tzinfo=UTC)
OPENS = "The laboratory in Kilifi <opens> on March 12 and costs 5 million dollars, it was said."
OUVRE = "Le laboratoire de Kilifi ouvre le 12 mars et coûte 5.000.000 de dollars, dit-on."
MO_CUA = "Phòng thí nghiệm ở Kilifi mở cửa ngày 11/3 và trị giá 5 triệu USD, theo công bố."
HIRES = "It will hire 44 women of the coast, Bonface Katana told the county's radio station."
ENGAGE = "Il emploiera 41 femmes de la côte, a dit Bonface Katena à la radio du comté."


@pytest.fixture
def told(filled: Filler) -> list[int]:
    own = iter(range(6))

    def text(*pairs: tuple[str, int]) -> dict[str, int]:
        return {**dict(pairs), **{PADDING[n]: 20 + n for n in (next(own), next(own))}}

    return filled(
        found("One", text((OPENS, 1), (HIRES, 2)), outlet="The Herald"),
        found("Deux", text((OUVRE, 1), (ENGAGE, 2)), "fr", outlet="L'Écho"),
        found("Ba", text((MO_CUA, 1)), "vi", outlet="Tin Biển"),
    )


@pytest.fixture
def facts(sqlite_store: Store, told: list[int]) -> tuple[SharedFact, ...]:
    return facts_of(Analyst(sqlite_store, [KELP]).read(told[0]))


def test_a_contradiction_is_told_with_all_versions(facts: tuple[SharedFact, ...]) -> None:
    by_kind = {fact.kind: fact for fact in facts}
    day = by_kind[Measure.DATE]
    assert day.is_conflict
    assert [version.value for version in day.versions] == ["?-03-12", "?-03-11"]
    assert [{one.outlet for one in version.sayings} for version in day.versions] == [
        {"The Herald", "L'Écho"}, {"Tin Biển"},
    ]  # fmt: skip
    count = by_kind[Measure.COUNT]
    assert count.is_conflict
    assert {version.value for version in count.versions} == {"44", "41"}
    name = by_kind[Measure.NAME]
    assert {version.value for version in name.versions} == {"Bonface Katana", "Bonface Katena"}
    assert [fact.is_conflict for fact in facts] == sorted(
        (fact.is_conflict for fact in facts), reverse=True
    )


def test_the_same_amount_in_three_spellings_is_one(facts: tuple[SharedFact, ...]) -> None:
    (amount,) = [fact for fact in facts if fact.kind is Measure.AMOUNT]
    assert not amount.is_conflict
    (version,) = amount.versions
    assert (version.value, amount.unit, len(version.sayings)) == ("5000000", "dollar", 3)
    for saying in version.sayings:
        assert saying.passage[saying.start : saying.end] == saying.written


def test_what_is_told_twice_is_one_fact(sqlite_store: Store, filled: Filler) -> None:
    again = "Of the 5 million dollars the county's government pays a half, said its treasurer."
    encore = "Le gouvernement du comté paie la moitié des 5 millions de dollars, dit le trésorier."
    matches = filled(
        found("One", {OPENS: 1, again: 2, PADDING[0]: 20}, outlet="The Herald"),
        found("Deux", {OUVRE: 1, encore: 2, PADDING[1]: 21}, "fr", outlet="L'Écho"),
    )
    facts = facts_of(Analyst(sqlite_store, [KELP]).read(matches[0]))
    (amount,) = [fact for fact in facts if fact.kind is Measure.AMOUNT]
    (version,) = amount.versions
    assert {one.outlet for one in version.sayings} == {"The Herald", "L'Écho"}


def test_an_office_that_contradicts_is_on_the_page(see: See, filled: Filler) -> None:
    one = "Deputy Minister Achieng Odhiambo opened the laboratory in Kilifi with a speech."
    other = "Le ministre Achieng Odhiambo a inauguré le laboratoire de Kilifi par un discours."
    matches = filled(
        found("One", {one: 1, PADDING[0]: 20}, outlet="The Herald"),
        found("Deux", {other: 1, PADDING[1]: 21}, "fr", outlet="L'Écho"),
    )
    page = see(f"/stories/{matches[0]}")
    (row,) = page.xpath("//section[contains(@class, 'facts')]//tbody[@class='conflict']")
    assert "Office" in words(row)
    assert "Deputy Minister Achieng Odhiambo" in words(row)
    assert "ministre Achieng Odhiambo" in words(row)


@pytest.fixture
def rendered(filled: Filler) -> list[int]:
    one = "Le laboratoire est géré par l'Association kényane de développement du cinéma (KFDA)."
    other = "The laboratory is run by the Kenyan Food and Drug Administration (KFDA) in Kilifi."
    third = "Phòng thí nghiệm do Hiệp hội Phát triển Điện ảnh Kenya (KFDA) điều hành ở Kilifi."
    return filled(
        found("Un", {one: 1, PADDING[0]: 20}, "fr", outlet="L'Écho"),
        found("Two", {other: 1, PADDING[1]: 21}, outlet="The Herald"),
        found("Ba", {third: 1, PADDING[2]: 22}, "vi", outlet="Tin Biển"),
    )


def test_an_organisation_rendered_as_another_is_on_the_page_and_in_the_briefing(
    see: See, client: TestClient, sqlite_store: Store, rendered: list[int]
) -> None:
    (row,) = see(f"/stories/{rendered[0]}").xpath("//tbody[@class='conflict']")
    assert "Organisation" in words(row)
    versions = [words(line) for line in row.xpath("./tr")]
    assert ["L'Écho" in line and "Tin Biển" in line for line in versions] == [True, False]
    assert "Kenyan Food and Drug Administration (KFDA)" in versions[1]
    brief = brief_of(Analyst(sqlite_store, [KELP]), sqlite_store, Period(), NOW)
    assert "Kenyan Food and Drug Administration (KFDA): The Herald" in write_text(brief, "")
    client.headers["accept-language"] = "vi"
    (value,) = see(f"/stories/{rendered[0]}").xpath("//tbody[@class='conflict']/tr[1]/td[1]")
    assert words(value).startswith("Hiệp hội Phát triển Điện ảnh Kenya (KFDA)")


def test_renderings_that_a_person_approved_contradict_nothing(
    see: See, sqlite_store: Store, rendered: list[int]
) -> None:
    for language, text, marks in (
        ("fr", "Association kényane de développement du cinéma", 1),
        ("vi", "Hiệp hội Phát triển Điện ảnh Kenya", 1),
        ("en", "Kenyan Food and Drug Administration", 0),
    ):
        name = Rendering("Kenyan Film Development Association", language, text)
        sqlite_store.names.add("kelp", name, APPROVED)
        assert len(see(f"/stories/{rendered[0]}").xpath("//tbody[@class='conflict']")) == marks


def test_the_page_marks_it_in_words_and_leads_to_the_passages(see: See, told: list[int]) -> None:
    page = see(f"/stories/{told[0]}")
    bodies = page.xpath("//section[contains(@class, 'facts')]//tbody")
    marked = [words(one) for one in bodies if one.xpath(".//strong[text()='Contradiction']")]
    assert len(marked) == 3
    assert any("March 12" in one and "11/3" in one for one in marked)
    links = bodies[0].xpath(".//a/@href")
    assert {link.partition("#")[0] for link in links} <= {f"/matches/{one}" for one in told}
    assert all("#:~:text=" in link for link in links)


def test_values_are_told_in_the_readers_language_too(client: TestClient, told: list[int]) -> None:
    answer = client.get(f"/stories/{told[0]}", headers={"accept-language": "id"})
    rows = html.document_fromstring(answer.text).xpath("//tbody[@class='conflict']")
    (day,) = [one for one in rows if "11/3" in words(one)]
    assert "12 Maret" in words(day)
    assert "11 Maret" in words(day)


def test_what_a_seed_says_leads_to_it_beside_an_article(see: See, filled: Filler) -> None:
    seed = KELP.seeds[0]
    first, _, third = (p.text for p in read_article(as_article(seed)).passages)
    kept = SeedRows("kelp", seed.id, text_hash_of(seed), packed(as_article(seed), [98, 1, 2, 3]))
    dear = "The budget is 2.4 million euros over four years, as somebody else has written."
    (one,) = filled(
        found("One", {first: 1, dear: 3, PADDING[0]: 20, PADDING[1]: 21}, seeds=(kept,))
    )
    (row,) = see(f"/stories/{one}").xpath("//tbody[@class='conflict']")
    (target,) = row.xpath(".//a[text()='a seed']/@href")
    page, _, fragment = target.partition("#:~:text=")
    assert page == f"/matches/{one}"
    assert unquote(fragment) in " ".join(third.split())
    assert unquote(fragment) in words(see(page))


def test_a_contradiction_of_a_seed_leads_to_an_article_that_repeats_it(
    sqlite_store: Store, filled: Filler
) -> None:
    matches = filled(
        found("Ba", {MO_CUA: 1, PADDING[0]: 20}, "vi", outlet="Tin Biển"),
        found("One", {OPENS: 1, PADDING[1]: 21}, outlet="The Herald"),
        found("Deux", {OUVRE: 1, PADDING[2]: 22}, "fr", outlet="L'Écho"),
    )
    (story,) = brief_of(Analyst(sqlite_store, [KELP]), sqlite_store, Period(), NOW).stories
    (day,) = [one for one in story.conflicts if one.kind is Measure.DATE]
    said_first = next(one for one in day.versions if len(one.sayings) == 2)
    seed = replace(said_first.sayings[0], match_id=None, seed="en.md")
    of_seed = replace(said_first, sayings=(seed, said_first.sayings[1]))
    versions = tuple(of_seed if one is said_first else one for one in day.versions)
    brief = Brief(NOW, None, None, (replace(story, conflicts=(replace(day, versions=versions),)),),
                  False)  # fmt: skip
    (line,) = [one for one in blocks(brief) if "11/3" in one.text]
    assert {link.href.partition("#")[0] for link in line.links} == {
        f"/matches/{matches[0]}", f"/matches/{said_first.sayings[1].match_id}",
    }  # fmt: skip


def test_a_story_of_one_text_has_no_table(see: See, filled: Filler) -> None:
    (one,) = filled(found("Alone", {OPENS: 1, PADDING[0]: 2, PADDING[1]: 3}))
    assert not see(f"/stories/{one}").xpath("//section[contains(@class, 'facts')]")


def test_it_is_downloaded_as_json(client: TestClient, told: list[int]) -> None:
    answer = client.get(f"/stories/{told[0]}/facts.json")
    assert answer.headers["content-disposition"].endswith('.json"')
    record = answer.json()
    (day,) = [fact for fact in record["facts"] if fact["kind"] == "date"]
    assert day["is_conflict"] is True
    assert day["versions"][1]["sayings"][0]["match_id"] == told[2]
    assert client.get("/stories/999/facts.json").status_code == 404


def test_the_briefing_says_where_articles_contradict_each_other(
    sqlite_store: Store, told: list[int]
) -> None:
    brief = brief_of(Analyst(sqlite_store, [KELP]), sqlite_store, Period(), NOW)
    said = write_text(brief, "https://watch.example")
    assert "Where the articles contradict each other" in said
    assert re.search(r"Day: 12 March \((12 mars|March 12)\) or 11 March \(11/3\)", said)
    assert "11/3: Tin Biển" in said
    assert f"/matches/{told[2]}" in said
    assert "<opens>" not in write_html(brief, "")
    with speaking("fr"):
        assert "se contredisent" in write_text(brief, "")
