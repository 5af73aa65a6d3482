"""Feeds of matches for feed readers: `/matches.atom` and `/matches.json`, filtered as the inbox is.

The address of a list in the inbox with another path is its feed; all verdicts are in it unless one
is asked for. A token in the address lets a reader in that cannot log in.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from worker.domain import Watch
from worker.notify.about import About
from worker.notify.exports import FORMATS
from worker.store.store import Store
from worker.web.listquery import read_feed_query

ENTRIES = 100
"""The newest so many: a reader that comes once a day misses none but on the wildest one."""
_FORMATS = {"/matches.atom": "atom", "/matches.json": "jsonfeed"}


class MatchFeeds:
    """The feeds of one store's matches.

    Args:
        store: answers.
        watches: give titles.
    """

    def __init__(self, store: Store, watches: Sequence[Watch]) -> None:
        self._store = store
        self._watches = {watch.name: watch for watch in watches}

    def router(self) -> APIRouter:
        """The routes of the feeds."""
        router = APIRouter(include_in_schema=False)
        for path in _FORMATS:
            router.add_api_route(path, self.feed, methods=["GET", "HEAD"])
        return router

    async def feed(self, request: Request) -> Response:
        """One feed, or 304 if the reader has it as it is."""
        return await run_in_threadpool(self._feed, request)

    def _feed(self, request: Request) -> Response:
        query = read_feed_query(request.query_params)
        kind = FORMATS[_FORMATS[request.url.path]]
        # asked before the rows are read: what changes in between is told at the next visit
        changed_at = self._store.matches.changed_at() or datetime.fromtimestamp(0, UTC)
        rows = list(self._store.matches.rows(query.store_filter(limit=ENTRIES)))
        base = str(request.base_url).rstrip("/")
        out = io.BytesIO()
        about = About(
            watch=watch.title if (watch := self._watches.get(query.watch or "")) else "",
            watches=self._watches,
            home_url=f"{base}/{query.address()}",
            self_url=f"{base}{request.url.path}{query.feed_address()}",
        )
        kind.write(rows, out, about)
        body = out.getvalue()
        headers = {
            "etag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
            "last-modified": format_datetime(changed_at.replace(microsecond=0), usegmt=True),
            "vary": "authorization, cookie",
        }
        if _has_it(request, headers["etag"], changed_at):
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=kind.media_type)


def _has_it(request: Request, etag: str, changed_at: datetime) -> bool:
    """Whether the reader's copy is current (RFC 9110, section 13.2.2: the ETag decides first)."""
    wanted = request.headers.get("if-none-match")
    if wanted is not None:
        tags = [tag.strip().removeprefix("W/") for tag in wanted.split(",")]
        return "*" in tags or etag in tags
    since = request.headers.get("if-modified-since")
    try:
        has_at = parsedate_to_datetime(since) if since else None
    except ValueError:
        return False
    if has_at is None:
        return False
    if has_at.tzinfo is None:
        has_at = has_at.replace(tzinfo=UTC)
    return changed_at.replace(microsecond=0) <= has_at
