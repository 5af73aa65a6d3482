"""The review pages: one match with its evidence, the watches."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from worker.domain import Seed
from worker.match.matcher import DEFAULT_THRESHOLD
from worker.records import MatchRow
from worker.tuning import tunings_of, with_learnt
from worker.web import forms
from worker.web.diffs import Diff, compare
from worker.web.formpage import FormPages
from worker.web.listquery import MatchId, read_list_query
from worker.web.sidebyside import side_by_side
from worker.web.steps import next_to_review, one_before
from worker.web.verdicts import flash_of
from worker.web.views import page

_NEAR_MISSES = 10


class Pages(FormPages):
    """A match with its evidence, and the watches, of one store."""

    def router(self) -> APIRouter:
        """The routes of the pages."""
        router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
        router.add_api_route("/matches/{match_id}", self.match, methods=["GET", "HEAD"])
        router.add_api_route("/watches", self.watches, methods=["GET", "HEAD"])
        return router

    def match(self, request: Request, match_id: MatchId) -> Response:
        """One match with its evidence."""
        query = read_list_query(request.query_params)
        row = self._store.matches.get(match_id)
        seeds = self._seeds_of(row)
        return self._page(
            request,
            "match",
            query=query,
            row=row,
            story_size=self._store.stories.size(row.story_id) if row.story_id else 0,
            watch=self._watches.get(row.watch) if len(self._watches) > 1 else None,
            is_added=self._is_added(row),
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
            default_threshold=DEFAULT_THRESHOLD,
            tunings=tunings_of(self._watches.values(), self._store.learning.current()),
            feeds=self._store.matches.feed_counts(),
        )

    def _is_added(self, row: MatchRow) -> bool:
        """Whether a match's article was made a seed of its watch."""
        return any(
            (one.watch, one.article_id) == (row.watch, row.article_id)
            for one in self._store.learning.seeds()
        )

    def _diff(self, article_id: int, number: int | None) -> Diff | None:
        """What a version changed; None if none is asked for, or it has none before it."""
        if number is None:
            return None
        before, after = (
            self._store.matches.version_text(article_id, one) for one in (number - 1, number)
        )
        return compare(before, after) if before is not None and after is not None else None

    def _seeds_of(self, row: MatchRow) -> list[Seed]:
        """The seeds of a match's watch as they are now, its nearest one first."""
        watch = self._watches.get(row.watch)
        now = with_learnt(self._store, [watch]) if watch is not None else ()
        seeds = [seed for one in now for seed in one.seeds]
        return sorted(seeds, key=lambda seed: seed.id != row.seed)
