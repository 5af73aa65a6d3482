"""Steps 1 and 2: which feeds are due, and polling a few of them."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_process_shutdown

from tasks.hints import hint_articles, hint_feeds, hint_subscriptions
from worker import memory, pipeline
from worker.app import app
from worker.pipeline import POLL_PATIENCE_S
from worker.wiring import services


@app.task(name="seedwatch.poll_due")
def poll_due() -> None:
    """Hand out the feeds that are due."""
    if not pipeline.take_turn(services(), "poll_due"):
        return
    if hint_feeds(pipeline.due_feeds(services())):
        hint_subscriptions(pipeline.due_subscriptions(services()))


@app.task(name="seedwatch.poll_feeds")
def poll_feeds(feed_ids: list[int]) -> None:
    """Poll a few feeds; hand out the articles that are new, those of slow servers later."""
    polled = pipeline.poll_feeds(
        services(),
        feed_ids,
        patience_s=POLL_PATIENCE_S,
        on_late=_hint,
    )
    _hint(polled)
    memory.give_back()


def _hint(polled: pipeline.Polled) -> None:
    hint_articles(polled.article_ids)


@app.task(name="seedwatch.subscribe")
def subscribe(feed_ids: list[int]) -> None:
    """Ask a few feeds' hubs to push."""
    pipeline.subscribe(services(), feed_ids)


@worker_process_shutdown.connect
def end_polls(**_: Any) -> None:
    """Let no poll be lost with a child of the pool that is replaced."""
    pipeline.end_polls()
