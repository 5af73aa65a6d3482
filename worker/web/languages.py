"""In which language a page answers: what the reader has chosen, else what the browser prefers."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.locales import ENGLISH, LANGUAGES, _, preferred, speak, spoken
from worker.web.forms import Form
from worker.web.login import own_path
from worker.web.safety import is_same_origin

COOKIE = "seedwatch_language"
PATH = "/language"
_FOR_PROGRAMS = ("/api/", "/matches.", "/metrics")
_YEAR_S = 365 * 86_400


class Speaker:
    """Chooses the language of every answer.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a program's is answered in English."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_page = not scope["path"].startswith(_FOR_PROGRAMS)
        speak(wanted(Headers(scope=scope)) if is_page else ENGLISH)

        async def send_labelled(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers["content-language"] = spoken()
                    headers.add_vary_header("accept-language, cookie")
            await send(message)

        await self._app(scope, receive, send_labelled)


def wanted(headers: Headers) -> str:
    """The language that a request asks for: one of LANGUAGES."""
    chosen = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
    return chosen if chosen in LANGUAGES else preferred(headers.get("accept-language", ""))


def router() -> APIRouter:
    """The route that the switch of the pages posts to."""
    made = APIRouter(include_in_schema=False)
    made.add_api_route(PATH, choose, methods=["POST"])
    return made


def choose(request: Request, form: Form) -> Response:
    """Keep the language chosen for a year, and show the same page in it."""
    language = form.get("language")
    if not is_same_origin(request) or language not in LANGUAGES:
        raise HTTPException(403, _("Choose one of the languages that the pages offer."))
    answer = RedirectResponse(_page_before(request), 303)
    answer.set_cookie(COOKIE, language, max_age=_YEAR_S, httponly=True, samesite="lax", path="/")
    return answer


def _page_before(request: Request) -> str:
    """The page whose switch was used; the inbox if it was the answer to another form."""
    parts = urlsplit(request.headers.get("referer", ""))
    path = f"{parts.path or '/'}{'?' * bool(parts.query)}{parts.query}"
    return path if parts.path == "/login" else own_path("/" if _is_form(parts.path) else path)


def _is_form(path: str) -> bool:
    """Whether only forms are sent to this address, which has no page of its own."""
    return path in ("/verdicts", PATH)
