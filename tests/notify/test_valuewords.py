"""A value of a fact in the reader's language, whatever language wrote it."""

from __future__ import annotations

import pytest

from worker.domain import Measure
from worker.locales import speaking
from worker.notify.valuewords import in_readers_words
from worker.records import Saying, SharedFact, Version


def told(kind: Measure, value: str, written: str, unit: str = "") -> str:
    saying = Saying(1, None, "", "", "my", written, written, 0, len(written))
    version = Version(value, 1, (saying,))
    return in_readers_words(SharedFact(kind, unit, (version,), False), version)


@pytest.mark.parametrize(
    ("kind", "value", "unit", "english", "french"),
    [
        (Measure.DATE, "2026-02-12", "", "12 February 2026", "12 février 2026"),
        (Measure.DATE, "?-02-29", "", "29 February", "29 février"),
        (Measure.DATE, "?-?-23", "", "23", "23"),
        (Measure.DATE, "2026-02-30", "", "", ""),
        (Measure.YEAR, "2029", "", "2029", "2029"),
        (Measure.AMOUNT, "1900000000", "baht", "1.9 billion", "1,9 milliard"),
        (Measure.AMOUNT, "1234567890", "baht", "1,234,567,890", "1 234 567 890"),
        (Measure.COUNT, "1400", "", "1,400", "1 400"),
        (Measure.SHARE, "7.4", "", "7.4%", "7,4 %"),
        (Measure.MEASURE, "17", "length-kilometer", "17 kilometres", "17 kilomètres"),
        (Measure.MEASURE, "17", "of-our-own", "17", "17"),
        (Measure.TITLE, "deputy minister", "", "deputy minister", "ministre adjoint"),
        (Measure.TITLE, "keeper of the seal", "", "", ""),
        (Measure.NAME, "Bonface Katana", "", "", ""),
    ],
)
def test_a_value_is_told_as_the_reader_writes_it(
    kind: Measure, value: str, unit: str, english: str, french: str
) -> None:
    assert told(kind, value, "ဖေဖော်ဝါရီ", unit) == english
    with speaking("fr"):
        assert " ".join(told(kind, value, "ဖေဖော်ဝါရီ", unit).split()) == french


def test_what_stands_there_just_so_is_not_told_twice() -> None:
    assert told(Measure.COUNT, "1400", "1,400 athletes") == ""
    assert told(Measure.DATE, "2026-02-12", "12 February 2026") == ""
