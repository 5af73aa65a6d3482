"""Step 3: processing a batch of articles, and matching stored ones again."""

from __future__ import annotations

from tasks.hints import hint_articles, hint_rematches
from worker import memory, pipeline
from worker.app import app
from worker.errors import WorkLostError
from worker.wiring import services


@app.task(name="seedwatch.process_articles", throws=(WorkLostError,))
def process_articles(article_ids: list[int]) -> None:
    """Process a batch and what else is due; hand out again what the time did not suffice for."""
    done = pipeline.process_articles(services(), article_ids, more=pipeline.MORE_ARTICLES)
    hint_articles(done.unfinished)
    memory.give_back()  # twenty articles leave 20 MB behind; takes milliseconds


@app.task(name="seedwatch.rematch", throws=(WorkLostError,))
def rematch(rematch_ids: list[int]) -> None:
    """Match stored articles again for a few seconds; the rest waits behind what else is queued."""
    if pipeline.rematch(services()):
        hint_rematches(rematch_ids)
    memory.give_back()
