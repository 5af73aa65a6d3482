"""A feed's row as commands and pages show it."""

from __future__ import annotations

from worker.domain import FetchPolicy, ToldBy
from worker.records import FeedRow
from worker.store.engine import Row


def feed_row(row: Row, watches: list[str]) -> FeedRow:
    """The record of a row of `feed` and the names of its watches."""
    return FeedRow(
        id=row.id,
        url=row.url,
        title=row.title,
        language=row.language,
        state=row.state,
        watches=tuple(watches),
        next_poll_at=row.due_at,
        last_outcome=row.last_outcome,
        last_detail=row.last_detail,
        last_polled_at=row.last_polled_at,
        last_success_at=row.last_success_at,
        failures=row.failures,
        overflow=row.overflow,
        moved_to=row.moved_to,
        entries=row.entry_count,
        moved_count=row.moved_count,
        entry_days=row.entry_days or {},
        last_entry_at=row.last_entry_at,
        fetch=FetchPolicy(row.fetch),
        created_at=row.created_at,
        origin=row.origin,
        interval_s=row.interval_s,
        entry_interval_s=row.entry_interval_s,
        ttl_s=row.ttl_s,
        is_conditional=bool(row.etag or row.last_modified),
        told_by=ToldBy(row.told_by),
        told_by_since=row.told_by_since,
        told_by_why=row.told_by_why,
    )
