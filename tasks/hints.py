"""Hints: messages that say which ids are due. A lost one costs time only: the sweep repeats it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from kombu.exceptions import OperationalError

from worker.app import DELIVER, FETCH, HINT_EXPIRES_S, MATCH, app
from worker.pipeline import BATCH

FEEDS_A_TASK = 5
"""Feeds of one poll task (measured near the best: speed of peers)."""

log = logging.getLogger(__name__)


def hint_feeds(ids: Sequence[int]) -> None:
    """Send feeds to be polled, a few a message."""
    for start in range(0, len(ids), FEEDS_A_TASK):
        _send("seedwatch.poll_feeds", ids[start : start + FEEDS_A_TASK], FETCH)


def hint_articles(ids: Sequence[int]) -> None:
    """Send articles to be processed, a batch a message."""
    for start in range(0, len(ids), BATCH):
        hint_batch(ids[start : start + BATCH])


def hint_batch(ids: Sequence[int]) -> None:
    """Send exactly these articles as one batch."""
    _send("seedwatch.process_articles", ids, MATCH)


def hint_deliveries(ids: Sequence[int]) -> None:
    """Send deliveries to be told."""
    for start in range(0, len(ids), BATCH):
        _send("seedwatch.deliver", ids[start : start + BATCH], DELIVER)


def _send(task: str, ids: Sequence[int], queue: str) -> None:
    try:
        app.send_task(task, args=[list(ids)], queue=queue, expires=HINT_EXPIRES_S)
    except OperationalError as error:
        # the rows stay due, and their stamp lapses after a minute
        log.warning("the broker refused a hint (%s); the sweep will repeat it", error)
