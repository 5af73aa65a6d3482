"""Days, amounts, shares, measures and counts of a passage, each where it stands.

What is a currency or a unit, and how it is called, comes from CLDR by way of Babel; words that
count something else ("volunteers") are kept as they stand.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from worker.domain import Measure
from worker.match.figures import (
    CJK_NUMBER,
    CJK_SCALES,
    NUMBER,
    Date,
    calendar_words,
    cjk_value,
    days_in,
    scale_words,
    value_of,
    western_digits,
)
from worker.match.skeleton import LETTERS
from worker.match.units import LINK, terms_of


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value where it stands in a passage.

    Attributes:
        value: a number, of whole units; 0 for a day.
        date: of a day.
        precision: the power of ten of the last digit that says something: 1.4 million 5, 1,040 1.
        unit: "dollar", "length-kilometer"; empty for a count and a day.
        around: what it counts as far as it can be told: the words beside it.
    """

    kind: Measure
    value: float
    unit: str
    start: int
    end: int
    around: str = ""
    date: Date | None = None
    precision: int = 0

    @property
    def as_text(self) -> str:
        """Without the ways of a language: 1400, 2026-03-12, ?-03-12 where the year is left out."""
        if self.date is None:
            return f"{self.value:.15g}"
        year, month = self.date.year or "?", f"{self.date.month:02}" if self.date.month else "?"
        return f"{year}-{month}-{self.date.day:02}"

    def agrees_with(self, other: Quantity) -> bool:
        """Whether both can be the same: one may be rounded, or leave the year or the month out."""
        if self.date is not None and other.date is not None:
            return same_day(self.date, other.date)
        if self.date is not None or other.date is not None:
            return False
        step = 10.0 ** max(self.precision, other.precision)
        return self.value == other.value or abs(self.value - other.value) <= 0.5 * step + 1e-9

    def is_comparable(self, other: Quantity) -> bool:
        """Whether both are of one kind and unit."""
        return self.kind is other.kind and self.unit == other.unit


def same_day(one: Date, other: Date) -> bool:
    """Whether two dates can be one day; a month or year of 0 is not given."""
    return (
        one.day == other.day
        and (one.month == other.month or 0 in (one.month, other.month))
        and (one.year == other.year or 0 in (one.year, other.year))
    )


_PERCENT = re.compile(r"\s{0,2}(?:[%٪％﹪]|(?:per ?cent|percent|pct)\b)", re.IGNORECASE)
_WORDS_AFTER = re.compile(rf"[\s\u00a0-]{{0,2}}{LINK}({LETTERS}(?:[\s\u00a0-]{LETTERS}){{0,2}})")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_NUMBER_BEFORE = re.compile(r"[\d.,:](?!\s)")
_CLOCK = re.compile(r"^[:h]\d\d|^[.:]\d\d\s?(?:a\.?m|p\.?m|uhr|h\b)", re.IGNORECASE)
_ONLY_DAY = re.compile(
    r"(?<![\d.,/])(?P<a>\d{1,2})\s?[日일号號](?![간間])"
    r"|(?:ngày|วันที่|ថ្ងៃទី|ວັນທີ)\s?(?P<b>\d{1,2})(?![\d.,/-])"
    r"|(?<![\d.,/])(?P<c>\d{1,2})\s?ရက်"
)
_RANGE = re.compile(
    r"(?<![\d.,/])(\d{1,2})(?:\.|er|º)?\s?"
    r"(?:[-–—~〜至]|to|and|au|et|al|y|a|e|ao|bis|und|till|do|i|a[zž]|en|tot|och|og|és|ve|ile|по"
    r"|до|и|і|та|й|đến|và|tới|hingga|sampai|dan|ถึง|ຫາ|到|から|إلى|و|से|থেকে)\s?$",
    re.IGNORECASE,
)
_SMALL_NUMBER = re.compile(r"(?<=[^\W\d]\s)\d{1,2}(?![\d:/%]|[.,]\d)")
_A_YEAR = re.compile(r"(?:1[89]|20|2[45])\d\d")
_OTHER_CALENDARS = frozenset({"am", "ti", "fa", "ps", "ne"})
"""Languages whose news counts years otherwise, in a way that no constant translates."""
_BUDDHIST = frozenset({"th", "lo", "km"})
_NEAR = 40
"""Characters in front of a number in which what belongs to it is looked for."""
_ALSO_SCALES = {"tỉ": 1e9, "tr": 1e6, "miliyan": 1e6, "biliyan": 1e9, "লক্ষ": 1e5, "লাখ": 1e5,
                "लाख": 1e5, "ล้าน": 1e6, "พันล้าน": 1e9, "หมื่น": 1e4, "แสน": 1e5}  # fmt: skip
