"""Polls side by side: a server that takes its time holds up nobody but its own feed."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from worker import polling
from worker.domain import Outcome
from worker.errors import StoreError
from worker.fetch.guard import safe_url
from worker.records import FeedJob, PollResult
from worker.services import Services

log = logging.getLogger(__name__)

FEEDS_BATCH = 5
"""Feeds of one poll task."""
POLLS_AT_ONCE = 64
"""Polls that run in one process; all but a few wait for servers."""
POLL_PATIENCE_S = 0.05
"""For so long a task waits for its last polls before it leaves them to themselves."""
END_PATIENCE_S = 5.0
"""For so long an ending process waits for its polls before it gives the feeds back."""

_places = threading.BoundedSemaphore(POLLS_AT_ONCE)
_running: dict[threading.Thread, tuple[Services, FeedJob]] = {}


@dataclass(slots=True)
class Polled:
    """What `poll_feeds` did.

    Attributes:
        outcomes: how many feeds ended in which outcome.
        article_ids: articles to process now.
        postponed_ids: feeds that wait for their host's turn.
        late: how many polls go on though they were no longer waited for.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    article_ids: list[int] = field(default_factory=list)
    postponed_ids: list[int] = field(default_factory=list)
    late: int = 0


def run(
    services: Services,
    ids: Sequence[int],
    patience_s: float | None,
    on_late: Callable[[Polled], None],
) -> Polled:
    """Poll feeds as `pipeline.poll_feeds` says."""
    done, running = Polled(), _Running(on_late)
    for start in range(0, len(ids), FEEDS_BATCH):
        for job in services.store.feeds.claim(ids[start : start + FEEDS_BATCH]):
            _places.acquire()
            running.start(services, job)
    errors = running.await_all(done, patience_s)
    if errors and not done.outcomes and not done.late:
        raise errors[0]
    if errors:
        done.outcomes[Outcome.FAILED] += len(errors)
    return done


def end() -> None:
    """Wait a little for the polls of this process, which is about to end; give back the others.

    A worker's child is replaced after some hundred tasks. A poll that went on behind its task would
    be lost with it until its lease ends, and count as a try. What is given back is due at once.
    """
    ends_at = time.monotonic() + END_PATIENCE_S
    for thread in list(_running):
        thread.join(max(0.0, ends_at - time.monotonic()))
    left = list(_running.values())
    for services, job in left:
        services.store.feeds.release([job], 0.0)
    if left:
        log.info("gave feeds back: the process ends", extra={"feeds": len(left)})


class _Running:
    """The polls of one call that have not ended."""

    def __init__(self, on_late: Callable[[Polled], None]) -> None:
        self._on_late = on_late
        self._ended: queue.SimpleQueue[Polled | StoreError] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._count = 0
        self._is_over = False

    def start(self, services: Services, job: FeedJob) -> None:
        """Poll a feed; a place for it is held already."""
        self._count += 1
        # a daemon: who ends the program does not wait for a server, and the lease brings it back
        thread = threading.Thread(target=self._poll, args=(services, job), name="poll", daemon=True)
        _running[thread] = services, job
        thread.start()

    def _poll(self, services: Services, job: FeedJob) -> None:
        try:
            try:
                with services.measures.stage("poll"):
                    result = polling.poll(services, job)
                ended: Polled | StoreError = _finish_poll(services, result)
            except StoreError as error:  # costs this feed a lease, the others nothing
                log.warning("a poll could not be stored: %s", error)
                ended = error
            except Exception as error:  # a bug: somebody is waiting for this thread to say so
                log.exception("storing the poll of %s failed", safe_url(job.url))
                ended = StoreError(repr(error))
        finally:
            del _running[threading.current_thread()]
            _places.release()
        with self._lock:
            if not self._is_over:
                self._ended.put(ended)
                return
        self._on_late(ended if isinstance(ended, Polled) else Polled())

    def await_all(self, done: Polled, patience_s: float | None) -> list[StoreError]:
        """Add what has ended to `done`, for as long as the patience lasts; give the errors."""
        ends_at = None if patience_s is None else time.monotonic() + patience_s
        errors: list[StoreError] = []
        for left in range(self._count, 0, -1):
            try:
                wait_s = None if ends_at is None else max(0.0, ends_at - time.monotonic())
                ended = self._ended.get(timeout=wait_s)
            except queue.Empty:
                done.late = self._give_up(left, done, errors)
                break
            _add(ended, done, errors)
        return errors

    def _give_up(self, left: int, done: Polled, errors: list[StoreError]) -> int:
        with self._lock:
            self._is_over = True
        while not self._ended.empty():  # ended while we made up our mind
            _add(self._ended.get(), done, errors)
            left -= 1
        return left


def _add(ended: Polled | StoreError, done: Polled, errors: list[StoreError]) -> None:
    if isinstance(ended, StoreError):
        errors.append(ended)
        return
    done.outcomes += ended.outcomes
    done.article_ids += ended.article_ids
    done.postponed_ids += ended.postponed_ids


def _finish_poll(services: Services, result: PollResult | polling.Postponed) -> Polled:
    if isinstance(result, polling.Postponed):
        services.store.feeds.release([result.job], result.wait_s)
        return Polled(Counter({Outcome.POSTPONED: 1}), postponed_ids=[result.job.id])
    new_ids = services.store.feeds.finish_poll(result)
    outcome = Outcome.LEASE_LOST if new_ids is None else result.outcome
    told = {"outcome": str(outcome), "feed": safe_url(result.job.url), "tries": result.job.tries,
            "entries": len(result.entries), "to_process": len(new_ids or []),
            "elapsed_s": round(result.elapsed_s, 3), "bytes": result.size_bytes}  # fmt: skip
    log.info("polled", extra=told | ({"detail": result.detail} if result.detail else {}))
    return Polled(Counter({outcome: 1}), new_ids or [])
