"""Who may change something: a program whose token has the scope for it."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import HTTPException, Request

from worker.domain import Scope
from worker.web.safety import is_same_origin
from worker.web.visitors import Visitor


def needs(scope: Scope) -> Callable[[Request], str | None]:
    """A dependency that lets only those pass whose token has a scope.

    Args:
        scope: what has to be allowed.
    """

    def check(request: Request) -> str | None:
        """The token's name.

        Raises:
            HTTPException: there is no token (401), or it may not do that (403).
        """
        visitor: Visitor = request.state.visitor
        if not visitor.has_token:
            raise HTTPException(
                401,
                f"Changing something needs a token of scope {scope}; `seedwatch token add` makes "
                "one.",
                {"www-authenticate": 'Bearer realm="seedwatch"'},
            )
        if not visitor.scope.allows(scope):
            raise HTTPException(403, f"This token may only {visitor.scope}; use one of {scope}.")
        if request.headers.get("origin") is not None and not is_same_origin(request):
            raise HTTPException(403, "Pages of other sites may change nothing here.")
        return visitor.name

    return check
