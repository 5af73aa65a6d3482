"""The grid of languages, outlets and days: why there is a match, or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from worker.domain import Watch
from worker.errors import InputError
from worker.locales import N_, Phrases, _, ngettext
from worker.records import DayNumbers, DayState, OutletDays
from worker.store.store import Store
from worker.web.views import page
from worker.web.words import percent

PERIODS = (7, 14, 28)
"""Days that can be looked back upon."""
_USUAL = 14
_MOST_ROWS = 200

STATES = Phrases(
    {
        DayState.MATCHED: N_("matched"),
        DayState.BELOW: N_("published, below the threshold"),
        DayState.QUIET: N_("feed well, nothing published"),
        DayState.BROKEN: N_("feed broken"),
        DayState.UNASKED: N_("not asked"),
    }
)
_SIGNS = {DayState.QUIET: "–", DayState.BROKEN: "✕", DayState.UNASKED: ""}


class SilencePage:
    """The grid of one store.

    Args:
        store: answers.
        watches: whose feeds can be looked at alone.
        clock: aware UTC.
    """

    def __init__(
        self, store: Store, watches: Sequence[Watch], clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._watches = {watch.name: watch for watch in watches}
        self._clock = clock

    def router(self) -> APIRouter:
        """The route of the page."""
        router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
        router.add_api_route("/silence", self.silence, methods=["GET", "HEAD"])
        return router

    def silence(self, request: Request) -> Response:
        """A row an outlet and language, a column a day, the latest one first."""
        asked = {name: value.strip() for name, value in request.query_params.items()}
        length, watch = _period_of(asked.get("days") or str(_USUAL)), asked.get("watch", "")
        if watch and watch not in self._watches:
            raise InputError("watch", _("choose one of %(names)s", names=", ".join(self._watches)))
        today = self._clock().date()
        first = today - timedelta(days=length - 1)
        outlets = self._store.silence.outlets(first, watch or None)
        return page(
            "silence",
            days=length,
            periods=PERIODS,
            watch=watch or None,
            watches=self._watches,
            dates=[today - timedelta(days=number) for number in range(length)],
            outlets=outlets[:_MOST_ROWS],
            more=max(0, len(outlets) - _MOST_ROWS),
            deaf=_deaf(outlets, today),
            states=STATES,
            sign=_sign,
            told=_told,
        )


def _deaf(outlets: Sequence[OutletDays], today: date) -> int:
    """How many feeds could not be read today, nor yesterday."""
    days = (today, today - timedelta(days=1))
    known = {one.feed_id for one in outlets for day in days if one.on(day).good}
    asked = {one.feed_id for one in outlets for day in days if one.on(day).polls}
    return len(asked - known)


def _sign(of: DayNumbers) -> str:
    """What stands in a cell: a number where there is something to count."""
    if of.state in _SIGNS:
        return _SIGNS[of.state]
    return str(of.matches or of.entries)


def _told(of: DayNumbers) -> str:
    """A cell in words."""
    if of.state is DayState.MATCHED:
        return ngettext("%(num)s match", "%(num)s matches", of.matches)
    if of.state is not DayState.BELOW:
        return STATES[of.state]
    said = ngettext(
        "%(num)s entry, below the threshold", "%(num)s entries, below the threshold", of.entries
    )
    if of.nearest is None:
        return said
    nearest = _("the nearest one %(percent)s", percent=percent(of.nearest))
    return f"{said} ({nearest})"


def _period_of(text: str) -> int:
    if text not in map(str, PERIODS):
        choices = ", ".join(map(str, PERIODS))
        raise InputError("days", _("choose one of %(names)s", names=choices))
    return int(text)
