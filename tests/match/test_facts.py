from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import pytest
from anyascii import anyascii

from tests.eval.datasets import Labelled, repo_stories
from worker.match.figures import Date, dates, is_telling, numbers
from worker.match.nameindex import NameIndex, SoughtNames, runs_of_skeletons, skeletons_in
from worker.match.names import find_names
from worker.match.places import focus, mentions, named, names_any, without_places
from worker.match.skeleton import fold_long, is_plain_latin, skeleton


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("2,300 tickets", "en", 2300),
        ("1,8 triệu USD", "vi", 1_800_000),
        ("1,6 Millionen Euro", "de", 1_600_000),
        ("$1.2 billion", "en", 1_200_000_000),
        ("6.800 junge Leute", "de", 6800),
        ("90 000 dollars", "fr", 90_000),
        ("430만 달러를 투자", "ko", 4_300_000),
        ("全国发送旅客2300万人次", "zh", 23_000_000),
        ("一千九百余列", "zh", 1900),
        ("310 млн рублей", "ru", 310_000_000),
        ("२५० करोड़", "hi", 2_500_000_000),
        ("٢٥٠ شخصا", "ar", 250),
        ("១២៥ នាក់", "km", 125),
    ],
)
def test_numbers_have_one_value_in_every_writing(text: str, language: str, value: float) -> None:
    assert value in numbers(text, language)


def test_small_and_round_numbers_and_years_tell_nothing() -> None:
    assert not any(map(is_telling, (3.0, 20.0, 100.0, 2025.0)))
    assert all(map(is_telling, (21.0, 137.0, 1.5, 2300.0)))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("on March 12, 2025", "en"),
        ("le 12 mars 2025", "fr"),
        ("am 12. März 2025", "de"),
        ("12 de marzo de 2025", "es"),
        ("12 марта 2025 года", "ru"),
        ("2025年3月12日", "ja"),
        ("2025년 3월 12일", "ko"),
        ("12/3/2025", "vi"),
        ("2025-03-12", "en"),
        ("12 มีนาคม 2568", "th"),
    ],
)
def test_a_day_is_one_day_in_every_language(text: str, language: str) -> None:
    assert Date(3, 12, 2025) in dates(text, language)


def test_days_without_a_year_agree() -> None:
    assert Date(3, 12).agrees_with(Date(3, 12, 2025))
    assert not Date(3, 12, 2024).agrees_with(Date(3, 12, 2025))


@pytest.mark.parametrize(
    ("text", "language", "country"),
    [
        ("Vietnamese film-makers", "en", "VN"),
        ("во Вьетнаме и за рубежом", "ru", "VN"),
        ("la coopération vietnamo-américaine", "fr", "US"),
        ("베트남 영화", "ko", "VN"),
        ("ベトナムの映画", "ja", "VN"),
        ("เวียดนามส่งทีม", "th", "VN"),
        ("चिली-कोरिया का रजिस्टर", "hi", "CL"),
        ("ລາວ-ໄທ ຮ່ວມມື", "lo", "LA"),
        ("美对越新关税生效", "zh", "US"),
        ("kerja sama Vietnam-AS", "id", "US"),
        ("الولايات المتحدة", "ar", "US"),
    ],
)
def test_countries_are_known_in_many_languages(text: str, language: str, country: str) -> None:
    assert country in mentions(text, language)


def test_words_that_look_like_countries_are_none() -> None:
    assert "RE" not in mentions("la próxima reunión será en mayo", "es")
    assert "JM" not in mentions("du jamais vu", "fr")


def test_title_and_lead_put_a_country_in_focus() -> None:
    passing = ["A story.", "More.", "Yet more.", "And Peru in passing."]
    weights = focus("Chile and Korea sign", ["In Chile on Monday.", *passing], "en")
    assert weights["CL"] > weights["KR"] > weights["PE"]


def test_places_can_be_taken_out() -> None:
    assert "Chile" not in without_places("Chile recycles batteries with Korea", "en")


@pytest.mark.parametrize(
    "other",
    ["Нго Фыонг Лан", "Ngô Phương Lan", "โง เฟือง ลาน"],
)
def test_one_skeleton_in_many_scripts(other: str) -> None:
    assert skeleton(other) == skeleton("Ngo Phuong Lan")


