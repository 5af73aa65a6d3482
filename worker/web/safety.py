"""What keeps the pages safe: headers, known hosts, forms of our own only, links worth following.

Without a password the pages answer loopback names only: a page elsewhere whose name is pointed at
127.0.0.1 (DNS rebinding) is refused by its Host header. With one it has no session under that name
and sees the log-in page. A form elsewhere that posts here is refused by its Origin and for want of
our token.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.errors import StoreError
from worker.pushing import CALLBACK
from worker.web.visitors import Refused, Visitor, Visitors, is_for_programs, known_name

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
COOKIE = "seedwatch_form"
_OPEN_PATHS = ("/login", "/language", "/healthz", "/readyz")
_OPEN_FOLDER = "/static/"
has_password: ContextVar[bool] = ContextVar("has_password", default=False)
"""Whether this request is one of somebody who has logged in; the pages then offer to log out."""


def is_loopback(host: str) -> bool:
    """Whether a host name or address can be reached from this machine only."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


class KnownHosts:
    """Which Host headers are answered.

    Args:
        configured: the host that the pages are served at.
        trust_network: whether addresses other than loopback may be used. A literal address cannot
            be rebound, since no name is looked up.
        has_password: then any name is answered, for a session holds under one name only.
        has_proxy: then only known names are, for who is asked for by another name may sit at the
            proxy's address and say anything in its header.
        names: further ones, under which a proxy or the network knows the pages.
    """

    def __init__(
        self,
        configured: str,
        trust_network: bool,
        *,
        has_password: bool = False,
        has_proxy: bool = False,
        names: Iterable[str] = (),
    ) -> None:
        self.trust_network = trust_network
        self.is_guarded = has_password or has_proxy
        self._answers_any = has_password and not has_proxy
        given = {configured.strip("[]").lower(), *(name.strip("[]").lower() for name in names)}
        self._names = given - {"", "0.0.0.0", "::"}  # noqa: S104

    @property
    def may_leave_loopback(self) -> bool:
        """Whether other machines may reach the pages."""
        return self.trust_network or self.is_guarded

    def add(self, host: str) -> None:
        """Answer to one more name, where that name is this machine's or the network is trusted."""
        if is_loopback(host) or self.may_leave_loopback:
            self._names.add(host.strip("[]").lower())

    def knows(self, header: str) -> bool:
        """Whether a Host header, with or without a port, names us."""
        try:
            parts = urlsplit(f"//{header}")
            host = parts.hostname or ""
            _ = parts.port  # raises on a port that is none
        except ValueError:
            return False
        if parts.username is not None or parts.path:
            return False
        if self._answers_any:
            return bool(host)
        return is_loopback(host) or host in self._names or (self.trust_network and _is_ip(host))


class Guard:
    """Refuses unknown hosts and strangers, and puts the security headers on every answer.

    What answers finds who is asking in `request.state.visitor`.

    Args:
        app: what answers.
        hosts: which Host headers are answered.
        visitors: tells who is asking.
    """

    def __init__(self, app: ASGIApp, hosts: KnownHosts, visitors: Visitors) -> None:
        self._app = app
        self._hosts = hosts
        self._visitors = visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                guard_headers(MutableHeaders(scope=message))
            await send(message)

        answer = await self._answer(scope)
        await answer(scope, receive, send_guarded)

    async def _answer(self, scope: Scope) -> ASGIApp:
        # a hub comes by the public name, and has neither cookie nor form to be tricked into sending
        if scope["path"].startswith(CALLBACK):
            return self._app
        if not self._hosts.knows(Headers(scope=scope).get("host", "")):
            return PlainTextResponse(
                "400: these pages answer to the name of this machine only; open http://127.0.0.1 "
                "with the port that seedwatch shows, or name this one in SEEDWATCH_WEB_NAMES\n",
                400,
            )
        path = scope["path"]
        is_open = path in _OPEN_PATHS or path.startswith(_OPEN_FOLDER)
        visitor: Visitor | Refused | None
        if is_for_programs(path):
            try:
                visitor = await run_in_threadpool(self._visitors.program, scope)
            except StoreError as error:
                visitor = Refused(503, str(error))
        else:
            visitor = self._visitors.person(scope)
        if isinstance(visitor, Refused):
            return refusal(visitor, path)
        if visitor is None and not is_open:
            return self._to_login(scope)
        scope.setdefault("state", {})["visitor"] = visitor
        known_name.set(visitor.name or "" if visitor and not visitor.has_token else "")
        has_password.set(visitor is not None and visitor.has_session and path != "/login")
        return self._app

    def _to_login(self, scope: Scope) -> Response:
        """The answer to who has no session: the log-in page for a person, 401 for a program."""
        if not self._visitors.has_password:
            return PlainTextResponse(
                "403: these pages are reached through a proxy that knows who you are\n", 403
            )
        if scope["method"] not in ("GET", "HEAD"):
            return JSONResponse({"detail": "log in first, at /login"}, 401)
        asked = scope["path"] + (
            f"?{scope['query_string'].decode('latin-1')}" * bool(scope["query_string"])
        )
        return RedirectResponse(
            f"/login?{urlencode({'next': asked})}" if asked != "/" else "/login", 303
        )


