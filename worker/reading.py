"""A feed's bytes, and what is read in them: also where it is spread over several documents."""

from __future__ import annotations

import time
from dataclasses import replace

from worker.domain import Fetched, NotModified, Outcome, ParsedFeed
from worker.errors import FetchError, ParseError
from worker.feeds.schedule import is_unconditional
from worker.feeds.sitemap import NO_NEWS
from worker.records import FeedJob
from worker.services import Services

_CHILDREN_BUDGET_S = 30.0
"""After so long no further sitemap of an index is fetched; with one more (30 s) the poll ends well
before the hard limit of its task (90 s)."""


def fetch_feed(services: Services, job: FeedJob) -> Fetched | NotModified:
    """Fetch a feed: only what is new, if its validators can be relied on.

    They are those of one address; that another one, to which redirects lead today, has the same is
    chance.

    Raises:
        FetchError: it cannot be had, or its host's turn is too far off.
    """
    age_s = (services.clock() - job.body_at).total_seconds() if job.body_at else None
    is_whole = is_unconditional(job.id, job.polls, age_s) or is_capped_otherwise(job, services)
    max_bytes = services.settings.feed_max_bytes
    got = services.ask(
        job.url, validators=None if is_whole else job.validators, max_bytes=max_bytes
    )
    if isinstance(got, NotModified) and job.body_url not in (None, got.final_url):
        return services.ask(job.url, max_bytes=max_bytes)
    return got


def is_capped_otherwise(job: FeedJob, services: Services) -> bool:
    """Whether entries were left out that another cap may let in: then it is to be read anew."""
    return job.overflow > 0 and job.entry_cap != services.settings.feed_max_entries


def read_feed(got: Fetched, services: Services) -> ParsedFeed:
    """Parse a feed; the sitemaps that an index names are fetched and read for it, one level deep.

    Raises:
        ParseError: it is no feed, or a hostile one.
        FetchError: it is an index, and none of its sitemaps can be had.
    """
    feed = _parse(got, services)
    if not feed.children:
        return feed
    ends_at = time.monotonic() + _CHILDREN_BUDGET_S
    read_ones: list[ParsedFeed] = []
    errors: list[FetchError | ParseError] = []
    for url in feed.children:
        if time.monotonic() > ends_at:
            break
        try:
            child = services.ask(url, max_bytes=services.settings.feed_max_bytes)
            if isinstance(child, Fetched):
                read_ones.append(_parse(child, services))
        except FetchError as error:
            errors.append(error)
        except ParseError as error:
            if error.detail != NO_NEWS:  # an index of a whole site has those of its pages, too
                errors.append(ParseError(error.outcome, f"{url}: {error.detail}"))
    if errors and not any(child.entries for child in read_ones):
        raise errors[0]
    if not read_ones:
        raise ParseError(
            Outcome.NOT_A_FEED,
            f"an index of sitemaps; none of those looked at ({len(feed.children)}) has news: "
            "give the address of a feed or of a news sitemap",
        )
    entries = {entry.id: entry for child in read_ones for entry in child.entries}
    kept = tuple(entries.values())[: services.settings.feed_max_entries]
    return replace(
        feed,
        title=next((child.title for child in read_ones if child.title), ""),
        language=next((child.language for child in read_ones if child.language), None),
        entries=kept,
        overflow=sum(child.overflow for child in read_ones) + len(entries) - len(kept),
        bozo="; ".join(f"a sitemap of it: {error}" for error in errors)[:300] or feed.bozo,
    )


def _parse(got: Fetched, services: Services) -> ParsedFeed:
    feed: ParsedFeed = services.isolation.call(
        "worker.feeds.parse:parse_feed",
        got.body,
        url=got.final_url,
        content_type=got.content_type,
        headers=dict(got.headers),
        now=services.clock(),
        max_entries=services.settings.feed_max_entries,
    )
    return feed
