"""Health by progress: what the store says was done lately, not whether a process answers.

A worker can be alive and deaf, and a beat alive and stuck; both stop moving what is due.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from worker.config import Settings, without_password
from worker.store.store import Store

Status = Literal["ok", "warn", "fail"]

QUEUES = ("sweep", "fetch", "match", "deliver")
KEY_PREFIX = "seedwatch:"
"""Of all that Celery keeps in Redis."""
LATE_S = 75.0
"""Seconds without progress after which something is wrong; with the 30 s between two container
checks a red light is on within two minutes."""
_TICKS = 2.5
"""... and never less than so many ticks of beat."""
_FULL = 0.9
"""Of Redis's maxmemory."""


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


def broker(_store: Store | None, settings: Settings) -> Finding:
    """Whether Redis can be reached, keeps what it is given, and has room for more."""
    if settings.is_embedded:
        return Finding("broker", "ok", "in this process")
    import redis

    shown = without_password(settings.broker_url)
    try:
        with redis.Redis.from_url(
            settings.broker_url, socket_timeout=5, socket_connect_timeout=3
        ) as client:
            memory: dict[str, Any] = client.info("memory")
    except (redis.RedisError, ValueError, OSError) as error:
        return Finding("broker", "fail", f"{shown}: {error}", "start Redis, check its password")
    policy = memory.get("maxmemory_policy")
    if policy != "noeviction":
        return Finding(
            "broker",
            "fail",
            f"{shown}: eviction policy {policy} throws the queue away when memory is short",
            "set maxmemory-policy noeviction",
        )
    used, most = int(memory["used_memory"]), int(memory.get("maxmemory") or 0)
    if most and used > _FULL * most:
        return Finding("broker", "fail", f"{shown}: memory is full", "raise maxmemory")
    return Finding("broker", "ok", f"{shown}, {used / 1e6:.0f} MB used")


def given_up(store: Store) -> Finding:
    """Whether something waits for a person."""
    counts = store.quarantine.counts()
    if not counts:
        return Finding("quarantine", "ok", "nothing was given up")
    told = ", ".join(f"{kind}: {count}" for kind, count in counts.items())
    remedy = "`seedwatch quarantine list` says why; then `retry` or `drop`"
    return Finding("quarantine", "warn", f"given up: {told}", remedy)


PROBES: dict[str, tuple[Callable[[Store, Settings], Finding], ...]] = {
    "worker": (oldest_due, oldest_due_feed, oldest_due_delivery),
    "sweeper": (sweep_age, broker),  # hints travel through it
    "beat": (poll_age, sweep_age),
    "web": (),
}
"""What the health check of each container looks at, beside the store itself."""


def _backlog(
    name: str, waiting_s: float | None, progress_s: float | None, tick_s: float
) -> Finding:
    if waiting_s is None or waiting_s < max(LATE_S, _TICKS * tick_s):
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
    if age_s <= max(LATE_S, _TICKS * every_s):
        return Finding(name, "ok", f"ran {age_s:.0f} s ago")
    if settings.is_embedded:
        return Finding(name, "warn", f"ran {age_s:.0f} s ago", "start `seedwatch run`")
    return Finding(name, "fail", f"ran {age_s:.0f} s ago", remedy)
