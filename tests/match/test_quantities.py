"""Values of a passage with their units, in many languages."""

from __future__ import annotations

import pytest

from worker.domain import Measure
from worker.match.quantities import quantities

CASES = [
    ("en", "$5 million", "amount", "5000000", "dollar"),
    ("en", "46 million dollars", "amount", "46000000", "dollar"),
    ("vi", "5 triệu USD", "amount", "5000000", "dollar"),
    ("vi", "2,9 tỉ baht", "amount", "2900000000", "baht"),
    ("id", "5 juta dolar", "amount", "5000000", "dollar"),
    ("id", "Rp 5 miliar", "amount", "5000000000", "rupiah"),
    ("es", "5.000.000 de dólares", "amount", "5000000", "dollar"),
    ("fr", "5 millions d'euros", "amount", "5000000", "euro"),
    ("pl", "312 tys. zł", "amount", "312000", "zloty"),
    ("uk", "213 тисяч злотих", "amount", "213000", "zloty"),
    ("ko", "2억4000만달러를", "amount", "240000000", "dollar"),
    ("ko", "1870억원이며", "amount", "187000000000", "won"),
    ("zh", "2.4亿美元", "amount", "240000000", "dollar"),
    ("ja", "1万2000トン", "measure", "12000", "mass-tonne"),
    ("th", "240 ล้านดอลลาร์", "amount", "240000000", "dollar"),
    ("ar", "٤٦ مليون دولار", "amount", "46000000", "dollar"),
    ("fa", "۴۶ میلیون دلار", "amount", "46000000", "dollar"),
    ("am", "46 ሚሊዮን ዶላር", "amount", "46000000", "dollar"),
    ("bn", "৪ কোটি ৬০ লক্ষ ডলার", "amount", "46000000", "dollar"),
    ("sw", "dola milioni 46", "amount", "46000000", "dollar"),
    ("sw", "kilomita 5", "measure", "5", "length-kilometer"),
    ("en", "2.5 kilometres", "measure", "2.5", "length-kilometer"),
    ("en", "60 per cent", "share", "60", ""),
    ("de", "60 Prozent", "share", "60", ""),
    ("hi", "74 प्रतिशत", "share", "74", ""),
    ("vi", "12/3", "date", "?-03-12", ""),
    ("en", "March 12, 2026", "date", "2026-03-12", ""),
    ("th", "12 กุมภาพันธ์ 2569", "date", "2026-02-12", ""),
    ("ar", "14 أيار", "date", "?-05-14", ""),
    ("es", "el martes 21", "date", "?-?-21", ""),
    ("ko", "지난 23일", "date", "?-?-23", ""),
    ("my", "၁၁ ရက်", "date", "?-?-11", ""),
    ("th", "ปี 2572", "year", "2029", ""),
    ("en", "1,400 athletes", "count", "1400", ""),
]


@pytest.mark.parametrize(("language", "text", "kind", "value", "unit"), CASES)
def test_a_value_is_read_with_its_unit(
    language: str, text: str, kind: str, value: str, unit: str
) -> None:
    (one,) = quantities(text, language)
    assert (str(one.kind), one.as_text, one.unit) == (kind, value, unit)


def test_values_are_found_where_they_stand() -> None:
    text = "From 8 to 17 February 2029, some 1,400 athletes race 2 km for $3 million."
    found = quantities(text, "en")
    assert [text[one.start : one.end] for one in found] == [
        "8", "17 February 2029", "1,400", "2 km", "$3 million",
    ]  # fmt: skip
    assert found[0].as_text == "2029-02-08"
    assert found[2].around.startswith("athletes")


def test_times_of_day_words_like_codes_and_parts_of_numbers_are_no_amounts() -> None:
    found = quantities("At 7:30 am, 12 cop cars try 3 all night", "en")
    assert [one.kind for one in found] == [Measure.COUNT, Measure.COUNT]


def test_what_is_rounded_or_leaves_out_a_part_agrees() -> None:
    def one(text: str, language: str = "en"):  # type: ignore[no-untyped-def]
        return quantities(text, language)[0]

    assert one("1.4 million people").agrees_with(one("1,412,000 people"))
    assert one("1,400 people").agrees_with(one("1,438 people"))
    assert not one("1,400 people").agrees_with(one("1,040 people"))
    assert not one("30 people").agrees_with(one("34 people"))
    assert one("March 12").agrees_with(one("12 mars 2026", "fr"))
    assert one("지난 12일", "ko").agrees_with(one("March 12"))
    assert not one("March 12").agrees_with(one("11 mars", "fr"))
    assert not one("March 12, 2025").agrees_with(one("March 12, 2026"))


def test_a_language_without_data_is_read_as_english() -> None:
    assert quantities("5 million dollars", "und")[0].unit == "dollar"
    assert quantities("", "xx") == []
