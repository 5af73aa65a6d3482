"""Matches, the verdicts on them, and the numbers that sum them up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from worker.domain import Scope, Watch
from worker.notify.records import match_record
from worker.records import Decision, MatchRow
from worker.store.store import Store
from worker.web.api import models
from worker.web.api.access import needs
from worker.web.api.cursors import cursor_of
from worker.web.api.models import MAX_NUMBER, Id
from worker.web.api.queries import MATCHES, MatchPageQuery, MatchQuery
from worker.web.safety import problem_json

Review = Annotated[str | None, Depends(needs(Scope.REVIEW))]
"""The name of the token that may give verdicts."""
SeenReview = Annotated[int, Query(ge=0, le=MAX_NUMBER, description="of the match as you saw it")]


class MatchApi:
    """The matches of one store.

    Args:
        store: answers, and keeps verdicts.
        watches: give titles.
    """

    def __init__(self, store: Store, watches: Sequence[Watch]) -> None:
        self._store = store
        self._watches = {watch.name: watch for watch in watches}

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(tags=["matches"])
        add = router.add_api_route
        add("/matches", self.matches, response_model=models.MatchPage)
        add("/matches/{match_id}", self.match, response_model=models.MatchRecord)
        add("/matches/{match_id}/reviews", self.reviews, response_model=models.ReviewList)
        for method, act in (("PUT", self.give_verdict), ("DELETE", self.take_verdict_back)):
            add(
                "/matches/{match_id}/verdict",
                act,
                methods=[method],
                response_model=models.MatchRecord,
                responses={409: {"description": "Somebody decided meanwhile"}},
            )
        add("/verdicts", self.decide, methods=["POST"], response_model=models.Decisions)
        add("/stats", self.stats, response_model=models.Stats)
        return router

    def matches(self, query: Annotated[MatchPageQuery, Query()]) -> Any:
        """List matches, newest first."""
        wanted = replace(query.chosen(), before_id=query.before_id(), limit=query.limit + 1)
        rows = list(self._store.matches.rows(wanted))
        shown = rows[: query.limit]
        return {
            "matches": [self._record(row) for row in shown],
            "next_cursor": cursor_of(MATCHES, shown[-1].id) if len(rows) > query.limit else None,
        }

    def match(self, match_id: Id) -> Any:
        """One match with its evidence."""
        return self._record(self._store.matches.get(match_id))

    def reviews(self, match_id: Id) -> Any:
        """All that was decided on a match, oldest first."""
        self._store.matches.get(match_id)
        return {"reviews": [asdict(row) for row in self._store.reviews.history(match_id)]}

    def give_verdict(
        self, request: Request, match_id: Id, given: models.NewVerdict, token: Review
    ) -> Any:
        """Give a verdict, unless somebody has decided since you looked.

        A stale verdict that says what was decided meanwhile is no conflict.
        """
        decision = Decision(match_id, given.review_id, given.verdict, given.note)
        return self._decide_one(request, decision, given.reviewer or token)

    def take_verdict_back(
        self, request: Request, match_id: Id, review_id: SeenReview, token: Review
    ) -> Any:
        """Take the latest verdict back; the one before it counts again."""
        return self._decide_one(request, Decision(match_id, review_id, None), token)

    def decide(self, given: models.NewVerdicts, token: Review) -> Any:
        """Give or take back several verdicts at once; those of unknown matches stop all."""
        decisions = [
            Decision(one.match_id, one.review_id, one.verdict, one.note) for one in given.decisions
        ]
        decided = self._store.reviews.decide(decisions, given.reviewer or token)
        return {
            "done": decided.done,
            "refused": [
                self._record(self._store.matches.get(one.match_id)) for one in decided.refused
            ],
        }

    def stats(self, query: Annotated[MatchQuery, Query()]) -> Any:
        """How many matches there are of each kind."""
        sums = self._store.matches.sums(query.chosen())
        return {
            "total": sums.total,
            "relations": sums.relations,
            "languages": sums.languages,
            "outlets": {name: number for name, number in sums.outlets.items() if name is not None},
            "verdicts": {code: number for code, number in sums.verdicts.items() if code},
            "unreviewed": sums.verdicts.get(None, 0),
            "days": [
                {"day": day, "matches": sum(found.values()), "relations": found}
                for day, found in sums.days.items()
            ],
        }

    def _decide_one(self, request: Request, decision: Decision, reviewer: str | None) -> Any:
        decided = self._store.reviews.decide([decision], reviewer)
        current = self._record(self._store.matches.get(decision.match_id))
        return _conflict(request, current) if decided.refused else current

    def _record(self, row: MatchRow) -> dict[str, Any]:
        return match_record(row, self._watches.get(row.watch))


def _conflict(request: Request, current: dict[str, Any]) -> Response:
    return problem_json(
        409,
        "Somebody decided meanwhile; nothing was changed. `current` has the match as it is now.",
        request.url.path,
        current=current,
    )
