"""What the pages say: codes and numbers of the store as words that a person reads.

Every phrase of the pages that depends on data is made here, in the reader's language.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_percent

from worker.domain import UNDETERMINED, Outcome, Relation, Verdict
from worker.locales import N_, Phrases, _, locale, ngettext
from worker.records import MatchRow

RELATIONS = Phrases(
    {
        Relation.COPY: N_("Copy"),
        Relation.TRANSLATION: N_("Translation"),
        Relation.SAME_EVENT: N_("Same event"),
        Relation.SAME_TOPIC: N_("Same topic"),
        Relation.UNRELATED: N_("Near miss"),
    }
)
RELATION_MEANS = Phrases(
    {
        Relation.COPY: N_("the seed's text in the same language, edited or not"),
        Relation.TRANSLATION: N_("the seed's text in another language"),
        Relation.SAME_EVENT: N_("another report of the event that the seed tells of"),
        Relation.SAME_TOPIC: N_("a report on the seed's subject, not on its event"),
        Relation.UNRELATED: N_("below the threshold, kept for comparison"),
    }
)
VERDICTS = Phrases(
    {
        Verdict.RELEVANT: N_("Relevant"),
        Verdict.IRRELEVANT: N_("Irrelevant"),
        Verdict.UNSURE: N_("Unsure"),
    }
)
OUTCOMES = Phrases(
    {
        Outcome.OK: N_("Read"),
        Outcome.UNCHANGED: N_("Nothing new"),
        Outcome.EMPTY: N_("No entries in it"),
        Outcome.NOT_A_FEED: N_("Not a feed"),
        Outcome.TOO_LARGE: N_("Too large"),
        Outcome.TOO_COMPLEX: N_("Too complex to read"),
        Outcome.TIMEOUT: N_("No answer in time"),
        Outcome.UNREACHABLE: N_("Cannot be reached"),
        Outcome.BAD_URL: N_("Address is not valid"),
        Outcome.BAD_RESPONSE: N_("Answer makes no sense"),
        Outcome.BLOCKED_ADDRESS: N_("Private address, not fetched"),
        Outcome.BLOCKED: N_("Refuses our visits"),
        Outcome.RATE_LIMITED: N_("Asks for slower visits"),
        Outcome.POSTPONED: N_("Waits for its turn"),
        Outcome.WRAPPED: N_("Link that only its maker can read"),
        Outcome.TOO_MANY_REDIRECTS: N_("Redirects without end"),
        Outcome.SERVER_ERROR: N_("Its server has an error"),
        Outcome.CLIENT_ERROR: N_("Its server refuses"),
        Outcome.NOT_FOUND: N_("Not found"),
        Outcome.GONE: N_("Gone for good"),
        Outcome.SENT: N_("Told"),
        Outcome.PARTLY_SENT: N_("Told, but not to all"),
        Outcome.REFUSED: N_("Not taken"),
        Outcome.MISCONFIGURED: N_("Something is not set here"),
        Outcome.FAILED: N_("Failed here"),
        Outcome.LEASE_LOST: N_("Taken over by another worker"),
        Outcome.QUARANTINED: N_("Given up, needs a person"),
    }
)
FEED_STATES = Phrases(
    {
        "active": N_("Watched"),
        "paused": N_("Paused"),
        "retired": N_("No longer in a watch"),
        "quarantined": N_("Given up"),
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
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def likelihood(score: float) -> str:
    """A score in words: how sure the matcher is that the article is related at all."""
    if score >= 0.9:
        return _("very likely")
    return _("likely") if score >= 0.6 else _("possible")


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


def outcome(code: str | None) -> str:
    """How a poll ended, in words."""
    if code is None:
        return _("Not polled yet")
    return OUTCOMES[Outcome(code)] if code in OUTCOMES else code.replace("_", " ")


def day(moment: date) -> str:
    """A date such as 2 Apr 2025 (of a time: in UTC)."""
    return str(format_date(moment, "medium", locale()))


def minute(moment: datetime) -> str:
    """A time such as 2 Apr 2025, 14:05 UTC."""
    time = format_time(moment, "short", locale=locale())
    return _("%(day)s, %(time)s UTC", day=day(moment), time=time)


def day_heading(when: date, today: date) -> str:
    """A day as a heading: Today, Yesterday, or Wednesday, 2 April 2025."""
    if when == today:
        return _("Today")
    if when == today - timedelta(days=1):
        return _("Yesterday")
    text = str(format_date(when, "full", locale()))
    return text[:1].upper() + text[1:]


def since(moment: datetime, now: datetime) -> str:
    """A time against now: 5 min ago, in 2 h, 3 days ago; the date where it is far away."""
    seconds = (now - moment).total_seconds()
    span, is_past = abs(seconds), seconds >= 0
    if span < _MINUTE:
        return _("just now") if is_past else _("in a moment")
    if span < _HOUR:
        number = round(span / _MINUTE)
        ago, ahead = (
            ngettext("%(num)s min ago", "%(num)s min ago", number),
            ngettext("in %(num)s min", "in %(num)s min", number),
        )
    elif span < 2 * _DAY:
        number = round(span / _HOUR)
        ago, ahead = (
            ngettext("%(num)s h ago", "%(num)s h ago", number),
            ngettext("in %(num)s h", "in %(num)s h", number),
        )
    elif span < 30 * _DAY:
        number = round(span / _DAY)
        ago, ahead = (
            ngettext("%(num)s day ago", "%(num)s days ago", number),
            ngettext("in %(num)s day", "in %(num)s days", number),
        )
    else:
        return day(moment)
    return ago if is_past else ahead


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
