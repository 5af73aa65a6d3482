"""Health by progress: what the store says was done lately, not whether a process answers.

A worker can be alive and deaf, and a beat alive and stuck; both stop moving what is due.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from worker.config import Settings
from worker.store.store import Store

Status = Literal["ok", "warn", "fail"]

QUEUES = ("sweep", "fetch", "match", "deliver")
KEY_PREFIX = "seedwatch:"
"""Of all that Celery keeps in Redis."""
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
    return _tick(store, settings, "sweep", settings.sweep_tick_s, "start beat and the sweep worker")


def poll_age(store: Store, settings: Settings) -> Finding:
    """Whether due feeds are handed out."""
    return _tick(
        store, settings, "poll_due", settings.poll_tick_s, "start beat and the sweep worker"
    )


def oldest_due(store: Store, settings: Settings) -> Finding:
    """Whether due articles are worked on: a backlog that shrinks is slow, not broken."""
    articles = store.articles
    return _backlog(
        "articles", articles.oldest_due_age_s(), articles.last_processed_age_s(),
        settings.sweep_tick_s,
    )  # fmt: skip


def oldest_due_feed(store: Store, settings: Settings) -> Finding:
    """Whether due feeds are polled."""
    feeds = store.feeds
    found = _backlog(
        "due feeds", feeds.oldest_due_age_s(), feeds.last_polled_age_s(), settings.poll_tick_s
    )
    if settings.is_embedded and found.status == "fail":  # nobody need run it all day long
        return replace(found, status="warn", remedy="start `seedwatch run`")
    return found


def oldest_due_delivery(store: Store, settings: Settings) -> Finding:
    """Whether due matches are told."""
    outbox = store.outbox
    return _backlog(
        "deliveries", outbox.oldest_due_age_s(), outbox.last_sent_age_s(), settings.sweep_tick_s
    )


def queue_lengths(settings: Settings) -> dict[str, int] | None:
    """How many hints wait in each queue of the broker; None without one, or if it is away."""
    if settings.is_embedded:
        return None
    import redis

    try:
        with redis.Redis.from_url(
            settings.broker_url, socket_timeout=5, socket_connect_timeout=3
        ) as client:
            return {name: int(str(client.llen(f"{KEY_PREFIX}{name}"))) for name in QUEUES}
    except (redis.RedisError, ValueError, OSError):
        return None


def given_up(store: Store) -> Finding:
    """Whether something waits for a person."""
    counts = store.quarantine.counts()
    if not counts:
        return Finding("quarantine", "ok", "nothing was given up")
    told = ", ".join(f"{kind}: {count}" for kind, count in counts.items())
    remedy = "`seedwatch quarantine list` says why; then `retry` or `drop`"
    return Finding("quarantine", "warn", f"given up after 4 tries: {told}", remedy)


PROBES: dict[str, tuple[Callable[[Store, Settings], Finding], ...]] = {
    "worker": (oldest_due, oldest_due_feed, oldest_due_delivery),
    "sweeper": (sweep_age,),
    "beat": (poll_age, sweep_age),
    "web": (),
}
"""What the health check of each container looks at, beside the store itself."""


def _backlog(
    name: str, waiting_s: float | None, progress_s: float | None, tick_s: float
) -> Finding:
    if waiting_s is None or waiting_s < LATE_S + tick_s:
        return Finding(name, "ok", f"oldest due for {waiting_s or 0:.0f} s")
    if progress_s is not None and progress_s < LATE_S:
        return Finding(
            name,
            "warn",
            f"oldest due for {waiting_s:.0f} s, but work goes on",
            "start more workers (docker compose up --scale worker=N) if this stays so",
        )
    return Finding(
        name,
        "fail",
        f"oldest due for {waiting_s:.0f} s, and nothing is being done",
        "restart the workers: one may be alive but deaf",
    )


def _tick(store: Store, settings: Settings, name: str, every_s: float, remedy: str) -> Finding:
    age_s = store.pulse.ages_s().get(name)
    if age_s is None:
        told = "start `seedwatch run`" if settings.is_embedded else remedy
        return Finding(name, "warn", "has never run", told)
    if age_s <= max(LATE_S, 3 * every_s):
        return Finding(name, "ok", f"ran {age_s:.0f} s ago")
    if settings.is_embedded:
        return Finding(name, "warn", f"ran {age_s:.0f} s ago", "start `seedwatch run`")
    return Finding(name, "fail", f"ran {age_s:.0f} s ago", remedy)
