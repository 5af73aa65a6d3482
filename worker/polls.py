"""Polls side by side: a server that takes its time holds up nobody but its own feed."""

from __future__ import annotations

import logging
import math
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from worker import polling
from worker.domain import Outcome
from worker.errors import StoreError
from worker.fetch.guard import safe_url
from worker.records import FeedJob, PollResult
from worker.services import Services

log = logging.getLogger(__name__)

FEEDS_BATCH = 10
"""Feeds of one poll task, claimed and mostly stored together: an unchanged feed of 30 entries costs
.03 of what feedparser takes, and .044 in tasks of five (bench/idle.py)."""
POLLS_AT_ONCE = 64
"""Polls that run in one process; all but a few wait for servers."""
POLL_PATIENCE_S = 0.05
"""For so long a task waits for its last polls before it leaves them to themselves."""
STORE_AFTER_S = 0.05
"""For so long a poll that found nothing new waits for others, to be stored with them."""
END_PATIENCE_S = 5.0
"""For so long an ending process waits for its polls before it gives the feeds back."""

_places = threading.BoundedSemaphore(POLLS_AT_ONCE)
_running: dict[threading.Thread, tuple[Services, FeedJob]] = {}
_is_ending = threading.Event()


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
    done, running = Polled(), _Running(services, on_late)
    try:
        for start in range(0, len(ids), FEEDS_BATCH):
            running.start_all(services.store.feeds.claim(ids[start : start + FEEDS_BATCH]), done)
            running.take(done)
        running.await_all(done, patience_s)
    finally:
        done.late = running.close(done)
    if running.errors and not done.outcomes and not done.late:
        raise running.errors[0]
    if running.errors:
        done.outcomes[Outcome.FAILED] += len(running.errors)
    return done


def begin_end() -> None:
    """Have tasks give feeds back for which they find no place at once, until `end` is done."""
    _is_ending.set()


def end() -> None:
    """Wait a little for the polls of this process, which is about to end; give back the others.

    A worker's child is replaced after some hundred tasks. A poll that went on behind its task would
    be lost with it until its lease ends, and count as a try. What is given back is due at once.
    """
    try:
        _end()
    finally:
        _is_ending.clear()


def _end() -> None:
    ends_at = time.monotonic() + END_PATIENCE_S
    for thread in list(_running):
        thread.join(max(0.0, ends_at - time.monotonic()))
    left = list(_running.values())
    for services, job in left:
        services.store.feeds.release([job], 0.0)
    if left:
        log.info("gave feeds back: the process ends", extra={"feeds": len(left)})