def refusal(refused: Refused, path: str) -> Response:
    """The answer to a program that is not let in."""
    headers = {"vary": "authorization"}
    if refused.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = 'Bearer realm="seedwatch"'
    if refused.wait_s:
        headers["retry-after"] = str(refused.wait_s)
    return problem_json(refused.status, refused.detail, path, headers=headers)


def problem_json(
    status: int,
    detail: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """An error as a program reads it (RFC 9457).

    Args:
        status: of HTTP.
        detail: what is wrong with this very request, and what to do.
        path: of the request.
        headers: of the answer, besides the usual ones.
        more: further members.
    """
    document = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": path,
        **more,
    }
    return JSONResponse(
        document, status, headers=dict(headers or {}), media_type="application/problem+json"
    )


def guard_headers(headers: MutableHeaders) -> None:
    """Put the security headers on an answer; one that is set already stays."""
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("cache-control", "private, no-cache")


class FormGuard:
    """Signed double-submit tokens and same-origin checks: only our own pages may post.

    Args:
        secret: signs the tokens; without a shared one a page from before a restart has to be
            reloaded.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def issue(self, request: Request) -> FormToken:
        """A token for a page with a form; the cookie is kept if it is one of ours."""
        nonce = request.cookies.get(COOKIE, "")
        if len(nonce) != 43 or not nonce.isascii():
            nonce = secrets.token_urlsafe(32)
        return FormToken(nonce, self._sign(nonce))

    def allows(self, request: Request, token: str) -> bool:
        """Whether a POST came from a page of ours, in this browser."""
        if not is_same_origin(request):
            return False
        nonce = request.cookies.get(COOKIE, "")
        return bool(nonce) and hmac.compare_digest(
            self._sign(nonce).encode(), token.encode("utf-8", "replace")
        )

    def _sign(self, nonce: str) -> str:
        return hmac.new(self._secret, nonce.encode("utf-8", "replace"), "sha256").hexdigest()


class FormToken:
    """The two halves of a token.

    Attributes:
        value: goes into the form.
    """

    def __init__(self, nonce: str, value: str) -> None:
        self._nonce = nonce
        self.value = value

    def keep(self, response: Response) -> None:
        """Put the cookie's half on the answer."""
        response.set_cookie(COOKIE, self._nonce, httponly=True, samesite="strict", path="/")


def is_same_origin(request: Request) -> bool:
    """Whether the browser says that the request comes from our own page; silence is a no.

    A browser that sends Sec-Fetch-Site is believed, but not where its Origin says otherwise.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    if origin is None or origin == "null":  # "null" is what no-referrer makes of every origin
        return site == "same-origin"
    # the scheme may differ: behind a proxy that ends TLS we are asked over plain HTTP
    return origin.lower().partition("://")[2] == request.headers.get("host", "").lower()


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def without_user(url: str) -> str:
    """A feed's address as it may be shown: without the user name and password in front of it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
