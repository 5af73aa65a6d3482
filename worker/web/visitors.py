"""Who is asking: a person by session or by proxy, a program by its token, or just anybody.

Programs ask at the API and at the feeds of matches. There a token counts first; what changes
something always needs one, since a browser sends it for nobody's page but asked to.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope as AsgiScope

from worker.domain import Scope
from worker.store.tokens import TokenStore
from worker.web.access import Access, place_of
from worker.web.proxy import ProxyAccess
from worker.web.rate import Rate

FEED_PATHS = ("/matches.atom", "/matches.json")
known_name: ContextVar[str] = ContextVar("known_name", default="")
"""The name of who is asking, where the proxy vouches for it; verdicts are given in it."""
_LONGEST_TOKEN = 200


def is_for_programs(path: str) -> bool:
    """Whether programs ask at this address, and are answered as programs."""
    return path.startswith("/api/") or path in (*FEED_PATHS, "/metrics")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is asking.

    Attributes:
        scope: what they may do at the API.
        name: of the person or the token; None if nobody says.
        has_token: and so may change something at the API.
        has_session: and so can log out.
    """

    scope: Scope
    name: str | None = None
    has_token: bool = False
    has_session: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Why somebody is not let in.

    Attributes:
        status: of HTTP. wait_s: after how many seconds they may come again.
    """

    status: int
    detail: str
    wait_s: int = 0


class Visitors:
    """Tells who is asking.

    Args:
        access: knows password and sessions.
        proxy: None where none is believed.
        tokens: the store's.
        rate: of requests of programs.
    """

    def __init__(
        self, access: Access, proxy: ProxyAccess | None, tokens: TokenStore, rate: Rate
    ) -> None:
        self._access = access
        self._proxy = proxy
        self._tokens = tokens
        self._rate = rate

    @property
    def is_open(self) -> bool:
        """Whether anybody who reaches the pages is let in."""
        return not self._access.has_password and self._proxy is None

    @property
    def has_password(self) -> bool:
        """Whether there is a log-in page."""
        return self._access.has_password

    def person(self, scope: AsgiScope) -> Visitor | None:
        """The person who asks; None for a stranger."""
        name = self._proxy.name_of(scope) if self._proxy else None
        if name is not None:
            return Visitor(Scope.READ, name)
        if self._access.has_password and self._access.has_session(Headers(scope=scope)):
            return Visitor(Scope.READ, has_session=True)
        return Visitor(Scope.READ) if self.is_open else None

    def program(self, scope: AsgiScope) -> Visitor | Refused:
        """Who asks at the API or for a feed; looks into the store, so not in the event loop."""
        place = place_of(HTTPConnection(scope))
        secret, is_in_address = _secret_of(scope)
        if secret is None:
            visitor: Visitor | Refused = self.person(scope) or Refused(
                401, "Send a token: `Authorization: Bearer ...`; `seedwatch token add` makes one."
            )
            caller = place
        else:
            visitor, caller = self._by_token(secret, place, is_in_address=is_in_address)
        wait_s = self._rate.wait_s(caller)
        if wait_s:
            return Refused(429, f"Too many requests; come again in {wait_s} s.", wait_s)
        return visitor

    def _by_token(
        self, secret: str, place: str, *, is_in_address: bool
    ) -> tuple[Visitor | Refused, str]:
        found = self._tokens.find(secret) if len(secret) <= _LONGEST_TOKEN else None
        if found is None:
            return Refused(401, "This token is unknown, revoked or has ended."), place
        if is_in_address and found.scope is not Scope.READ:
            detail = "Addresses are kept in histories and logs: put a token of scope read into it."
            return Refused(403, detail), place
        return Visitor(found.scope, found.name, has_token=True), f"token {found.id}"


def _secret_of(scope: AsgiScope) -> tuple[str | None, bool]:
    """The token that a request shows, and whether it stands in its address (feeds only)."""
    kind, _, value = Headers(scope=scope).get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip(), False
    if scope["path"] in FEED_PATHS:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if given := query.get("token"):
            return given[-1], True
    return None, False
