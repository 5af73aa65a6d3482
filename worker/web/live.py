"""Word of new matches to pages that are open, as server-sent events.

A stream asks the store every few seconds whether there is a newer match; all streams of a process
share one answer. A stream ends with its session, with the server, and after ten minutes at the
latest: the browser then comes again by itself, with the cookies that it has by then. Who has no
script, or finds all streams taken, sees the same after a reload.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from worker.errors import StoreError
from worker.locales import _, ngettext
from worker.store.store import Store
from worker.web.access import COOKIE
from worker.web.listquery import MAX_ID

log = logging.getLogger(__name__)

MOST_STREAMS = 40
"""Open at once in a process; a browser has one for each of its pages that is in sight."""
_REMEMBERED_LEAVERS = 1_000
_HEADERS = {
    "cache-control": "no-store",
    "x-accel-buffering": "no",  # nginx would hold the words back
}


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a stream does what, in seconds."""

    ask_s: float = 3.0
    heartbeat_s: float = 15.0
    life_s: float = 600.0
    retry_s: float = 10.0


class Live:
    """The streams of one server.

    Args:
        store: is asked for new matches.
        may_stay: whether who opened a stream may still read the pages.

    Attributes:
        pace: of the streams.
    """

    def __init__(self, store: Store, may_stay: Callable[[Request], bool]) -> None:
        self._store = store
        self._may_stay = may_stay
        self.pace = Pace()
        self._streams = 0
        self._closing = asyncio.Event()
        self._left: deque[str] = deque(maxlen=_REMEMBERED_LEAVERS)
        self._newest = 0
        self._asked_at_s = float("-inf")

    def router(self) -> APIRouter:
        """The route of the streams."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/events", self.events, methods=["GET"])
        return router

    def open(self) -> None:
        """Let streams be opened: a server starts."""
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End all streams; called in the server's loop, before it waits for them."""
        self._closing.set()

    def end_session(self, request: Request) -> None:
        """End the streams of a session that its owner has ended."""
        if session := request.cookies.get(COOKIE):
            self._left.append(session)

    async def events(self, request: Request, since: str = "0") -> Response:
        """Tell of the matches that are newer than one, now and as they come in."""
        told = request.headers.get("last-event-id", "0")
        if not _is_id(since) or not _is_id(told):
            raise HTTPException(400, _("Give the number of a match."))
        if self._streams >= MOST_STREAMS or self._closing.is_set():
            raise HTTPException(
                503, _("Too many pages listen for news; reload this one."), {"retry-after": "60"}
            )
        stream = self._stream(request, int(since), int(told))
        return StreamingResponse(stream, media_type="text/event-stream", headers=_HEADERS)

    async def _stream(self, request: Request, since: int, told: int) -> AsyncIterator[str]:
        loop, closing = asyncio.get_running_loop(), self._closing
        ends_at = loop.time() + self.pace.life_s
        self._streams += 1
        try:
            yield f"retry: {round(self.pace.retry_s * 1_000)}\n\n"
            said, said_at = 0, loop.time()
            while self._is_on(request) and loop.time() < ends_at:
                newest = await self._newest_id()
                if newest > max(since, told):
                    told, number = newest, await self._count(since)
                    if number > said:
                        said, said_at = number, loop.time()
                        yield _event(newest, number)
                elif loop.time() - said_at >= self.pace.heartbeat_s:
                    said_at = loop.time()
                    yield ": still here\n\n"
                await _wait(closing, self.pace.ask_s)
        finally:
            self._streams -= 1

    def _is_on(self, request: Request) -> bool:
        has_left = request.cookies.get(COOKIE) in self._left
        return not self._closing.is_set() and not has_left and self._may_stay(request)

    async def _newest_id(self) -> int:
        """The newest match; asked once for all streams that want to know at the same time."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._asked_at_s >= self.pace.ask_s * 0.9:
            self._asked_at_s = now_s
            try:
                self._newest = await run_in_threadpool(self._store.matches.newest_id)
            except StoreError as error:  # the pages say so; here it only means no news
                log.warning("no news of matches: %s", error)
        return self._newest

    async def _count(self, since: int) -> int:
        try:
            return await run_in_threadpool(self._store.matches.count_newer, since)
        except StoreError as error:
            log.warning("no news of matches: %s", error)
            return 0


def _event(newest: int, number: int) -> str:
    text = ngettext("%(num)s new match: show", "%(num)s new matches: show", number)
    return f"id: {newest}\nevent: matches\ndata: {json.dumps({'number': number, 'text': text})}\n\n"


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 19 and int(text) <= MAX_ID


async def _wait(closing: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(closing.wait(), seconds)
    except TimeoutError:
        return
