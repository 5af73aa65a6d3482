"""A poll of one feed, as the store wants it. No SQL and no HTTP here."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, replace
from datetime import datetime

from worker.domain import (
    Entry,
    Failure,
    Fetched,
    NotModified,
    Outcome,
    ParsedFeed,
    Validators,
    feed_url,
)
from worker.errors import FetchError, ParseError, SeedwatchError, StoreError
from worker.extract.urls import clean_url, url_key
from worker.feeds.hours import entries_a_day
from worker.feeds.queries import min_interval_s
from worker.feeds.redirects import Move, next_move
from worker.feeds.schedule import PollState, max_age_s, next_poll_at
from worker.feeds.wrappers import is_opaque
from worker.fetch.guard import safe_url
from worker.reading import fetch_feed, is_capped_otherwise, read_feed
from worker.records import FeedJob, HubLink, KnownEntries, NewEntry, PollResult
from worker.services import Services
from worker.store.feeds import hash_of

log = logging.getLogger(__name__)

_RECENT = 20
"""Entries from which a feed's rhythm is measured: enough to even out, few enough to be current."""
_PARSERS_BUSY_S = 30.0
"""After so long a feed is polled again that was too large to be parsed between others."""
_HASHED_AT_ONCE = 2_000
"""Bytes. Of more, hashlib lets other threads go on meanwhile; for a body of 28 KB, which takes 20
microseconds, to change over and back costs more than the rest of an unchanged poll."""
_TRIED_SITEMAPS = 3
"""Of those that a robots.txt names: most list every page of a site, and no news."""


@dataclass(frozen=True, slots=True)
class Postponed:
    """A feed whose host we have asked enough for now: no failure of the feed."""

    job: FeedJob
    wait_s: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What a poll of an address would come to.

    Attributes:
        result: what would be stored, but for its times.
        got: the answer. feed: what was read in it.
        known: which of its entries are stored already.
        named: the feeds that it names, or its site's robots.txt does, if it is a page.
    """

    result: PollResult
    got: Fetched | None
    feed: ParsedFeed | None
    known: KnownEntries
    named: tuple[str, ...]


def poll(services: Services, job: FeedJob) -> PollResult | Postponed:
    """Fetch and parse a feed; every failure is a result.

    Raises:
        StoreError: the database cannot be reached; the feed stays due.
    """
    try:
        got = fetch_feed(services, job)
        if isinstance(got, NotModified) or _has_same_body(job, got, services):
            return unchanged(job, got, services)
        return parsed(job, got, read_feed(got, services), services)
    except StoreError:
        raise
    except SeedwatchError as error:
        wait_s = own_wait_s(error)
        return Postponed(job, wait_s) if wait_s else failed(job, error, services)
    except Exception as error:  # the one broad catch of polling: a bug costs one feed one outcome
        log.exception("poll of %s failed", safe_url(job.url))
        return failed(job, error, services)


def own_wait_s(error: object) -> float:
    """For how long we ourselves hold a request or its parsing back, in seconds; 0 if we do not."""
    if isinstance(error, FetchError) and error.outcome is Outcome.POSTPONED:
        return error.retry_after_s or 0.0
    if isinstance(error, ParseError) and error.outcome is Outcome.POSTPONED:
        return _PARSERS_BUSY_S
    return 0.0


def trial(services: Services, url: str) -> Trial:
    """Poll an address as a feed, unconditionally, without storing anything.

    Raises:
        StoreError: the database cannot be reached.
    """
    url = feed_url(url)
    job = services.store.feeds.job_of(url) or _unknown_feed(url)
    got: Fetched | None = None
    feed: ParsedFeed | None = None
    named: list[str] = []
    try:
        answer = services.ask(url, max_bytes=services.settings.feed_max_bytes)
        if isinstance(answer, Fetched):
            got = answer
            feed = read_feed(got, services)
            result = parsed(job, got, feed, services)
        else:
            result = unchanged(job, answer, services)
    except StoreError:
        raise
    except SeedwatchError as error:
        result = failed(job, error, services)
        if got is not None and result.outcome is Outcome.NOT_A_FEED:
            named = services.isolation.call(
                "worker.feeds.discover:find_feeds",
                got.body,
                url=got.final_url,
                content_type=got.headers.get("content-type", ""),
            ) or _news_sitemaps(got.final_url, services)
    known = services.store.feeds.known_entries(result)
    return Trial(result, got, feed, known, tuple(named))


def _news_sitemaps(url: str, services: Services) -> list[str]:
    """The first news sitemap that a site's robots.txt names, for sites that have no other feed."""
    try:
        named = services.robots.sitemaps(url)
    except FetchError:
        return []
    # sorting is stable: among those of one kind the order is the site's own
    likely = sorted(named, key=lambda address: "news" not in address.lower())
    for address in likely[:_TRIED_SITEMAPS]:
        try:
            got = services.ask(address, max_bytes=services.settings.feed_max_bytes)
            if isinstance(got, Fetched) and read_feed(got, services).entries:
                return [address]
        except (FetchError, ParseError) as error:
            log.info("no news sitemap: %s", error)
    return []


def _unknown_feed(url: str) -> FeedJob:
    return FeedJob(
        id=0, token="", url=url, tries=1, failures=0, validators=Validators(), body_hash=None,
        title="", language=None, ttl_s=None, entry_interval_s=None, interval_s=None,
        last_success_at=None,
    )  # fmt: skip


