"""A value of a story's facts in the reader's language, whatever script a text writes it in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from babel.dates import format_date, format_skeleton
from babel.numbers import format_compact_decimal, format_decimal
from babel.units import UnknownUnitError, format_unit

from worker.domain import Measure
from worker.locales import N_, Phrases, _, locale, spoken
from worker.records import SharedFact, Version

_LARGE, _MOST_DIGITS = 1_000_000, 4
"""From where a number is told in millions, and digits that it may have for that."""
_ANY_YEAR = 2000
"""A leap year stands for the year that is not given."""
_DEPUTY = "deputy "
_OFFICES = Phrases(
    {
        "minister": N_("minister"),
        "prime minister": N_("prime minister"),
        "president": N_("president"),
        "governor": N_("governor"),
        "mayor": N_("mayor"),
        "director": N_("director"),
        "secretary general": N_("secretary-general"),
        "ambassador": N_("ambassador"),
        "judge": N_("judge"),
        "prosecutor": N_("prosecutor"),
        "spokesperson": N_("spokesperson"),
    }
)


def in_readers_words(fact: SharedFact, version: Version) -> str:
    """What some texts say, in the reader's language.

    Args:
        fact: says what kind of value it is, and of which unit.
        version: one of its versions.

    Returns:
        "12 March 2026", "1.9 billion"; empty where the text that comes first writes it just so,
        or where it cannot be said otherwise, as a name. An organisation is told as a text in the
        reader's language has it, if any does.
    """
    if fact.kind is Measure.ORGANISATION:
        ours = (one.written for one in version.sayings if one.language == spoken())
        told = next(ours, "")
        return "" if told == version.sayings[0].written else told
    tell = _TELLERS.get(fact.kind)
    try:
        told = tell(version.value, fact.unit) if tell is not None else ""
    except (ValueError, KeyError):  # a 30 February, an office that is new here
        return ""
    return "" if _plain(told) in _plain(version.sayings[0].written) else told


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _day(value: str, _unit: str) -> str:
    year, month, day = (0 if part == "?" else int(part) for part in value.split("-"))
    when = date(year or _ANY_YEAR, month or 1, day)
    if year and month:
        return str(format_date(when, "long", locale()))
    return str(format_skeleton("MMMMd" if month else "d", when, locale=locale()))


def _number(value: str, _unit: str) -> str:
    number = float(value)
    if number >= _LARGE and len(f"{number:.15g}".rstrip("0")) <= _MOST_DIGITS:
        told = format_compact_decimal(
            number, format_type="long", locale=locale(), fraction_digits=_MOST_DIGITS - 1
        )
        return str(told)
    return str(format_decimal(number, locale=locale()))


def _measured(value: str, unit: str) -> str:
    try:
        return format_unit(float(value), unit, "long", locale=locale())
    except UnknownUnitError:
        return _number(value, unit)


def _share(value: str, _unit: str) -> str:
    return format_unit(float(value), "concentr-percent", "short", locale=locale())


def _office(value: str, _unit: str) -> str:
    office = _OFFICES[value.removeprefix(_DEPUTY)]
    return _("deputy %(office)s", office=office) if value.startswith(_DEPUTY) else office


_TELLERS: dict[Measure, Callable[[str, str], str]] = {
    Measure.DATE: _day,
    Measure.YEAR: lambda value, _: value,
    Measure.AMOUNT: _number,
    Measure.SHARE: _share,
    Measure.MEASURE: _measured,
    Measure.COUNT: _number,
    Measure.TITLE: _office,
}
