"""Steps 5 and 6: telling, and handing out again what is due or stuck."""

from __future__ import annotations

from tasks.hints import hint_batches, hint_deliveries, hint_rematches
from worker import pipeline
from worker.app import app
from worker.errors import WorkLostError
from worker.wiring import services


@app.task(name="seedwatch.sweep", throws=(WorkLostError,))
def sweep() -> None:
    """Hand out due articles and deliveries, as many as workers can do until the next tick."""
    if not pipeline.take_turn(services(), "sweep"):
        return
    if hint_batches(pipeline.due_articles(services())):
        hint_deliveries(pipeline.due_deliveries(services()))
        hint_rematches(pipeline.due_rematches(services()))
    pipeline.tidy(services())


@app.task(name="seedwatch.deliver")
def deliver(delivery_ids: list[int]) -> None:
    """Tell a few matches."""
    pipeline.deliver(services(), delivery_ids)
