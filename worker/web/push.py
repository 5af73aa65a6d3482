"""The callback that hubs ask and push to (WebSub).

Its address has a part that only the hub knows, what it pushes is signed, and no cookie counts here;
so it is open to any host name and without a password, and answers nothing else.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from hmac import compare_digest

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from worker.domain import Outcome
from worker.feeds.websub import MAX_ASKED_AGE, is_signed, lease_of, pause_after, renewal_after
from worker.fetch.guard import safe_url
from worker.pushing import CALLBACK
from worker.records import Subscription
from worker.store.store import Store

log = logging.getLogger(__name__)

StorePush = Callable[[int, bytes, str], Outcome]
"""Stores what was pushed for a feed: its id, the body, its Content-Type."""
_MAX_TOKEN_CHARS = 64
_MAX_CHALLENGE_CHARS = 1_000
_AT_ONCE = 2
"""Pushes that are parsed at the same time; each may take a child of a gigabyte."""
_DENIED_FAILURES = 8


class PushCallback:
    """The routes under /websub/.

    Args:
        store: knows the subscriptions.
        store_push: stores the entries of a verified push.
        max_bytes: the cap on a push.
        clock: aware UTC.
    """

    def __init__(
        self, store: Store, store_push: StorePush, max_bytes: int, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._store_push = store_push
        self._max_bytes = max_bytes
        self._clock = clock
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route(CALLBACK + "{token}", self.answer, methods=["GET"])
        router.add_api_route(CALLBACK + "{token}", self.receive, methods=["POST"])
        return router

    def answer(self, request: Request, token: str) -> Response:
        """Answer a hub that asks whether it was really us (section 5.3), or says no (5.2)."""
        held = self._held(token)
        asked = {name: request.query_params.get(f"hub.{name}", "") for name in _ASKED}
        if held is None or not compare_digest(held.topic_url.encode(), asked["topic"].encode()):
            return _refused(404, "no such subscription")
        if asked["mode"] == "denied":
            reason = f"the hub says no: {asked['reason'][:200]}"
            pause = pause_after(_DENIED_FAILURES)
            self._store.subscriptions.deny(held.feed_id, reason, pause)
            return PlainTextResponse("")
        is_expected = held.asked_at is not None and self._clock() - held.asked_at < MAX_ASKED_AGE
        challenge = asked["challenge"]
        if asked["mode"] != "subscribe" or not is_expected or not challenge:
            return _refused(404, "nobody asked for that")
        if len(challenge) > _MAX_CHALLENGE_CHARS:
            return _refused(400, "the challenge is too long")
        lease = lease_of(asked["lease_seconds"])
        self._store.subscriptions.confirm(held.feed_id, lease, renewal_after(lease))
        log.info("the hub pushes %s for %s", safe_url(held.topic_url), lease)
        return PlainTextResponse(challenge)

    async def receive(self, request: Request, token: str) -> Response:
        """Take a push (section 7): signed, bounded, and stored as a poll's entries are."""
        held = await run_in_threadpool(self._held, token)
        if held is None:
            return _refused(410, "no such subscription")  # which ends it at the hub
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._max_bytes:
                return _refused(413, "too large")
        header = request.headers.get("x-hub-signature", "")
        if not is_signed(header, held.secret, bytes(body)):
            log.warning("a push for %s is not signed by its hub", safe_url(held.topic_url))
            return _refused(403, "the signature is wrong or missing")
        content_type = request.headers.get("content-type", "")
        return await run_in_threadpool(self._keep, held, bytes(body), content_type)

    def _keep(self, held: Subscription, body: bytes, content_type: str) -> Response:
        with self._places:
            outcome = self._store_push(held.feed_id, body, content_type)
        log.info("pushed %s: %s", safe_url(held.topic_url), outcome)
        if outcome is Outcome.NOT_FOUND:  # paused: what comes meanwhile is asked for afterwards
            self._store.subscriptions.end(held.feed_id)
            return _refused(410, "no such subscription any more")
        if outcome is Outcome.POSTPONED:
            return _refused(503, "later")
        return PlainTextResponse(str(outcome), 202)

    def _held(self, token: str) -> Subscription | None:
        if len(token) > _MAX_TOKEN_CHARS:
            return None
        return self._store.subscriptions.of_token(token)


_ASKED = ("mode", "topic", "challenge", "lease_seconds", "reason")


def _refused(status: int, why: str) -> Response:
    return PlainTextResponse(why, status)
