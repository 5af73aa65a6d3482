"""What is sent to the API is read up to a size; pages have limits of their own."""

from __future__ import annotations

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.web.safety import problem_json

MOST_BYTES = 2_000_000
"""Fifty verdicts with the longest notes, each character escaped."""
_TOO_LARGE = f"Send at most {MOST_BYTES:,} bytes."


class BodyLimit:
    """Refuses a body that is too large, as soon as that is known.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "0")
        if said.isascii() and said.isdecimal() and int(said[:12]) > MOST_BYTES:
            await problem_json(413, _TOO_LARGE, scope["path"])(scope, receive, send)
            return
        read = 0

        async def receive_some() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MOST_BYTES:
                raise HTTPException(413, _TOO_LARGE)
            return message

        await self._app(scope, receive_some, send)
