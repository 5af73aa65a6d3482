"""What a list shows, as its address says it: `?relation=copy&language=ja&verdict=all&before=812`.

Read strictly: a value that means nothing is an error, never silently another list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Path

from worker.domain import Relation, Verdict
from worker.errors import InputError
from worker.locales import _, written
from worker.records import MatchFilter

MAX_ID = 2**63 - 1
"""The largest id that the databases can hold."""
MatchId = Annotated[int, Path(ge=1, le=MAX_ID)]
UNREVIEWED = "unreviewed"
ALL = "all"
STORIES = "stories"
FLAT = "flat"
MAX_TEXT = 200
MAX_OUTLET = 1_000
WATCH_PATTERN = "^[a-z0-9][a-z0-9_-]{0,63}$"
LANGUAGE_PATTERN = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A list of matches as a page asks for it.

    Attributes:
        text: words to be found in title or text.
        outlet: its name as lists show it. feed: the id of one in which the article was seen.
        verdict: one of the verdicts, "unreviewed" (what a reviewer wants first) or "all".
        since: found on this day (UTC) or later.
        story: the id of one, as it is now.
        view: "stories" (one line a story) or "flat" (every match for itself).
        before: keyset paging: ids below this one.
        compare: on a match's page: show what this version of the article changed.
    """

    watch: str | None = None
    relation: Relation | None = None
    language: str | None = None
    text: str | None = None
    outlet: str | None = None
    feed: int | None = None
    verdict: str = UNREVIEWED
    since: date | None = None
    story: int | None = None
    view: str = STORIES
    before: int | None = None
    compare: int | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the verdict and the page is asked for."""
        return self != ListQuery(
            verdict=self.verdict, view=self.view, before=self.before, compare=self.compare
        )

    def store_filter(self, limit: int | None = None, before: int | None = None) -> MatchFilter:
        """The same for the store.

        Args:
            limit: at most so many.
            before: instead of the query's own.
        """
        return MatchFilter(
            watch=self.watch,
            relation=self.relation,
            language=self.language,
            text=self.text,
            outlet=self.outlet,
            feed_id=self.feed,
            story_id=self.story,
            verdict=Verdict(self.verdict) if self.verdict in list(Verdict) else None,
            unreviewed=self.verdict == UNREVIEWED,
            since=datetime.combine(self.since, time(), UTC) if self.since else None,
            before_id=self.before if before is None else before,
            limit=limit,
        )

    def without_filter(self) -> ListQuery:
        """All matches with this list's verdict."""
        return ListQuery(verdict=self.verdict, view=self.view)

    def from_the_top(self) -> ListQuery:
        """The same list, its first page."""
        return replace(self, before=None, compare=None)

    def feed_address(self) -> str:
        """The query string of a feed of the same matches, which names the verdict always."""
        same = replace(self.from_the_top(), view=STORIES, verdict=UNREVIEWED).address()
        return f"{same}&verdict={self.verdict}" if same else f"?verdict={self.verdict}"

    def address(self, done: str | None = None, compare: int | None = None, **changes: Any) -> str:
        """The query string of this list with changes, "?" in front; empty for the plain list.

        Args:
            done: what was just decided, to be told on the page.
            compare: a version; this query's own is never passed on.
            changes: fields of this query.
        """
        changed = replace(self, **changes)
        values = {
            "q": changed.text,
            "watch": changed.watch,
            "relation": changed.relation,
            "language": changed.language,
            "outlet": changed.outlet,
            "feed": changed.feed,
            "verdict": None if changed.verdict == UNREVIEWED else changed.verdict,
            "since": changed.since.isoformat() if changed.since else None,
            "story": changed.story,
            "view": None if changed.view == STORIES else changed.view,
            "before": changed.before,
            "compare": compare,
            "done": done,
        }
        pairs = {name: str(value) for name, value in values.items() if value is not None}
        return f"?{urlencode(pairs)}" if pairs else ""


def read_feed_query(values: Mapping[str, str]) -> ListQuery:
    """Read the query of a feed of matches: of all of them, where no verdict is named.

    Raises:
        InputError: a value means nothing; names it.
    """
    given = {name: value for name, value in values.items() if value.strip()}
    return read_list_query({"verdict": ALL, **given}).from_the_top()


def read_list_query(values: Mapping[str, str]) -> ListQuery:
    """Read the query of a page; an empty value is the same as none, as forms send it.

    Raises:
        InputError: a value means nothing; names it.
    """
    given = {name: value.strip() for name, value in values.items() if value.strip()}
    relation, verdict = given.get("relation"), given.get("verdict", UNREVIEWED)
    view = given.get("view", STORIES)
    if view not in (STORIES, FLAT):
        raise _bad("view", view, f"{STORIES}, {FLAT}")
    if relation is not None and relation not in list(Relation):
        raise _bad("relation", relation, ", ".join(Relation))
    if verdict not in (UNREVIEWED, ALL, *Verdict):
        raise _bad("verdict", verdict, ", ".join((UNREVIEWED, ALL, *Verdict)))
    return ListQuery(
        watch=_matching("watch", given.get("watch"), WATCH_PATTERN),
        relation=Relation(relation) if relation else None,
        language=_matching("language", given.get("language"), LANGUAGE_PATTERN),
        text=_short("q", given.get("q"), MAX_TEXT),
        outlet=_short("outlet", given.get("outlet"), MAX_OUTLET),
        feed=_id("feed", given.get("feed")),
        verdict=verdict,
        since=_date(given.get("since")),
        story=_id("story", given.get("story")),
        view=view,
        before=_id("before", given.get("before")),
        compare=_id("compare", given.get("compare")),
    )


def _matching(name: str, value: str | None, pattern: str) -> str | None:
    if value is not None and not re.fullmatch(pattern, value):
        raise _bad(name, value, _("a name in small letters") if name == "watch" else "ja, fr, ...")
    return value


def _date(value: str | None) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _bad("since", value, _("a date such as 2025-03-12")) from None


def _short(name: str, value: str | None, most: int) -> str | None:
    if value is not None and len(value) > most:
        raise InputError(name, _("use at most %(number)s characters", number=written(most)))
    return value


def _id(name: str, value: str | None) -> int | None:
    if value is None:
        return None
    if not (value.isascii() and value.isdecimal()) or len(value) > 19 or int(value) > MAX_ID:
        use = _("the number of a feed") if name == "feed" else _("the number of a match")
        raise _bad(name, value, use)
    return int(value)


def _bad(name: str, value: str, use: str) -> InputError:
    problem = _("%(value)s means nothing here; use %(use)s", value=repr(value[:60]), use=use)
    return InputError(name, problem)
