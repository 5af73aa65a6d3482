from __future__ import annotations

import pytest

from tests.eval.datasets import repo_stories
from worker.match import cities
from worker.match.cities import city_countries
from worker.match.nameindex import NameIndex, SoughtNames
from worker.match.names import find_names
from worker.match.places import focus
from worker.match.skeleton import is_plain_latin


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("The crew flew in from Burbank on Monday", "US"),
        ("Đoàn phim khảo sát bối cảnh tại Ninh Bình", "VN"),
        ("w parafii w miejscowości Ziębice", "PL"),
        ("La réunion s'est tenue à Hô Chi Minh-Ville", "VN"),
        ("Состоялось в Бостоне и в Зембице", "PL"),
        ("釜山で開かれた会合、ボストンへ出発", "US"),
        ("เขาเดินทางไปฮานอยเมื่อวาน", "VN"),
        ("سافر الوفد من هانوي", "VN"),
        ("대표단은 하노이에서 출발했다", "VN"),
    ],
)
def test_a_city_tells_its_country_in_every_script(text: str, country: str) -> None:
    assert country in city_countries([text])[0]


@pytest.mark.parametrize(
    "text",
    ["", "12 345", "and the rest of it was nice reading", "그리고 그것은", "\ud800\x00", "映画"],
)
def test_where_no_city_is_named_there_is_none(text: str) -> None:
    assert city_countries([text])[0] == {}


def test_a_name_of_two_words_is_not_counted_for_its_parts_again() -> None:
    assert city_countries(["in New York"])[0] == {"US": 1}


def test_plain_latin_has_the_cities_that_any_text_has(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [
        f"{item.article.title}\n{item.article.text}"
        for story in repo_stories()
        for item in story.articles
        if is_plain_latin(item.article.text)
    ]
    texts += ["Rio de Janeiro, São Paulo.\nSt. Louis and d'Abidjan; Hô Chi Minh-Ville", "A B C New"]
    found = city_countries(texts)
    assert sum(map(bool, found)) > 100
    monkeypatch.setattr(cities, "is_plain_latin", lambda text: False)
    assert city_countries(texts) == found


def test_a_country_is_in_focus_though_only_its_cities_are_named() -> None:
    found = focus("Hollywood scouts come to Ninh Bình", ["They flew in from Los Angeles."], "en")
    assert found["US"] > 0.3
    assert found["VN"] > 0.3


def test_an_acronym_is_found_though_no_space_follows_it() -> None:
    (acronym,) = find_names(["what the AIWS said"])
    assert NameIndex(["「AIWSフィルムパーク」が開所"]).has(acronym)
    assert not NameIndex(["「RAIWSX」が開所"]).has(acronym)


@pytest.mark.parametrize(
    ("text", "is_there"),
    [("Das MIT und die Stadt", True), ("Sie kommt mit dem Zug", False), ("Mit dem Zug", False),
     ("das MIT-Labor", True), ("ศูนย์ MIT เปิด", True)],
)  # fmt: skip
def test_an_acronym_is_no_word_of_small_letters(text: str, is_there: bool) -> None:
    (acronym,) = find_names(["what the MIT said"])
    assert NameIndex([text]).has(acronym) == is_there


@pytest.mark.parametrize("text", ["Die ‚Maré Viva“-Tagung", "der 'Mare Viva'", "“Maré Viva”"])
def test_a_name_between_quotation_marks_is_as_it_is_written(text: str) -> None:
    (name,) = find_names(["they spoke of Maré Viva"])
    assert NameIndex([text]).written(SoughtNames([name])) == {0}
