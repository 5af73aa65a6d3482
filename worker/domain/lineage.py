"""Who may have taken a text from whom: what is known of each, and what is concluded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Way(StrEnum):
    """In which way one text seems to go back to another one."""

    COPY = "copy"
    TRANSLATION = "translation"
    CREDIT = "credit"
    """It names the other's outlet as its source, but is a text of its own."""


class Confidence(StrEnum):
    """How much speaks for a link; every link is a hypothesis."""

    POSSIBLE = "possible"
    LIKELY = "likely"
    VERY_LIKELY = "very_likely"


class Clue(StrEnum):
    """A kind of evidence; what its value is, is said of each."""

    VERBATIM = "verbatim"
    """Share 0..1 of the shorter one's runs of words that stand in the other, as a number."""
    ALIGNED = "aligned"
    """Share 0..1 of the text that has a counterpart in the other."""
    IN_ORDER = "in_order"
    """The counterparts follow each other in the same order; no value."""
    CREDITED = "credited"
    """The line that names the other's outlet."""
    TRANSLATED = "translated"
    """The line that says that the text is a translation."""
    LINKED = "linked"
    """The address of the other, or of its outlet, that stands in the text."""
    SAME_SLUG = "same_slug"
    """What both addresses end in."""
    SAME_AGENCY = "same_agency"
    """The agency that both name as their source."""
    EARLIER = "earlier"
    """So many hours the source was told earlier, at least; a number."""
    TIME_OPEN = "time_open"
    """The times of the two leave open which came first; no value."""
    TIME_AGAINST = "time_against"
    """The text that names the other as its source seems to be the earlier one; no value."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks for a link; see `Clue` for the value, a number as text."""

    clue: Clue
    value: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a text of a story, beside its passages.

    Attributes:
        key: unique in the story, and the same whenever it comes in.
        outlet: by name; empty if unknown. url: its address; empty if unknown.
        published_at: as it says itself; None if unknown.
        is_day_only: it says the day alone.
        seen_at: when it was first seen, before which it was told; None for a seed.
    """

    key: str
    title: str
    text: str
    language: str
    outlet: str = ""
    url: str = ""
    published_at: datetime | None = None
    is_day_only: bool = False
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two texts beside each other; symmetric.

    Attributes:
        one, other: their keys.
        probability: that they are one text, copied or translated, 0..1.
        verbatim: share of the one's runs of words that stand in the other, of the two the larger.
        covered: share of `one` that has a counterpart in `other`; `other_covered`: the other way.
        in_order: share of the alignment that keeps the order of passages, 0..1.
        length_ratio: how long `one` is as a share of `other`, > 0; in Latin letters that say as
            much, over what is read of each.
    """

    one: str
    other: str
    probability: float
    verbatim: float
    covered: float
    other_covered: float
    in_order: float
    length_ratio: float


@dataclass(frozen=True, slots=True)
class Descent:
    """A hypothesis: `text` goes back to `source`.

    Attributes:
        text, source: keys; where the direction is undecided, `source` is the one that comes first
            in the order of times and keys.
        is_decided: the evidence decides which of the two was first.
        evidence: strongest first.
    """

    text: str
    source: str
    way: Way
    is_decided: bool
    confidence: Confidence
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Lineage:
    """What seems to go back to what in a story.

    Attributes:
        order: the keys of all texts, earliest first.
        families: texts that seem to be one text, copied or translated; of two or more, each in
            order.
        descents: at most one a text and way, in the order of their texts.
    """

    order: tuple[str, ...]
    families: tuple[tuple[str, ...], ...]
    descents: tuple[Descent, ...]
