"""What the pages say of feeds: their health and their pace as a person would put it."""

from __future__ import annotations

from hashlib import sha256

from babel.numbers import format_decimal

from worker.domain import ToldBy
from worker.feeds.health import FeedHealth, Need
from worker.locales import N_, Phrases, _, locale, ngettext, written
from worker.records import FeedRow
from worker.web.words import day, outcome

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0

DONE = Phrases(
    {
        "added": N_("added; it is polled within a minute."),
        "known": N_("among the feeds already."),
        "resting": N_("among the feeds already, but not polled: resume it to go on with it."),
        "polled": N_("due now; it is polled within a minute."),
        "paused": N_("paused; it is not polled until somebody resumes it."),
        "resumed": N_("resumed; it is polled within a minute."),
        "moved": N_("at its new address; it is polled there within a minute."),
    }
)
"""What was just done, by the code that the address says it with."""

TOLD_BY = Phrases(
    {
        ToldBy.ID: N_("by their ids"),
        ToldBy.ID_OR_ADDRESS: N_("by their ids, and by their addresses where those are of no use"),
        ToldBy.ADDRESS: N_("by their addresses where an id means another entry than before"),
        ToldBy.TITLE: N_("by outlet, title and day"),
    }
)
"""By what a feed's entries are told apart."""


def needs_a_person(health: FeedHealth) -> bool:
    """Whether somebody should look at a feed."""
    return health.need <= Need.OVERFLOW


def note(health: FeedHealth) -> str:
    """What a person should know of a feed or do about it; empty if nothing."""
    row = health.row
    match health.need:
        case Need.NEW_ADDRESS:
            return _("%(outcome)s: it needs a new address", outcome=outcome(row.last_outcome))
        case Need.HELP if row.state == "quarantined":
            return _("Given up, since polling it killed its worker time and again")
        case Need.HELP:
            return ngettext(
                "Failed %(num)s time in a row", "Failed %(num)s times in a row", row.failures
            )
        case Need.LOOK if row.last_entry_at:
            return _("Unusually silent: nothing new since %(day)s", day=day(row.last_entry_at))
        case Need.OVERFLOW:
            return ngettext(
                "%(num)s entry over the limit left out",
                "%(num)s entries over the limit left out",
                row.overflow,
            )
        case _:
            return ""


def told_apart(row: FeedRow) -> str:
    """By what a feed's entries are told apart."""
    return TOLD_BY[row.told_by]


def a_week(entries: float | None) -> str:
    """How many entries a feed brings a week: 12 or 0.5; a dash where nobody knows yet."""
    if entries is None:
        return "–"
    pattern = "#,##0" if entries >= 10 or entries == 0 else "0.0"
    return str(format_decimal(entries, pattern, locale()))


def span(seconds: float) -> str:
    """A length of time: 45 s, 20 min, 6 h, 3 days."""
    if seconds < _MINUTE:
        return _("%(number)s s", number=round(seconds))
    if seconds < _HOUR:
        return _("%(number)s min", number=round(seconds / _MINUTE))
    if seconds < 2 * _DAY:
        return _("%(number)s h", number=round(seconds / _HOUR))
    return ngettext("%(num)s day", "%(num)s days", round(seconds / _DAY))


def size(number: int) -> str:
    """A size: 800 B, 12 kB, 3,400 kB."""
    if number < 1_000:
        return f"{number} B"
    return f"{written(number // 1_000)} kB"


def sight_of(url: str) -> str:
    """What a form says an address with: which one was seen, and no password that it may hold."""
    return sha256(url.encode("utf-8", "replace")).hexdigest()[:16]
