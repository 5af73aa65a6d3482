"""What people are told, in their language: matches grouped by story, each in one line.

Called within `worker.locales.speaking`; everything that comes from a page is one line of text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from worker.domain import UNDETERMINED
from worker.locales import _, ngettext
from worker.notify.links import safe_link
from worker.notify.messages import Message
from worker.records import MatchRow
from worker.words import RELATIONS, day, language_name, percent

MOST_STORIES = 50
MOST_OF_A_STORY = 10
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class Item:
    """One match as it is shown.

    Attributes:
        facts: relation, likelihood, outlet, language and date in one line.
        url: of the article, if it may be followed. review_url: of its page here, if there is one.
        language: of the title, for who reads it aloud.
    """

    title: str
    facts: str
    url: str | None
    review_url: str | None
    language: str


@dataclass(frozen=True, slots=True)
class Story:
    """Matches that tell the same, the one most surely related first.

    Attributes:
        more: how many further ones are not shown.
    """

    items: tuple[Item, ...]
    summary: str
    more: int


def stories_of(message: Message) -> list[Story]:
    """The matches of a message by story, the largest story first."""
    groups: dict[int, list[MatchRow]] = {}
    for row in message.rows:
        groups.setdefault(row.story_id or row.id, []).append(row)
    ranked = sorted(groups.values(), key=lambda rows: (-len(rows), rows[0].id))
    return [_story(message, rows) for rows in ranked]


def headline(message: Message) -> str:
    """A message in one line: a subject, or the first line in a chat."""
    title = one_line(message.watch.title)
    if message.is_test:
        return _("%(watch)s: a test message", watch=title)
    return ngettext(
        "%(watch)s: %(num)s new match",
        "%(watch)s: %(num)s new matches",
        len(message.rows),
        watch=title,
    )


def summary(message: Message, stories: Sequence[Story]) -> str:
    """How many matches in how many stories."""
    count = len(message.rows)
    matches = ngettext("%(num)s match", "%(num)s matches", count)
    return _(
        "%(matches)s in %(stories)s.",
        matches=matches,
        stories=ngettext("%(num)s story", "%(num)s stories", len(stories)),
    )


def item_of(message: Message, row: MatchRow) -> Item:
    """A match as it is shown."""
    parts = (
        RELATIONS[row.relation],
        percent(row.score),
        one_line(row.outlet or ""),
        language_name(row.language),
        day(row.published_at) if row.published_at else "",
    )
    return Item(
        title=one_line(row.title) or _("(no title)"),
        facts=" · ".join(part for part in parts if part),
        url=safe_link(row.url),
        review_url=message.review_url(row),
        language=row.language if row.language != UNDETERMINED else "",
    )


def one_line(text: str) -> str:
    """A text without line breaks, controls and overrides of direction: it ends nothing."""
    return " ".join(_UNSAFE.sub(" ", text).split())[:500]


def _story(message: Message, rows: Sequence[MatchRow]) -> Story:
    first = sorted(rows, key=lambda row: (-row.score, row.id))
    languages = dict.fromkeys(language_name(row.language) for row in first)
    told = ngettext("%(num)s match", "%(num)s matches", len(rows))
    return Story(
        items=tuple(item_of(message, row) for row in first[:MOST_OF_A_STORY]),
        summary=f"{told} ({', '.join(languages)})" if len(rows) > 1 else "",
        more=max(0, len(rows) - MOST_OF_A_STORY),
    )
