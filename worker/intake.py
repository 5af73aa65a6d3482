"""Articles on their way in: pages fetched and read in the background, each given when it is ready.

Several pages are fetched at once, and what has come is read one after the other: so a parser's
process works while this process matches and stores.
"""

from __future__ import annotations

import logging
import queue
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from worker import polling, processing
from worker.domain import Fetched
from worker.errors import FetchError, StoreError
from worker.feeds.wrappers import refuse_opaque
from worker.fetch.guard import safe_url
from worker.processing import Draft
from worker.records import ArticleJob, ArticleResult
from worker.services import Services

log = logging.getLogger(__name__)

LONGEST_POSTPONE_S = 600.0
"""A page whose host is paused for longer is not waited for: the feed's own text is stored now."""

_LOOK_EVERY_S = 0.5
"""So often who waits for the next article looks whether this process shall end."""

Page = Fetched | Exception | None
"""A page, why there is none, or None where there is no address."""


@dataclass(frozen=True, slots=True)
class PutOff:
    """An article that is not taken up now: its host is being asked by us already.

    Attributes:
        wait_s: until it may be, in seconds.
    """

    job: ArticleJob
    wait_s: float


Ready = Draft | ArticleResult | PutOff
"""What has become of an article: something to match, a result already, or nothing for now."""


class Intake:
    """Fetches and reads articles in threads of its own.

    Attributes:
        waiting: how many have not been given yet.

    Args:
        services: for the fetcher, the parsers and their limits.
    """

    def __init__(self, services: Services) -> None:
        self.waiting = 0
        self._services = services
        self._fetching = ThreadPoolExecutor(services.settings.fetch_concurrency, "page")
        # one parser beside the process that matches keeps both busy; a second one costs 30 MB
        self._reading = ThreadPoolExecutor(1, "read")
        self._ready: queue.SimpleQueue[Ready | StoreError] = queue.SimpleQueue()

    def add(self, jobs: Sequence[ArticleJob]) -> None:
        """Begin with claimed articles."""
        self.waiting += len(jobs)
        for job in _hosts_in_turn(jobs):
            self._fetching.submit(self._take, job)

    def ready(self, ends_at: float) -> Iterator[Ready]:
        """Give each article as it is ready, until none is left, or the time is up, or the process.

        Args:
            ends_at: by the monotonic clock; what is not ready by then is not given.

        Raises:
            StoreError: the database cannot be reached.
        """
        while self.waiting:
            left_s = max(0.0, ends_at - time.monotonic())
            try:
                found = self._ready.get(timeout=min(left_s, _LOOK_EVERY_S))
            except queue.Empty:
                if left_s <= _LOOK_EVERY_S or self._services.is_ending():
                    return
                continue
            self.waiting -= 1
            if isinstance(found, StoreError):
                raise found
            yield found

    def close(self) -> None:
        """Begin nothing more; what has begun ends by itself, and is not waited for."""
        self._fetching.shutdown(wait=False, cancel_futures=True)
        self._reading.shutdown(wait=False, cancel_futures=True)

    def _take(self, job: ArticleJob) -> None:
        try:
            page = _fetch_page(self._services, job)
        except StoreError as error:
            self._ready.put(error)
            return
        wait_s = polling.own_wait_s(page)
        if 0 < wait_s <= LONGEST_POSTPONE_S:
            self._ready.put(PutOff(job, wait_s))
            return
        try:
            self._reading.submit(self._read, job, page)
        except RuntimeError:  # closed meanwhile: nobody waits any more
            return

    def _read(self, job: ArticleJob, page: Page) -> None:
        try:
            self._ready.put(draft(self._services, job, page))
        except StoreError as error:
            self._ready.put(error)


def draft(services: Services, job: ArticleJob, page: Page) -> Draft | ArticleResult:
    """Read an article; every failure is a result."""
    try:
        if isinstance(page, Exception) and not isinstance(page, FetchError):
            raise page
        with services.measures.stage("read"):
            return processing.draft_of(job, page, services)
    except Exception as error:  # a bug costs one article one outcome, never its batch
        log.exception("article %d (%s) failed", job.id, safe_url(job.url or "-"))
        return processing.failed(job, error, services)


def _fetch_page(services: Services, job: ArticleJob) -> Page:
    if job.url is None:
        return None
    try:
        refuse_opaque(job.url)
        with services.measures.stage("fetch"):
            return services.ask_page(job.url, max_bytes=services.settings.page_max_bytes)
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - what is no FetchError is a bug; who drafts the article logs it
        return error


def _hosts_in_turn(jobs: Sequence[ArticleJob]) -> list[ArticleJob]:
    """Order jobs so that those of one host, which answers two at a time, hold up no others."""
    seen: Counter[str] = Counter()
    places = []
    for job in jobs:
        host = (job.url or "").partition("//")[2].partition("/")[0]
        places.append(seen[host])
        seen[host] += 1
    return [job for _, job in sorted(zip(places, jobs, strict=True), key=lambda pair: pair[0])]
