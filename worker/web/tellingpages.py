"""Telling: the channels, what was sent lately, what failed. All that sends something is a POST."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from worker.domain import ChannelConfig, Outcome, Watch
from worker.errors import InputError, NotFoundError
from worker.locales import _
from worker.notify.references import shown
from worker.records import AttemptRow, ChannelRow
from worker.telling import Telling
from worker.web import tellingwords
from worker.web.forms import Form, FormData
from worker.web.listquery import MAX_ID
from worker.web.safety import FormGuard
from worker.web.views import page

_ATTEMPTS = 30
_UNSENT = 50
_GOOD = (Outcome.SENT, Outcome.PARTLY_SENT)


@dataclass(frozen=True, slots=True)
class Shown:
    """A channel as the page shows it.

    Attributes:
        row: how it is; None if no worker has seen it yet.
        to: where it leads, without what must not be seen.
    """

    watch: Watch
    config: ChannelConfig
    row: ChannelRow | None
    to: tuple[str, ...]

    @property
    def is_off(self) -> bool:
        """Whether a failure has switched it off."""
        return self.row is not None and self.row.state == "off"

    @property
    def is_failing(self) -> bool:
        """Whether it rests after a failure."""
        return self.row is not None and not self.is_off and self.row.failures > 0

    @property
    def name(self) -> str:
        """What a button calls it."""
        return f"{self.watch.name}.{self.config.name}"


class TellingPages:
    """The page on telling.

    Args:
        telling: the channels, and what sends a test message.
        clock: aware UTC.
        guard: tells our own forms from others.
    """

    def __init__(self, telling: Telling, clock: Callable[[], datetime], guard: FormGuard) -> None:
        self._telling = telling
        self._store = telling.store
        self._clock = clock
        self._guard = guard

    def router(self) -> APIRouter:
        """The routes of telling."""
        router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
        router.add_api_route("/telling", self.telling, methods=["GET", "HEAD"])
        router.add_api_route("/telling", self.act, methods=["POST"])
        return router

    def telling(self, request: Request) -> Response:
        """The channels, those in trouble first, and the delivery log."""
        rows = {(row.watch, row.name): row for row in self._store.channels.rows()}
        found = [
            Shown(watch, config, rows.get((watch.name, config.name)), tuple(map(shown, config.to)))
            for watch in self._telling.watches
            for config in watch.channels
        ]
        found.sort(key=lambda one: (not one.is_off, not one.is_failing))
        token = self._guard.issue(request)
        answer = page(
            "telling",
            token=token.value,
            now=self._clock(),
            channels=found,
            has_watches=len(self._telling.watches) > 1,
            attempts=self._store.channels.attempts(limit=_ATTEMPTS),
            unsent=self._store.channels.unsent(_UNSENT),
            words=tellingwords,
            tested=self._tested(request),
            done=self._done(request),
            good=_GOOD,
        )
        token.keep(answer)
        return answer

    def act(self, request: Request, form: Form) -> Response:
        """Do what a button says, and show the page again with what came of it."""
        self._refuse_foreign(request, form)
        act, _dot, rest = form.get("act").partition(".")
        if act == "retry":
            self._store.channels.retry([_number(rest)])
            return _back(done="retry", of="")
        watch, _dot, name = rest.partition(".")
        config = self._config(watch, name)
        if act == "test":
            _attempt, attempt_id = self._telling.test(watch, config.name)
            return _back(tested=attempt_id)
        if act == "on":
            self._store.channels.switch_on(watch, config.name)
            return _back(done="on", of=config.name)
        raise _stale()

    def _config(self, watch: str, name: str) -> ChannelConfig:
        for one in self._telling.watches:
            if one.name == watch:
                for config in one.channels:
                    if config.name == name:
                        return config
        raise _stale()

    def _tested(self, request: Request) -> AttemptRow | None:
        """The test message that this browser has just sent; None for nothing of sense."""
        given = request.query_params.get("tested", "")
        try:
            rows = self._store.channels.attempts(attempt_id=_number(given))
        except InputError:
            return None
        return next((row for row in rows if row.message_id is None), None)

    def _done(self, request: Request) -> tuple[str, str] | None:
        """What was just done to which channel; None for nothing of sense."""
        said = tellingwords.DONE.get(request.query_params.get("done", ""))
        of = request.query_params.get("of", "")
        names = {one.name for watch in self._telling.watches for one in watch.channels}
        return (of if of in names else "", said) if said else None

    def _refuse_foreign(self, request: Request, form: FormData) -> None:
        if not self._guard.allows(request, form.get("token")):
            raise HTTPException(
                403,
                _(
                    "Nothing was changed: this form was not sent from a current page of ours. "
                    "Go back, reload the page and send it again."
                ),
            )


def _stale() -> NotFoundError:
    return NotFoundError("no such channel, or nothing that can be done with it")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or not 0 < int(text) <= MAX_ID:
        raise InputError("act", _("%(value)s means nothing here", value=repr(text[:60])))
    return int(text)


def _back(**query: Any) -> Response:
    return RedirectResponse(f"/telling?{urlencode(query)}", 303)
