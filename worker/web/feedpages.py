"""The feeds: how each is doing, and what a person can do about it. All that changes is a POST."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from worker.adding import FeedWish, add_feed, typed_address
from worker.domain import Watch
from worker.errors import FetchError, InputError, NotFoundError
from worker.feeds.health import Need, by_urgency, health_of
from worker.feeds.queries import min_interval_s
from worker.locales import _
from worker.records import FeedRow
from worker.store.states import ACTIVE, PAUSED, QUARANTINED, RETIRED
from worker.store.store import Store
from worker.web import feedwords
from worker.web.finder import Finder
from worker.web.forms import Form, FormData
from worker.web.listquery import MAX_ID
from worker.web.safety import FormGuard
from worker.web.views import page
from worker.web.words import outcome

FEEDS_A_PAGE = 100
MAX_URL = 2_048
_POLLS = 20
_ENTRIES = 10
FeedId = Annotated[int, Path(ge=1, le=MAX_ID)]


@dataclass(frozen=True, slots=True)
class Attempt:
    """An address that somebody tried to add, and why it is not added yet.

    Attributes:
        problem: what is wrong; empty if a feed has only to be chosen.
        choices: the feeds that the address names.
    """

    url: str
    watch: str
    problem: str = ""
    choices: tuple[str, ...] = ()


class FeedPages:
    """The feeds of one store.

    Args:
        store: answers, and keeps what is changed.
        watches: which a feed can be added to.
        clock: aware UTC.
        guard: tells our own forms from others.
        finder: looks at an address before it is added.
        check_url: raises `FetchError` for an address that may not be fetched.
    """

    def __init__(
        self,
        store: Store,
        watches: Sequence[Watch],
        clock: Callable[[], datetime],
        guard: FormGuard,
        finder: Finder,
        check_url: Callable[[str], object],
    ) -> None:
        self._store = store
        self._watches = {watch.name: watch for watch in watches}
        self._clock = clock
        self._guard = guard
        self._finder = finder
        self._check_url = check_url

    def router(self) -> APIRouter:
        """The routes of the feeds."""
        router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
        router.add_api_route("/feeds", self.feeds, methods=["GET", "HEAD"])
        router.add_api_route("/feeds", self.change, methods=["POST"])
        router.add_api_route("/feeds/add", self.back_to_list, methods=["GET", "HEAD"])
        router.add_api_route("/feeds/add", self.add, methods=["POST"])
        router.add_api_route("/feeds/{feed_id}", self.feed, methods=["GET", "HEAD"])
        return router

    def feeds(self, request: Request) -> Response:
        """All feeds and how they are; those that need a person first."""
        return self._list(request)

    def back_to_list(self) -> Response:
        """Where a reload leads after an address could not be added."""
        return RedirectResponse("/feeds", 303)

    def feed(self, request: Request, feed_id: FeedId) -> Response:
        """One feed: its health, its pace, its latest polls and entries."""
        row = self._store.feeds.get(feed_id)
        history = self._store.feed_history
        return self._with_token(
            request,
            "feed",
            health=health_of(row, self._clock()),
            row=row,
            floor_s=min_interval_s(row.url),
            polls=history.polls(feed_id, _POLLS),
            entries=history.entries(feed_id, _ENTRIES),
            former=history.former_addresses(feed_id),
        )

    def add(self, request: Request, form: Form) -> Response:
        """Add the feed that is meant by an address; where none is, say so beside the address."""
        self._refuse_foreign(request, form)
        url, watch = _address(form.get("url")), form.get("watch")
        if watch not in self._watches:
            raise InputError("watch", _("choose one of %(names)s", names=", ".join(self._watches)))
        try:
            self._check_url(url)
            found = self._finder(url)
        except FetchError as error:
            return self._list(request, Attempt(url, watch, _refusal(error)))
        except InputError as error:
            return self._list(request, Attempt(url, watch, error.problem))
        if found.choices:
            return self._list(request, Attempt(url, watch, choices=found.choices))
        if found.is_refused:
            said = outcome(found.outcome).lower()
            problem = _("nothing there can be polled (%(why)s); nothing was added", why=said)
            return self._list(request, Attempt(url, watch, problem))
        added = add_feed(self._store, FeedWish(found.url, watch))
        done = "added"
        if added.is_known:
            done = "known" if added.row.state == ACTIVE else "resting"
        return _done(f"/feeds/{added.row.id}", done, added.row.id)

    def change(self, request: Request, form: Form) -> Response:
        """Do what a feed's button says."""
        self._refuse_foreign(request, form)
        act, feed_id, sight = _act_of(form.get("act"))
        row = self._store.feeds.get(feed_id)
        feeds = self._store.feeds
        match act:
            case "poll" if row.state == ACTIVE:
                feeds.poll_now(feed_id)
                done = "polled"
            case "pause" if row.state == ACTIVE:
                feeds.set_state(feed_id, PAUSED)
                done = "paused"
            case "resume" if row.state in (PAUSED, QUARANTINED, RETIRED):
                feeds.set_state(feed_id, ACTIVE)
                done = "resumed"
            case "move":
                feed_id = self._move(row, sight)
                done = "moved"
            case _:
                raise _stale()
        if form.get("back") == "feed":
            return _done(f"/feeds/{feed_id}", done, feed_id)
        return _done("/feeds", done, feed_id, _number("page", form.get("page") or "1"))

    def _move(self, row: FeedRow, sight: str) -> int:
        """Follow a feed to the address that a person has seen and confirmed; returns its id."""
        seen = row.moved_to
        is_ripe = health_of(row, self._clock()).move.is_to_confirm
        if seen is None or not is_ripe or feedwords.sight_of(seen) != sight:
            raise _stale()
        try:
            self._check_url(seen)
        except FetchError as error:
            raise InputError(_("The new address"), _refusal(error)) from error
        try:
            return self._store.feeds.confirm_move(row.id, seen).feed_id
        except NotFoundError:
            raise _stale() from None

    def _list(self, request: Request, attempt: Attempt | None = None) -> Response:
        now = self._clock()
        found = sorted((health_of(row, now) for row in self._store.feeds.rows()), key=by_urgency)
        number = _number("page", request.query_params.get("page") or "1")
        start = (number - 1) * FEEDS_A_PAGE
        active = [one for one in found if one.row.state == ACTIVE]
        return self._with_token(
            request,
            "feeds",
            status=422 if attempt else 200,
            found=found[start : start + FEEDS_A_PAGE],
            total=len(found),
            number=number,
            has_more=len(found) > start + FEEDS_A_PAGE,
            watches=self._watches,
            attempt=attempt,
            max_url=MAX_URL,
            active=len(active),
            waiting=sum(one.need is Need.FIRST_POLL for one in active),
            failing=sum(one.row.failures > 0 for one in active),
            urgent=sum(feedwords.needs_a_person(one) for one in found),
        )

    def _with_token(
        self, request: Request, template: str, status: int = 200, **values: Any
    ) -> Response:
        token = self._guard.issue(request)
        answer = page(
            template, status, token=token.value, now=self._clock(), done=self._done_of(request),
            words=feedwords, **values,
        )  # fmt: skip
        token.keep(answer)
        return answer

    def _done_of(self, request: Request) -> tuple[FeedRow, str] | None:
        """The feed and the words for what this browser has just done; None for nothing of sense."""
        said = feedwords.DONE.get(request.query_params.get("done", ""))
        try:
            row = self._store.feeds.get(_number("feed", request.query_params.get("feed", "")))
        except (InputError, NotFoundError):
            return None
        return (row, said) if said else None

    def _refuse_foreign(self, request: Request, form: FormData) -> None:
        if not self._guard.allows(request, form.get("token")):
            raise HTTPException(
                403,
                _(
                    "Nothing was changed: this form was not sent from a current page of ours. "
                    "Go back, reload the page and send it again."
                ),
            )


