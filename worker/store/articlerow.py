"""A row of the table of articles: what of it a worker gets, and what a worker's result writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.domain import TextSource
from worker.records import ArticleJob, ArticleResult
from worker.store import claims, states
from worker.store.engine import Row
from worker.store.schema import article, fetch_event

_KEPT = ("author", "site", "final_url")
"""What stays as it was where a page does not tell it."""


def job_of(row: Row) -> ArticleJob:
    """A claimed row, as a worker gets it."""
    return ArticleJob(
        id=row.id,
        token=row.token,
        tries=row.tries,
        url=row.url,
        entry_title=row.entry_title,
        entry_text=row.entry_text,
        entry_author=row.author,
        feed_language=row.feed_language,
        outlet=row.outlet,
        published_at=row.published_at,
        first_seen_at=row.first_seen_at,
        content_hash=row.content_hash,
        text_source=TextSource(row.text_source) if row.text_source else None,
    )


def finishing(result: ArticleResult) -> sa.Update:
    """The statement that ends the claim of an article, for `claims.finish` and `values_of`."""
    state = states.DONE
    if result.is_quarantined:
        state = states.QUARANTINED
    elif result.retry_at is not None:
        state = states.PENDING
    is_read = result.has_content and not result.keeps_page
    return _finishing(state, is_retry=result.retry_at is not None, is_read=is_read)


@cache
def _finishing(state: str, *, is_retry: bool, is_read: bool) -> sa.Update:
    # what was edited while we had it is due again: we have worked on what it was before
    is_edited, time = article.c.is_edited, article.c.due_at.type  # a CASE gives its values no type
    told = {
        name: sa.func.coalesce(sa.bindparam(f"new_{name}", type_=article.c[name].type), column)
        for name, column in ((name, article.c[name]) for name in _KEPT if is_read)
    }
    return claims.finishing(
        states.move(article, state, (is_edited, states.PENDING)).values(
            due_at=sa.case(
                (is_edited, sa.bindparam("now", type_=time)),
                else_=sa.bindparam("again_at", type_=time),
            ),
            tries=sa.case((is_edited, 0), else_=article.c.tries) if is_retry else 0,
            is_edited=False,
            **told,
        )
    )


def values_of(result: ArticleResult, now: datetime) -> dict[str, Any]:
    """The columns that a result sets, but for those of its text; and what `finishing` wants."""
    values: dict[str, Any] = {
        "now": now,
        "again_at": result.retry_at or now,
        "fetch_outcome": result.fetch_outcome,
        "last_error": result.detail or None,
        "processed_at": now,
    }
    if result.page_hash is not None:
        values["page_hash"] = result.page_hash
    if result.keeps_page:
        return values
    values["outcome"] = result.outcome
    if result.has_content:
        values["published_at"] = result.published_at
        values["matcher_version"] = result.matcher_version
        values |= {f"new_{name}": getattr(result, name) for name in _KEPT}
    return values


def store_events(
    connection: sa.Connection, results: Sequence[ArticleResult], now: datetime
) -> None:
    """Store how the pages of some results were fetched, a row an attempt."""
    events = [
        {
            "article_id": result.job.id,
            "at": now,
            "outcome": result.fetch_outcome,
            "detail": result.detail or None,
            "elapsed_s": result.elapsed_s,
            "size_bytes": result.size_bytes,
        }
        for result in results
        if result.fetch_outcome is not None
    ]
    if events:
        connection.execute(fetch_event.insert(), events)