def test_names_are_found_and_tidied() -> None:
    texts = [
        "Harbour deal",
        "On Monday Michael Dukakis met the Boston Global Forum (BGF). "
        "Selon Ann Lee, l'Institut Pasteur agrees. The BGF said so to Ann Lee in May.",
    ]
    found = {name.text for name in find_names(texts, "en")}
    assert {"Michael Dukakis", "Boston Global Forum", "BGF", "Ann Lee", "Institut Pasteur"} <= found
    assert not {"Monday", "May", "The", "On"} & found


@pytest.mark.parametrize(
    "text",
    [
        "Бывший губернатор Майкл Дукакис приехал рано и остался до конца встречи.",
        "وقال حاكم ماساتشوستس السابق مايكل دوكاكيس إن الحديقة مبادرة ثورية.",
        "マイケル・デュカキス氏は最後まで会場に残り、質問に答えた。",
        "Former governor MICHAEL DUKAKIS stayed.",
    ],
)
def test_a_name_is_found_in_other_scripts(text: str) -> None:
    name = find_names(["He met Michael Dukakis today."], "en")[0]
    assert NameIndex([text]).has(name)


def test_a_name_is_not_found_where_it_is_not() -> None:
    name = find_names(["He met Michael Dukakis today."], "en")[0]
    assert not NameIndex(["Московское метро откроет две станции до конца октября."]).has(name)
    assert not NameIndex(["国庆首日全国铁路发送旅客再创新高，热门方向开行夜间高铁。"]).has(name)


def test_all_names_looked_for_at_once_are_those_that_each_is_found_as() -> None:
    stories = repo_stories()
    seeds = [seed for story in stories for seed in story.watch.seeds]
    names = [name for seed in seeds for name in find_names([seed.text])]
    sought = SoughtNames(names)
    found = 0
    for text in [t for story in stories for item in story.articles[::3] for t in _texts(item)]:
        index = NameIndex([text], lambda text=text: find_names([text]))
        which = index.which(sought)
        assert which == {n for n, name in enumerate(names) if index.has(name)}
        found += len(which)
    assert found > 100


def test_names_are_only_read_where_a_spelling_may_be_among_them() -> None:
    texts = [
        *(text for story in repo_stories() for item in story.articles for text in _texts(item)),
        "Minister d'Arabie Saoudite, O’Neill & Sons d'Or of the Foo&Bar Co 2020 Games del Rio's",
        "On Monday Ann Lee met Jean-Marie Le Pen\nIn New York 2020Bar, the 12345 Foo of the & Bar",
    ]
    compared = 0
    for text in filter(is_plain_latin, texts):
        runs = runs_of_skeletons(text)
        if runs is not None:
            names = [name for name in find_names([text]) if name.words > 1]
            written = {name.skeleton.replace(" ", "") for name in names}
            sought = SoughtNames(names)
            written &= sought.bones_of_several.keys()
            assert written <= set(skeletons_in(runs, sought))
            compared += bool(written)
    assert compared > 100


def _texts(item: Labelled) -> Iterator[str]:
    yield f"{item.article.title}\n{item.article.text}"
    yield item.article.title


def test_whether_a_country_is_named_is_what_naming_them_all_tells() -> None:
    sought = (frozenset({"KE", "PT"}), frozenset({"US", "VN"}), frozenset({"GB"}), frozenset[str]())
    answers = set()
    for story in repo_stories():
        for item in story.articles:
            text = f"{item.article.title}\n{item.article.text[:1500]}"
            language = item.article.language
            of_all = named(text, language)
            for codes in sought:
                expected = None if of_all is None else not codes.isdisjoint(of_all)
                answers.add(names_any(text, language, codes))
                assert names_any(text, language, codes) == expected, (language, codes, text[:80])
    assert answers == {True, False}
    assert names_any("Ọjà tuntun ní Kenya.", "zxx", frozenset({"KE"})) is None


def test_every_character_is_folded_as_anyascii_writes_it_in_small_letters() -> None:
    codes = (code for code in range(0x80, 0x20000) if not 0xD800 <= code < 0xE000)
    for text in (f"A{chr(code)}b" for code in codes):
        assert fold_long(text) == anyascii(unicodedata.normalize("NFC", text)).lower()
    mixed = "„Việt Nam“ – l’été à Đà Nẵng: Straße, œuvre, Москва, 東京 … 5 €, café"
    assert fold_long(mixed) == anyascii(unicodedata.normalize("NFC", mixed)).lower()
