"""The embedded run: worker, beat and review pages in one process, on kombu's memory transport.

The work on articles is done by the services' crew: other processes in `seedwatch run`, this one in
`run --once`, in the demo and where no process can be forked.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from worker import pipeline
from worker.config import Settings
from worker.domain import Outcome
from worker.errors import StoppedError
from worker.services import Services

log = logging.getLogger(__name__)

_LONGEST_WAIT_S = 120.0
"""A pass waits so long for its turn at a host, no longer."""
_LONGEST_POLLING_S = 300.0
"""... and so long in all for feeds that share one; those that are left are `postponed`."""

Progress = Callable[["Summary"], None]
"""Called whenever a summary in the making has grown."""


@dataclass(slots=True)
class Summary:
    """What a run did: the object that `run --once --json` prints.

    Attributes:
        feeds, articles: how many ended in which outcome. matches: how many have which relation.
        seconds: from start to end.
    """

    feeds: Counter[str] = field(default_factory=Counter)
    articles: Counter[str] = field(default_factory=Counter)
    matches: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The contract's JSON object."""
        return {
            "feeds": dict(sorted(self.feeds.items())),
            "articles": dict(sorted(self.articles.items())),
            "matches": dict(sorted(self.matches.items())),
            "seconds": round(self.seconds, 2),
        }


def run_once(services: Services, on_progress: Progress = lambda _summary: None) -> Summary:
    """Poll everything that is due and work until nothing is due any more.

    The pipeline is called directly: a queue between two functions of one process would only add
    a way to wait for it. What a run that was killed had handed out is taken up at once. Articles
    whose page failed for now stay due later and are not waited for.

    Raises:
        StoreError: the database cannot be reached.
    """
    started = time.monotonic()
    summary = Summary()
    workers = services.settings.worker_concurrency
    with ThreadPoolExecutor(workers, thread_name_prefix="work") as pool:
        _poll(services, pool, summary, on_progress)
        while batches := _batches_due_soon(services):
            for batch in batches:
                _process(services, pool, batch, summary, on_progress)
        while pipeline.rematch(services):
            pass  # a slice at a time, until all that was asked for is done
        while batches := pipeline.due_deliveries(services, with_hinted=True):
            # side by side: each is of one channel, and a dead receiver holds up no other
            list(pool.map(lambda batch: pipeline.deliver(services, batch), batches))
        pipeline.tidy(services)
    summary.seconds = time.monotonic() - started
    return summary


def _poll(
    services: Services, pool: ThreadPoolExecutor, summary: Summary, on_progress: Progress
) -> None:
    """Poll what is due, again after a pause what was put off since its host was being asked."""
    ends_at = time.monotonic() + _LONGEST_POLLING_S
    postponed: set[int] = set()
    late: queue.SimpleQueue[pipeline.Polled] = queue.SimpleQueue()

    def poll(batch: list[int]) -> pipeline.Polled:
        return pipeline.poll_feeds(services, batch, pipeline.POLL_PATIENCE_S, late.put)

    def take(polled: pipeline.Polled) -> None:
        postponed.update(polled.postponed_ids)
        del polled.outcomes[Outcome.POSTPONED]  # not how it ends
        summary.feeds += polled.outcomes
        _process(services, pool, polled.article_ids, summary, on_progress)

    while True:
        batches = pipeline.due_feeds(services, with_hinted=True)
        running = 0
        postponed.difference_update(one for batch in batches for one in batch)
        for polled in pool.map(poll, batches):
            running += polled.late
            take(polled)
        for _ in range(running):
            take(late.get())
        if batches:
            continue
        wait_s = services.store.feeds.next_due_in_s(postponed)
        if wait_s is None or wait_s > min(_LONGEST_WAIT_S, ends_at - time.monotonic()):
            break
        time.sleep(wait_s + 0.05)
    if postponed:
        summary.feeds[Outcome.POSTPONED] += len(postponed)


def _batches_due_soon(services: Services) -> list[list[int]]:
    """What is due, after a pause if articles were put off since their host was being asked."""
    wait_s = services.store.articles.next_due_in_s()
    if wait_s is not None and wait_s <= _LONGEST_WAIT_S:
        time.sleep(wait_s + 0.05)
    return pipeline.due_articles(services, with_hinted=True)


def _process(
    services: Services,
    pool: ThreadPoolExecutor,
    ids: Sequence[int],
    summary: Summary,
    on_progress: Progress,
) -> None:
    todo = list(ids)
    while todo:
        batches = pipeline.article_batches(todo)
        todo = []
        for done in pool.map(lambda batch: pipeline.process_articles(services, batch), batches):
            summary.articles += done.outcomes
            summary.matches += done.relations
            todo += done.unfinished
            on_progress(summary)


class EmbeddedRun:
    """Celery's worker and beat as threads of this process, with the tasks that compose runs too.

    Args:
        settings: with the memory transport as broker.
        services: what the tasks of this process shall work with.
    """

    def __init__(self, settings: Settings, services: Services) -> None:
        from celery.beat import EmbeddedService
        from celery.platforms import SecurityWarning

        from worker import wiring
        from worker.app import configure

        # about pickled messages from others: here they are JSON and stay in this process
        warnings.simplefilter("ignore", SecurityWarning)
        wiring.use(services)
        self._app = configure(settings)
        self._app.loader.import_default_modules()
        self._worker = self._app.Worker(
            pool="threads",
            concurrency=settings.worker_concurrency,
            loglevel=settings.log_level.upper(),
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        # it reads no setting for this, and would keep a file in the working folder
        self._beat = EmbeddedService(self._app, thread=True, scheduler_cls="celery.beat:Scheduler")
        self._thread = threading.Thread(target=self._worker.start, name="worker", daemon=True)

    def start(self) -> None:
        """Start both; the first look for due feeds is at once, not a tick later."""
        self._thread.start()
        self._beat.start()
        for task in ("seedwatch.poll_due", "seedwatch.sweep"):
            self._app.send_task(task, queue="sweep")

    def check(self) -> None:
        """Make sure that both are at work: a thread that dies takes nobody with it.

        Raises:
            StoppedError: one has ended by itself.
        """
        for part, thread in (("worker", self._thread), ("scheduler", self._beat)):
            if not thread.is_alive():
                raise StoppedError(part)

    def stop(self) -> None:
        """Stop both; what is being worked on comes back when its lease ends, or now if it ends."""
        self._beat.service.stop()  # its own stop() waits, for ever if the thread has died
        pipeline.begin_end_of_polls()
        self._worker.stop()
        self._thread.join(timeout=20)
        self._beat.join(timeout=5)
        pipeline.end_polls()
