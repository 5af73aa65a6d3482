"""The briefing: what the coverage says that the seeds do not, on the page and from the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from lxml.html import HtmlElement

from tests.web.conftest import Filler
from tests.web.filling import KELP, Found
from tests.web.test_inbox import words
from worker.analysis.brief import Period, brief_of
from worker.analysis.stories import Analyst
from worker.domain import ArticleText, Relation, SeedRows
from worker.locales import speaking
from worker.match.matcher import read_article
from worker.notify.briefs import as_record, write_html, write_markdown, write_text
from worker.records import FactKind
from worker.sketching import as_article, text_hash_of
from worker.store.store import Store

See = Callable[..., HtmlElement]
NOW = datetime(2026, 3, 20, tzinfo=UTC)
NEWS = "The county will <also> pay for two new boats, said Amina Odhiambo on Monday morning."
NEWS_FR = "Le comté paiera aussi deux nouveaux bateaux, a dit Amina Odhiambo lundi matin."
OWN = "Nobody has told the fishermen of the northern bank anything about all this so far."
SEED = KELP.seeds[0]
LAB = "Le laboratoire de Kilifi ouvre en octobre, a dit le comté jeudi soir."
PADDING = [
    f"On this page {word} long sentence of its very own is told, as its writer likes."
    for word in ("one", "another", "a third", "a fourth", "a fifth", "a sixth")
]


def direction(number: int) -> np.ndarray[Any, np.dtype[np.int8]]:
    """What a passage says: two that have one number say the same."""
    return np.random.default_rng(number).integers(-127, 128, 384, dtype=np.int16).astype(np.int8)


def packed(article: ArticleText, says: list[int]) -> bytes:
    assert len(read_article(article).texts) == len(says)
    return b"".join(direction(number).tobytes() for number in says)


def found(title: str, says: dict[str, int], language: str = "en", **fields: Any) -> Found:
    text = "\n\n".join(says)
    rows = packed(ArticleText(title, text, language), [99, *says.values()])
    return Found(title, text, language, story="en.md", rows=rows, **fields)


@pytest.fixture
def told(filled: Filler) -> list[int]:
    first, second, _ = (p.text for p in read_article(as_article(SEED)).passages)
    kept = SeedRows("kelp", SEED.id, text_hash_of(SEED), packed(as_article(SEED), [98, 1, 2, 3]))
    return filled(
        found("One", {first: 1, NEWS: 7, OWN: 8, PADDING[0]: 20, PADDING[1]: 21, PADDING[2]: 22},
              outlet="The Herald", seeds=(kept,), adds=(NEWS, OWN, "Amina Odhiambo")),
        found("Deux", {PADDING[3]: 23, NEWS_FR: 7, PADDING[4]: 24, LAB: 1, PADDING[5]: 25},
              "fr", outlet="L'Écho", adds=(NEWS_FR, "Amina Odhiambo")),
        found("Three", {second: 2, "Some other words stand here, as many as a passage has.": 9},
              relation=Relation.SAME_EVENT, adds=("Kilifi Bay Fund",)),
    )  # fmt: skip


@pytest.fixture
def brief(sqlite_store: Store, told: list[int]) -> Any:
    return brief_of(Analyst(sqlite_store, [KELP]), sqlite_store, Period(), NOW)


def test_what_is_new_is_told_once_with_all_who_say_it(brief: Any, told: list[int]) -> None:
    (story,) = brief.stories
    news = story.facts[0]
    assert {teller.match_id for teller in news.tellers} == set(told[:2])
    assert news.kind is FactKind.PASSAGE
    assert news.independent == 2
    assert {news.text, *(teller.passage for teller in news.tellers)} == {NEWS, NEWS_FR}
    names = [one.text for one in story.facts if one.kind is FactKind.NAME]
    assert names == ["Amina Odhiambo"]  # the fund stands in no passage of its article
    assert sum(one.text in (NEWS, NEWS_FR) for one in story.facts) == 1


def test_a_name_leads_to_its_passage_in_another_script(sqlite_store: Store, filled: Filler) -> None:
    naming = "Рыбаки северного берега ждут Вонифация Катанабедженко уже второй год, говорят они."
    other = "На этой странице рассказано ещё кое-что, что к делу почти не относится, увы."
    filled(
        found("One", {"Everybody on the coast knows Bonifatsi Katanabedzhenko by his boat.": 5,
                      PADDING[0]: 20}, adds=("Bonifatsi Katanabedzhenko",)),
        found("Два", {other: 21, naming: 6}, "ru"),
    )  # fmt: skip
    (story,) = brief_of(Analyst(sqlite_store, [KELP]), sqlite_store, Period(), NOW).stories
    (name,) = [one for one in story.facts if one.kind is FactKind.NAME]
    assert [one.passage for one in name.tellers if one.language == "ru"] == [naming]


def test_a_copy_does_not_count_again(sqlite_store: Store, filled: Filler, told: list[int]) -> None:
    first = read_article(as_article(SEED)).passages[0].text
    says = {first: 1, NEWS: 7, OWN: 8, PADDING[0]: 20, PADDING[1]: 21, PADDING[2]: 22}
    filled(found("One", says, outlet="The Copy", adds=(NEWS, OWN)))
    (story,) = brief_of(Analyst(sqlite_store, [KELP]), sqlite_store, Period(), NOW).stories
    assert (len(story.facts[0].tellers), story.facts[0].independent) == (3, 2)


def test_the_seeds_are_told_by_what_is_repeated_and_what_is_not(brief: Any) -> None:
    (story,) = brief.stories
    first, _, third = (p.text for p in read_article(as_article(SEED)).passages)
    assert [(one.text, one.independent) for one in story.repeated] == [(first, 2)]
    assert [one.text for one in story.silent] == [third]
    shares = {one.title: one.share for one in story.shares}
    assert 0 < shares["One"] < shares["Three"] < 1


def test_only_what_is_told_in_the_period_counts(sqlite_store: Store, told: list[int]) -> None:
    late = sqlite_store.tellings.texts(told[0], 9)[0].first_seen_at + timedelta(days=1)
    analyst = Analyst(sqlite_store, [KELP])
    assert brief_of(analyst, sqlite_store, Period(since=late), NOW).stories == ()
    assert brief_of(analyst, sqlite_store, Period(watch="river"), NOW).stories == ()


def test_the_page_leads_to_the_passages(see: See, told: list[int]) -> None:
    page = see("/brief?days=90")
    (line,) = [li for li in page.xpath("//article//li") if "two new boats" in words(li)
               or "nouveaux bateaux" in words(li)]  # fmt: skip
    targets = line.xpath(".//a/@href")
    assert {target.partition("#")[0] for target in targets} == {
        f"/matches/{one}" for one in told[:2]
    }
    assert all("#:~:text=" in target for target in targets)
    assert "2 independent reports" in words(line)


def test_what_nobody_repeats_leads_to_the_seed_beside_an_article(see: See, told: list[int]) -> None:
    third = read_article(as_article(SEED)).passages[2].text
    (line,) = [li for li in see("/brief?days=90").xpath("//article//li") if third in words(li)]
    (target,) = line.xpath(".//a/@href")
    page, _, fragment = target.partition("#:~:text=")
    assert page in {f"/matches/{one}" for one in told}
    assert unquote(fragment) in words(see(page))


def test_odd_choices_get_the_usual_week(see: See, told: list[int]) -> None:
    for query in ("days=x", "days=99999999999", "days=-1", "watch=none", "days=²"):
        assert see(f"/brief?{query}").xpath("//option[@selected and @value='7']")


def test_every_format_says_it_and_nothing_in_it_is_markup(brief: Any, told: list[int]) -> None:
    for write in (write_text, write_markdown, write_html):
        said = write(brief, "https://watch.example")
        assert f"https://watch.example/matches/{told[0]}" in said
        assert "Amina Odhiambo" in said
    assert "<also>" not in write_html(brief, "") + write_markdown(brief, "").replace("\\<", "")
    record = json.loads(json.dumps(as_record(brief)))
    assert record["stories"][0]["facts"][0]["tellers"][0]["passage"]
    with speaking("fr"):
        assert "Synthèse" in write_text(brief, "")


def test_nothing_found_is_said(sqlite_store: Store) -> None:
    nothing = brief_of(Analyst(sqlite_store, [KELP]), sqlite_store, Period(), NOW)
    assert "Nothing was found" in write_text(nothing, "")
