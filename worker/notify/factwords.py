"""Facts side by side in words: what they are, and who says what."""

from __future__ import annotations

from worker.domain import Measure
from worker.locales import N_, Phrases, _
from worker.records import Saying, SharedFact, Version

MEASURES = Phrases(
    {
        Measure.DATE: N_("Day"),
        Measure.YEAR: N_("Year"),
        Measure.AMOUNT: N_("Amount"),
        Measure.SHARE: N_("Share"),
        Measure.MEASURE: N_("Measure"),
        Measure.COUNT: N_("Number"),
        Measure.NAME: N_("Spelling"),
        Measure.TITLE: N_("Office"),
    }
)


def heading_of_fact(fact: SharedFact) -> str:
    """What a fact is."""
    return MEASURES[fact.kind]


def told_as(version: Version) -> str:
    """What some texts say, in the words of the first of them."""
    return version.sayings[0].written


def teller_of(saying: Saying) -> str:
    """Who says something."""
    return saying.outlet or (_("a seed") if saying.seed is not None else _("Unknown outlet"))


def tellers_of(version: Version) -> str:
    """Who says it, each once."""
    return ", ".join(dict.fromkeys(teller_of(one) for one in version.sayings))
