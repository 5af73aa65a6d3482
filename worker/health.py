"""Health by progress: what the store says was done lately, not whether a process answers.

A worker can be alive and deaf, and a beat alive and stuck; both stop moving what is due.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from worker.config import Settings
from worker.store.store import Store

Status = Literal["ok", "warn", "fail"]

LATE_S = 120.0
"""Seconds without progress after which something is wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        remedy: what to do about it; empty if it is fine.
    """

    name: str
    status: Status
    detail: str
    remedy: str = ""


def sweep_age(store: Store, settings: Settings) -> Finding:
    """Whether due articles are handed out."""
    return _tick(store, "sweep", settings.sweep_tick_s, "start beat and the sweep worker")


def poll_age(store: Store, settings: Settings) -> Finding:
    """Whether due feeds are handed out."""
    return _tick(store, "poll_due", settings.poll_tick_s, "start beat and the sweep worker")


def oldest_due(store: Store, settings: Settings) -> Finding:
    """Whether due articles are worked on: a backlog that shrinks is slow, not broken."""
    waiting_s = store.articles.oldest_due_age_s()
    if waiting_s is None or waiting_s < LATE_S + settings.sweep_tick_s:
        return Finding("articles", "ok", f"oldest due for {waiting_s or 0:.0f} s")
    worked_s = store.articles.last_processed_age_s()
    if worked_s is not None and worked_s < LATE_S:
        return Finding(
            "articles",
            "warn",
            f"oldest due for {waiting_s:.0f} s, but work goes on",
            "start more workers (docker compose up --scale worker=N) if this stays so",
        )
    return Finding(
        "articles",
        "fail",
        f"an article has been due for {waiting_s:.0f} s and nothing is being processed",
        "restart the workers: one may be alive but deaf",
    )


PROBES: dict[str, tuple[Callable[[Store, Settings], Finding], ...]] = {
    "worker": (oldest_due,),
    "sweeper": (sweep_age,),
    "beat": (poll_age, sweep_age),
    "web": (),
}
"""What the health check of each container looks at, beside the store itself."""


def _tick(store: Store, name: str, every_s: float, remedy: str) -> Finding:
    age_s = store.pulse.ages_s().get(name)
    if age_s is None:
        return Finding(name, "warn", "has never run", remedy)
    is_late = age_s > max(LATE_S, 3 * every_s)
    return Finding(
        name, "fail" if is_late else "ok", f"ran {age_s:.0f} s ago", remedy if is_late else ""
    )
