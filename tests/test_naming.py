"""Names in all languages: harvested, judged, looked for by the matcher, and made into searches."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import pytest
from lxml.html import HtmlElement
from starlette.testclient import TestClient

from tests.fakes import FakeClock
from tests.web.conftest import app, client, filled, migrated, see, sqlite_store
from tests.web.filling import KELP, Found, fill
from tests.web.test_inbox import words
from tests.web.test_review import OWN
from worker.domain import AlignedPassage, ArticleText, Confirmed, Rendering, Seed, Verdict, Watch
from worker.errors import InputError, NotFoundError
from worker.match.encoders import HashingEncoder
from worker.match.matcher import SeedMatcher
from worker.match.nameindex import NameIndex
from worker.match.renderings import harvest
from worker.naming import harvest_names, query_proposals, query_yields, read_in, written
from worker.store.naming import APPROVED, PROPOSED, REJECTED
from worker.store.store import Store

__all__ = ["app", "client", "filled", "migrated", "see", "sqlite_store"]

SEED = "In October Duarte Pimentel Rocha opened the laboratory, the county said."


@pytest.mark.parametrize(
    ("language", "passage", "text"),
    [
        ("ru", "Лабораторию открыл Дуарте Пиментел Роша из Порту.", "Дуарте Пиментел Роша"),
        (
            "ja",
            "研究所はドゥアルテ・ピメンテル・ローシャが開いた。",
            "ドゥアルテ・ピメンテル・ローシャ",
        ),
        ("ar", "افتتح دوارتي بيمنتل روشا المختبر.", "دوارتي بيمنتل روشا"),
        ("cs", "Laboratoř otevřel Duarte Pimentel Rócha z Porta.", "Duarte Pimentel Rócha"),
    ],
)
def test_a_name_is_found_where_the_passage_says_the_same(
    language: str, passage: str, text: str
) -> None:
    match = Confirmed(language, "en", (AlignedPassage(passage, SEED, 0.9),))
    found = {(one.name, one.text): one for one in harvest([match, match])}
    rendering = found["Duarte Pimentel Rocha", text]
    assert (rendering.language, rendering.articles) == (language, 2)
    assert rendering.sample == passage


def test_what_stands_there_anyhow_or_sounds_otherwise_is_no_rendering() -> None:
    same = AlignedPassage("Duarte Pimentel Rocha ouvre le laboratoire.", SEED, 0.9)
    other = AlignedPassage("Лабораторию открыла Анна Петрова.", SEED, 0.9)
    assert harvest([Confirmed("fr", "en", (same,)), Confirmed("ru", "en", (other,))]) == []


def test_no_rendering_is_cut_within_a_syllable() -> None:
    seed = "Laos and Thailand presented their joint bid to stage the Mekong River Games in 2029."
    burmese = (
        "ဗီယင်ကျန်း – ၂၀၂၉ ခုနှစ် မဲခေါင်မြစ်အားကစားပွဲကို အိမ်ရှင်အဖြစ် ပူးတွဲလက်ခံကျင်းပလိုကြောင်း "
        "လာအိုနှင့် ထိုင်းတို့က ဖေဖော်ဝါရီ ၁၁ ရက်တွင် ဗီယင်ကျန်း၌ ကြေညာခဲ့သည်။"
    )
    (pair,) = [Confirmed("my", "en", (AlignedPassage(burmese, seed, 0.9),))]
    for one in harvest([pair]):
        start = burmese.index(one.text)
        after = burmese[start + len(one.text)]
        assert not unicodedata.category(one.text[0]).startswith("M"), one.text
        assert not unicodedata.category(after).startswith("M"), one.text


def test_a_name_in_capitals_is_no_other_name() -> None:
    seed = "VIENTIANE – The river divides them. They met in Vientiane for one bid."
    spanish = "VIENTIÁN – El río los separa. Se vieron en Vientián por una candidatura."
    french = "Le fleuve les sépare. Ils se sont vus à Vientiane pour une candidature."
    found = harvest(
        [
            Confirmed("es", "en", (AlignedPassage(spanish, seed, 0.9),)),
            Confirmed("fr", "en", (AlignedPassage(french, seed, 0.9),)),
        ]
    )
    assert [(one.name, one.language, one.text, one.articles) for one in found] == [
        ("Vientiane", "es", "Vientián", 1)
    ]


def test_an_approved_name_is_found_by_the_matcher() -> None:
    seed = Seed(
        "a.md", "Ngô Phương Lan opens the park", "Ngô Phương Lan opened the film park.", "en"
    )
    article = ArticleText("吴芳兰出席", "越南电影协会主席吴芳兰说，公园将于明年开放。" * 4, "zh")

    def shared(*renderings: Rendering) -> tuple[str, ...]:
        watch = Watch("film", "Film", (seed,), renderings=renderings)
        return SeedMatcher([watch], HashingEncoder()).match([article])[0][0].shared_names

    assert "Ngô Phương Lan" not in shared()
    assert "Ngô Phương Lan" in shared(Rendering("Ngo Phuong Lan", "zh", "吴芳兰"))


def test_a_written_name_begins_where_a_word_does() -> None:
    index = NameIndex(["Die Porträts von Anna hängen im Museum. Порту и спорт"])
    assert index.has_written("anna")
    assert not index.has_written("orträts")
    assert not index.has_written("порт и")
    assert index.has_written("Порту")


def test_a_persons_word_stays_when_names_are_harvested_again(store: Store) -> None:
    found = [Rendering("Kilifi", "ar", "كيليفي", 1, "…"), Rendering("Kilifi", "ru", "Килифи", 1)]
    assert store.names.propose("kelp", found) == 2
    arabic, russian = store.names.rows("kelp")
    store.names.decide("kelp", arabic.id, APPROVED, reviewer="Lan")
    store.names.decide("kelp", russian.id, REJECTED)
    assert store.names.propose("kelp", [Rendering("Kilifi", "ar", "كيليفي", 3, "…")]) == 0
    arabic, russian = store.names.rows("kelp")
    assert (arabic.standing, arabic.articles, arabic.reviewer) == (APPROVED, 3, "Lan")
    assert store.names.approved() == {"kelp": (Rendering("Kilifi", "ar", "كيليفي"),)}
    store.names.decide("kelp", russian.id, APPROVED, "Килифе")
    assert [row.text for row in store.names.rows("kelp", APPROVED)] == ["كيليفي", "Килифе"]
    with pytest.raises(NotFoundError):
        store.names.decide("river", russian.id, APPROVED)
    with pytest.raises(InputError):
        store.names.decide("kelp", russian.id, APPROVED, "x" * 201)


def test_the_ledger_goes_through_a_file(sqlite_store: Store) -> None:
    sqlite_store.names.add("kelp", Rendering("Kilifi", "ar", "كيليفي"), APPROVED)
    sqlite_store.names.propose("kelp", [Rendering("Kilifi", "ru", "Килифи", 2)])
    text = written(sqlite_store.names.rows("kelp"))
    assert read_in(sqlite_store, Watch("river", "", ()), text) == 2
    states = {row.text: row.standing for row in sqlite_store.names.rows("river")}
    assert states == {"كيليفي": APPROVED, "Килифи": PROPOSED}
    for wrong in ("{", "[]", '{"name": "a"}', '{"name": "a", "language": "x", "text": " "}'):
        with pytest.raises(InputError, match="line 2"):
            read_in(sqlite_store, KELP, f"{text.splitlines()[0]}\n{wrong}\n")
    assert sqlite_store.names.rows("kelp", REJECTED) == []


def test_approved_names_make_searches_and_their_yield_is_told(
    store: Store, clock: FakeClock
) -> None:
    (match_id,) = fill(store, clock, Found("a"))
    store.matches.review(match_id, Verdict.RELEVANT)
    store.names.add("kelp", Rendering("Kilifi", "ar", "كيليفي"), APPROVED)
    store.names.add("kelp", Rendering("Takaungu", "ar", "تاكاونغو"), APPROVED)
    store.names.add("kelp", Rendering("Kilifi", "xx", "Kilifi"), APPROVED)  # no engine has it
    google, bing = query_proposals(store, KELP)
    assert set(google.query.terms.split(" OR ")) == {'"كيليفي"', '"تاكاونغو"'}
    assert (google.query.engine, bing.query.engine) == ("google-news", "bing-news")
    assert " OR " not in bing.query.terms
    store.feeds.add(google.feed, "kelp")
    assert [one.query.engine for one in query_proposals(store, KELP)] == ["bing-news"]
    (search,) = query_yields(store, KELP)
    assert (search.url, search.entries, search.matches) == (google.feed.url, 0, 0)
    plain = store.names.yields("kelp")[0]
    assert (plain.entries, plain.matches, plain.relevant) == (1, 1, 1)


def test_names_are_judged_on_their_page(
    client: TestClient, see: Callable[..., HtmlElement], sqlite_store: Store, clock: FakeClock
) -> None:
    pair = AlignedPassage("Лабораторию открыл Дуарте Пиментел Роша.", SEED, 0.9)
    (match_id,) = fill(sqlite_store, clock, Found("a", language="ru", evidence=(pair,)))
    sqlite_store.matches.review(match_id, Verdict.RELEVANT)
    token = re.search(
        r'name="token" value="([0-9a-f]{64})"', client.get("/watches/kelp/names").text
    )
    assert token

    def send(act: str, **fields: str) -> int:
        form = {"token": token[1], "act": act, **fields}
        return client.post("/watches/kelp/names", data=form, headers=OWN).status_code

    assert send("harvest") == 303
    (row,) = sqlite_store.names.rows("kelp")
    assert "Дуарте Пиментел Роша" in see("/watches/kelp/names").xpath(
        "//ul[contains(@class, 'names')]//input/@value"
    )
    assert send(f"approve.{row.id}", **{f"text.{row.id}": "Дуарте Роша"}) == 303
    assert "Duarte Pimentel Rocha Russian Дуарте Роша" in words(see("/watches/kelp/names"))
    (proposal, *_) = query_proposals(sqlite_store, KELP)
    assert send(f"search.{proposal.feed.url}") == 303
    assert sqlite_store.feeds.find(proposal.feed.url)
    assert send(f"search.{proposal.feed.url}") == 400
    assert send("nonsense") == 400
    assert send("approve.99") == 404
    assert (
        client.post("/watches/kelp/names", data={"act": "harvest"}, headers=OWN).status_code == 403
    )


def test_harvesting_looks_at_relevant_matches_only(sqlite_store: Store, clock: FakeClock) -> None:
    pair = AlignedPassage("Лабораторию открыл Дуарте Пиментел Роша.", SEED, 0.9)
    fill(sqlite_store, clock, Found("a", language="ru", evidence=(pair,)))
    assert harvest_names(sqlite_store, KELP) == 0
