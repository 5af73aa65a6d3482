"""Logging in and out."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from worker.locales import _, ngettext
from worker.web.access import MAX_PASSWORD, Access, Attempts
from worker.web.forms import Form
from worker.web.safety import FormGuard
from worker.web.views import page


class Login:
    """The log-in page.

    Args:
        access: knows the password.
        forms: tells our own forms from others.
        attempts: slows down who guesses.
        on_leave: told of a request that ends its session.
    """

    def __init__(
        self,
        access: Access,
        forms: FormGuard,
        attempts: Attempts,
        on_leave: Callable[[Request], None],
    ) -> None:
        self._access = access
        self._forms = forms
        self._attempts = attempts
        self._on_leave = on_leave

    def router(self) -> APIRouter:
        """The routes of logging in and out."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/login", self.show, methods=["GET", "HEAD"])
        router.add_api_route("/login", self.enter, methods=["POST"])
        router.add_api_route("/logout", self.ask, methods=["GET", "HEAD"])
        router.add_api_route("/logout", self.leave, methods=["POST"])
        return router

    def show(self, request: Request) -> Response:
        """The form; who is in already is sent on."""
        following = own_path(request.query_params.get("next", ""))
        if not self._access.has_password or self._access.has_session(request.headers):
            return RedirectResponse(following, 303)
        return self._form(request, following)

    def enter(self, request: Request, form: Form) -> Response:
        """Check the password and start a session."""
        self._refuse_foreign(request, form)
        following = own_path(form.get("next"))
        if not self._access.has_password:
            return RedirectResponse(following, 303)
        wait_s = self._attempts.wait_s(request)
        if wait_s:
            raise HTTPException(
                429,
                ngettext(
                    "Too many wrong passwords came from where you are. Try again in %(num)s min.",
                    "Too many wrong passwords came from where you are. Try again in %(num)s min.",
                    -(-wait_s // 60),
                ),
                {"retry-after": str(wait_s)},
            )
        self._attempts.failed(request)
        if not self._access.is_right(form.get("password")):
            return self._form(request, following, is_wrong=True)
        self._attempts.succeeded(request)
        answer = RedirectResponse(following, 303)
        self._access.start_session(answer, request)
        return answer

    def ask(self, request: Request) -> Response:
        """The button that logs out."""
        return self._page(request, "logout")

    def leave(self, request: Request, form: Form) -> Response:
        """End the session of this browser."""
        self._refuse_foreign(request, form)
        self._on_leave(request)
        answer = RedirectResponse("/login", 303)
        self._access.end_session(answer)
        return answer

    def _form(self, request: Request, following: str, *, is_wrong: bool = False) -> Response:
        return self._page(
            request,
            "login",
            status=403 if is_wrong else 200,
            following=following,
            is_wrong=is_wrong,
            max_password=MAX_PASSWORD,
        )

    def _page(
        self, request: Request, template: str, status: int = 200, **values: object
    ) -> Response:
        token = self._forms.issue(request)
        answer = page(template, status, token=token.value, **values)
        token.keep(answer)
        return answer

    def _refuse_foreign(self, request: Request, form: Form) -> None:
        if not self._forms.allows(request, form.get("token")):
            raise HTTPException(
                403,
                _("This form was not sent from a current page of ours. Reload it and try again."),
            )


def own_path(text: str) -> str:
    """A path of our own to go on to; the inbox for anything else."""
    if not text.startswith("/") or text.startswith("//") or len(text) > 2_000:
        return "/"
    if "\\" in text or not text.isascii() or not text.isprintable():
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    is_ours = not parts.scheme and not parts.netloc and parts.path not in ("/login", "/logout")
    return text if is_ours else "/"
