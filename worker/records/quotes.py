"""Quotations of a story: one statement as its texts have it, in all languages."""

from __future__ import annotations

from dataclasses import dataclass

from worker.records.facts import Saying


@dataclass(frozen=True, slots=True)
class QuoteVersion:
    """A quotation as one text has it.

    Attributes:
        saying: where; `written` is what is quoted, without its marks.
        speaker: who is named beside it, as written there; empty if nobody is.
        is_quoted: it stands in quotation marks; else the passage tells it in words of its own.
        alike: share of the first version's words that it has in the same order, 0..1; None
            where the two are of different languages.
        is_shortened: it is much shorter than the first version.
        has_other_speaker: it names somebody, and not whom the first version names.
    """

    saying: Saying
    speaker: str
    is_quoted: bool
    alike: float | None
    is_shortened: bool
    has_other_speaker: bool


@dataclass(frozen=True, slots=True)
class FollowedQuote:
    """One statement; the text that told it first comes first.

    Attributes:
        independent: how many have it, copies and translations of one text counted once.
    """

    versions: tuple[QuoteVersion, ...]
    independent: int
