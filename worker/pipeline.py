"""The order of the steps; no other module knows it. The README numbers them in the same way.

1. **poll**: `due_feeds()` finds feeds that are due; `poll_feeds()` takes a few of their ids.
2. **fetch and parse the feed**: new entries, validators, the next poll and one FetchEvent go
   into the store in one transaction. The ids of new articles come back as hints. Where a feed's
   hub pushes (`subscribe()`, `take_push()`), entries come the same way, and polls are a net.
3. **process**: `process_articles()` claims up to 25 ids, fetches their pages concurrently,
   extracts, detects the language and matches against every watch; results and one Outcome an
   article are stored a batch at a time. What the time does not suffice for is given back.
4. **group**: a match joins its story (the room `story/`), in the transaction that stores it.
5. **tell**: with the match a notice a channel is stored; `due_deliveries()` makes messages of
   those that are due, `deliver()` sends messages.
6. **sweep**: `due_articles()` and `due_deliveries()` hand out again what is due or stuck.

Every function takes ids, claims what is still due, and may be called twice with the same ids or
die at any point: the store is the truth, messages are hints.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from worker import polling, polls, processing, pushing
from worker.domain import ChannelConfig, Outcome, TextSource
from worker.errors import FetchError, StoreError
from worker.fetch.guard import safe_url
from worker.pagefetch import Page, fetched_pages
from worker.polls import FEEDS_BATCH, POLL_PATIENCE_S, Polled
from worker.processing import Draft
from worker.records import ArticleJob, ArticleResult
from worker.sampling import draw_samples
from worker.services import Services
from worker.store.claims import spread
from worker.story.identity import is_same_article
from worker.story.variants import is_variant
from worker.telling import Telling

__all__ = ["POLL_PATIENCE_S", "Polled"]  # for those who call this module, beside its own

log = logging.getLogger(__name__)

BATCH = 25
"""Articles in one task: 24 times fewer messages than one each."""
MESSAGES_BATCH = 100
"""Messages of one channel that one task sends; what the time does not suffice for is given back."""
LONGEST_POSTPONE_S = 600.0
"""A page whose host is paused for longer is not waited for: the feed's own text is stored now."""
MATCH_AT_ONCE = 8
"""Articles matched and stored together: what a dying worker can lose of its work at the most."""
FORGET_BATCH = 1_000
"""Articles whose texts are forgotten in one sweep: 2.8 million a day with the default tick."""
FORGET_LOG_BATCH = 5_000
"""Lines of each log that are forgotten in one sweep: 14 million a day; 100,000 feeds make 3."""
RETENTION, RETENTION_REST_S = "retention", 3_600.0
"""The pulse, and how long the sweep does not look for old texts after it found no more."""
PROCESS_BUDGET_S = 45.0
"""After so long a batch starts nothing new; with one fetch (30 s) it ends before the hard limit."""


