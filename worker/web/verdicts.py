"""Verdicts from the pages: one or many at once, never over what somebody decided meanwhile."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from worker.errors import InputError
from worker.locales import _
from worker.records import Decided, Decision, MatchRow, ReviewRow
from worker.store.store import Store
from worker.web.forms import (
    Form,
    FormData,
    decisions_of,
    note_of,
    remember_reviewer,
    reviewer_of,
    stories_of,
    verdict_of,
)
from worker.web.listquery import ListQuery, MatchId, read_list_query
from worker.web.safety import FormGuard
from worker.web.steps import next_to_review
from worker.web.views import page

_ACT = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Flash:
    """What this browser has just decided, to be told and perhaps taken back.

    Attributes:
        act: names it. reviews: what was stored.
        can_undo: whether it can still be taken back in one go.
    """

    act: str
    reviews: tuple[ReviewRow, ...]
    can_undo: bool


def flash_of(store: Store, request: Request) -> Flash | None:
    """What the address says was just decided; None if it says nothing of sense."""
    act = request.query_params.get("done", "")
    reviews = tuple(store.reviews.of_act(act)) if _ACT.fullmatch(act) else ()
    if not reviews:
        return None
    return Flash(act, reviews, all(one.is_latest and one.undoes is None for one in reviews))


class Verdicts:
    """Takes the pages' forms.

    Args:
        store: keeps the verdicts.
        forms: tells our own forms from others.
    """

    def __init__(self, store: Store, forms: FormGuard) -> None:
        self._store = store
        self._forms = forms

    def router(self) -> APIRouter:
        """The routes that take verdicts."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/verdicts", self.decide, methods=["POST"])
        router.add_api_route("/matches/{match_id}", self.review, methods=["POST"])
        return router

    def review(self, request: Request, match_id: MatchId, form: Form) -> Response:
        """Store the verdict of a match's page; a first one leads on to the next match."""
        query = read_list_query(request.query_params)
        decisions = self._read(request, form)
        if [decision.match_id for decision in decisions] != [match_id]:
            raise InputError("pick", _("this form is of another match; reload the page"))
        decided = self._store.reviews.decide(decisions, reviewer_of(form))
        answer = self._conflict(query, decisions, decided, form) or _redirect(
            self._after_review(query, decisions[0]), query, decided.act
        )
        remember_reviewer(answer, reviewer_of(form))
        return answer

    def decide(self, request: Request, form: Form) -> Response:
        """Store one verdict for each match and story that was picked, then show the list again."""
        query = read_list_query(request.query_params)
        decisions = self._read(request, form) + self._of_stories(query, form) + self._of_act(form)
        decided = self._store.reviews.decide(decisions, reviewer_of(form))
        at = form.get("at")
        path = f"/stories/{query.story}" if query.story else "/"
        answer = self._conflict(query, decisions, decided, form) or _redirect(
            path, query, decided.act, at if re.fullmatch("m[0-9]{1,19}", at) else ""
        )
        remember_reviewer(answer, reviewer_of(form))
        return answer

    def _read(self, request: Request, form: FormData) -> list[Decision]:
        if not self._forms.allows(request, form.get("token")):
            raise HTTPException(
                403,
                _(
                    "Nothing was saved: this form was not sent from a current page of ours. "
                    "Go back, reload the page and send it again."
                ),
            )
        return decisions_of(form)

    def _of_stories(self, query: ListQuery, form: FormData) -> list[Decision]:
        """Decisions on all matches of the stories picked that the list showed; no later ones."""
        picked = {decision.match_id for decision in decisions_of(form)}
        decisions = []
        for pick in stories_of(form):
            seen = self._store.stories.seen(pick.story_id, pick.newest, query.store_filter())
            decisions += [
                # one that was reviewed since the page was made is refused, as any stale verdict
                Decision(match_id, min(review_id, pick.review_id), verdict_of(form), note_of(form))
                for match_id, review_id in seen.items()
                if match_id not in picked
            ]
        return decisions

    def _of_act(self, form: FormData) -> list[Decision]:
        """Decisions that take back all that was decided at once."""
        act = form.get("act")
        if not _ACT.fullmatch(act) or verdict_of(form) is not None:
            return []
        return [Decision(one.match_id, one.id, None) for one in self._store.reviews.of_act(act)]

    def _after_review(self, query: ListQuery, decision: Decision) -> str:
        """Where a verdict leads: to the next match where it was the first, else to the same."""
        if decision.verdict is not None and decision.seen == 0:
            following = next_to_review(self._store, query, decision.match_id)
            return f"/matches/{following}" if following else "/"
        return f"/matches/{decision.match_id}"

    def _conflict(
        self, query: ListQuery, decisions: list[Decision], decided: Decided, form: FormData
    ) -> Response | None:
        """The page that shows both verdicts, where somebody else was first; None if nobody was."""
        if not decided.refused:
            return None
        rows: dict[int, MatchRow] = {
            one.match_id: self._store.matches.get(one.match_id) for one in decided.refused
        }
        return page(
            "conflict",
            409,
            query=query,
            refused=decided.refused,
            rows=rows,
            saved=len(decided.done),
            is_many=len(decisions) > 1,
            token=form.get("token"),
            reviewer=reviewer_of(form),
        )


def _redirect(path: str, query: ListQuery, act: str, anchor: str = "") -> Response:
    if path.startswith("/stories/"):
        query = ListQuery()
    kept = query if path == "/" else query.from_the_top()
    return RedirectResponse(
        f"{path}{kept.address(done=act or None)}{f'#{anchor}' if anchor else ''}", 303
    )
