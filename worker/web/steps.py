"""From one match to the next one of the same list."""

from __future__ import annotations

from dataclasses import replace

from worker.store.store import Store
from worker.web.listquery import UNREVIEWED, ListQuery


def next_to_review(store: Store, query: ListQuery, match_id: int) -> int | None:
    """The next older match of the same list without a verdict, else the newest such one."""
    todo = replace(query, verdict=UNREVIEWED, before=None)
    for wanted in (todo.store_filter(limit=1, before=match_id), todo.store_filter(limit=2)):
        for row in store.matches.rows(wanted):
            if row.id != match_id:
                return row.id
    return None


def one_before(store: Store, query: ListQuery, match_id: int) -> int | None:
    """The match just above in the list; None at its top."""
    return store.matches.newer_id(query.store_filter(), match_id)
