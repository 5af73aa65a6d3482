"""Offices that a text names, in many languages."""

from __future__ import annotations

import pytest

from worker.match.offices import known_languages, offices

CASES = [
    ("en", "the deputy foreign minister", "deputy minister"),
    ("en", "Ethiopia's State Minister of Health", "deputy minister"),
    ("en", "the Vice-President", "deputy president"),
    ("es", "la subsecretaria de Minería", "deputy minister"),
    ("es", "el viceministro surcoreano", "deputy minister"),
    ("es", "el presidente del Gobierno", "prime minister"),
    ("de", "die Vizekulturministerin", "deputy minister"),
    ("de", "der Kulturminister", "minister"),
    ("fr", "la ministre déléguée", "deputy minister"),
    ("pl", "prokurator Alicja", "prosecutor"),
    ("ru", "заместитель министра культуры", "deputy minister"),
    ("hu", "a kulturális miniszterhelyettes", "deputy minister"),
    ("tr", "Kültür Bakan Yardımcısı", "deputy minister"),
    ("ka", "კულტურის მინისტრის მოადგილე", "deputy minister"),
    ("vi", "thứ trưởng Bộ Văn hóa", "deputy minister"),
    ("vi", "Bộ trưởng Văn hóa", "minister"),
    ("id", "wakil menteri", "deputy minister"),
    ("th", "รัฐมนตรีช่วยว่าการ", "deputy minister"),
    ("th", "รองนายกรัฐมนตรี", "deputy prime minister"),
    ("km", "អគ្គលេខាធិការក្រុមប្រឹក្សា", "secretary general"),
    ("ar", "نائب وزير الثقافة", "deputy minister"),
    ("fa", "وزیر بهداشت", "minister"),
    ("hi", "स्वास्थ्यमंत्री", "minister"),
    ("hi", "राज्य मंत्री", "deputy minister"),
    ("bn", "প্রতিমন্ত্রী", "deputy minister"),
    ("am", "ሚኒስትር ዴኤታ", "deputy minister"),
    ("zh", "文化部副部长", "deputy minister"),
    ("ja", "文化副大臣", "deputy minister"),
    ("ko", "문화체육관광부 차관", "deputy minister"),
    ("ko", "법무부장관", "minister"),
    ("sw", "naibu waziri", "deputy minister"),
]


@pytest.mark.parametrize(("language", "text", "office"), CASES)
def test_an_office_is_read_with_its_rank(language: str, text: str, office: str) -> None:
    (one,) = offices(text, language)
    assert one.is_known
    assert one.as_text == office


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "the former minister"),
        ("es", "el exministro"),
        ("de", "die ehemalige Ministerin"),
        ("ar", "وزير الثقافة السابق"),
        ("id", "mantan menteri"),
        ("ja", "前大臣"),
        ("fr", "le ministre d'État"),
        ("en", "the attorney general"),
    ],
)
def test_what_somebody_was_or_what_may_be_several_offices_is_not_known(
    language: str, text: str
) -> None:
    assert not any(one.is_known for one in offices(text, language))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "the ministry of culture"),
        ("es", "el ministerio"),
        ("ru", "министерство культуры"),
        ("tr", "Kültür Bakanlığı"),
        ("ar", "وزارة الثقافة"),
        ("id", "kementerian"),
        ("und", "minister"),
        ("xx", "minister"),
    ],
)
def test_no_office_is_seen_where_none_is(language: str, text: str) -> None:
    assert offices(text, language) == []


def test_the_list_of_every_language_can_be_read() -> None:
    for language in known_languages():
        offices("Minister Ann Lee", language)