"""What CLDR writes otherwise or not at all: Vietnamese "tỷ", Bengali "লাখ"."""


def quantities(text: str, language: str) -> list[Quantity]:
    """Return what a passage says in numbers, in its order.

    Args:
        text: a passage.
        language: ISO 639-1.
    """
    plain = western_digits(text)
    found = list(_days(text, language))
    taken = [(one.start, one.end) for one in found]
    for one in _numbers(plain, language):
        if not any(start < one.end and one.start < end for start, end in taken):
            found.append(one)
            taken.append((one.start, one.end))
    return sorted(found, key=lambda one: one.start)


def _days(text: str, language: str) -> Iterator[Quantity]:
    plain = western_digits(text)
    given = days_in(text, language)
    found: list[Quantity] = []
    for day in sorted(given, key=lambda one: (one.start, -one.end)):
        if not any(one.start < day.end and day.start < one.end for one in found):
            found.append(Quantity(Measure.DATE, 0.0, "", day.start, day.end, date=day.date))
    for one in list(found):
        begin = max(0, one.start - _NEAR)
        start = _RANGE.search(plain[begin : one.start])  # 8 to 17 February
        if start and one.date and 1 <= int(start[1]) <= 31:
            first, where = Date(one.date.month, int(start[1]), one.date.year), start.span(1)
            found.append(
                Quantity(Measure.DATE, 0.0, "", begin + where[0], begin + where[1], date=first)
            )
    alone = [(m.span(), m["a"] or m["b"] or m["c"]) for m in _ONLY_DAY.finditer(plain)]
    for m in _SMALL_NUMBER.finditer(plain):  # "Tuesday 21"
        word = plain[max(0, m.start() - _NEAR) : m.start()].split()[-1:]
        if word and word[0].casefold() in calendar_words(language):
            alone.append(((m.start() - len(word[0]) - 1, m.end()), m[0]))
    for (begin, end), digits in alone:
        is_free = not any(one.start < end and begin < one.end for one in found)
        if is_free and 1 <= int(digits) <= 31:
            date = Date(0, int(digits))
            found.append(Quantity(Measure.DATE, 0.0, "", begin, end, date=date))
    yield from found


def _numbers(plain: str, language: str) -> Iterator[Quantity]:
    scales = {**_ALSO_SCALES, **scale_words(language)}
    skip = -1
    for match in NUMBER.finditer(plain):
        value = value_of(match["num"])
        before = match.start() - 1
        is_part = match.start() < skip or (before >= 0 and _NUMBER_BEFORE.match(plain, before))
        if value is None or is_part or _CLOCK.match(plain[match.end("num") :]):
            continue
        found = _scaled(plain, match, scales)
        skip = found.end
        year = _year(match["num"], language) if found.end == match.end("num") else 0
        one = _measured(plain, language, found)
        if year and (one.kind is Measure.COUNT or one.unit == "duration-year"):
            if language not in _OTHER_CALENDARS:
                yield Quantity(Measure.YEAR, year, "", found.start, found.end)
        else:
            yield one
    for match in CJK_NUMBER.finditer(plain):
        value = cjk_value(match[0])
        yield _measured(plain, language, _Found(value, *match.span(), 0))


def _year(digits: str, language: str) -> int:
    """The year that four digits are; 0 if they are none."""
    if not _A_YEAR.fullmatch(digits):
        return 0
    year = int(digits)
    if year > 2400:
        return year - 543 if language in _BUDDHIST else 0
    return year