class _Running:
    """The polls of one call that have not ended.

    Most polls find nothing new. Their results are stored here, several in one transaction; each
    thread stores all else itself, and whatever ends after this call.

    Attributes:
        errors: why polls that have ended could not be stored.
    """

    def __init__(self, services: Services, on_late: Callable[[Polled], None]) -> None:
        self._services = services
        self._on_late = on_late
        self._ended: queue.SimpleQueue[Polled | PollResult | StoreError] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._left = 0
        self._is_over = False
        self._unchanged: list[PollResult] = []
        self.errors: list[StoreError] = []

    def start_all(self, jobs: Sequence[FeedJob], done: Polled) -> None:
        """Poll feeds as places become free, unless the process is about to end."""
        for number, job in enumerate(jobs):
            while not _places.acquire(timeout=STORE_AFTER_S):
                self.store(done)  # what has ended does not wait for a place
                if _is_ending.is_set():
                    self._services.store.feeds.release(jobs[number:], 0.0)
                    return
            self.start(job)

    def start(self, job: FeedJob) -> None:
        """Poll a feed; a place for it is held already."""
        self._left += 1
        # a daemon: who ends the program does not wait for a server, and the lease brings it back
        thread = threading.Thread(target=self._poll, args=(job,), name="poll", daemon=True)
        _running[thread] = self._services, job
        thread.start()

    def _poll(self, job: FeedJob) -> None:
        try:
            try:
                with self._services.measures.stage("poll"):
                    result = polling.poll(self._services, job)
                if _is_unchanged(result) and self._give(result):
                    return
                ended: Polled | StoreError = _finish_poll(self._services, result)
            except Exception as error:  # noqa: BLE001 - somebody is waiting for this thread to say so
                ended = _told(error, job)
        finally:
            del _running[threading.current_thread()]
            _places.release()
        if not self._give(ended):
            self._on_late(ended if isinstance(ended, Polled) else Polled())

    def _give(self, ended: Polled | PollResult | StoreError) -> bool:
        """Hand over what a poll came to; False if nobody waits for it any more."""
        with self._lock:
            if not self._is_over:
                self._ended.put(ended)
            return not self._is_over

    def take(self, done: Polled) -> None:
        """Add what has ended meanwhile to `done`, without waiting for more."""
        while not self._ended.empty():
            self._add(self._ended.get(), done)

    def await_all(self, done: Polled, patience_s: float | None) -> None:
        """Add what ends to `done`, for as long as the patience lasts."""
        ends_at = math.inf if patience_s is None else time.monotonic() + patience_s
        while self._left:
            wait_s = min(ends_at - time.monotonic(), STORE_AFTER_S if self._unchanged else math.inf)
            try:
                self._add(self._ended.get(timeout=_timeout(wait_s)), done)
            except queue.Empty:
                if time.monotonic() >= ends_at:
                    return
                self.store(done)

    def close(self, done: Polled) -> int:
        """Wait no longer; give the number of polls that go on and store what they get."""
        with self._lock:
            self._is_over = True
        self.store(done)
        return self._left

    def store(self, done: Polled) -> None:
        """Store all that has ended meanwhile and found nothing new."""
        self.take(done)
        self._store(done)

    def _add(self, ended: Polled | PollResult | StoreError, done: Polled) -> None:
        self._left -= 1
        if isinstance(ended, Polled):
            _add(ended, done)
        elif isinstance(ended, StoreError):
            self.errors.append(ended)
        else:
            self._unchanged.append(ended)
            if len(self._unchanged) >= FEEDS_BATCH:
                self._store(done)

    def _store(self, done: Polled) -> None:
        """Store the polls that found nothing new; if not together, each alone."""
        results, self._unchanged = self._unchanged, []
        if not results:
            return
        try:
            _add(_finish_unchanged(self._services, results), done)
        except Exception as error:  # noqa: BLE001 - as above
            if len(results) == 1:
                self.errors.append(_told(error, results[0].job))
                return
            for result in results:
                self._unchanged = [result]
                self._store(done)


def _told(error: Exception, job: FeedJob) -> StoreError:
    """Log why a poll was not stored, which costs its feed a lease."""
    if isinstance(error, StoreError):
        log.warning("a poll could not be stored: %s", error)
        return error
    log.exception("storing the poll of %s failed", safe_url(job.url))  # a bug
    return StoreError(repr(error))


def _timeout(wait_s: float) -> float | None:
    return None if wait_s == math.inf else max(0.0, wait_s)


def _add(ended: Polled, done: Polled) -> None:
    done.outcomes += ended.outcomes
    done.article_ids += ended.article_ids
    done.postponed_ids += ended.postponed_ids


def _is_unchanged(result: PollResult | polling.Postponed) -> TypeGuard[PollResult]:
    return isinstance(result, PollResult) and result.outcome is Outcome.UNCHANGED


def _finish_unchanged(services: Services, results: Sequence[PollResult]) -> Polled:
    held = services.store.feeds.finish_unchanged(results)
    ended = Polled()
    for result in results:
        outcome = result.outcome if result.job.id in held else Outcome.LEASE_LOST
        _log(result, outcome, 0)
        ended.outcomes[outcome] += 1
    return ended


def _finish_poll(services: Services, result: PollResult | polling.Postponed) -> Polled:
    if isinstance(result, polling.Postponed):
        services.store.feeds.release([result.job], result.wait_s)
        return Polled(Counter({Outcome.POSTPONED: 1}), postponed_ids=[result.job.id])
    new_ids = services.store.feeds.finish_poll(result)
    outcome = Outcome.LEASE_LOST if new_ids is None else result.outcome
    _log(result, outcome, len(new_ids or []))
    return Polled(Counter({outcome: 1}), new_ids or [])


def _log(result: PollResult, outcome: Outcome, to_process: int) -> None:
    told = {"outcome": str(outcome), "feed": safe_url(result.job.url), "tries": result.job.tries,
            "entries": len(result.entries), "to_process": to_process,
            "elapsed_s": round(result.elapsed_s, 3), "bytes": result.size_bytes}  # fmt: skip
    log.info("polled", extra=told | ({"detail": result.detail} if result.detail else {}))
