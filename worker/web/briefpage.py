"""The briefing as a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from worker.analysis.brief import Period, brief_of
from worker.analysis.stories import Analyst
from worker.domain import Watch
from worker.notify.briefs import heading, period, stories_of
from worker.store.store import Store
from worker.web.views import page

DAYS = (1, 7, 30, 90)
_DAYS = 7


class BriefPage:
    """The briefing on one store.

    Args:
        store: answers.
        watches: give titles and the texts of the seeds.
        clock: aware UTC.
    """

    def __init__(
        self, store: Store, watches: Iterable[Watch], clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._watches = {watch.name: watch for watch in watches}
        self._analyst = Analyst(store, self._watches.values())
        self._clock = clock

    def router(self) -> APIRouter:
        """The route."""
        router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
        router.add_api_route("/brief", self.brief, methods=["GET", "HEAD"])
        return router

    def brief(self, request: Request) -> Response:
        """What was told in the last days; of one watch if one is named."""
        wanted = request.query_params.get("watch", "")
        watch = wanted if wanted in self._watches else None
        given = request.query_params.get("days", "")
        days = int(given) if given.isdecimal() and int(given[:4]) in DAYS else _DAYS
        now = self._clock()
        found = brief_of(self._analyst, self._store, Period(watch, now - timedelta(days=days)), now)
        return page(
            "brief",
            brief=found,
            heading=heading(replace(found, watch=self._watches[watch].title) if watch else found),
            period=period(found),
            stories=list(stories_of(found)),
            watches=self._watches,
            watch=watch,
            days=days,
            choices=DAYS,
        )
