"""The inbox: what is to be reviewed, by story or match by match; and one story by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from worker.analysis.quotes import quotes_of
from worker.domain import Relation, Verdict, Watch
from worker.locales import _, spoken, written
from worker.records import FeedRow
from worker.store.filters import MAX_NAME, FilterStore
from worker.store.matches import MOST_COUNTED
from worker.store.store import Store
from worker.web import forms
from worker.web.formpage import FormPages
from worker.web.listquery import (
    ALL,
    FLAT,
    MAX_TEXT,
    STORIES,
    UNREVIEWED,
    ListQuery,
    MatchId,
    read_list_query,
)
from worker.web.safety import FormGuard, without_user
from worker.web.storylines import StoryView, is_narrow, lead_of, story_view
from worker.web.storypages import StoryPages, side_by_side, spread_of
from worker.web.verdicts import flash_of
from worker.web.words import RELATIONS, VERDICTS, found_on, language_heading

_MOST_QUOTES = 12
FOLDED = 6
"""Matches shown under a story's line; all of them are on its own page."""
STORY_SIZE = 200
"""Matches shown on a story's page; a longer one is a list of its own."""


class Inbox(FormPages):
    """The lists of one store.

    Args:
        store: answers.
        watches: give titles.
        guard: issues the tokens of the pages' forms.
        clock: aware UTC.
    """

    def __init__(
        self,
        store: Store,
        watches: Sequence[Watch],
        guard: FormGuard,
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(store, watches, guard)
        self._clock = clock
        self._stories = StoryPages(store, watches)

    def router(self) -> APIRouter:
        """The routes of the lists."""
        router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
        router.add_api_route("/", self.inbox, methods=["GET", "HEAD"])
        router.add_api_route("/stories/{match_id}", self.story, methods=["GET", "HEAD"])
        router.include_router(self._stories.router())
        return router

    def inbox(self, request: Request) -> Response:
        """The list of stories, or of matches, newest first."""
        newest = self._store.matches.newest_id()  # first: what comes in from here on is told
        query = read_list_query(request.query_params)
        views, older = self._views(query)
        today = self._clock().date()
        days = [
            (found_on(when, today), list(group))
            for when, group in groupby(views, key=lambda view: view.found_at.date())
        ]
        counts = self._store.matches.verdict_counts(query.store_filter())
        has_any = bool(counts) or bool(self._store.matches.verdict_counts())
        return self._page(
            request,
            "inbox",
            query=query,
            days=days,
            tabs=_tabs(query, counts),
            older=query.address(before=older) if older else None,
            watches=self._watches,
            choices=self._choices(),
            max_text=MAX_TEXT,
            views=((STORIES, _("By story")), (FLAT, _("Every match"))),
            filters=saved_lists(self._store.filters),
            can_save=is_narrow(query),
            max_filter_name=MAX_NAME,
            has_any=has_any,
            newest=newest,
            feeds=[] if has_any else _live(self._store.feeds.rows()),
            flash=flash_of(self._store, request),
        )

    def story(self, request: Request, match_id: MatchId) -> Response:
        """A story by any of its matches: all of them, in the order in which they were told."""
        story_id = self._store.stories.id_of(match_id)
        if story_id != match_id:
            # it has become part of another story, or its first match has left it
            return RedirectResponse(f"/stories/{story_id}", 303)
        entries = self._store.stories.entries(story_id, STORY_SIZE)
        read = self._stories.read(story_id)
        lead = next((one for one in entries if one.language == spoken()), entries[0])
        (line,) = self._store.stories.lines(_of_story(story_id).store_filter(), 1, 1)
        return self._page(
            request,
            "story",
            query=_of_story(story_id),
            view=story_view(line, self._store.matches.get(lead.id)),
            entries=entries,
            watch=self._watches.get(entries[0].watch) if len(self._watches) > 1 else None,
            spread=spread_of(read),
            facts=side_by_side(read),
            quotes=quotes_of(read)[:_MOST_QUOTES],
            beside=read.beside,
            history=self._store.story_decisions.history(story_id),
            flash=flash_of(self._store, request),
        )

    def _views(self, query: ListQuery) -> tuple[list[StoryView], int | None]:
        """The lines of a page, and below which id the next page begins; None on the last one."""
        size = forms.PAGE_SIZE
        if query.view == FLAT or query.relation is Relation.UNRELATED:  # near misses have none
            rows = list(self._store.matches.rows(query.store_filter(limit=size + 1)))
            older = rows[size - 1].id if len(rows) > size else None
            return [StoryView(row) for row in rows[:size]], older
        lines = self._store.stories.lines(query.store_filter(), size + 1, FOLDED, spoken())
        older = lines[size - 1].newest if len(lines) > size else None
        lines = lines[:size]
        leads = [lead_of(line) for line in lines]
        rows_by_id = self._store.matches.some(leads)
        views = [
            story_view(line, rows_by_id[lead]) for line, lead in zip(lines, leads, strict=True)
        ]
        return views, older

    def _choices(self) -> dict[str, list[tuple[Any, str]]]:
        """What the filters offer: value and label, by the field's name."""
        matches = self._store.matches
        return {
            "watch": [(watch.name, watch.title) for watch in self._watches.values()],
            "relation": [(one, RELATIONS[one]) for one in Relation if one.is_related],
            "language": [
                (code, f"{language_heading(code)} ({written(number)})")
                for code, number in matches.language_counts().items()
            ],
            "outlet": [
                (name, f"{name[:60]} ({written(number)})")
                for name, number in matches.outlet_counts().items()
            ],
            "feed": [
                (feed_id, without_user(name)[:60]) for feed_id, name in matches.feed_names().items()
            ],
        }


def saved_lists(filters: FilterStore) -> list[tuple[int, str, str]]:
    """Id, name and address of each saved filter."""
    return [(row.id, row.name, f"/{row.query}") for row in filters.rows()]


def _of_story(story_id: int) -> ListQuery:
    return ListQuery(story=story_id, verdict=ALL, view=FLAT)


def _tabs(query: ListQuery, counts: dict[Verdict | None, int]) -> list[tuple[str, str, str, bool]]:
    """Label, address, number and whether it is the one shown, for each list by verdict."""
    total = sum(counts.values())
    is_cut = query.text is not None and total > MOST_COUNTED
    lists = {UNREVIEWED: (_("To review"), counts.get(None, 0))}
    lists |= {code: (label, counts.get(code, 0)) for code, label in VERDICTS.items()}
    tabs = [
        (
            label,
            f"/{query.address(verdict=str(code), before=None)}",
            "" if is_cut else written(number),
            query.verdict == code,
        )
        for code, (label, number) in lists.items()
    ]
    said = _("over %(number)s", number=written(MOST_COUNTED)) if is_cut else written(total)
    return [
        *tabs,
        (_("All"), f"/{query.address(verdict=ALL, before=None)}", said, query.verdict == ALL),
    ]


def _live(rows: Sequence[FeedRow]) -> list[FeedRow]:
    return [row for row in rows if row.state == "active"]
