"""Claim, finish, release: how a row is worked on exactly by whoever holds its token.

A row is ready when its state is `pending` (feeds: `active`) and `due_at` has passed. To claim it
is to move `due_at` to the end of the lease, count a try and set a token, committed before the
work starts. A finish names the token and does nothing if somebody else claimed meanwhile. A
worker that dies simply never finishes: the row is ready again when the lease ends, and is alone in
its batch from then on. The first death is not held against it: it mostly met a whole batch, of
which one row may have been the cause; after four more, alone, it is given up.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.store import states
from worker.store.engine import Row
from worker.store.states import ACTIVE, PENDING, QUARANTINED

LEASE = timedelta(seconds=120)
"""Longer than the hard time limit of a task (90 s), so that two never hold one row."""
MAX_TRIES = 4
HINT_PAUSE = timedelta(seconds=60)
"""A row whose hint was sent is not hinted again for so long."""
WORKER_DIED = f"its worker died {MAX_TRIES} times over it alone"


def is_ready(table: sa.Table, now: datetime | sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    """The one place where 'ready' is coded, for feeds, articles and deliveries."""
    working = ACTIVE if table.name == "feed" else PENDING
    return sa.and_(table.c.state == working, table.c.due_at <= now)


def is_not_hinted(table: sa.Table, now: datetime) -> sa.ColumnElement[bool]:
    """Whether a row was not handed out within the last minute."""
    return sa.or_(table.c.hinted_at.is_(None), table.c.hinted_at <= now - HINT_PAUSE)


def claim(
    connection: sa.Connection, table: sa.Table, ids: Iterable[int], now: datetime
) -> list[Row]:
    """Claim those of the rows that are ready; the caller commits before it works.

    Returns:
        The claimed rows, by id, with their token.
    """
    values = {"wanted": sorted(set(ids)), "now": now, "lease_until": now + LEASE}
    claimed = connection.execute(_claiming(table), {**values, "held": secrets.token_hex(16)})
    return sorted(claimed.all(), key=lambda row: row.id)


@cache
def _claiming(table: sa.Table) -> sa.UpdateBase:
    is_wanted = table.c.id.in_(sa.bindparam("wanted", expanding=True))
    time = table.c.due_at.type
    ready = (
        sa.select(table.c.id)
        .where(is_wanted, is_ready(table, sa.bindparam("now", type_=time)))
        .order_by(table.c.id)
        .with_for_update(skip_locked=True)  # SQLite has no row locks and ignores it
        .cte("ready")
    )
    return (
        table.update()
        .where(table.c.id.in_(sa.select(ready.c.id)))
        .values(
            tries=table.c.tries + 1,
            token=sa.bindparam("held"),
            due_at=sa.bindparam("lease_until", type_=time),
            hinted_at=None,
        )
        .returning(*table.c)
    )


def held(connection: sa.Connection, table: sa.Table, tokens: Mapping[int, str]) -> frozenset[int]:
    """Those of the claimed rows whose claim still holds, locked until the transaction ends.

    What is known to hold can be finished several rows a statement, without a look at each.

    Args:
        connection: of a transaction for writing.
        table: feed, article or outbox.
        tokens: those of the claims, by id.
    """
    rows = connection.execute(_tokens_of(table), {"ids": sorted(tokens)})
    return frozenset(row.id for row in rows if row.token == tokens[row.id])


@cache
def _tokens_of(table: sa.Table) -> sa.Select[Any]:
    is_asked = table.c.id.in_(sa.bindparam("ids", expanding=True))
    return (
        sa.select(table.c.id, table.c.token).where(is_asked).order_by(table.c.id).with_for_update()
    )


def finishing(update: sa.Update) -> sa.Update:
    """An UPDATE that ends a claim, for `finish`.

    Args:
        update: of feed, article or outbox, with what is said in SQL; a move to another state
            (see `states.move`), or the table's own, with which a row keeps its state.
    """
    table = update.table
    return update.where(
        table.c.id == sa.bindparam("claimed"), table.c.token == sa.bindparam("held")
    ).values(token=None, hinted_at=None)


def finish(
    connection: sa.Connection,
    update: sa.Update,
    row_id: int,
    token: str,
    values: dict[str, Any],
) -> bool:
    """Write the result of a claimed row, if the claim still holds.

    Args:
        connection: of a transaction for writing.
        update: from `finishing`.
        row_id: of the claimed row.
        token: that of the claim.
        values: the result, as plain values; never a state.

    Returns:
        Whether it was written; False means that the lease ended and somebody else has the row.
    """
    done = connection.execute(update, {**values, "claimed": row_id, "held": token})
    return bool(done.rowcount)


def release(
    connection: sa.Connection, table: sa.Table, held: dict[int, str], due_at: datetime
) -> None:
    """Give claimed rows back untouched: due at that time, the try not counted."""
    untried = sa.case((table.c.tries > 0, table.c.tries - 1), else_=0)
    update = finishing(table.update().values(tries=untried))
    for row_id, token in sorted(held.items()):
        finish(connection, update, row_id, token, {"due_at": due_at})


def due_batches(
    connection: sa.Connection,
    table: sa.Table,
    now: datetime,
    *,
    limit: int,
    batch: int,
    with_hinted: bool,
) -> list[list[int]]:
    """Batches of ids of rows that are ready, oldest first; stamps them as handed out.

    One that was tried before is alone in its batch: what kills its worker cannot hold others a
    second time.

    Args:
        connection: of a transaction for writing.
        table: feed, article or outbox.
        now: the store's time.
        limit: ids in all.
        batch: ids in one batch.
        with_hinted: also those that were handed out less than a minute ago.
    """
    query = sa.select(table.c.id, table.c.tries).where(is_ready(table, now))
    if not with_hinted:
        query = query.where(is_not_hinted(table, now))
    query = query.order_by(table.c.due_at, table.c.id).limit(limit)
    rows = list(connection.execute(query.with_for_update(skip_locked=True)))
    if rows:
        connection.execute(
            table.update().where(table.c.id.in_([row.id for row in rows])).values(hinted_at=now)
        )
    fresh = [row.id for row in rows if row.tries == 0]
    return spread(fresh, batch) + [[row.id] for row in rows if row.tries > 0]


def spread(ids: Sequence[int], batch: int) -> list[list[int]]:
    """Ids in as few batches as there must be, neighbours in different ones.

    What stands together is of one feed, so of one host, which answers two requests at a time: a
    batch of many hosts is fetched sooner.
    """
    number = -(-len(ids) // batch)
    return [list(ids[start::number]) for start in range(number)]


def quarantine_hopeless(
    connection: sa.Connection, table: sa.Table, now: datetime, values: dict[str, Any]
) -> None:
    """Give up what was claimed once, with others or not, and `MAX_TRIES` times alone, unfinished.

    Only what died with its worker gets here: a failure that is seen is finished.
    """
    connection.execute(
        states.move(table, QUARANTINED)
        .where(is_ready(table, now), table.c.tries > MAX_TRIES)
        .values(token=None, **values)
    )


def oldest_due_age_s(connection: sa.Connection, table: sa.Table, now: datetime) -> float | None:
    """For how many seconds the oldest ready row waits; None if none is ready."""
    query = sa.select(sa.func.min(table.c.due_at)).where(is_ready(table, now))
    return age_s(connection.execute(query).scalar(), now)


def age_s(moment: datetime | None, now: datetime) -> float | None:
    """How many seconds ago a time was; None if there is none."""
    return None if moment is None else (now - moment).total_seconds()
