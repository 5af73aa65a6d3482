"""What a person says of stories, and filters that they give a name: forms of the lists."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from worker.errors import InputError
from worker.locales import _, written
from worker.records import StoryRule
from worker.store.filters import MAX_NAME
from worker.store.store import Store
from worker.web.forms import Form, FormData, matches_of, remember_reviewer, reviewer_of, stories_of
from worker.web.listquery import MAX_ID, read_list_query
from worker.web.safety import FormGuard


class StoryForms:
    """Takes the forms of the lists.

    Args:
        store: keeps what is said.
        rule: which matches tell one story, where nobody has said it.
        guard: tells our own forms from others.
    """

    def __init__(self, store: Store, rule: StoryRule, guard: FormGuard) -> None:
        self._store = store
        self._rule = rule
        self._guard = guard

    def router(self) -> APIRouter:
        """The routes that take the forms."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/stories/merge", self.merge, methods=["POST"])
        router.add_api_route("/stories/split", self.split, methods=["POST"])
        router.add_api_route("/filters", self.save, methods=["POST"])
        router.add_api_route("/filters/{filter_id}/remove", self.remove, methods=["POST"])
        return router

    def merge(self, request: Request, form: Form) -> Response:
        """Make one story of all that is ticked, and show it."""
        self._check(request, form)
        picked = matches_of(form) + [pick.newest for pick in stories_of(form)]
        if len(picked) < 2:
            raise InputError("pick", _("tick two stories at least"))
        story_id = self._store.story_decisions.merge(picked, self._rule, reviewer_of(form))
        return self._show(form, story_id)

    def split(self, request: Request, form: Form) -> Response:
        """Take what is ticked out of its story, and show the new one."""
        self._check(request, form)
        picked = matches_of(form)
        if not picked:
            raise InputError("pick", _("tick what is to leave the story"))
        story_id = self._store.story_decisions.split(picked, self._rule, reviewer_of(form))
        return self._show(form, story_id)

    def save(self, request: Request, form: Form) -> Response:
        """Give the list a name, and show it again."""
        self._check(request, form)
        query = read_list_query(request.query_params).from_the_top().address()
        printable = "".join(char for char in form.get("name") if char.isprintable())
        name = " ".join(printable.split())
        if not name or len(name) > MAX_NAME:
            raise InputError(
                "name",
                _("give it a name of at most %(number)s characters", number=written(MAX_NAME)),
            )
        self._store.filters.save(name, query, reviewer_of(form))
        return RedirectResponse(f"/{query}", 303)

    def remove(
        self, request: Request, filter_id: Annotated[int, Path(ge=1, le=MAX_ID)], form: Form
    ) -> Response:
        """Forget a filter, and show the list again."""
        self._check(request, form)
        query = read_list_query(request.query_params)
        self._store.filters.remove(filter_id)
        return RedirectResponse(f"/{query.address()}", 303)

    def _check(self, request: Request, form: FormData) -> None:
        if not self._guard.allows(request, form.get("token")):
            raise HTTPException(
                403,
                _(
                    "Nothing was saved: this form was not sent from a current page of ours. "
                    "Go back, reload the page and send it again."
                ),
            )

    def _show(self, form: FormData, story_id: int) -> Response:
        answer = RedirectResponse(f"/stories/{story_id}", 303)
        remember_reviewer(answer, reviewer_of(form))
        return answer
