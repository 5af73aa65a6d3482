"""Codes and numbers of the store as words, in the reader's language.

Pages, reports and letters share these; what only one of them says is written there.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_percent

from worker.domain import UNDETERMINED, Relation, Verdict
from worker.locales import N_, Phrases, _, locale, ngettext
from worker.records import MatchFilter, MatchRow

RELATIONS = Phrases(
    {
        Relation.COPY: N_("Copy"),
        Relation.TRANSLATION: N_("Translation"),
        Relation.SAME_EVENT: N_("Same event"),
        Relation.SAME_TOPIC: N_("Same topic"),
        Relation.UNRELATED: N_("Near miss"),
    }
)
VERDICTS = Phrases(
    {
        Verdict.RELEVANT: N_("Relevant"),
        Verdict.IRRELEVANT: N_("Irrelevant"),
        Verdict.UNSURE: N_("Unsure"),
    }
)
_RTL = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ku-arab", "nqo", "ps", "sd", "syr", "ug"}
    | {"ur", "yi"}
)
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_COVERED = re.compile(r"(\d+)% of the text has a close counterpart in one seed")
_BOTH_NAME = "both name "
_NOTHING_ON = "nothing on: "
_LESS = "less than usual: "
_OTHER_COUNTRY = "a country other than the seeds' is in focus"


def percent(score: float) -> str:
    """A score as a percentage; only an exact 1 is 100%, since nothing else is certain."""
    whole = round(min(max(score, 0.0), 1.0) * 100)
    shown = 99 if whole == 100 and score < 1 else whole
    return str(format_percent(shown / 100, locale=locale()))


def language_name(code: str) -> str:
    """A language's name in the reader's language; the code itself where there is none."""
    if code == UNDETERMINED or not code:
        return _("Unknown language")
    return _name_in(locale(), code)


def language_heading(code: str) -> str:
    """A language's name as it begins a line: French writes it small within a sentence."""
    name = language_name(code)
    return name[:1].upper() + name[1:]


@lru_cache(maxsize=2048)
def _name_in(reader: Locale, code: str) -> str:
    if not _LANGUAGE_TAG.fullmatch(code):
        return code
    try:
        name = Locale.parse(code, sep="-").get_display_name(reader)
    except (UnknownLocaleError, ValueError):
        name = reader.languages.get(code)
    return name or code


def lang_attribute(code: str | None) -> str | None:
    """A language as the `lang` attribute wants it; None where nothing is known."""
    known = code and code != UNDETERMINED and _LANGUAGE_TAG.fullmatch(code)
    return code if known else None


def direction(code: str | None) -> str:
    """The `dir` attribute of a text: by its language, by its first letters where unknown."""
    if lang_attribute(code) is None or code is None:
        return "auto"
    return "rtl" if code.lower() in _RTL or code.lower().partition("-")[0] in _RTL else "ltr"


def day(moment: date) -> str:
    """A date such as 2 Apr 2025 (of a time: in UTC)."""
    return str(format_date(moment, "medium", locale()))


def day_of_year(moment: date) -> str:
    """A day such as 2 Apr, where the year is plain."""
    return str(format_skeleton("MMMd", moment, locale=locale()))


def minute(moment: datetime) -> str:
    """A time such as 2 Apr 2025, 14:05 UTC."""
    time = format_time(moment, "short", locale=locale())
    return _("%(day)s, %(time)s UTC", day=day(moment), time=time)


def full_day(when: date) -> str:
    """A day with its weekday, as it begins a line: Wednesday, 2 April 2025."""
    text = str(format_date(when, "full", locale()))
    return text[:1].upper() + text[1:]


def chosen(wanted: MatchFilter) -> str:
    """What a list holds, for the head of a document; empty where nothing was chosen."""
    parts = [
        _("watch %(name)s", name=wanted.watch) if wanted.watch else "",
        RELATIONS[wanted.relation] if wanted.relation else "",
        language_name(wanted.language) if wanted.language else "",
        wanted.outlet or "",
        _("feed %(number)s", number=wanted.feed_id) if wanted.feed_id else "",
        _("One story") if wanted.story_id else "",
        f"\u201c{wanted.text}\u201d" if wanted.text else "",
        VERDICTS[wanted.verdict] if wanted.verdict else "",
        _("not reviewed") if wanted.unreviewed else "",
        _("found since %(time)s", time=minute(wanted.since)) if wanted.since else "",
    ]
    said = " \u00b7 ".join(part for part in parts if part)
    return said[:1].upper() + said[1:]


def gist(row: MatchRow) -> str:
    """The one sentence that matters: the matcher's first reason, else what the evidence says."""
    if row.reasons:
        return reason(row.reasons[0])
    parts = []
    if row.evidence:
        parts.append(
            ngettext("%(num)s passage lines up", "%(num)s passages line up", len(row.evidence))
        )
    names = [str(name) for name in row.shared.get("names", [])][:4]
    if names:
        parts.append(_("both name %(names)s", names=", ".join(names)))
    return "; ".join(parts)


def speaks_against(text: str) -> bool:
    """Whether one of the matcher's reasons, as it is stored, speaks against the match."""
    return text.startswith((_LESS, _NOTHING_ON)) or text == _OTHER_COUNTRY


def sentence(text: str) -> str:
    """A phrase as it begins a line."""
    return text[:1].upper() + text[1:]


def reason(text: str) -> str:
    """One of the matcher's reasons, which are stored in English; as it is where it is not known."""
    if found := _COVERED.fullmatch(text):
        return _(
            "%(percent)s of the text has a close counterpart in one seed",
            percent=percent(int(found[1]) / 100),
        )
    if text.startswith(_BOTH_NAME):
        return _("both name %(names)s", names=text.removeprefix(_BOTH_NAME))
    if text.startswith(_NOTHING_ON):
        return _("nothing on: %(names)s", names=text.removeprefix(_NOTHING_ON))
    if text.startswith(_LESS):
        return _("less than usual: %(reason)s", reason=reason(text.removeprefix(_LESS)))
    return _(text) if text else text
