"""Organisations that texts name beside their acronyms, and whether two names are of one."""

from __future__ import annotations

import numpy as np
import pytest

from bench.organisations import LISTS, SENTENCES, listed_organisations, right_pairs, wrong_pairs
from worker.analysis.organisations import compare_organisations
from worker.domain import ArticleText
from worker.match.acronyms import organisations
from worker.match.matcher import read_article
from worker.match.organisations import aims_of, are_apart, known_languages
from worker.match.pairs import TextRows
from worker.match.vectorspace import Space

_EMPTY = np.zeros((0, 0), dtype=np.float32)
_SPACE = Space({}, _EMPTY, _EMPTY)

WRITTEN = [
    ("en", "the head of the Vietnam Film Development Association (VFDA) said",
     "Vietnam Film Development Association"),
    ("en", "said VFDA, the Vietnam Film Development Association, in Hanoi",
     "Vietnam Film Development Association"),
    ("en", "the Vietnam Film Development Association, or VFDA, said",
     "Vietnam Film Development Association"),
    ("en", "a deal with VFDA (Vietnam Film Development Association) was signed",
     "Vietnam Film Development Association"),
    ("en", "the Department of Culture, Sports and Tourism (VFDA) said",
     "Department of Culture, Sports and Tourism"),
    ("fr", "organisée par l'Association vietnamienne de développement du cinéma (VFDA)",
     "Association vietnamienne de développement du cinéma"),
    ("de", "der Weltgesundheitsorganisation (VFDA)", "Weltgesundheitsorganisation"),
    ("ru", "организовала Вьетнамская ассоциация развития кино (VFDA)",
     "Вьетнамская ассоциация развития кино"),
    ("vi", "Chủ tịch Hiệp hội Xúc tiến phát triển điện ảnh Việt Nam (VFDA) nói",
     "Hiệp hội Xúc tiến phát triển điện ảnh Việt Nam"),
    ("id", "diselenggarakan Asosiasi Pengembangan Film Vietnam (VFDA)",
     "Asosiasi Pengembangan Film Vietnam"),
    ("zh", "论坛由越南电影发展协会（VFDA）主办", "越南电影发展协会"),
    ("zh", "所谓“越南电影发展协会”（VFDA）", "越南电影发展协会"),
    ("ja", "行事を主管したベトナム映画発展協会（VFDA）は", "ベトナム映画発展協会"),
    ("ko", "행사를 주관한 베트남영화발전협회(VFDA) 회장", "베트남영화발전협회"),
    ("th", "ทั้งนี้ สมาคมพัฒนาภาพยนตร์เวียดนาม (VFDA)", "สมาคมพัฒนาภาพยนตร์เวียดนาม"),
    ("ar", "نظّمت الجمعية الفيتنامية لتطوير السينما (VFDA)", "الجمعية الفيتنامية لتطوير السينما"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "name"), WRITTEN)
def test_a_name_beside_its_acronym_is_read_from_where_it_begins(
    language: str, text: str, name: str
) -> None:
    (organisation,) = organisations(text, language)
    assert (organisation.acronym, organisation.name) == ("VFDA", name)
    assert name in text[organisation.start : organisation.end]
    assert "VFDA" in text[organisation.start : organisation.end]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "said Ann Lee (BBC) on Monday"),
        ("en", "at MIT, Professor Nazli Choucri, who spoke"),
        ("en", "the networks CNN, the Fox Business Network and PBS, C-SPAN and others, were there"),
        ("vi", "theo ông Nguyễn Văn A (TTXVN) cho biết"),
        ("en", "the price rose (USD) again"),
        ("xx", "an unknown tongue (VFDA)"),
    ],
)
def test_what_only_stands_beside_capitals_is_no_organisation(language: str, text: str) -> None:
    assert organisations(text, language) == []


