"""What units and currencies are called beside a number, in every language that CLDR has.

Several dollars, pesos or crowns are one kind: a text mostly leaves the country to its reader.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale, UnknownLocaleError, localedata
from babel.numbers import get_currency_name, get_currency_symbol
from babel.units import UnknownUnitError, format_unit

from worker.domain import Measure
from worker.match.figures import western_digits
from worker.match.places import mentions
from worker.match.skeleton import LETTERS

LINK = r"(?:(?:de|d['’]|di|do|da|of)\s?)?"
"""What may stand between a number and its unit."""
_CURRENCIES = {
    "dollar": "USD AUD CAD NZD SGD HKD",
    "euro": "EUR", "pound": "GBP", "yen": "JPY", "yuan": "CNY", "won": "KRW", "dong": "VND",
    "rupiah": "IDR", "ringgit": "MYR", "baht": "THB", "peso": "PHP MXN ARS CLP COP", "kip": "LAK",
    "riel": "KHR", "kyat": "MMK", "rupee": "INR PKR LKR NPR", "taka": "BDT", "ruble": "RUB",
    "hryvnia": "UAH", "zloty": "PLN", "koruna": "CZK", "forint": "HUF", "leu": "RON", "lev": "BGN",
    "krona": "SEK NOK DKK ISK", "franc": "CHF XOF XAF", "lira": "TRY", "riyal": "SAR QAR",
    "dirham": "AED MAD", "dinar": "KWD RSD DZD", "shekel": "ILS", "rial": "IRR", "real": "BRL",
    "sol": "PEN", "rand": "ZAR", "naira": "NGN", "cedi": "GHS", "birr": "ETB",
    "shilling": "KES TZS UGX", "tenge": "KZT", "som": "UZS KGS", "metical": "MZN",
}  # fmt: skip
_UNITS = (
    "length-kilometer", "length-meter", "length-centimeter", "length-millimeter", "length-mile",
    "length-foot", "mass-kilogram", "mass-gram", "mass-tonne", "mass-milligram", "mass-pound",
    "area-hectare", "area-square-meter", "area-square-kilometer", "area-acre", "volume-liter",
    "volume-milliliter", "volume-cubic-meter", "volume-barrel", "duration-year", "duration-month",
    "duration-week", "duration-day", "duration-hour", "duration-minute", "duration-second",
    "power-megawatt", "power-gigawatt", "power-kilowatt", "energy-kilowatt-hour",
    "temperature-celsius", "speed-kilometer-per-hour", "concentr-percent",
)  # fmt: skip
_ALSO_LOCALES = {"en": ("en_GB",), "pt": ("pt_PT",)}
"""Where the same language spells its units otherwise."""
_GAP = re.compile(rf"[\s\u00a0.-]{{0,2}}{LINK}", re.IGNORECASE)
_LETTERS = re.compile(LETTERS)
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_LEAST_LETTERS = 3


@dataclass(frozen=True, slots=True)
class Term:
    """What a unit or currency is called.

    Attributes:
        text: folded in case, but for a code such as THB.
        is_first: it stands in front of the number, as Swahili "kilomita 5".
    """

    text: str
    kind: Measure
    unit: str
    is_first: bool = False

    @property
    def is_code(self) -> bool:
        """Whether capitals count."""
        return self.text != self.text.casefold()


@dataclass(frozen=True, slots=True)
class Named:
    """A unit beside a number, and how far it reaches from it, in characters."""

    term: Term
    length: int


class Terms:
    """What units and currencies are called, the longest first, by the first and last character."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._by_first: defaultdict[str, list[Term]] = defaultdict(list)
        self._by_last: defaultdict[str, list[Term]] = defaultdict(list)
        for term in sorted(terms, key=lambda one: -len(one.text)):
            self._by_first[term.text[0]].append(term)
            self._by_last[term.text[-1]].append(term)

    def after(self, text: str) -> Named | None:
        """What stands at the start of what follows a number."""
        folded = text.casefold() if len(text.casefold()) == len(text) else text
        gap = _GAP.match(text)
        for skipped in sorted({gap.end() if gap else 0, 0, 1}, reverse=True):
            for term in self._beginning(folded[skipped : skipped + 1], text[skipped : skipped + 1]):
                own = text if term.is_code else folded
                end = skipped + len(term.text)
                if own.startswith(term.text, skipped) and _ends(term, own, end):
                    return Named(term, end)
        return None

    def before(self, text: str) -> Named | None:
        """What stands at the end of what is in front of a number."""
        bare = text.rstrip()
        folded = bare.casefold() if len(bare.casefold()) == len(bare) else bare
        if not bare:
            return None
        for term in (*self._by_last[folded[-1]], *self._by_last[bare[-1]]):
            own = bare if term.is_code else folded
            start = len(own) - len(term.text)
            if term.kind is not Measure.AMOUNT and not term.is_first:
                continue
            is_word = start <= 0 or not (term.text[0].isalpha() and own[start - 1].isalpha())
            if own.endswith(term.text) and is_word:
                return Named(term, len(text) - start)
        return None

    def _beginning(self, *starts: str) -> Iterator[Term]:
        for start in dict.fromkeys(starts):
            yield from self._by_first.get(start, ())


