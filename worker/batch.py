"""Step 3: a batch of articles, from the claim to what is stored of them.

Pages are fetched and read in the background (`worker.intake`); here articles are matched and
stored, a few at a time, as they are ready. Towards the end of a batch further articles that are due
are claimed, so that the last pages of one and the first ones of the next come together: a process
that waits for either does nothing meanwhile.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from worker import processing
from worker.domain import ChannelConfig, Outcome, TextSource
from worker.fetch.guard import safe_url
from worker.intake import Intake, PutOff, draft
from worker.processing import Draft
from worker.records import ArticleJob, ArticleResult
from worker.services import Services
from worker.story.identity import is_same_article
from worker.story.variants import is_variant

log = logging.getLogger(__name__)

MATCH_AT_ONCE = 8
"""Articles matched and stored together: what a dying worker can lose of its work at the most."""
PROCESS_BUDGET_S = 45.0
"""After so long a batch starts nothing new; with one fetch (30 s) it ends before the hard limit."""
REFILL_BELOW, REFILL = 12, 12
"""With fewer articles on their way so many more are claimed: no more than a batch at any time."""
REFILL_BUDGET_S = 15.0
"""... within so long, since polls and messages wait for the end of the task."""


@dataclass(slots=True)
class Processed:
    """What `pipeline.process_articles` did.

    Attributes:
        outcomes: how many articles ended in which outcome.
        relations: how many matches have which relation, unrelated ones left out.
        unfinished: ids that were given back since the time was up.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    relations: Counter[str] = field(default_factory=Counter)
    unfinished: list[int] = field(default_factory=list)


class Batch:
    """Articles that this process has claimed, until each is finished or given back.

    Args:
        services: for all that it needs.
        more: articles that may be claimed beside those that are asked for.
    """

    def __init__(self, services: Services, more: int = 0) -> None:
        self._services = services
        self._more = more
        self._left: dict[int, ArticleJob] = {}
        self._done = Processed()
        self._started = time.monotonic()
        self._ends_at = self._started + PROCESS_BUDGET_S
        self._channels = channels_of(services)

    def run(self, article_ids: Iterable[int]) -> Processed:
        """Process those of the articles that are still due.

        Raises:
            StoreError: the database cannot be reached; the articles come back when their lease
                ends.
        """
        if self._services.is_ending():
            return self._done
        jobs = self._services.store.articles.claim(article_ids)
        if not jobs:
            return self._done
        if any(job.tries > 1 for job in jobs):
            self._more = 0  # what may have killed a worker is alone
        intake = Intake(self._services)
        try:
            self._begin(intake, jobs)
            self._work(intake)
        finally:
            intake.close()
        if self._left:
            self._services.store.articles.release(self._left.values())
            self._done.unfinished = sorted(self._left)
            why = "the process ends" if self._services.is_ending() else "out of time"
            log.info("gave articles back: %s", why, extra={"articles": len(self._left)})
        return self._done

    def _begin(self, intake: Intake, jobs: Sequence[ArticleJob]) -> None:
        self._left.update((job.id, job) for job in jobs)
        for hopeless in self._triaged(jobs):
            self._finish(hopeless)
        intake.add([job for job in jobs if job.id in self._left])

    def _work(self, intake: Intake) -> None:
        ready: list[Draft | ArticleResult] = []
        for one in intake.ready(self._ends_at):
            if isinstance(one, PutOff):
                self._services.store.articles.release([self._left.pop(one.job.id)], one.wait_s)
                continue
            ready.append(one)
            if intake.waiting < REFILL_BELOW:
                self._refill(intake)
            if len(ready) >= MATCH_AT_ONCE:
                self._finish(ready)
                ready = []
            if time.monotonic() > self._ends_at or self._services.is_ending():
                break
        self._finish(ready)

    def _refill(self, intake: Intake) -> None:
        """Claim further articles that are due, as long as there are any and it is time."""
        if self._more <= 0:
            return
        jobs: list[ArticleJob] = []
        if time.monotonic() < self._started + REFILL_BUDGET_S:
            jobs = self._services.store.articles.claim_more(min(REFILL, self._more))
        self._more = self._more - len(jobs) if jobs else 0
        self._begin(intake, jobs)

    def _triaged(self, jobs: Sequence[ArticleJob]) -> Iterator[list[ArticleResult]]:
        """Results of the articles whose page is not worth fetching, a few at a time.

        Only feeds that ask for it are judged so, with a summary to go by, and no article whose
        page was read before.
        """
        services = self._services
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
            if time.monotonic() > self._ends_at:
                return
            drafts = [
                read
                for job in chosen[start : start + MATCH_AT_ONCE]
                if isinstance(read := draft(services, job, None), Draft)
            ]
            try:
                found = services.matcher.match([read.article for read in drafts])
            except Exception:  # a bug there must lose nothing: the pages are fetched, and tell
                log.exception("triage of %d articles failed", len(drafts))
                continue
            yield [
                processing.skipped(read, matches, services)
                for read, matches in zip(drafts, found, strict=True)
                if processing.is_hopeless(matches)
            ]

    def _finish(self, batch: Sequence[Draft | ArticleResult]) -> None:
        """Match a batch and store its results at once."""
        if not batch:
            return
        services, done = self._services, self._done
        results = [item for item in batch if isinstance(item, ArticleResult)]
        drafts = [item for item in batch if isinstance(item, Draft)]
        checked = processing.without_boilerplate(drafts, services)
        results += [item for item in checked if isinstance(item, ArticleResult)]
        drafts = [item for item in checked if isinstance(item, Draft)]
        results += self._match(drafts)
        with services.measures.stage("store"):
            stored = services.store.articles.finish(
                results, self._channels, is_same_article, services.story_rule, is_variant
            )
        for result in results:
            del self._left[result.job.id]
            outcome = stored.get(result.job.id, Outcome.LEASE_LOST)
            done.outcomes[outcome] += 1
            if outcome is result.outcome and not result.keeps_page:
                done.relations.update(m.relation for m in result.matches if m.relation.is_related)
            _log(result, outcome)
        # those that came before the wall was known for one
        services.store.pages.redo(twin.article_id for read in drafts for twin in read.twins)

    def _match(self, drafts: Sequence[Draft]) -> list[ArticleResult]:
        if not drafts:
            return []
        services = self._services
        try:
            with services.measures.stage("match"):
                found = services.matcher.match([read.article for read in drafts])
            return [
                processing.result_of(read, matches, services)
                for read, matches in zip(drafts, found, strict=True)
            ]
        except Exception as error:
            if len(drafts) == 1:
                log.exception("matching %s failed", safe_url(drafts[0].job.url or "-"))
                return [processing.failed(drafts[0].job, error, services)]
        return [result for read in drafts for result in self._match([read])]


def channels_of(services: Services) -> dict[str, tuple[ChannelConfig, ...]]:
    """The channels of every watch, by the watch's name."""
    return {watch.name: watch.channels for watch in services.watches}


def _log(result: ArticleResult, outcome: Outcome) -> None:
    told = {"outcome": str(outcome), "article": result.job.id,
            "url": safe_url(result.job.url or "-"), "tries": result.job.tries,
            "language": result.language.code, "text_from": str(result.text_source),
            "elapsed_s": round(result.elapsed_s, 3), "bytes": result.size_bytes}  # fmt: skip
    log.info("processed", extra=told | ({"detail": result.detail} if result.detail else {}))
