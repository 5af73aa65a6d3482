"""Numbers and dates of a text by value, whatever digits, separators, words of scale and months.

Words of scale ("Millionen", "juta", "万") and month names come from CLDR.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from worker.match.cldr import facts_of
from worker.match.skeleton import LETTERS

_A_WORD = re.compile(LETTERS)
MAX_FOUND = 400
"""Numbers, and dates, of one text that are looked at."""

_DIGITS = r"\d(?:[\d.,٫٬'’\u00a0\u202f ]{0,24}\d)?"
_OTHER_DIGIT = re.compile(r"[^\x00-\x7f\D]")
NUMBER = re.compile(
    rf"(?<![A-Za-z\d.])(?P<num>{_DIGITS})(?P<gap>[\s\u00a0-]?)(?P<word>{LETTERS}\.?)?"
)
_CJK_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"两": 2, "兩": 2, "零": 0}
_CJK_UNITS = {"十": 10, "百": 100, "千": 1000}
CJK_NUMBER = re.compile(r"[〇零一二三四五六七八九十百千两兩]{2,10}[万萬亿億]?")
CJK_SCALES = {
    "万": 1e4, "萬": 1e4, "만": 1e4, "億": 1e8, "亿": 1e8, "억": 1e8, "兆": 1e12, "조": 1e12,
    "千": 1e3, "천": 1e3, "百": 1e2,
}  # fmt: skip
_YMD = re.compile(r"(?<!\d)(\d{4})\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})(?!\d)")
_DMY = re.compile(r"(?<!\d)(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?!\d)")
_MD_CJK = re.compile(r"(?<!\d)(\d{1,2})\s?[月월]\s?(\d{1,2})(?=\s?[日일号號])")
_DM_SLASH = re.compile(r"(?<![\d/.-])(\d{1,2})[-/](\d{1,2})(?![\d/.-]|\s?%)")

ALSO_MONTHS = {"ar": ("ar_SY", "ar_DZ")}
"""Where the same language calls its months otherwise."""


@dataclass(frozen=True, slots=True)
class Date:
    """A day of a year; the year is 0 where the text does not give it."""

    month: int
    day: int
    year: int = 0

    def agrees_with(self, other: Date) -> bool:
        """Whether both can be the same day."""
        years_agree = self.year == other.year or 0 in (self.year, other.year)
        return (self.month, self.day) == (other.month, other.day) and years_agree


def western_digits(text: str) -> str:
    """Return the text with every decimal digit of any script as 0-9, of the same length."""
    if text.isascii():
        return text
    return _OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), text)


@lru_cache(maxsize=128)
def month_names(language: str) -> dict[str, int]:
    """Return the months' names and abbreviations of a language and of English, folded in case."""
    codes = dict.fromkeys(("en", language, *ALSO_MONTHS.get(language, ())))
    return {name: month for code in codes for name, month in facts_of(code).months.items()}


@lru_cache(maxsize=128)
def calendar_words(language: str) -> frozenset[str]:
    """Return the names of months and days of a language and of English, folded in case."""
    days = (*facts_of("en").days, *facts_of(language).days)
    return frozenset(month_names(language)).union(days)


@lru_cache(maxsize=128)
def scale_words(language: str) -> dict[str, float]:
    """Return the words of scale of a language and of English ("million": 1e6), folded in case."""
    usual = {"k": 1e3, "bn": 1e9, "mn": 1e6}
    return facts_of(language).scales | facts_of("en").scales | usual | CJK_SCALES


def value_of(digits: str) -> float | None:
    """Parse digits with the separators of any locale; None if they are no single number."""
    digits = re.sub(r"[\u00a0\u202f ’']", " ", digits.replace("٬", ",").replace("٫", "."))
    if re.fullmatch(r"\d{1,3}(?:([., ])\d{3})(?:\1\d{3})*", digits):
        return float(re.sub(r"\D", "", digits))
    grouped = re.fullmatch(r"(\d{1,3}(?:[., ]\d{2,3})+)[.,](\d{1,2})", digits)
    if grouped:
        return float(re.sub(r"\D", "", grouped[1]) + "." + grouped[2])
    plain = re.fullmatch(r"(\d+)(?:[.,](\d{1,4}))?", digits)
    if plain:
        return float(f"{plain[1][:18]}.{plain[2] or 0}")
    return None


def cjk_value(numeral: str) -> float:
    """Parse a numeral written in Chinese characters."""
    total, digit = 0.0, 0.0
    scale = CJK_SCALES.get(numeral[-1], 1.0) if numeral[-1] in "万萬亿億" else 1.0
    has_units = any(c in _CJK_UNITS for c in numeral)
    for char in numeral:
        if char in _CJK_DIGITS:
            digit = digit * (1 if has_units else 10) + _CJK_DIGITS[char]
        elif char in _CJK_UNITS:
            total += (digit or 1) * _CJK_UNITS[char]
            digit = 0.0
    return (total + digit) * scale


