"""Feeds that are pushed to us (WebSub): asking their hubs, and storing what they push.

Polling goes on slowly beside it: hubs forget, and a push that is lost is not repeated for ever.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

from worker.domain import Outcome, ParsedFeed
from worker.errors import FetchError, ParseError
from worker.feeds.schedule import MIN_INTERVAL_S
from worker.feeds.websub import pause_after, subscription_form
from worker.fetch.guard import safe_url
from worker.polling import new_entries
from worker.records import PollResult, Subscription
from worker.services import Services

log = logging.getLogger(__name__)

CALLBACK = "/websub/"
"""The path on the pages' server that hubs call, followed by a part that only they know."""


def ask_hub(services: Services, held: Subscription) -> bool:
    """Ask a hub to push a feed; it asks back before it does. Whether it took the request."""
    callback = services.settings.web_url.rstrip("/") + CALLBACK + held.token
    form = subscription_form(held.topic_url, callback, held.secret)
    try:
        with services.limiter.acquire(held.hub_url):
            services.fetcher.post(held.hub_url, form, "application/x-www-form-urlencoded")
    except FetchError as error:
        log.warning("the hub of %s: %s", safe_url(held.topic_url), error)
        services.store.subscriptions.asked(held, str(error), pause_after(held.failures + 1))
        return False
    services.store.subscriptions.asked(held, None, pause_after(1))
    return True


def store_push(services: Services, feed_id: int, body: bytes, content_type: str) -> Outcome:
    """Store the entries of a verified push as those of a poll; the schedule stays as it is.

    Of one that cannot be read the feed itself tells what was in it: it is due soon.

    Returns:
        How that ended: NOT_FOUND for a feed that is not polled, POSTPONED if there is no time.

    Raises:
        StoreError: the database cannot be reached.
    """
    job = services.store.feeds.job(feed_id)
    if job is None:
        return Outcome.NOT_FOUND
    try:
        feed: ParsedFeed = services.isolation.call(
            "worker.feeds.parse:parse_feed",
            body,
            url=job.url,
            content_type=content_type.partition(";")[0].strip().lower(),
            headers={"content-type": content_type},
            now=services.clock(),
            max_entries=services.settings.feed_max_entries,
        )
    except ParseError as error:
        log.warning("a push for %s: %s", safe_url(job.url), error)
        if error.outcome is not Outcome.POSTPONED:  # that one the hub sends again
            services.store.feeds.poll_within(feed_id, timedelta(seconds=MIN_INTERVAL_S))
        return error.outcome
    result = PollResult(
        job=job,
        outcome=Outcome.OK if feed.entries else Outcome.EMPTY,
        is_success=True,
        next_poll_at=services.clock(),  # not stored
        detail="pushed by its hub",
        size_bytes=len(body),
        entries=new_entries(job, replace(feed, title=feed.title or job.title)),
        identity=feed.identity,
    )
    services.store.feeds.finish_push(result)
    return result.outcome
