"""What a poll of one feed came to, as the store wants it. No SQL and no HTTP here."""

from __future__ import annotations

import hashlib
from datetime import datetime

from worker.domain import Entry, Failure, Fetched, NotModified, Outcome, ParsedFeed
from worker.errors import FetchError, ParseError
from worker.extract.urls import clean_url, url_key
from worker.feeds.queries import min_interval_s
from worker.feeds.schedule import PollState, max_age_s, next_poll_at
from worker.records import FeedJob, NewEntry, PollResult
from worker.services import Services
from worker.store.feeds import hash_of

_RECENT = 20
"""Entries from which a feed's rhythm is measured: enough to even out, few enough to be current."""


def has_same_body(job: FeedJob, got: Fetched) -> bool:
    """Whether the server sent what we have parsed before (servers lie about validators)."""
    return job.body_hash is not None and job.body_hash == _body_hash(got)


def unchanged(job: FeedJob, got: Fetched | NotModified, services: Services) -> PollResult:
    """The result where the feed has nothing new."""
    return PollResult(
        job=job,
        outcome=Outcome.UNCHANGED,
        is_success=True,
        next_poll_at=_next(job, services, got=got),
        elapsed_s=got.elapsed_s,
        status=got.status if isinstance(got, Fetched) else 304,
        size_bytes=len(got.body) if isinstance(got, Fetched) else 0,
    )


def parsed(job: FeedJob, got: Fetched, services: Services) -> PollResult:
    """The result where the feed was parsed.

    Raises:
        ParseError: it is no feed, or a hostile one.
    """
    now = services.clock()
    feed: ParsedFeed = services.isolation.call(
        "worker.feeds.parse:parse_feed",
        got.body,
        url=got.final_url,
        content_type=got.content_type,
        headers=dict(got.headers),
        now=now,
        max_entries=services.settings.feed_max_entries,
    )
    return PollResult(
        job=job,
        outcome=Outcome.OK if feed.entries else Outcome.EMPTY,
        is_success=True,
        next_poll_at=_next(job, services, got=got, feed=feed),
        detail=feed.bozo or "",
        status=got.status,
        elapsed_s=got.elapsed_s,
        size_bytes=len(got.body),
        validators=got.validators,
        body_hash=_body_hash(got),
        title=feed.title or None,
        language=feed.language,
        ttl_s=feed.ttl_s,
        entry_interval_s=_entry_interval_s(feed),
        entries=tuple(_new_entry(job, feed, entry) for entry in feed.entries),
        overflow=feed.overflow,
        moved_to=got.moved_to,
    )


def failed(job: FeedJob, error: Exception, services: Services) -> PollResult:
    """The result where the feed could not be had or read."""
    outcome, failure, retry_after_s, status = Outcome.FAILED, Failure.TEMPORARY, None, None
    if isinstance(error, FetchError):
        outcome, failure = error.outcome, error.failure
        retry_after_s, status = error.retry_after_s, error.status
    elif isinstance(error, ParseError):
        outcome, failure = error.outcome, Failure.SOFT
    detail = getattr(error, "detail", "") or str(error)
    return PollResult(
        job=job,
        outcome=outcome,
        is_success=False,
        next_poll_at=_next(job, services, failure=failure, retry_after_s=retry_after_s),
        detail=detail[:500],
        status=status,
    )


def _new_entry(job: FeedJob, feed: ParsedFeed, entry: Entry) -> NewEntry:
    try:
        url = clean_url(entry.url) if entry.url else None
    except ParseError:
        url = None
    # an item without an address is an article of its own, known by its feed's id of it
    key = url_key(url) if url else f"entry:{job.url} {entry.id}"
    text = max(entry.content, entry.summary, key=len)
    return NewEntry(
        entry_hash=hash_of(entry.id),
        key_hash=hash_of(key),
        change_hash=hash_of(f"{entry.title}\n{text}"),
        url=url,
        title=entry.title,
        text=text,
        author=entry.author,
        language=entry.language or feed.language or job.language,
        outlet=entry.source_title or feed.title or job.title or None,
        published_at=entry.published_at,
        published_raw=entry.published_raw,
    )


def _body_hash(got: Fetched) -> str:
    return hashlib.sha256(got.body).hexdigest()


def _next(
    job: FeedJob,
    services: Services,
    *,
    got: Fetched | NotModified | None = None,
    feed: ParsedFeed | None = None,
    failure: Failure | None = None,
    retry_after_s: float | None = None,
) -> datetime:
    state = PollState(
        failure=failure,
        failures=job.failures + 1 if failure else 0,
        entry_interval_s=_entry_interval_s(feed) if feed else job.entry_interval_s,
        previous_interval_s=job.interval_s,
        new_entries=_count_new(feed, job.last_success_at) if feed else 0,
        ttl_s=feed.ttl_s if feed else job.ttl_s,
        max_age_s=max_age_s(got.headers) if got else None,
        retry_after_s=retry_after_s,
        min_interval_s=min_interval_s(job.url),
    )
    return next_poll_at(state, services.clock(), 2 * services.jitter() - 1)


def _entry_interval_s(feed: ParsedFeed) -> float | None:
    """The mean time between two of the latest entries, in seconds; None if they are too few."""
    times = sorted(entry.published_at for entry in feed.entries if entry.published_at)[-_RECENT:]
    if len(times) < 3:
        return None
    return (times[-1] - times[0]).total_seconds() / (len(times) - 1)


def _count_new(feed: ParsedFeed, since: datetime | None) -> int:
    if since is None:
        return len(feed.entries)
    return sum(1 for entry in feed.entries if entry.published_at and entry.published_at > since)
