"""Facts side by side in words: what they are, and who says what."""

from __future__ import annotations

from worker.domain import Measure
from worker.locales import N_, Phrases, _
from worker.notify.valuewords import in_readers_words
from worker.records import QuoteVersion, Saying, SharedFact, Version
from worker.words import percent

_SAME_WORDS = 0.95
"""Share of words from which a quotation is told as worded alike."""

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
        Measure.ORGANISATION: N_("Organisation"),
    }
)


def heading_of_fact(fact: SharedFact) -> str:
    """What a fact is."""
    return MEASURES[fact.kind]


def told_as(fact: SharedFact, version: Version) -> str:
    """What some texts say: in the reader's language, and in the words of the first of them."""
    written, told = version.sayings[0].written, in_readers_words(fact, version)
    return f"{told} ({written})" if told else written


def teller_of(saying: Saying) -> str:
    """Who says something."""
    return saying.outlet or (_("a seed") if saying.seed is not None else _("Unknown outlet"))


def tellers_of(version: Version) -> str:
    """Who says it, each once."""
    return ", ".join(dict.fromkeys(teller_of(one) for one in version.sayings))


def drift_of(version: QuoteVersion) -> list[str]:
    """How a quotation differs from its first version, in words; nothing where it does not."""
    found = []
    if not version.is_quoted:
        found.append(_("told without quotation marks"))
    elif version.alike is not None and version.alike < _SAME_WORDS:
        found.append(_("%(share)s of the words are the same", share=percent(version.alike)))
    if version.is_shortened:
        found.append(_("shortened"))
    if version.has_other_speaker:
        found.append(_("attributed otherwise"))
    return found