def numbers(text: str, language: str) -> dict[float, str]:
    """Return the numbers of a text: value -> as written, with its word of scale."""
    found: dict[float, str] = {}
    plain = western_digits(text)
    scales = scale_words(language)
    for match in NUMBER.finditer(plain):
        value = value_of(match["num"])
        end = match.end("num")
        if value is None:  # a list such as "3, 4, 5": each for itself
            for piece in re.finditer(r"\d+", match["num"]):
                found.setdefault(float(piece[0][:18]), piece[0])
            continue
        word = (match["word"] or "").casefold().strip(".")
        scale = scales.get(word) or (
            scales.get(word[0]) if word and word[0] in CJK_SCALES else None
        )
        if scale:
            value *= scale
            end = match.end("word") if word in scales else match.start("word") + 1
        found.setdefault(round(value, 4), text[match.start() : end].strip(" ,."))
        if len(found) >= MAX_FOUND:
            return found
    for match in CJK_NUMBER.finditer(plain):
        found.setdefault(cjk_value(match[0]), match[0])
    return found


def is_telling(value: float) -> bool:
    """Whether a number is rare enough to tell a story: not a small count, a year or a round 100."""
    if value != int(value):
        return True
    whole = int(value)
    is_round = whole <= 20 or (whole < 100 and whole % 10 == 0) or whole in (100, 1000, 24)
    return not is_round and not 1900 <= whole <= 2100


@lru_cache(maxsize=128)
def _month_patterns(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    alternatives = "|".join(sorted(map(re.escape, month_names(language)), key=len, reverse=True))
    day = r"(?P<day>\d{1,2})(?:er|st|nd|rd|th|º|\.)?"
    year = r"(?:[\s,.]{1,3}(?:(?:de|del|of|năm|r\.?)\s)?(?P<year>(?:19|20|25)\d\d)(?!\d))?"
    between = r"[\s,.]{0,2}(?:de\s|of\s|af\s|din\s|ngày\s)?"
    month = rf"(?P<month>{alternatives})(?!\d)\w{{0,3}}\.?"
    return (
        re.compile(rf"(?<!\d){day}{between}{month}{year}", re.IGNORECASE),
        re.compile(rf"(?<!\w){month}\s?{day}(?![\d:%.,]\d|\d){year}", re.IGNORECASE),
    )


def dates(text: str, language: str) -> dict[Date, str]:
    """Return the days that a text names: date -> as written."""
    found: dict[Date, str] = {}
    for day in days_in(text, language):
        if len(found) < MAX_FOUND:
            found.setdefault(day.date, text[day.start : day.end].strip(" ,."))
    return found


@dataclass(frozen=True, slots=True)
class Day:
    """A day where it stands in a text."""

    date: Date
    start: int
    end: int


def days_in(text: str, language: str) -> Iterator[Day]:
    """Yield the days that a text names where they stand, some of them twice."""
    plain = western_digits(text)

    def day_of(year: str | None, month: int, day: str, span: tuple[int, int]) -> Iterator[Day]:
        full_year = int(year) if year and len(year) == 4 else 0
        full_year -= 543 if full_year > 2400 else 0  # the Buddhist era
        if 1 <= month <= 12 and 1 <= int(day) <= 31:
            yield Day(Date(month, int(day), full_year), *span)

    for m in _YMD.finditer(plain):
        yield from day_of(m[1], int(m[2]), m[3], m.span())
    for m in _MD_CJK.finditer(plain):
        yield from day_of(None, int(m[1]), m[2], (m.start(), m.end() + 1))
    names, others = month_names(language), calendar_words(language)
    for pattern in _month_patterns(language):
        for m in pattern.finditer(plain):
            word = _A_WORD.match(plain, m.start("month"))
            if word and word[0].casefold() not in names and word[0].casefold() in others:
                continue  # Spanish "martes 21" is no 21 March
            month = names.get(m["month"].casefold(), 0)
            end = m.end() if word and word.end() <= m.end() else max(m.end("month"), m.end("day"))
            yield from day_of(m["year"], month, m["day"], (m.start(), end))
    is_month_first = language.startswith("en")
    for m in _DMY.finditer(plain):
        places = (1, 2) if is_month_first else (2, 1)
        yield from day_of(m[3], int(m[places[0]]), m[places[1]], m.span())
    if not is_month_first:
        for m in _DM_SLASH.finditer(plain):
            yield from day_of(None, int(m[2]), m[1], m.span())
