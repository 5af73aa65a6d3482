"""The Celery application: the same tasks on the memory transport and on Redis.

Messages are hints that carry ids only. Nothing depends on one arriving: there are no results, no
acknowledgement after the work, no countdowns; the store's claims and the sweep do that work.
Every setting that deviates from Celery's default is there because its absence lost or doubled
something when it was measured.
"""

from __future__ import annotations

from celery import Celery
from kombu.entity import Queue

from worker.config import Settings
from worker.health import KEY_PREFIX, QUEUES

SWEEP, FETCH, MATCH, DELIVER = QUEUES
WORK_QUEUES = (FETCH, MATCH, DELIVER)
HINT_EXPIRES_S = 120
"""A hint older than this says nothing that the next sweep does not say better."""
HARD_LIMIT_S = 90
"""A task that hangs in C is killed after so long; shorter than the lease (120 s) of its rows."""
MOST_MEMORY_KB = 600_000
"""A process that has grown beyond is replaced after its task. It has 160 MB at its fork, nearly all
of it shared, and 310 MB later; 400 MB where nothing could be loaded before the fork."""
MOST_TASKS = 400
"""... and one that has done so many, 3,000 articles: what is its own grows from 60 to 90 MB in
10,000, by caches and by pages that it shared at its fork. A fork of a warm process costs next to
nothing, but the polls of the one that ends are given back."""

_MEMORY = "memory://localhost/"

app = Celery("seedwatch")


def configure(settings: Settings) -> Celery:
    """Configure the application for this process; nothing is connected yet.

    Args:
        settings: the broker and the concurrency are read.

    Returns:
        The application, the same object at every call.
    """
    app.conf.update(
        broker_url=_MEMORY if settings.is_embedded else settings.broker_url,
        include=("tasks.poll", "tasks.articles", "tasks.maintenance"),
        task_queues=[Queue(name, routing_key=name) for name in (SWEEP, *WORK_QUEUES)],  # type: ignore[no-untyped-call]
        task_default_queue=FETCH,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_acks_late=False,
        task_reject_on_worker_lost=False,
        task_publish_retry=False,
        task_time_limit=None if settings.is_embedded else HARD_LIMIT_S,
        worker_disable_prefetch=not settings.is_embedded,
        worker_prefetch_multiplier=1,
        worker_max_tasks_per_child=MOST_TASKS,
        worker_max_memory_per_child=MOST_MEMORY_KB,
        worker_soft_shutdown_timeout=20,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_transport_options(settings),
        enable_utc=True,
        timezone="UTC",
        beat_schedule=_beat_schedule(settings),
        beat_scheduler="celery.beat:Scheduler",  # keeps no file that a crash could tear
    )
    return app


def _transport_options(settings: Settings) -> dict[str, object]:
    if settings.is_embedded:
        return {"polling_interval": 0.1}
    return {
        "visibility_timeout": 3600,
        "socket_timeout": 5,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "global_keyprefix": KEY_PREFIX,
    }


def _beat_schedule(settings: Settings) -> dict[str, dict[str, object]]:
    ticks = {
        "seedwatch.poll_due": settings.poll_tick_s,
        "seedwatch.sweep": settings.sweep_tick_s,
    }
    return {
        name: {
            "task": name,
            "schedule": every_s,
            "options": {"queue": SWEEP, "expires": every_s},
        }
        for name, every_s in ticks.items()
    }
