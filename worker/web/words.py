"""What the pages say: codes and numbers of the store as words that a person reads.

English for now; every phrase of the pages that depends on data is made here.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache

from babel import Locale, UnknownLocaleError

from worker.domain import UNDETERMINED, Outcome, Relation, Verdict
from worker.records import MatchRow

RELATIONS = {
    Relation.COPY: "Copy",
    Relation.TRANSLATION: "Translation",
    Relation.SAME_EVENT: "Same event",
    Relation.SAME_TOPIC: "Same topic",
    Relation.UNRELATED: "Near miss",
}
RELATION_MEANS = {
    Relation.COPY: "the seed's text in the same language, edited or not",
    Relation.TRANSLATION: "the seed's text in another language",
    Relation.SAME_EVENT: "another report of the event that the seed tells of",
    Relation.SAME_TOPIC: "a report on the seed's subject, not on its event",
    Relation.UNRELATED: "below the threshold, kept for comparison",
}
VERDICTS = {
    Verdict.RELEVANT: "Relevant",
    Verdict.IRRELEVANT: "Irrelevant",
    Verdict.UNSURE: "Unsure",
}
OUTCOMES = {
    Outcome.OK: "Read",
    Outcome.UNCHANGED: "Nothing new",
    Outcome.EMPTY: "No entries in it",
    Outcome.NOT_A_FEED: "Not a feed",
    Outcome.TOO_LARGE: "Too large",
    Outcome.TOO_COMPLEX: "Too complex to read",
    Outcome.TIMEOUT: "No answer in time",
    Outcome.UNREACHABLE: "Cannot be reached",
    Outcome.BAD_URL: "Address is not valid",
    Outcome.BAD_RESPONSE: "Answer makes no sense",
    Outcome.BLOCKED_ADDRESS: "Private address, not fetched",
    Outcome.BLOCKED: "Refuses our visits",
    Outcome.RATE_LIMITED: "Asks for slower visits",
    Outcome.POSTPONED: "Waits for its turn",
    Outcome.TOO_MANY_REDIRECTS: "Redirects without end",
    Outcome.SERVER_ERROR: "Its server has an error",
    Outcome.CLIENT_ERROR: "Its server refuses",
    Outcome.NOT_FOUND: "Not found",
    Outcome.GONE: "Gone for good",
    Outcome.FAILED: "Failed here",
    Outcome.LEASE_LOST: "Taken over by another worker",
    Outcome.QUARANTINED: "Given up, needs a person",
}
FEED_STATES = {
    "active": "Watched",
    "paused": "Paused",
    "retired": "No longer in a watch",
    "quarantined": "Given up",
}
_RTL = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ku-arab", "nqo", "ps", "sd", "syr", "ug"}
    | {"ur", "yi"}
)
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def likelihood(score: float) -> str:
    """A score in words: how sure the matcher is that the article is related at all."""
    if score >= 0.9:
        return "very likely"
    return "likely" if score >= 0.6 else "possible"


def percent(score: float) -> str:
    """A score as a percentage; only an exact 1 is 100 %, since nothing else is certain."""
    whole = round(min(max(score, 0.0), 1.0) * 100)
    return f"{99 if whole == 100 and score < 1 else whole}\u00a0%"


@lru_cache(maxsize=512)
def language_name(code: str) -> str:
    """A language's English name; the code itself where there is none."""
    if code == UNDETERMINED or not code:
        return "Unknown language"
    if not _LANGUAGE_TAG.fullmatch(code):
        return code
    try:
        name = Locale.parse(code, sep="-").get_display_name("en")
    except (UnknownLocaleError, ValueError):
        name = Locale("en").languages.get(code)
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
        return "Not polled yet"
    return OUTCOMES[Outcome(code)] if code in OUTCOMES else code.replace("_", " ")


def day(moment: datetime) -> str:
    """A date such as 2 Apr 2025 (UTC)."""
    return f"{moment.day} {moment:%b} {moment.year}"


def minute(moment: datetime) -> str:
    """A time such as 2 Apr 2025, 14:05 UTC."""
    return f"{day(moment)}, {moment:%H:%M} UTC"


def day_heading(when: date, today: date) -> str:
    """A day as a heading: Today, Yesterday, or Wednesday 2 April 2025."""
    if when == today:
        return "Today"
    if when == today - timedelta(days=1):
        return "Yesterday"
    return f"{when:%A} {when.day} {when:%B} {when.year}"


def since(moment: datetime, now: datetime) -> str:
    """A time against now: 5 min ago, in 2 h, 3 days ago; the date where it is far away."""
    seconds = (now - moment).total_seconds()
    span = abs(seconds)
    if span < _MINUTE:
        return "just now" if seconds >= 0 else "in a moment"
    if span < _HOUR:
        text = f"{span / _MINUTE:.0f} min"
    elif span < 2 * _DAY:
        text = f"{span / _HOUR:.0f} h"
    elif span < 30 * _DAY:
        text = f"{span / _DAY:.0f} days"
    else:
        return day(moment)
    return f"{text} ago" if seconds >= 0 else f"in {text}"


def gist(row: MatchRow) -> str:
    """The one sentence that matters: the matcher's first reason, else what the evidence says."""
    if row.reasons:
        return row.reasons[0]
    parts = []
    if row.evidence:
        parts.append(count(len(row.evidence), "passage lines up", "passages line up"))
    names = [str(name) for name in row.shared.get("names", [])][:4]
    if names:
        parts.append(f"both name {', '.join(names)}")
    return "; ".join(parts)


def feature_name(name: str) -> str:
    """A feature's name as words."""
    return name.replace("_", " ").replace(".", " ").strip()


def count(number: int, one: str, many: str) -> str:
    """A number with its noun: 1 feed, 1,200 feeds."""
    return f"{number:,} {one if number == 1 else many}"