def _scaled(plain: str, match: re.Match[str], scales: Mapping[str, float]) -> _Found:
    """A number with its words of scale: 46 million, 2억 4000만, Swahili "milioni 46"."""
    value = value_of(match["num"]) or 0.0
    word = (match["word"] or "").casefold()
    known = _scale_in(word, scales)
    if not known:
        before = _scale_before(plain, match.start(), scales)
        size, start = (before.size, before.start) if before else (1.0, match.start())
        return _Found(value * size, start, match.end("num"), _precision(match["num"], size))
    size, end = scales[known], match.start("word") + len(known)
    precision = _precision(match["num"], size)
    value *= size
    lower = NUMBER.match(plain, end) or NUMBER.match(plain, end + 1)
    below = value_of(lower["num"]) if lower else None
    if lower is not None and below is not None and plain[end : lower.start()].strip() == "":
        known = _scale_in((lower["word"] or "").casefold(), scales)
        lesser = scales[known] if known else 1.0
        if (known or word[:1] in CJK_SCALES) and lesser < size and below * lesser < size:
            value += below * lesser
            end = lower.start("word") + len(known) if known else lower.end("num")
            precision = _precision(lower["num"], lesser)
    return _Found(value, match.start(), end, precision)


def _scale_in(word: str, scales: Mapping[str, float]) -> str:
    """The word of scale that a word is, or begins with where words are not set apart."""
    for known in (word, word.strip(".")):
        if known in scales:
            return known
    if not _UNSPACED.match(word) and word[:1] not in CJK_SCALES:
        stems = (word[:-length] for length in (1, 2, 3) if len(word) - length >= 4)
        return next((stem for stem in stems if stem in scales), "")  # with an ending
    starts = (word[:length] for length in range(min(len(word), 8), 0, -1))
    return next((start for start in starts if start in scales), "")


@dataclass(frozen=True, slots=True)
class _Found:
    value: float
    start: int
    end: int
    precision: int


@dataclass(frozen=True, slots=True)
class _Before:
    size: float
    start: int


def _scale_before(plain: str, start: int, scales: Mapping[str, float]) -> _Before | None:
    """A word of scale in front of its number: Swahili "milioni 46"."""
    words = plain[max(0, start - _NEAR) : start].split()
    word = words[-1] if words and plain[start - 1].isspace() else ""
    size = scales.get(word.casefold()) if len(word) > 3 else None
    if size is None or (len(words) > 1 and words[-2][-1].isdigit()):
        return None
    return _Before(size, plain.rindex(word, 0, start))


def _precision(digits: str, scale: float) -> int:
    """The power of ten of the last digit that is not a filling zero."""
    grouped = re.sub(r"[^\d.,]", "", digits)
    value = value_of(digits) or 0.0
    decimals = 0
    if value != int(value):
        decimals = len(re.split(r"[.,]", grouped)[-1])
    whole = str(round(value * 10**decimals)).rstrip("0")
    zeros = len(str(round(value * 10**decimals))) - len(whole)
    if value < 100 and scale == 1.0:
        zeros = 0  # 30 people are not about 34
    return zeros - decimals + round(math.log10(scale))


def _measured(plain: str, language: str, found: _Found) -> Quantity:
    """A number with the unit that stands beside it."""
    after = plain[found.end : found.end + 60]
    start, end = found.start, found.end
    percent = _PERCENT.match(after)
    words = _WORDS_AFTER.match(after)
    around = words[1] if words else ""
    kind, unit = Measure.COUNT, ""
    if percent:
        kind, end = Measure.SHARE, end + percent.end()
    else:
        terms = terms_of(language)
        named = terms.after(after)
        if named is not None:
            kind, unit, end = named.term.kind, named.term.unit, end + named.length
        else:
            named = terms.before(plain[max(0, start - _NEAR) : start])
            if named is not None:
                kind, unit, start = named.term.kind, named.term.unit, start - named.length
    if kind is not Measure.COUNT:
        around = ""
    return Quantity(kind, found.value, unit, start, end, around, None, found.precision)
