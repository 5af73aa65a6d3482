"""Feeds: how they are doing, and all that a person can do about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from worker.adding import FeedWish, add_feed
from worker.domain import Scope, Watch
from worker.errors import FetchError, InputError, NotFoundError
from worker.feeds.health import health_of
from worker.records import FeedRow
from worker.store.states import ACTIVE, PAUSED, QUARANTINED, RETIRED
from worker.store.store import Store
from worker.web.api import models
from worker.web.api.access import needs
from worker.web.api.cursors import cursor_of, read_cursor
from worker.web.api.models import Id
from worker.web.api.queries import PageQuery
from worker.web.finder import Finder
from worker.web.safety import problem_json, without_user

_FEEDS = "f"
_CHANGES = [Depends(needs(Scope.ADMIN))]
_CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "Not in its present state"}}


class FeedApi:
    """The feeds of one store.

    Args:
        store: answers, and keeps what is changed.
        watches: which a feed can be added to.
        clock: aware UTC.
        finder: looks at an address before it is added.
        check_url: raises `FetchError` for an address that may not be fetched.
    """

    def __init__(
        self,
        store: Store,
        watches: Sequence[Watch],
        clock: Callable[[], datetime],
        finder: Finder,
        check_url: Callable[[str], object],
    ) -> None:
        self._store = store
        self._watches = {watch.name for watch in watches}
        self._clock = clock
        self._finder = finder
        self._check_url = check_url

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(tags=["feeds"])
        add = router.add_api_route
        one = "/feeds/{feed_id}"
        add("/feeds", self.feeds, response_model=models.FeedPage)
        add(one, self.feed, response_model=models.Feed)
        add("/feeds", self.add, methods=["POST"], status_code=201, response_model=models.Feed,
            dependencies=_CHANGES, responses={200: {"model": models.Feed,
            "description": "It was there already"}})  # fmt: skip
        add(one, self.change, methods=["PATCH"], response_model=models.Feed,
            dependencies=_CHANGES, responses=_CONFLICT)  # fmt: skip
        add(one, self.remove, methods=["DELETE"], status_code=204, response_model=None,
            dependencies=_CHANGES, responses=_CONFLICT)  # fmt: skip
        add(f"{one}/poll", self.poll, methods=["POST"], status_code=202,
            response_model=models.Feed, dependencies=_CHANGES, responses=_CONFLICT)  # fmt: skip
        add(f"{one}/move", self.move, methods=["POST"], response_model=models.Feed,
            dependencies=_CHANGES, responses=_CONFLICT)  # fmt: skip
        return router

    def feeds(self, query: Annotated[PageQuery, Query()]) -> Any:
        """List feeds in the order they were added."""
        key = read_cursor(_FEEDS, query.cursor)
        rows = [row for row in self._store.feeds.rows() if key is None or row.id > key[0]]
        shown = rows[: query.limit]
        return {
            "feeds": [self._record(row) for row in shown],
            "next_cursor": cursor_of(_FEEDS, shown[-1].id) if len(rows) > query.limit else None,
        }

    def feed(self, feed_id: Id) -> Any:
        """One feed."""
        return self._record(self._store.feeds.get(feed_id))

    def add(self, request: Request, response: Response, given: models.NewFeed) -> Any:
        """Watch a feed, named by its address or by that of its site; it is polled at once.

        Of one that is watched already, what is given is changed; its state stays.
        """
        if given.watch not in self._watches:
            raise HTTPException(404, f"watch: choose one of {', '.join(sorted(self._watches))}")
        try:
            self._check_url(given.url)
            url, choices = self._looked_up(given)
        except FetchError as error:
            why = f"{error.outcome}: {error.detail}" if error.detail else error.outcome
            raise HTTPException(422, f"url: {why}; nothing was added") from error
        except InputError as error:
            raise HTTPException(422, f"url: {error.problem}") from error
        if choices:
            return problem_json(
                422,
                "url: that page names several feeds; add one of `choices`",
                request.url.path,
                choices=[without_user(one) for one in choices],
            )
        wish = FeedWish(url, given.watch, given.title, given.language, given.fetch)
        try:
            added = add_feed(self._store, wish)
        except InputError as error:
            raise HTTPException(422, str(error)) from error
        response.status_code = 200 if added.is_known else 201
        response.headers["location"] = f"/api/v1/feeds/{added.row.id}"
        return self._record(added.row)

    def change(self, feed_id: Id, given: models.FeedChange) -> Any:
        """Pause a feed, or go on with it."""
        row = self._store.feeds.get(feed_id)
        if row.state != given.state:
            may = (ACTIVE,) if given.state == PAUSED else (PAUSED, QUARANTINED, RETIRED)
            if row.state not in may:
                raise HTTPException(409, f"The feed is {row.state} and cannot be {given.state}.")
            self._store.feeds.set_state(feed_id, given.state)
        return self.feed(feed_id)

    def remove(self, feed_id: Id) -> None:
        """Remove a feed that was added; its articles stay."""
        row = self._store.feeds.get(feed_id)
        if row.origin == "config" and row.state != RETIRED:
            raise HTTPException(409, "A watch's file names this feed: pause it, or edit the file.")
        self._store.feeds.remove(feed_id)

    def poll(self, feed_id: Id) -> Any:
        """Make a feed due now; a worker polls it within a minute."""
        row = self._store.feeds.get(feed_id)
        if row.state != ACTIVE:
            raise HTTPException(409, f"The feed is {row.state} and is not polled.")
        self._store.feeds.poll_now(feed_id)
        return self.feed(feed_id)

    def move(self, feed_id: Id, given: models.Move) -> Any:
        """Follow a feed to the address that its server redirects to permanently."""
        row = self._store.feeds.get(feed_id)
        is_ripe = health_of(row, self._clock()).move.is_to_confirm
        if not is_ripe or row.moved_to is None or without_user(row.moved_to) != given.moved_to:
            raise HTTPException(409, "The feed is not redirected there often enough in a row.")
        try:
            self._check_url(row.moved_to)
            moved = self._store.feeds.confirm_move(feed_id, row.moved_to)
        except FetchError as error:
            raise HTTPException(409, f"The new address is refused: {error.outcome}") from error
        except NotFoundError as error:
            raise HTTPException(409, "The feed is not redirected there any more.") from error
        return self.feed(moved.feed_id)

    def _looked_up(self, given: models.NewFeed) -> tuple[str, tuple[str, ...]]:
        """The feed that is meant, or those that one has to choose from."""
        if not given.look:
            return given.url, ()
        found = self._finder(given.url)
        if not found.choices and found.is_refused:
            raise InputError(given.url, f"{found.outcome}; nothing was added")
        return found.url, found.choices

    def _record(self, row: FeedRow) -> dict[str, Any]:
        return {
            "id": row.id,
            "url": without_user(row.url),
            "title": row.title,
            "language": row.language,
            "fetch": row.fetch,
            "state": row.state,
            "origin": row.origin,
            "watches": row.watches,
            "outcome": row.last_outcome,
            "detail": row.last_detail,
            "last_polled_at": row.last_polled_at,
            "last_success_at": row.last_success_at,
            "next_poll_at": row.next_poll_at,
            "failures": row.failures,
            "entries": row.entries,
            "overflow": row.overflow,
            "last_entry_at": row.last_entry_at,
            "moved_to": without_user(row.moved_to) if row.moved_to else None,
            "is_move_ripe": health_of(row, self._clock()).move.is_to_confirm,
        }
