"""What the page on telling says of channels and their rules, as a person would put it."""

from __future__ import annotations

from datetime import time

from babel.dates import format_time, get_day_names

from worker.domain import ChannelConfig, Relation, TellingRules
from worker.locales import N_, Phrases, _, locale, ngettext
from worker.web.words import RELATIONS, language_name, percent

KINDS = Phrases(
    {
        "file": N_("A dated file"),
        "webhook": N_("Webhook"),
        "mail": N_("Mail"),
        "chat": N_("Chat"),
    }
)
DONE = Phrases(
    {
        "on": N_("in use again; what waits is told within a minute."),
        "retry": N_("due now; it is sent within a minute."),
    }
)
"""What was just done, by the code that the address says it with."""


def rules(config: ChannelConfig) -> list[str]:
    """A channel's rules, each in a few words."""
    told = config.rules
    return [*_which(told), *_when(told)]


def _which(told: TellingRules) -> list[str]:
    said = []
    if told.relations:
        names = [RELATIONS[one].lower() for one in Relation if one in told.relations]
        said.append(_("only %(relations)s", relations=", ".join(names)))
    if told.min_score:
        said.append(_("related from %(percent)s", percent=percent(told.min_score)))
    if told.languages:
        said.append(", ".join(language_name(code) for code in told.languages))
    if told.first_of_story:
        said.append(_("the first of a story only"))
    return said


def _when(told: TellingRules) -> list[str]:
    said = []
    if told.digest:
        at = _clock(told.digest.at)
        if told.digest.weekday is None:
            said.append(_("every day at %(time)s (%(zone)s)", time=at, zone=told.zone))
        else:
            day = get_day_names("wide", locale=locale())[told.digest.weekday]
            said.append(_("%(day)s at %(time)s (%(zone)s)", day=day, time=at, zone=told.zone))
    if told.quiet:
        start, end = _clock(told.quiet.start), _clock(told.quiet.end)
        said.append(
            _("quiet from %(start)s to %(end)s (%(zone)s)", start=start, end=end, zone=told.zone)
        )
    if told.per_hour:
        said.append(
            ngettext(
                "at most %(num)s message an hour", "at most %(num)s messages an hour", told.per_hour
            )
        )
    return said


def _clock(at: time) -> str:
    return str(format_time(at, "short", locale=locale()))