def _has_same_body(job: FeedJob, got: Fetched, services: Services) -> bool:
    """Whether the server sent what we have parsed before (servers lie about validators)."""
    if is_capped_otherwise(job, services):
        return False
    return job.body_hash is not None and job.body_hash == _body_hash(got)


def unchanged(job: FeedJob, got: Fetched | NotModified, services: Services) -> PollResult:
    """The result where the feed has nothing new."""
    move = _move(job, got)
    return PollResult(
        job=job,
        outcome=Outcome.UNCHANGED,
        is_success=True,
        next_poll_at=_next(job, services, got=got),
        own_poll_at=_own_next(job, services, got=got),
        elapsed_s=got.elapsed_s,
        status=got.status if isinstance(got, Fetched) else 304,
        size_bytes=len(got.body) if isinstance(got, Fetched) else 0,
        has_body=isinstance(got, Fetched),
        moved_to=move.to,
        moved_count=move.count,
    )


def parsed(job: FeedJob, got: Fetched, feed: ParsedFeed, services: Services) -> PollResult:
    """The result where the feed was parsed."""
    move = _move(job, got)
    return PollResult(
        job=job,
        outcome=Outcome.OK if feed.entries else Outcome.EMPTY,
        is_success=True,
        next_poll_at=_next(job, services, got=got, feed=feed),
        own_poll_at=_own_next(job, services, got=got, feed=feed),
        detail=feed.bozo or "",
        status=got.status,
        elapsed_s=got.elapsed_s,
        size_bytes=len(got.body),
        has_body=True,
        # an index that has not changed says nothing about its sitemaps, and of a feed that broke
        # off the rest is still to come
        validators=Validators() if feed.children or feed.is_cut else got.validators,
        body_url=got.final_url,
        body_hash=None if feed.children else _body_hash(got),
        title=feed.title or None,
        language=feed.language,
        ttl_s=feed.ttl_s,
        entry_interval_s=_entry_interval_s(feed),
        entries=new_entries(job, feed),
        # also while no hub can reach us: once one can, it is asked though nothing has changed
        hub=HubLink(feed.hub_url, feed.self_url or job.url),
        identity=feed.identity,
        overflow=feed.overflow,
        entry_cap=services.settings.feed_max_entries,
        moved_to=move.to,
        moved_count=move.count,
    )


def failed(job: FeedJob, error: Exception, services: Services) -> PollResult:
    """The result where the feed could not be had or read; where it has moved is as before."""
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
        moved_to=job.moved_to,
        moved_count=job.moved_count,
    )


def _move(job: FeedJob, got: Fetched | NotModified) -> Move:
    return next_move(Move(job.moved_to, job.moved_count), got.moved_to)


def new_entries(job: FeedJob, feed: ParsedFeed) -> tuple[NewEntry, ...]:
    """The entries of a feed as the store wants them."""
    return tuple(_new_entry(job, feed, entry) for entry in feed.entries)


def _new_entry(job: FeedJob, feed: ParsedFeed, entry: Entry) -> NewEntry:
    try:
        url = clean_url(entry.url) if entry.url else None
    except ParseError:
        url = None
    # an item without an address is an article of its own, known by its feed's id of it
    key = url_key(url) if url else f"entry:{job.url} {entry.id}"
    if url and is_opaque(url):
        # another link each time: Google's id is made of outlet, title and day; others count items
        key = f"wrapped:{entry.id} {entry.title}"
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
    digest, body = hashlib.sha256(), memoryview(got.body)
    for start in range(0, len(body), _HASHED_AT_ONCE):
        digest.update(body[start : start + _HASHED_AT_ONCE])
    return digest.hexdigest()


def _own_next(
    job: FeedJob, services: Services, *, got: Fetched | NotModified, feed: ParsedFeed | None = None
) -> datetime | None:
    """When a feed that is pushed is due by its own pace; None where that is what counts anyway."""
    if not (job.is_pushed and services.settings.web_url):
        return None
    return _next(replace(job, is_pushed=False), services, got=got, feed=feed)


def _next(
    job: FeedJob,
    services: Services,
    *,
    got: Fetched | NotModified | None = None,
    feed: ParsedFeed | None = None,
    failure: Failure | None = None,
    retry_after_s: float | None = None,
) -> datetime:
    now = services.clock()
    last_at = _latest_at(job, feed, now)
    state = PollState(
        failure=failure,
        failures=job.failures + 1 if failure else 0,
        entry_interval_s=_entry_interval_s(feed) if feed else job.entry_interval_s,
        entry_age_s=(now - last_at).total_seconds() if last_at else None,
        a_day=entries_a_day(job.entry_days, now.date()),
        hours=job.entry_hours,
        previous_interval_s=job.interval_s,
        new_entries=_count_new(feed, job.last_success_at) if feed else 0,
        ttl_s=feed.ttl_s if feed else job.ttl_s,
        max_age_s=max_age_s(got.headers) if got else None,
        retry_after_s=retry_after_s,
        min_interval_s=min_interval_s(job.url),
        is_pushed=job.is_pushed and bool(services.settings.web_url),
    )
    return next_poll_at(state, now, 2 * services.jitter() - 1)


def _latest_at(job: FeedJob, feed: ParsedFeed | None, now: datetime) -> datetime | None:
    """When the latest entry was published, as far as it has been; None if no entry says so."""
    times = [entry.published_at for entry in feed.entries if entry.published_at] if feed else []
    known = [job.last_entry_at] if job.last_entry_at else []
    return max((at for at in (*times, *known) if at <= now), default=None)


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
