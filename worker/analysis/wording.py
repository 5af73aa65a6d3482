"""Links of a lineage in words; every one is worded as what it is, a hypothesis."""

from __future__ import annotations

from collections.abc import Callable

from babel.numbers import format_percent

from worker.domain import Clue, Confidence, Evidence, Way
from worker.locales import N_, Phrases, _, locale, ngettext

WAYS = Phrases(
    {
        Way.COPY: N_("Copy"),
        Way.TRANSLATION: N_("Translation"),
        Way.CREDIT: N_("Names it as its source"),
    }
)
CONFIDENCES = Phrases(
    {
        Confidence.POSSIBLE: N_("possible"),
        Confidence.LIKELY: N_("likely"),
        Confidence.VERY_LIKELY: N_("very likely"),
    }
)
_SAID: dict[Clue, Callable[[str], str]] = {
    Clue.VERBATIM: lambda value: _(
        "%(share)s of the shorter text stands word for word in the other", share=percent(value)
    ),
    Clue.ALIGNED: lambda value: _(
        "%(share)s of the text has a counterpart in the other", share=percent(value)
    ),
    Clue.IN_ORDER: lambda _value: _("in the same order throughout"),
    Clue.CREDITED: lambda value: _("says “%(line)s”", line=value),
    Clue.TRANSLATED: lambda value: _("calls itself a translation: “%(line)s”", line=value),
    Clue.LINKED: lambda value: _("links to %(address)s", address=value),
    Clue.SAME_SLUG: lambda value: _("both addresses end in “%(slug)s”", slug=value),
    Clue.SAME_AGENCY: lambda value: _(
        "both name %(agency)s, so that either may have it from there", agency=value
    ),
    Clue.EARLIER: lambda value: _hours(float(value)),
    Clue.TIME_OPEN: lambda _value: _("their times leave open which was first"),
    Clue.TIME_AGAINST: lambda _value: _("but by their times it was the earlier one"),
}


def said(evidence: Evidence) -> str:
    """One piece of evidence as a phrase."""
    return _SAID[evidence.clue](evidence.value)


def percent(share: str | float) -> str:
    """A share 0..1 as whole per cent."""
    return format_percent(round(float(share), 2), locale=locale())


def _hours(hours: float) -> str:
    if hours < 1:
        minutes = max(1, int(hours * 60))
        return ngettext(
            "told %(num)s minute later at least", "told %(num)s minutes later at least", minutes
        )
    if hours < 48:
        return ngettext(
            "told %(num)s hour later at least", "told %(num)s hours later at least", int(hours)
        )
    return ngettext(
        "told %(num)s day later at least", "told %(num)s days later at least", int(hours / 24)
    )