@dataclass(slots=True)
class Processed:
    """What `process_articles` did.

    Attributes:
        outcomes: how many articles ended in which outcome.
        relations: how many matches have which relation, unrelated ones left out.
        unfinished: ids that were given back since the time was up.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    relations: Counter[str] = field(default_factory=Counter)
    unfinished: list[int] = field(default_factory=list)


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


def process_articles(services: Services, article_ids: Iterable[int]) -> Processed:
    """Process those of the articles that are still due.

    Raises:
        StoreError: the database cannot be reached; the articles come back when their lease ends.
    """
    done = Processed()
    jobs = services.store.articles.claim(article_ids)
    if not jobs:
        return done
    ends_at = time.monotonic() + PROCESS_BUDGET_S
    left = {job.id: job for job in jobs}
    batch: list[Draft | ArticleResult] = []
    for hopeless in _triaged(services, jobs, ends_at):
        _finish(services, hopeless, left, done)
    for job, page in fetched_pages(services, list(left.values()), ends_at):
        wait_s = polling.own_wait_s(page)
        if 0 < wait_s <= LONGEST_POSTPONE_S:
            services.store.articles.release([left.pop(job.id)], wait_s)
            continue
        batch.append(_draft(services, job, page))
        if len(batch) >= MATCH_AT_ONCE:
            _finish(services, batch, left, done)
            batch = []
        if time.monotonic() > ends_at:
            break
    _finish(services, batch, left, done)
    if left:
        services.store.articles.release(left.values())
        done.unfinished = sorted(left)
        log.info("gave articles back: out of time", extra={"articles": len(left)})
    _count(services, "articles", done.outcomes)
    return done


def _count(services: Services, what: str, outcomes: Mapping[str, int]) -> None:
    """Add what was done to the counters of all workers; what fails here costs nothing else."""
    services.measures.count(what, outcomes)
    try:
        services.store.counters.add(services.measures.take())
    except StoreError as error:
        log.warning("the counters could not be stored: %s", error)


def _triaged(
    services: Services, jobs: Sequence[ArticleJob], ends_at: float
) -> Iterator[list[ArticleResult]]:
    """Results of the articles whose page is not worth fetching, a few at a time.

    Only feeds that ask for it are judged so, with a summary to go by, and no article whose page was
    read before.
    """
    fresh = {
        job.id: job
        for job in jobs
        if job.url
        and job.text_source is not TextSource.PAGE
        and len(job.entry_text) >= processing.MIN_SUMMARY
    }
    may_skip = services.store.triage.may_skip(fresh) if fresh else frozenset()
    chosen = [fresh[job_id] for job_id in sorted(may_skip)]
    for start in range(0, len(chosen), MATCH_AT_ONCE):
        if time.monotonic() > ends_at:
            return
        drafts = [
            draft
            for job in chosen[start : start + MATCH_AT_ONCE]
            if isinstance(draft := _draft(services, job, None), Draft)
        ]
        try:
            found = services.matcher.match([draft.article for draft in drafts])
        except Exception:  # a bug there must lose nothing: the pages are fetched, and tell
            log.exception("triage of %d articles failed", len(drafts))
            continue
        yield [
            processing.skipped(draft, matches, services)
            for draft, matches in zip(drafts, found, strict=True)
            if processing.is_hopeless(matches)
        ]


def _draft(services: Services, job: ArticleJob, page: Page) -> Draft | ArticleResult:
    try:
        if isinstance(page, Exception) and not isinstance(page, FetchError):
            raise page
        with services.measures.stage("read"):
            return processing.draft_of(job, page, services)
    except Exception as error:  # a bug costs one article one outcome, never its batch
        log.exception("article %d (%s) failed", job.id, safe_url(job.url or "-"))
        return processing.failed(job, error, services)


def _finish(
    services: Services,
    batch: Sequence[Draft | ArticleResult],
    left: dict[int, ArticleJob],
    done: Processed,
) -> None:
    """Match a batch and store its results at once."""
    if not batch:
        return
    results = [item for item in batch if isinstance(item, ArticleResult)]
    drafts = [item for item in batch if isinstance(item, Draft)]
    checked = processing.without_boilerplate(drafts, services)
    results += [item for item in checked if isinstance(item, ArticleResult)]
    drafts = [item for item in checked if isinstance(item, Draft)]
    results += _match(services, drafts)
    with services.measures.stage("store"):
        stored = services.store.articles.finish(
            results, _channels(services), is_same_article, services.story_rule, is_variant
        )
    for result in results:
        del left[result.job.id]
        outcome = stored.get(result.job.id, Outcome.LEASE_LOST)
        done.outcomes[outcome] += 1
        if outcome is result.outcome and not result.keeps_page:
            done.relations.update(m.relation for m in result.matches if m.relation.is_related)
        told = {"outcome": str(outcome), "article": result.job.id,
                "url": safe_url(result.job.url or "-"), "tries": result.job.tries,
                "language": result.language.code, "text_from": str(result.text_source),
                "elapsed_s": round(result.elapsed_s, 3), "bytes": result.size_bytes}  # fmt: skip
        log.info("processed", extra=told | ({"detail": result.detail} if result.detail else {}))
    # those that came before the wall was known for one
    services.store.pages.redo(twin.article_id for draft in drafts for twin in draft.twins)


def _match(services: Services, drafts: Sequence[Draft]) -> list[ArticleResult]:
    if not drafts:
        return []
    try:
        with services.measures.stage("match"):
            found = services.matcher.match([draft.article for draft in drafts])
        return [
            processing.result_of(draft, matches, services)
            for draft, matches in zip(drafts, found, strict=True)
        ]
    except Exception as error:
        if len(drafts) == 1:
            log.exception("matching %s failed", safe_url(drafts[0].job.url or "-"))
            return [processing.failed(drafts[0].job, error, services)]
    return [result for draft in drafts for result in _match(services, [draft])]


def rematch(services: Services) -> Iterator[Counter[str]]:
    """Match what is stored again with the matcher, seeds and encoder of today.

    What was answered by them already is passed over, so it goes on where it was interrupted.

    Yields:
        After each batch, how many articles have which best relation so far.
    """
    version = services.matcher.version
    channels = _channels(services)
    done: Counter[str] = Counter()
    while batch := services.store.articles.not_matched_with(version, limit=MATCH_AT_ONCE):
        answers = services.matcher.match([stored.article for stored in batch])
        for stored, matches in zip(batch, answers, strict=True):
            services.store.articles.store_rematch(
                stored,
                matches,
                version,
                channels,
                services.sketcher.sketch(stored.article, matches),
                services.story_rule,
            )
            done[max(matches, key=lambda match: match.score).relation] += 1
        yield done


def _channels(services: Services) -> dict[str, tuple[ChannelConfig, ...]]:
    return {watch.name: watch.channels for watch in services.watches}


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


def due_deliveries(services: Services, *, with_hinted: bool = False) -> list[list[int]]:
    """Batches of messages that are due, each of one channel; see `due_feeds`.

    What became due since the last look is made into messages first.
    """
    _telling(services).compose()
    return services.store.outbox.hint_due(batch=MESSAGES_BATCH, with_hinted=with_hinted)
