"""A match in a few words, for documents that people read, in the language spoken."""

from __future__ import annotations

from worker.locales import _
from worker.notify.about import About
from worker.records import MatchRow
from worker.words import RELATIONS, VERDICTS, day, language_name, percent, reason


def heading_of(about: About) -> str:
    """The title of a document."""
    if about.watch:
        return _("%(watch)s: matches", watch=about.watch)
    return _("Seedwatch: matches")


def title_of(row: MatchRow) -> str:
    """Its title, or what stands for it."""
    return " ".join(row.title.split()) or _("(no title)")


def passages_heading() -> str:
    """What stands above the aligned passages."""
    return _("Passages that say the same")


def facts(row: MatchRow) -> str:
    """Relation, score, outlet, language, date and verdict in one line."""
    parts = [
        RELATIONS[row.relation],
        percent(row.score),
        row.outlet or "",
        language_name(row.language),
        day(row.published_at) if row.published_at else "",
        VERDICTS[row.verdict] if row.verdict else "",
    ]
    return " · ".join(part for part in parts if part)


def summary(row: MatchRow) -> str:
    """The facts, with the first reason."""
    return f"{facts(row)}. {reason(row.reasons[0])}" if row.reasons else facts(row)
