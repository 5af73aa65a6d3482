"""The review pages: the inbox, one match with its evidence, the watches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from worker.domain import Relation, Seed, Verdict, Watch
from worker.locales import _, written
from worker.records import FeedRow, MatchRow
from worker.store.matches import MOST_COUNTED
from worker.store.store import Store
from worker.web import forms
from worker.web.diffs import Diff, compare
from worker.web.listquery import ALL, MAX_TEXT, UNREVIEWED, ListQuery, MatchId, read_list_query
from worker.web.safety import FormGuard, without_user
from worker.web.sidebyside import side_by_side
from worker.web.steps import next_to_review, one_before
from worker.web.verdicts import flash_of
from worker.web.views import page
from worker.web.words import RELATIONS, VERDICTS, day_heading, language_heading

_NEAR_MISSES = 10


class Pages:
    """The pages of one store.

    Args:
        store: answers.
        watches: give titles and the texts of the seeds.
        clock: aware UTC.
        guard: issues the tokens of the pages' forms.
    """

    def __init__(
        self,
        store: Store,
        watches: Sequence[Watch],
        clock: Callable[[], datetime],
        guard: FormGuard,
    ) -> None:
        self._store = store
        self._watches = {watch.name: watch for watch in watches}
        self._clock = clock
        self._guard = guard

    def router(self) -> APIRouter:
        """The routes of the pages."""
        router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
        router.add_api_route("/", self.inbox, methods=["GET", "HEAD"])
        router.add_api_route("/matches/{match_id}", self.match, methods=["GET", "HEAD"])
        router.add_api_route("/watches", self.watches, methods=["GET", "HEAD"])
        return router

    def inbox(self, request: Request) -> Response:
        """The list of matches, newest first."""
        query = read_list_query(request.query_params)
        rows = list(self._store.matches.rows(query.store_filter(limit=forms.PAGE_SIZE + 1)))
        shown = rows[: forms.PAGE_SIZE]
        today = self._clock().date()
        days = [
            (day_heading(when, today), list(group))
            for when, group in groupby(shown, key=lambda row: row.created_at.date())
        ]
        counts = self._store.matches.verdict_counts(query.store_filter())
        has_any = bool(counts) or bool(self._store.matches.verdict_counts())
        return self._with_forms(
            request,
            "inbox",
            query=query,
            days=days,
            tabs=_tabs(query, counts),
            older=query.address(before=shown[-1].id) if len(rows) > forms.PAGE_SIZE else None,
            watches=self._watches,
            choices=self._choices(),
            max_text=MAX_TEXT,
            has_any=has_any,
            feeds=[] if has_any else _live(self._store.feeds.rows()),
            flash=flash_of(self._store, request),
        )

    def match(self, request: Request, match_id: MatchId) -> Response:
        """One match with its evidence."""
        query = read_list_query(request.query_params)
        row = self._store.matches.get(match_id)
        seeds = self._seeds_of(row)
        return self._with_forms(
            request,
            "match",
            query=query,
            row=row,
            watch=self._watches.get(row.watch) if len(self._watches) > 1 else None,
            has_seed=bool(seeds) and seeds[0].id == row.seed,
            view=side_by_side(
                row.title,
                self._store.matches.article_text(row.article_id),
                seeds,
                row.evidence,
                row.adds,
            ),
            versions=self._store.matches.versions(row.article_id),
            diff=self._diff(row.article_id, query.compare),
            sightings=self._store.matches.sightings(row.article_id),
            history=self._store.reviews.history(match_id),
            next_id=next_to_review(self._store, query, match_id),
            previous_id=one_before(self._store, query, match_id),
            flash=flash_of(self._store, request),
            max_note=forms.MAX_NOTE,
        )

    def watches(self) -> Response:
        """Each watch with its seeds and settings, and what it only just missed."""
        misses = {
            name: self._store.matches.near_misses(name, _NEAR_MISSES + 1) for name in self._watches
        }
        return page(
            "watches",
            watches=list(self._watches.values()),
            misses=misses,
            shown=_NEAR_MISSES,
            feeds=self._store.matches.feed_counts(),
        )

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

    def _with_forms(self, request: Request, template: str, **values: Any) -> Response:
        """A page that has forms: with their token, and the name that the reviewer gave."""
        token = self._guard.issue(request)
        answer = page(
            template,
            token=token.value,
            reviewer=forms.remembered_reviewer(request),
            max_name=forms.MAX_NAME,
            **values,
        )
        token.keep(answer)
        return answer

    def _diff(self, article_id: int, number: int | None) -> Diff | None:
        """What a version changed; None if none is asked for, or it has none before it."""
        if number is None:
            return None
        before, after = (
            self._store.matches.version_text(article_id, one) for one in (number - 1, number)
        )
        return compare(before, after) if before is not None and after is not None else None

    def _seeds_of(self, row: MatchRow) -> list[Seed]:
        """The seeds of a match's watch, its nearest one first."""
        watch = self._watches.get(row.watch)
        return sorted(watch.seeds if watch else (), key=lambda seed: seed.id != row.seed)


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
