"""Whether the process and its store are well: for a monitoring system, without a token."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from worker.errors import StoreError
from worker.store.store import Store


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether the store answers, and how far behind the work is.

    Attributes:
        cause: why not, where it is not ready.
        pulses_s: seconds since each sign of life of beat and sweep, by name.
        oldest_due_s: seconds that the oldest due article waits; null if none is due.
    """

    status: Literal["ready", "down"]
    cause: str | None = None
    pulses_s: dict[str, float] = {}
    oldest_due_s: float | None = None


class Health:
    """The health of one store.

    Args:
        store: is asked.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(tags=["health"])
        router.add_api_route("/healthz", self.healthz, response_model=Alive)
        router.add_api_route(
            "/readyz",
            self.readyz,
            response_model=Readiness,
            responses={503: {"model": Readiness, "description": "The store does not answer"}},
        )
        return router

    def healthz(self) -> Alive:
        """Whether this process answers at all."""
        return Alive()

    def readyz(self, response: Response) -> Readiness:
        """Whether the store answers, and the ages by which an operator sees work stand still."""
        try:
            self._store.check()
            pulses = self._store.pulse.ages_s()
            waits = self._store.articles.oldest_due_age_s()
        except StoreError as error:
            response.status_code = 503
            return Readiness(status="down", cause=str(error))
        return Readiness(status="ready", pulses_s=pulses, oldest_due_s=waits)
