"""A story as one line of a list: who leads it, what is folded under it, and how that is said."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from worker.domain import Kind
from worker.locales import N_, Phrases, _, ngettext, spoken, written
from worker.records import MatchRow, StoryEntry, StoryLine
from worker.web.listquery import UNREVIEWED, ListQuery
from worker.web.words import language_name

KINDS = Phrases(
    {
        Kind.COPY: N_("Copy"),
        Kind.TRANSLATION: N_("Translation"),
        Kind.SAME_EVENT: N_("Same event"),
        Kind.FOLLOW_UP: N_("Follow-up"),
        Kind.SAME_TOPIC: N_("Same topic"),
    }
)
_MANY_LANGUAGES = 8


@dataclass(frozen=True, slots=True)
class StoryView:
    """A line of a list.

    Attributes:
        row: the match that leads it, see `lead_of`.
        line: of a list by story; None where every match is a line.
        folded: its other matches that are shown, newest first.
    """

    row: MatchRow
    line: StoryLine | None = None
    folded: tuple[StoryEntry, ...] = ()

    @property
    def number(self) -> int:
        """How many matches the line stands for."""
        return self.line.number if self.line else 1

    @property
    def found_at(self) -> datetime:
        """When the newest of them was found."""
        return self.line.entries[0].created_at if self.line else self.row.created_at

    @property
    def pick(self) -> tuple[str, str]:
        """Name and value of the box that ticks all that the line stands for, as it is seen now."""
        if self.line and self.number > 1:
            line = self.line
            return "story", f"{line.story_id}.{line.newest}.{line.review_id}"
        return "pick", f"{self.row.id}.{self.row.review_id}"

    @property
    def open(self) -> int:
        """How many of them have no verdict."""
        if self.line is None:
            return int(self.row.verdict is None)
        return sum(group.number - group.reviewed for group in self.line.groups)

    @property
    def more(self) -> str:
        """What is folded under the line: 5 copies, 6 translations, 2 other reports."""
        if self.line is None:
            return ""
        counts: Counter[Kind] = Counter()
        for group in self.line.groups:
            counts[group.kind] += group.number
        if self.row.kind:
            counts[self.row.kind] -= 1
        others = sum(counts.values()) - counts[Kind.COPY] - counts[Kind.TRANSLATION]
        said = [
            ngettext("%(num)s copy", "%(num)s copies", counts[Kind.COPY]),
            ngettext("%(num)s translation", "%(num)s translations", counts[Kind.TRANSLATION]),
            ngettext("%(num)s other report", "%(num)s other reports", others),
        ]
        numbers = (counts[Kind.COPY], counts[Kind.TRANSLATION], others)
        return ", ".join(text for text, number in zip(said, numbers, strict=True) if number)

    @property
    def languages(self) -> str:
        """The languages of all that the line stands for, most frequent first."""
        if self.line is None:
            return language_name(self.row.language)
        counts: Counter[str] = Counter()
        for group in self.line.groups:
            counts[group.language] += group.number
        codes = sorted(counts, key=lambda code: (-counts[code], code))
        names = ", ".join(language_name(code) for code in codes[:_MANY_LANGUAGES])
        left = len(codes) - _MANY_LANGUAGES
        if left <= 0:
            return names
        return _("%(languages)s and %(number)s more", languages=names, number=written(left))


def lead_of(line: StoryLine) -> int:
    """The match that leads a line: the first one in the reader's language, else the first one."""
    readable = [entry.id for entry in line.entries if entry.language == spoken()]
    return readable[-1] if readable else line.entries[-1].id


def story_view(line: StoryLine, lead: MatchRow) -> StoryView:
    """A story as a line of a list, led by one of its matches."""
    return StoryView(lead, line, tuple(entry for entry in line.entries if entry.id != lead.id))


def is_narrow(query: ListQuery) -> bool:
    """Whether a list is worth a name: it is not simply what is to be reviewed."""
    return query.is_narrowed or query.verdict != UNREVIEWED
