"""A watch's own page: how good it is, its threshold, its added seeds, and its blind sample."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from worker.domain import Verdict, Watch
from worker.errors import InputError, NotFoundError
from worker.learn.fitting import GREATEST_THRESHOLD, LEAST_THRESHOLD, Setting
from worker.locales import N_, _
from worker.match.matcher import DEFAULT_THRESHOLD
from worker.records import Decision
from worker.store.store import Store
from worker.tuning import Tuner
from worker.web.formpage import FormPages
from worker.web.forms import Form, FormData, decisions_of, remember_reviewer, reviewer_of
from worker.web.listquery import MAX_ID
from worker.web.safety import FormGuard

Name = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9_-]{0,63}$")]
_SHOWN = 12
"""Articles of a replay that are named."""
_REMATCHES = 3
"""Requests to match again that are listed."""
PERIODS, PERIOD = (7, 30, 90), 30
"""Days that can be chosen for that, as on the other pages, and those that are unless others are."""
_LONGEST_PERIOD = 36_500
DONE = {
    "saved": N_("Saved. It holds for what comes from now on."),
    "undone": N_("Taken back. What held before holds again."),
    "seed": N_("Added as a seed; it counts from the next articles on."),
    "unseeded": N_("The added seed is taken out; that counts from the next articles on."),
    "relevant": N_("Saved as relevant."),
    "irrelevant": N_("Saved as irrelevant."),
    "unsure": N_("Saved as unsure."),
    "asked": N_("Asked for: what is stored is matched again, as the list below tells."),
}


class TuningPages(FormPages):
    """The pages of single watches; see `FormPages` for what it is given."""

    def __init__(
        self,
        store: Store,
        watches: Sequence[Watch],
        guard: FormGuard,
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(store, watches, guard)
        self._clock = clock
        self._tuner = Tuner(store)

    def router(self) -> APIRouter:
        """The routes of the pages."""
        router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
        router.add_api_route("/watches/{name}", self.watch, methods=["GET", "HEAD"])
        router.add_api_route("/watches/{name}/threshold", self.decide, methods=["POST"])
        router.add_api_route("/watches/{name}/rematch", self.rematch, methods=["POST"])
        router.add_api_route("/watches/{name}/seeds", self.seeds, methods=["POST"])
        router.add_api_route("/watches/{name}/sample", self.sample, methods=["GET", "HEAD"])
        router.add_api_route("/watches/{name}/sample", self.judge, methods=["POST"])
        return router

    def watch(self, request: Request, name: Name) -> Response:
        """How good a watch is; with `threshold` or `proposed`, what a change would do."""
        watch = self._watch(name)
        learning = self._tuner.look(watch)
        asked = request.query_params.get("threshold", "").strip()
        then = None
        if asked:
            then = Setting(_percent(asked))
        elif request.query_params.get("proposed") and learning.proposal.is_change:
            then = learning.proposal.setting
        changes = self._tuner.replay(watch, then) if then else None
        moved = (
            [*changes.comes_in.match_ids[:_SHOWN], *changes.goes_out.match_ids[:_SHOWN]]
            if changes
            else []
        )
        added = [row for row in self._store.learning.seeds() if row.watch == name]
        likely = self._tuner.likely_seeds(watch, {row.article_id for row in added})
        return self._page(
            request,
            "watch",
            learning=learning,
            watch=watch,
            then=then,
            is_proposed=then is not None and then == learning.proposal.setting,
            sight=sight_of(then) if then else "",
            changes=changes,
            rows=self._store.matches.some([*moved, *likely]),
            likely=likely,
            shown=_SHOWN,
            added=added,
            done=DONE.get(request.query_params.get("done", "")),
            rematches=self._store.rematches.latest(_REMATCHES),
            periods=PERIODS,
            period=PERIOD,
            default_threshold=DEFAULT_THRESHOLD,
            least=round(LEAST_THRESHOLD * 100),
            greatest=round(GREATEST_THRESHOLD * 100),
        )

    def decide(self, request: Request, name: Name, form: Form) -> Response:
        """Save the setting that was looked at, or take the latest one back."""
        watch = self._watch(name)
        self._refuse_foreign(request, form)
        seen = _number("seen", form.get("seen"))
        if form.get("act") == "undo":
            if self._store.learning.undo(name, seen, reviewer_of(form)) is None:
                raise _stale()
            return self._done(name, "undone", form)
        then = self._tuner.look(watch).proposal.setting
        if form.get("threshold"):
            then = Setting(_percent(form.get("threshold")))
        is_as_seen = sight_of(then) == form.get("sight")
        if not is_as_seen or not self._tuner.apply(watch, then, reviewer_of(form), seen=seen):
            raise _stale()
        return self._done(name, "saved", form)

    def rematch(self, request: Request, name: Name, form: Form) -> Response:
        """Ask for stored articles to be matched again; a worker does it."""
        self._watch(name)
        self._refuse_foreign(request, form)
        since = None
        if form.get("days"):
            days = min(_number("days", form.get("days")), _LONGEST_PERIOD)
            since = self._clock().date() - timedelta(days=days)
        self._store.rematches.ask(since, reviewer_of(form))
        return self._done(name, "asked", form)

    def seeds(self, request: Request, name: Name, form: Form) -> Response:
        """Make a match's article a seed, or take an added one out."""
        self._watch(name)
        self._refuse_foreign(request, form)
        if form.get("remove"):
            self._store.learning.remove_seed(name, _number("remove", form.get("remove")))
            return self._done(name, "unseeded", form)
        match_id = _number("add", form.get("add"))
        if self._store.matches.get(match_id).watch != name:
            raise NotFoundError(f"{match_id}: no match of {name}")
        self._store.learning.add_seed(match_id, reviewer_of(form))
        return self._done(name, "seed", form)

    def sample(self, request: Request, name: Name) -> Response:
        """The next article of the blind sample, without anything that the matcher thinks."""
        watch = self._watch(name)
        waiting = self._store.samples.waiting(name)
        return self._page(
            request,
            "sample",
            watch=watch,
            row=waiting[0] if waiting else None,
            left=len(waiting),
            done=DONE.get(request.query_params.get("done", "")),
        )

    def judge(self, request: Request, name: Name, form: Form) -> Response:
        """Store the verdict on an article of the sample, and show the next one."""
        self._watch(name)
        self._refuse_foreign(request, form)
        decisions: list[Decision] = decisions_of(form)
        waiting = {row.match_id for row in self._store.samples.waiting(name)}
        if len(decisions) != 1 or decisions[0].match_id not in waiting:
            raise _stale()
        self._store.reviews.decide(decisions, reviewer_of(form))
        verdict = decisions[0].verdict or Verdict.UNSURE
        return self._done(f"{name}/sample", verdict, form)

    def _watch(self, name: str) -> Watch:
        found = self._watches.get(name)
        if found is None:
            raise NotFoundError(f"{name}: no such watch")
        return found

    def _done(self, path: str, done: str, form: FormData) -> Response:
        answer = RedirectResponse(f"/watches/{path}?{urlencode({'done': done})}", 303)
        remember_reviewer(answer, reviewer_of(form))
        return answer

    def _refuse_foreign(self, request: Request, form: FormData) -> None:
        if not self._guard.allows(request, form.get("token")):
            raise HTTPException(
                403,
                _(
                    "Nothing was saved: this form was not sent from a current page of ours. "
                    "Go back, reload the page and send it again."
                ),
            )


def sight_of(setting: Setting) -> str:
    """A setting as a person has seen it, so that no other one is saved in its place."""
    return hashlib.sha256(repr(setting).encode()).hexdigest()[:16]


def _percent(text: str) -> float:
    is_number = text.isascii() and text.isdecimal() and len(text) < 4
    value = int(text) / 100 if is_number else -1.0
    if not LEAST_THRESHOLD <= value <= GREATEST_THRESHOLD:
        least, greatest = round(LEAST_THRESHOLD * 100), round(GREATEST_THRESHOLD * 100)
        problem = _("use a number from %(least)s to %(greatest)s", least=least, greatest=greatest)
        raise InputError(_("The threshold"), problem)
    return value


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or int(text) > MAX_ID:
        raise InputError(
            name, _("%(value)s means nothing here; use a number", value=repr(text[:60]))
        )
    return int(text)


def _stale() -> HTTPException:
    return HTTPException(
        409,
        _(
            "Nothing was saved: something was decided or found since the page was made. "
            "Reload the page."
        ),
    )
