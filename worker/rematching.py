"""Stored articles matched again, a slice at a time, so that polls and new articles get their turn.

A slice ends after a few seconds and gives the request back; the next one goes on behind the article
that was stored last. What kills its worker is tried alone and then passed over.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence

from worker.batch import MATCH_AT_ONCE, channels_of
from worker.domain import Match
from worker.errors import StoreError
from worker.records import RematchJob, StoredArticle
from worker.services import Services
from worker.store.claims import MAX_TRIES

log = logging.getLogger(__name__)

SLICE_S = 8.0
"""After so long a slice starts nothing new: a fifth of what a batch of new articles may take."""
MOST_STRIKES = MATCH_AT_ONCE
"""So many articles in a row that cannot be matched: it is not the articles, and no use to go on."""


def rematch_slice(services: Services) -> bool:
    """Go on with the oldest request to match stored articles again, for a few seconds.

    Returns:
        Whether there was one to work on, so that there may be more to do.

    Raises:
        StoreError: the database cannot be reached; the request comes back when its lease ends.
    """
    if services.is_ending():
        return False
    requests = services.store.rematches
    job = requests.claim(services.matcher.version)
    if job is None:
        return False
    ends_at = time.monotonic() + SLICE_S
    cursor, strikes = job.cursor, 0
    if job.tries > MAX_TRIES:
        for deadly in requests.left(job, cursor, 1):
            log.error("matching article %d again kills its worker; passed over", deadly.id)
            requests.pass_over(job, deadly.id)
            cursor = deadly.id
    size = 1 if job.tries > 1 else MATCH_AT_ONCE
    while batch := requests.left(job, cursor, size):
        if not requests.renew(job):
            return True
        for stored, found in _matched(services, batch):
            if isinstance(found, Exception):
                strikes += 1
                requests.pass_over(job, stored.id)
                if strikes >= MOST_STRIKES:
                    requests.finish(job, f"{type(found).__name__}: {found}"[:500])
                    return True
            else:
                strikes = 0
                _store(services, job, stored, found)
        cursor = batch[-1].id
        is_over = time.monotonic() > ends_at or services.is_ending()
        if is_over or services.matcher.version != job.version:
            requests.release(job)
            return True
    requests.finish(job)
    return True


def _store(
    services: Services, job: RematchJob, stored: StoredArticle, found: Sequence[Match]
) -> None:
    services.store.rematches.store(
        stored,
        found,
        job.version,
        channels_of(services),
        services.sketcher.sketch(stored.article, found),
        services.story_rule,
        job=job,
    )


def _matched(
    services: Services, batch: Sequence[StoredArticle]
) -> Iterator[tuple[StoredArticle, Sequence[Match] | Exception]]:
    """Each article with its answers, or with what went wrong with it alone."""
    try:
        answers = services.matcher.match([stored.article for stored in batch])
    except StoreError:
        raise
    except Exception as error:
        if len(batch) == 1:
            log.exception("matching article %d again failed", batch[0].id)
            yield batch[0], error
            return
        for stored in batch:
            yield from _matched(services, [stored])
        return
    yield from zip(batch, answers, strict=True)
