"""Watches: their seeds and settings, and what they only just missed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from worker.domain import Watch
from worker.notify.records import match_record
from worker.store.store import Store
from worker.web.api import models
from worker.web.api.models import WatchName


class WatchApi:
    """The watches, which their files make.

    Args:
        store: counts, and has the near misses.
        watches: all of them.
    """

    def __init__(self, store: Store, watches: Sequence[Watch]) -> None:
        self._store = store
        self._watches = {watch.name: watch for watch in watches}

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(tags=["watches"])
        add = router.add_api_route
        add("/watches", self.watches, response_model=models.WatchList)
        add("/watches/{name}", self.watch, response_model=models.Watch)
        add("/watches/{name}/near-misses", self.near_misses, response_model=models.MatchList)
        return router

    def watches(self) -> Any:
        """List the watches."""
        feeds = self._store.matches.feed_counts()
        return {"watches": [_record(watch, feeds) for watch in self._watches.values()]}

    def watch(self, name: WatchName) -> Any:
        """One watch."""
        return _record(self._named(name), self._store.matches.feed_counts())

    def near_misses(self, name: WatchName, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Any:
        """What was found unrelated by the least, best first."""
        watch = self._named(name)
        rows = self._store.matches.near_misses(name, limit)
        return {"matches": [match_record(row, watch) for row in rows]}

    def _named(self, name: str) -> Watch:
        if name not in self._watches:
            raise HTTPException(404, f"{name}: no such watch")
        return self._watches[name]


def _record(watch: Watch, feeds: dict[str, int]) -> dict[str, Any]:
    return {
        "name": watch.name,
        "title": watch.title,
        "description": watch.description,
        "languages": watch.languages,
        "threshold": watch.threshold,
        "feeds": feeds.get(watch.name, 0),
        "seeds": [
            {
                "id": seed.id,
                "title": seed.title,
                "url": seed.url,
                "language": seed.language,
                "published_at": seed.published_at,
                "text": seed.text,
            }
            for seed in watch.seeds
        ],
    }
