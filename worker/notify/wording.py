"""A match in a few words, for documents that people read."""

from __future__ import annotations

from functools import lru_cache

from worker.domain import UNDETERMINED
from worker.records import MatchRow

RELATIONS = {
    "copy": "copy",
    "translation": "translation",
    "same_event": "same event",
    "same_topic": "same topic",
    "unrelated": "near miss",
}


def title_of(row: MatchRow) -> str:
    """Its title, or what stands for it."""
    return " ".join(row.title.split()) or "(no title)"


def facts(row: MatchRow) -> str:
    """Relation, score, outlet, language, date and verdict in one line."""
    parts = [
        f"{RELATIONS[row.relation]} ({row.score:.2f})",
        row.outlet or "",
        language_name(row.language),
        f"{row.published_at:%Y-%m-%d}" if row.published_at else "",
        f"verdict: {row.verdict}" if row.verdict else "",
    ]
    return " · ".join(part for part in parts if part)


def summary(row: MatchRow) -> str:
    """The facts, with the first reason."""
    return f"{facts(row)}. {row.reasons[0]}" if row.reasons else facts(row)


@lru_cache(maxsize=512)
def language_name(code: str) -> str:
    """A language's English name; the code itself where there is none."""
    from babel import Locale

    if not code or code == UNDETERMINED:
        return "unknown language"
    return Locale("en").languages.get(code.replace("-", "_")) or code
