"""Step 3: processing a batch of articles."""

from __future__ import annotations

from tasks.hints import hint_articles
from worker import memory, pipeline
from worker.app import app
from worker.wiring import services


@app.task(name="seedwatch.process_articles")
def process_articles(article_ids: list[int]) -> None:
    """Process a batch and what else is due; hand out again what the time did not suffice for."""
    done = pipeline.process_articles(services(), article_ids, more=pipeline.MORE_ARTICLES)
    hint_articles(done.unfinished)
    memory.give_back()  # twenty articles leave 20 MB behind; takes milliseconds
