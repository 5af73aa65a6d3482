"""The names of a watch in all languages, and the searches that they make."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from worker.domain import Rendering, Watch
from worker.errors import InputError, NotFoundError
from worker.locales import N_, _
from worker.naming import harvest_names, query_proposals, query_yields
from worker.store.naming import APPROVED, MAX_NAME, PROPOSED, REJECTED
from worker.web.formpage import FormPages
from worker.web.forms import Form, FormData, remember_reviewer, reviewer_of
from worker.web.listquery import MAX_ID
from worker.web.tuningpages import Name

_DONE = {
    "harvested": N_("Looked for names in the relevant matches."),
    "approved": N_("Approved; it is looked for from the next articles on."),
    "rejected": N_("Rejected; it is not proposed again."),
    "searched": N_("Added; the search is made from the next poll on."),
}


class NamePages(FormPages):
    """The pages of names; see `FormPages` for what it is given."""

    def router(self) -> APIRouter:
        """The routes of the pages."""
        router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
        router.add_api_route("/watches/{name}/names", self.names, methods=["GET", "HEAD"])
        router.add_api_route("/watches/{name}/names", self.change, methods=["POST"])
        return router

    def names(self, request: Request, name: Name) -> Response:
        """Names that wait for a word, those that have it, searches and what they brought."""
        watch = self._watch(name)
        rows = self._store.names.rows(name)
        return self._page(
            request,
            "names",
            watch=watch,
            proposed=[row for row in rows if row.standing == PROPOSED],
            approved=[row for row in rows if row.standing == APPROVED],
            proposals=query_proposals(self._store, watch),
            yields=query_yields(self._store, watch),
            done=_DONE.get(request.query_params.get("done", "")),
            max_text=MAX_NAME,
        )

    def change(self, request: Request, name: Name, form: Form) -> Response:
        """Do what a button says: harvest, approve, reject, add a name or a search."""
        watch = self._watch(name)
        if not self._guard.allows(request, form.get("token")):
            raise HTTPException(
                403,
                _(
                    "Nothing was saved: this form was not sent from a current page of ours. "
                    "Go back, reload the page and send it again."
                ),
            )
        act, _dot, rest = form.get("act").partition(".")
        names = self._store.names
        match act:
            case "harvest":
                harvest_names(self._store, watch)
                done = "harvested"
            case "approve" | "reject":
                done = APPROVED if act == "approve" else REJECTED
                text = form.get(f"text.{rest}").strip() or None
                names.decide(name, _id(rest), done, text, reviewer_of(form))
            case "add":
                one = Rendering(form.get("name"), form.get("language")[:16], form.get("text"))
                names.add(name, one, APPROVED, reviewer_of(form))
                done = APPROVED
            case "search":
                found = [p for p in query_proposals(self._store, watch) if p.feed.url == rest]
                if not found:
                    raise InputError("act", _("this search is not proposed any more"))
                self._store.feeds.add(found[0].feed, name)
                done = "searched"
            case _:
                raise InputError("act", _("this button means nothing here; reload the page"))
        return self._done(name, done, form)

    def _done(self, name: str, done: str, form: FormData) -> Response:
        answer = RedirectResponse(f"/watches/{name}/names?{urlencode({'done': done})}", 303)
        remember_reviewer(answer, reviewer_of(form))
        return answer

    def _watch(self, name: str) -> Watch:
        if name not in self._watches:
            raise NotFoundError(f"{name}: no such watch")
        return self._watches[name]


def _id(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or int(text) > MAX_ID:
        raise InputError("act", _("this button means nothing here; reload the page"))
    return int(text)