def _ends(term: Term, text: str, end: int) -> bool:
    """Whether a word ends there, or has no more than an ending."""
    rest = _LETTERS.match(text, end)
    if rest is None or not term.text[-1].isalpha() or _UNSPACED.search(term.text):
        return True
    least = _LEAST_LETTERS + 1
    if "\uac00" <= term.text[-1] <= "\ud7af":  # Korean endings follow one syllable too
        least = 1 if term.kind is Measure.AMOUNT else 2
    return len(term.text) >= least and len(rest[0]) <= 4 and not term.is_code


@lru_cache(maxsize=256)
def babel_locale(language: str) -> Locale | None:
    """Return CLDR's data for a language code, or None if there is none."""
    code = language.replace("-", "_")
    for candidate in (code, code.partition("_")[0]):
        try:
            if candidate and localedata.exists(candidate):
                return Locale.parse(candidate)
        except (UnknownLocaleError, ValueError):
            continue
    return None


@lru_cache(maxsize=128)
def terms_of(language: str) -> Terms:
    """What units and currencies are called in a language and in English."""
    found: dict[str, Term] = {}
    for code in dict.fromkeys((language, "en")):
        if babel_locale(code) is None:
            continue
        for locale in (code, *_ALSO_LOCALES.get(code, ())):
            for unit in _UNITS:
                for term in _unit_names(unit, locale):
                    found.setdefault(term.text, term)
        for text, unit in _currency_names(code):
            if text:
                found.setdefault(text, Term(text, Measure.AMOUNT, unit))
    return Terms(found.values())


def _unit_names(unit: str, code: str) -> Iterator[Term]:
    locale = babel_locale(code)
    kind = Measure.SHARE if unit == "concentr-percent" else Measure.MEASURE
    for length in ("long", "short"):
        for number in (1, 2, 3, 5, 100):
            try:
                text = format_unit(number, unit, length=length, locale=locale)
            except UnknownUnitError:
                continue
            plain = western_digits(text).casefold()
            name = re.sub(r"\d+", "", plain).strip(" \u00a0")
            if len(name) >= 2 or _UNSPACED.match(name):
                is_first = kind is Measure.MEASURE and plain[-1:].isdigit()
                yield Term(name, kind, "" if kind is Measure.SHARE else unit, is_first)


def _currency_names(code: str) -> Iterator[tuple[str, str]]:
    locale = babel_locale(code)
    if locale is None:
        return
    dollars = [get_currency_name(one, locale=locale).casefold() for one in ("USD", "AUD", "CAD")]
    dollars = [name.replace("\u200b", "") for name in dollars]
    is_first = len(_shared_start(dollars)) > 2
    for unit, currencies in _CURRENCIES.items():
        names = set()
        for currency in currencies.split():
            symbol = get_currency_symbol(currency, locale=locale)
            yield currency, unit
            if len(symbol) > 1 or not symbol.isalpha():
                yield symbol, unit
            for count in (None, 1, 2, 5, 100):
                name = get_currency_name(currency, count=count, locale=locale).casefold()
                territory = locale.territories.get(currency[:2], "").casefold()
                bare = name.replace("\u200b", "").replace(territory, " ") if territory else name
                words = re.findall(LETTERS, bare)
                if words:
                    names.add(words[0 if is_first else -1])
        if unit == "dollar":
            backwards = [name[::-1] for name in dollars]
            names.add(_shared_start(dollars) if is_first else _shared_start(backwards)[::-1])
        for name in names:
            if (len(name) >= _LEAST_LETTERS or not name.isascii()) and not mentions(name, code):
                yield name, unit
    yield "$", "dollar"
    yield "us$", "dollar"


def _shared_start(texts: Sequence[str]) -> str:
    """What all begin with."""
    first = min(texts)
    length = next((n for n, (a, b) in enumerate(zip(first, max(texts), strict=False)) if a != b),
                  len(first))  # fmt: skip
    return first[:length].strip()