def _address(text: str) -> str:
    """An address as somebody types it: of a site without the scheme, too.

    Raises:
        InputError: there is none, or far too much.
    """
    text = text.strip()
    if not text or len(text) > MAX_URL:
        raise InputError(
            "url", _("give an address of at most %(number)s characters", number=MAX_URL)
        )
    text = typed_address(text)
    return text if "://" in text else f"https://{text}"


def _refusal(error: FetchError) -> str:
    """Why an address may not be fetched, without the address."""
    why = outcome(error.outcome).lower() + (f": {error.detail}" if error.detail else "")
    return _("%(why)s; nothing was changed", why=why)


def _stale() -> HTTPException:
    return HTTPException(
        409,
        _("Nothing was changed: the feed is not as the page showed it any more. Reload the page."),
    )


def _act_of(text: str) -> tuple[str, int, str]:
    """What a button means: its act, the feed and, to confirm an address, which one was seen."""
    act, _, rest = text.partition(".")
    number, _, sight = rest.partition(".")
    return act, _number("feed", number), sight


def _done(path: str, done: str, feed_id: int, number: int = 1) -> Response:
    query = {"page": number} if number > 1 else {}
    return RedirectResponse(f"{path}?{urlencode({**query, 'done': done, 'feed': feed_id})}", 303)


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 18 or int(text) < 1:
        raise InputError(
            name, _("%(value)s means nothing here; use a number", value=repr(text[:60]))
        )
    return int(text)
