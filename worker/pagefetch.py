"""The pages of a batch of articles: several at once, each given as it comes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from concurrent.futures import TimeoutError as FuturesTimeoutError

from worker.domain import Fetched
from worker.errors import StoreError
from worker.feeds.wrappers import refuse_opaque
from worker.records import ArticleJob
from worker.services import Services

Page = Fetched | Exception | None
"""A page, why there is none, or None where there is no address."""


def fetched_pages(
    services: Services, jobs: Sequence[ArticleJob], ends_at: float
) -> Iterator[tuple[ArticleJob, Page]]:
    """Fetch pages in the background; give each as it comes, until the time is up.

    Args:
        services: for the fetcher and its limits.
        jobs: claimed articles.
        ends_at: by the monotonic clock; what has not come by then is not given.

    Raises:
        StoreError: the database cannot be reached.
    """
    pool = ThreadPoolExecutor(services.settings.fetch_concurrency, thread_name_prefix="page")
    try:
        waiting: dict[Future[Page], ArticleJob] = {
            pool.submit(_fetch_page, services, job): job for job in _hosts_in_turn(jobs)
        }
        for future in as_completed(waiting, timeout=max(0.0, ends_at - time.monotonic())):
            yield waiting[future], future.result()
    except FuturesTimeoutError:
        return
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _hosts_in_turn(jobs: Sequence[ArticleJob]) -> list[ArticleJob]:
    """Order jobs so that those of one host, which answers two at a time, hold up no others."""
    seen: Counter[str] = Counter()
    places = []
    for job in jobs:
        host = (job.url or "").partition("//")[2].partition("/")[0]
        places.append(seen[host])
        seen[host] += 1
    return [job for _, job in sorted(zip(places, jobs, strict=True), key=lambda pair: pair[0])]


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
