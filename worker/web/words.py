"""What the pages say: codes and numbers of the store as words that a person reads.

Every phrase of the pages that depends on data is made here, in the reader's language; in
`worker.words`, where reports and letters say it too.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from babel.dates import format_date

from worker.domain import Outcome, Relation
from worker.locales import N_, Phrases, _, locale, ngettext
from worker.words import (
    RELATIONS,
    VERDICTS,
    day,
    day_of_year,
    direction,
    gist,
    lang_attribute,
    language_heading,
    language_name,
    minute,
    percent,
    reason,
    sentence,
    speaks_against,
)

__all__ = [
    "FEED_STATES",
    "OUTCOMES",
    "RELATIONS",
    "RELATION_MEANS",
    "VERDICTS",
    "day",
    "day_of_year",
    "direction",
    "found_on",
    "gist",
    "lang_attribute",
    "language_heading",
    "language_name",
    "likelihood",
    "minute",
    "outcome",
    "percent",
    "reason",
    "sentence",
    "since",
    "speaks_against",
]

RELATION_MEANS = Phrases(
    {
        Relation.COPY: N_("the seed's text in the same language, edited or not"),
        Relation.TRANSLATION: N_("the seed's text in another language"),
        Relation.SAME_EVENT: N_("another report of the event that the seed tells of"),
        Relation.SAME_TOPIC: N_("a report on the seed's subject, not on its event"),
        Relation.UNRELATED: N_("below the threshold, kept for comparison"),
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
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def likelihood(score: float) -> str:
    """A score in words: how sure the matcher is that the article is related at all."""
    if score >= 0.9:
        return _("very likely")
    return _("likely") if score >= 0.6 else _("possible")


def outcome(code: str | None) -> str:
    """How a poll ended, in words."""
    if code is None:
        return _("Not polled yet")
    return OUTCOMES[Outcome(code)] if code in OUTCOMES else code.replace("_", " ")


def found_on(when: date, today: date) -> str:
    """The day of a find as a heading: Found today, or Found on Wednesday, 2 April 2025."""
    if when == today:
        return _("Found today")
    if when == today - timedelta(days=1):
        return _("Found yesterday")
    return _("Found on %(day)s", day=format_date(when, "full", locale()))


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
