"""Hints: messages that say which ids are due. A lost one costs time only: the sweep repeats it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from kombu.exceptions import OperationalError

from worker import pipeline
from worker.app import DELIVER, FETCH, HINT_EXPIRES_S, MATCH, app

log = logging.getLogger(__name__)


def hint_feeds(batches: Iterable[Sequence[int]]) -> bool:
    """Send feeds to be polled, in exactly these batches; False if the broker refused."""
    return _send_all("seedwatch.poll_feeds", batches, FETCH)


def hint_subscriptions(feed_ids: Iterable[int]) -> bool:
    """Send feeds whose hub is to be asked, one a message: a hub may be slow."""
    return _send_all("seedwatch.subscribe", ([feed_id] for feed_id in feed_ids), FETCH)


def hint_articles(ids: Sequence[int]) -> bool:
    """Send articles to be processed, a batch a message; False if the broker refused."""
    return hint_batches(pipeline.article_batches(ids))


def hint_batches(batches: Iterable[Sequence[int]]) -> bool:
    """Send articles in exactly these batches; False if the broker refused."""
    return _send_all("seedwatch.process_articles", batches, MATCH)


def hint_rematches(ids: Iterable[int]) -> bool:
    """Send requests to match again, one a message; False if the broker refused."""
    return _send_all("seedwatch.rematch", ([one] for one in ids), MATCH)


def hint_deliveries(batches: Iterable[Sequence[int]]) -> bool:
    """Send deliveries to be told, in exactly these batches; False if the broker refused."""
    return _send_all("seedwatch.deliver", batches, DELIVER)


def _send_all(task: str, batches: Iterable[Sequence[int]], queue: str) -> bool:
    # a frozen broker costs seconds a message: after the first that is refused none is tried
    return all(_send(task, ids, queue) for ids in batches)


def _send(task: str, ids: Sequence[int], queue: str) -> bool:
    try:
        app.send_task(task, args=[list(ids)], queue=queue, expires=HINT_EXPIRES_S)
    except OperationalError as error:
        # the rows stay due, and their stamp lapses after a minute
        log.warning("the broker refused a hint (%s); the sweep will repeat it", error)
        return False
    return True