def _marked(*texts: tuple[str, str]) -> int:
    rows = []
    for number, (language, text) in enumerate(texts):
        reading = read_article(ArticleText("", text, language))
        vectors = np.ones((len(reading.texts), 1), dtype=np.float32)
        rows.append(TextRows(str(number), reading, vectors, _SPACE))
    return len(compare_organisations(rows).conflicts)


def _told(name: str, language: str = "en", acronym: str = "VFDA") -> tuple[str, str]:
    return language, SENTENCES[language].format(name=name, acronym=acronym)


VFDA = next(one for one in listed_organisations(LISTS[0]) if one.acronym == "VFDA")


@pytest.mark.parametrize("language", VFDA.wrong)
def test_a_film_association_told_as_a_drug_agency_contradicts_every_right_one(
    language: str,
) -> None:
    right = [_told(name, code) for code, name in VFDA.names.items() if code != language]
    assert _marked(*right) == 0
    assert _marked(*right, _told(VFDA.wrong[language], language)) == len(right)


def test_one_language_with_other_words_for_the_same_initials_contradicts() -> None:
    one = _told("Monsoon and Arid-Lands Vaccine Institute", acronym="MAVI")
    assert _marked(one, _told("Malabar Ankle and Verse Institute", acronym="MAVI")) == 1
    assert _marked(one, _told("Monsoon and Arid Vaccine Institute", acronym="MAVI")) == 0


def test_nothing_contradicts_where_a_text_has_both_or_the_acronym_is_another() -> None:
    film, drugs = "Vietnam Film Development Association", "Vietnam Food and Drug Administration"
    both = (
        "en",
        f"{_told(film)[1]} Another organisation is the {drugs} (VFDA), which is for medicines.",
    )
    assert _marked(both, _told(drugs)) == 0
    assert _marked(_told(film), _told(drugs, acronym="VFDX")) == 0


def test_another_part_of_the_world_contradicts() -> None:
    bank = next(one for one in listed_organisations(LISTS[0]) if one.acronym == "ADB")
    right = [_told(name, code, "ADB") for code, name in bank.names.items() if code != "ja"]
    assert _marked(*right) == 0
    assert _marked(*right, _told(bank.wrong["ja"], "ja", "ADB")) == len(right)
    chile = [_told("智利矿产协会", "zh", "ACM"), _told("チリ鉱物協会", "ja", "ACM")]
    assert _marked(*chile, _told("Hiệp hội Mỏ Nam Mỹ", "vi", "ACM")) == len(chile)
    assert _marked(chile[0], _told("Hiệp hội Mỏ Nam Mỹ", "vi", "ACM")) == 0  # told by one only


def test_a_name_left_in_its_own_language_is_read_as_it_is_written() -> None:
    name = "Instituto Tecnológico del Norte Grande"
    assert _marked(_told(name, "es", "ITNG"), _told(name, "de", "ITNG")) == 0


@pytest.mark.parametrize("listed", LISTS)
def test_no_right_rendering_of_a_known_organisation_is_told_from_another(listed: str) -> None:
    apart = [
        (one, other)
        for one, other in right_pairs(listed_organisations(listed))
        if are_apart(aims_of(*one), aims_of(*other))
    ]
    assert apart == []


def test_most_mistaken_renderings_of_names_that_the_list_was_not_made_for_are_told_apart() -> None:
    pairs = list(wrong_pairs(listed_organisations("held_out")))
    apart = sum(are_apart(aims_of(*one), aims_of(*other)) for one, other in pairs)
    assert apart >= 0.75 * len(pairs)


FILM = (
    "film", "电影", "映画", "영화", "ภาพยนตร์", "سينما", "سینما", "кино", "кіно", "फ़िल्म", "চলচ্চিত্র",
    "filamu", "điện ảnh", "κινηματογράφος", "קולנוע", "ፊልም", "ຮູບເງົາ", "ភាពយន្ត",
)  # fmt: skip


@pytest.mark.parametrize("language", sorted(known_languages()))
def test_every_language_of_the_list_has_its_word_for_film(language: str) -> None:
    assert any(aims_of(word, language) == {"film"} for word in FILM)
