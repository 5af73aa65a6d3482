"""The order of the steps; no other module knows it. The README numbers them in the same way.

1. **poll**: `due_feeds()` finds feeds that are due; `poll_feeds()` takes a few of their ids.
2. **fetch and parse the feed**: new entries, validators, the next poll and one FetchEvent go
   into the store in one transaction. The ids of new articles come back as hints. Where a feed's
   hub pushes (`subscribe()`, `take_push()`), entries come the same way, and polls are a net.
3. **process**: `process_articles()` claims up to 25 ids and what else is due, fetches their pages,
   extracts, detects the language and matches against every watch, in a process of the services'
   crew where they have one; results and one Outcome an article are stored a batch at a time. What
   the time does not suffice for is given back.
4. **group**: a match joins its story (the room `story/`), in the transaction that stores it.
5. **tell**: with the match a notice a channel is stored; `due_deliveries()` makes messages of
   those that are due, `deliver()` sends messages.
6. **sweep**: `due_articles()` and `due_deliveries()` hand out again what is due or stuck, and
   `due_rematches()` what was asked to be matched again; `rematch()` does a few seconds of that.

Every function takes ids, claims what is still due, and may be called twice with the same ids or
die at any point: the store is the truth, messages are hints.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from worker import polls, pushing
from worker.batch import Batch, Processed
from worker.domain import Outcome
from worker.errors import StoreError
from worker.polls import FEEDS_BATCH, POLL_PATIENCE_S, Polled
from worker.rematching import rematch_slice
from worker.sampling import draw_samples
from worker.services import Services
from worker.store.claims import spread
from worker.telling import Telling

__all__ = [
    "POLL_PATIENCE_S",
    "Polled",
    "Processed",
]  # for those who call this module, beside its own

log = logging.getLogger(__name__)

BATCH = 25
"""Articles in one task: 24 times fewer messages than one each."""
MORE_ARTICLES = 75
"""... and so many that are due too, while it is at it: their own messages find nothing to do."""
MESSAGES_BATCH = 100
"""Messages of one channel that one task sends; what the time does not suffice for is given back."""
FORGET_BATCH = 1_000
"""Articles whose texts are forgotten in one sweep: 2.8 million a day with the default tick."""
FORGET_LOG_BATCH = 5_000
"""Lines of each log that are forgotten in one sweep: 14 million a day; 100,000 feeds make 3."""
RETENTION, RETENTION_REST_S = "retention", 3_600.0
"""The pulse, and how long the sweep does not look for old texts after it found no more."""


# --- 1, 2: poll -------------------------------------------------------------------------------


def due_feeds(services: Services, *, with_hinted: bool = False) -> list[list[int]]:
    """Batches of feeds that are due and were not handed out lately.

    Args:
        services: for the store.
        with_hinted: also those that were handed out lately, for whoever works alone: no message
            about them is under way.
    """
    return services.store.feeds.hint_due(batch=FEEDS_BATCH, with_hinted=with_hinted)


def poll_feeds(
    services: Services,
    feed_ids: Iterable[int],
    patience_s: float | None = None,
    on_late: Callable[[Polled], None] = lambda _polled: None,
) -> Polled:
    """Poll those of the feeds that are still due, each in a thread of its own.

    A feed whose server takes its time (30 s at the most) holds nobody else: when the patience is
    over, its thread goes on alone and stores what it gets. Only `polls.POLLS_AT_ONCE` run in a
    process; with more, this waits.

    Args:
        services: for all that a poll needs.
        feed_ids: of any number; a few are claimed at a time.
        patience_s: how long the last few are waited for, in seconds; None = until all have ended.
        on_late: called from its thread for each poll that ends after that.

    Raises:
        StoreError: nothing could be stored; the feeds come back when their lease ends.
    """

    def late(polled: Polled) -> None:
        _count(services, "polls", polled.outcomes)
        on_late(polled)

    done = polls.run(services, list(feed_ids), patience_s, late)
    _count(services, "polls", done.outcomes)
    return done


def begin_end_of_polls() -> None:
    """Have poll tasks that wait for places end; `end_polls` follows."""
    polls.begin_end()


def end_polls() -> None:
    """Let the polls that no task waits for end, or give their feeds back; a process's last act.

    Raises:
        StoreError: the database cannot be reached; the feeds come back when their lease ends.
    """
    polls.end()


def due_subscriptions(services: Services) -> list[int]:
    """Feeds whose hub is to be asked to push; none without an address that hubs can reach."""
    return services.store.subscriptions.due() if services.settings.web_url else []


def subscribe(services: Services, feed_ids: Iterable[int]) -> int:
    """Ask the hubs of those of the feeds for which that is still due.

    Returns:
        How many hubs took the request.
    """
    held = services.store.subscriptions.claim(feed_ids)
    return sum(pushing.ask_hub(services, one) for one in held)


def take_push(services: Services, feed_id: int, body: bytes, content_type: str) -> Outcome:
    """Store what a feed's hub has pushed; the sweep hands its articles out.

    Raises:
        StoreError: the database cannot be reached.
    """
    return pushing.store_push(services, feed_id, body, content_type)


# --- 3: process -------------------------------------------------------------------------------


def article_batches(ids: Sequence[int]) -> list[list[int]]:
    """Articles as the batches in which they are best processed; see `claims.spread`."""
    return spread(ids, BATCH)


def process_articles(services: Services, article_ids: Iterable[int], more: int = 0) -> Processed:
    """Process those of the articles that are still due; see `worker.batch`.

    Args:
        services: for all that it needs.
        article_ids: a batch.
        more: so many others at the most that are due too are taken up when these come to an end,
            so that neither fetching nor matching waits for the other between batches.

    Raises:
        StoreError: the database cannot be reached; the articles come back when their lease ends.
    """
    return services.crew.do(services, _process, list(article_ids), more)


def _process(services: Services, article_ids: Sequence[int], more: int) -> Processed:
    done = Batch(services, more).run(article_ids)
    if done.outcomes or done.unfinished:
        _count(services, "articles", done.outcomes)
    return done


def _count(services: Services, what: str, outcomes: Mapping[str, int]) -> None:
    """Add what was done to the counters of all workers; what fails here costs nothing else."""
    services.measures.count(what, outcomes)
    try:
        services.store.counters.add(services.measures.take())
    except StoreError as error:
        log.warning("the counters could not be stored: %s", error)


def rematch(services: Services) -> bool:
    """Match some of what is stored again, where that was asked for; see `worker.rematching`.

    Returns:
        Whether somebody had asked and nobody else is at it: call it again.

    Raises:
        StoreError: the database cannot be reached; the request comes back when its lease ends.
    """
    return services.crew.do(services, rematch_slice)


# --- 5: tell ----------------------------------------------------------------------------------


def deliver(services: Services, message_ids: Iterable[int]) -> Counter[str]:
    """Send those of the messages that are still due; see `worker.telling.Telling.deliver`."""
    done = _telling(services).deliver(message_ids)
    _count(services, "deliveries", done)
    return done


def _telling(services: Services) -> Telling:
    return Telling(
        services.store,
        services.watches,
        services.senders,
        services.settings.pages_url.rstrip("/"),
        services.clock,
        services.jitter,
    )


# --- 6: sweep ---------------------------------------------------------------------------------


def take_turn(services: Services, name: str) -> bool:
    """Whether this tick of beat is to be acted on; of two beats, one is passed over.

    Args:
        services: for the store and the ticks' settings.
        name: `poll_due` or `sweep`; the turn taken is also its sign of life.
    """
    settings = services.settings
    every_s = settings.poll_tick_s if name == "poll_due" else settings.sweep_tick_s
    return services.store.pulse.take(name, services.name, for_s=every_s / 2)


def due_articles(services: Services, *, with_hinted: bool = False) -> list[list[int]]:
    """Batches of articles that are due or were left by a dead worker; see `due_feeds`."""
    return services.store.articles.hint_due(batch=BATCH, with_hinted=with_hinted)


def tidy(services: Services) -> None:
    """Drop what is kept for a while only, a batch at a time, and draw the day's blind samples."""
    services.store.turns.forget()
    _forget(services)
    draw_samples(services)


def _forget(services: Services) -> None:
    """Drop old texts and logs; a rest when nothing is left."""
    store = services.store
    settings = services.settings
    rested_s = store.pulse.ages_s().get(RETENTION)
    if rested_s is not None and rested_s < RETENTION_REST_S:
        return
    is_done = True
    if settings.keep_days:
        is_done = store.retention.forget_texts(settings.keep_days, FORGET_BATCH) < FORGET_BATCH
    if settings.keep_log_days:
        number = store.retention.forget_logs(settings.keep_log_days, FORGET_LOG_BATCH)
        is_done = is_done and number < FORGET_LOG_BATCH
    if is_done:
        store.pulse.take(RETENTION, services.name, for_s=0.0)


def due_rematches(services: Services) -> list[int]:
    """The request to match stored articles again that waits for a worker; see `due_feeds`."""
    return services.store.rematches.hint_due()


def due_deliveries(services: Services, *, with_hinted: bool = False) -> list[list[int]]:
    """Batches of messages that are due, each of one channel; see `due_feeds`.

    What became due since the last look is made into messages first.
    """
    _telling(services).compose()
    return services.store.outbox.hint_due(batch=MESSAGES_BATCH, with_hinted=with_hinted)
