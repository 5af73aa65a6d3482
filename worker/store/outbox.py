"""The outbox: messages to be sent, each delivered at least once under a key of its own.

Channels are kept apart: what is handed out together belongs to one channel, and nothing is handed
out for a channel that rests after a failure or is switched off.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.records import AfterFailure, Attempt, Delivery
from worker.store import claims, states
from worker.store.channels import is_open, log_attempt, with_channel
from worker.store.engine import Database, counts_of
from worker.store.schema import channel, notice, outbox

Batch = list[int]


class OutboxStore:
    """What the deliver step asks of the outbox."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def hint_due(self, batch: int = 25, *, with_hinted: bool = False) -> list[Batch]:
        """Batches of ids of messages that are due, each of one channel; stamps them as handed out.

        One that was tried before is alone in its batch: what kills its worker cannot hold others.

        Args:
            batch: ids in one batch, and of one channel at a time: while its receiver is slow only
                one worker waits for it.
            with_hinted: also those that were handed out less than a minute ago.
        """
        hopeless = {"last_error": sa.func.coalesce(outbox.c.last_error, claims.WORKER_DIED)}
        with self._db.write() as connection:
            now = self._db.now(connection)
            claims.quarantine_hopeless(connection, outbox, now, hopeless)
            of = (outbox.c.watch, outbox.c.channel)
            number = sa.func.row_number().over(
                partition_by=of, order_by=(outbox.c.failures, outbox.c.id)
            )
            query = (
                sa.select(outbox.c.id, outbox.c.tries, *of, number.label("number"))
                .select_from(with_channel(outbox))
                .where(claims.is_ready(outbox, now), is_open(now))
            )
            if not with_hinted:
                query = query.where(claims.is_not_hinted(outbox, now))
            due = query.subquery()
            rows = connection.execute(
                sa.select(due).where(due.c.number <= batch).order_by(due.c.number)
            ).all()
            if rows:
                connection.execute(
                    outbox.update()
                    .where(outbox.c.id.in_([row.id for row in rows]))
                    .values(hinted_at=now)
                )
        batches: dict[Any, Batch] = {}
        for row in rows:
            alone = row.id if row.tries else None
            batches.setdefault((row.watch, row.channel, alone), []).append(row.id)
        return list(batches.values())

    def claim(self, ids: Iterable[int]) -> list[Delivery]:
        """Claim those of the messages that are due and whose channel may be used now."""
        with self._db.write() as connection:
            now = self._db.now(connection)
            open_ids = connection.execute(
                sa.select(outbox.c.id)
                .select_from(with_channel(outbox))
                .where(outbox.c.id.in_(sorted(set(ids))), is_open(now))
            ).scalars()
            claimed = [row.id for row in claims.claim(connection, outbox, open_ids, now)]
            if not claimed:
                return []
            rows = connection.execute(
                sa.select(outbox, channel.c.failures.label("channel_failures"))
                .select_from(with_channel(outbox))
                .where(outbox.c.id.in_(claimed))
                .order_by(outbox.c.failures, outbox.c.id)
            ).all()
            told = connection.execute(
                sa.select(notice.c.outbox_id, notice.c.match_id)
                .where(notice.c.outbox_id.in_(claimed))
                .order_by(notice.c.id)
            ).all()
        matches: dict[int, list[int]] = {}
        for one in told:
            matches.setdefault(one.outbox_id, []).append(one.match_id)
        return [
            Delivery(
                id=row.id,
                token=row.token,
                tries=row.tries,
                failures=row.failures,
                key=row.key,
                watch=row.watch,
                channel=row.channel,
                match_ids=tuple(matches.get(row.id, (row.match_id,))),
                created_at=row.created_at,
                claimed_at=now,
                channel_failures=row.channel_failures or 0,
            )
            for row in rows
        ]

    def release(self, deliveries: Iterable[Delivery]) -> None:
        """Give messages back that were claimed but not sent."""
        held = {delivery.id: delivery.token for delivery in deliveries}
        with self._db.write() as connection:
            claims.release(connection, outbox, held, self._db.now(connection))

    def sent(self, delivery: Delivery, made: Attempt) -> bool:
        """Mark a message as sent; False if its lease was lost (it may go out once more)."""
        with self._db.write() as connection:
            now = self._db.now(connection)
            self._log(connection, delivery, made, now)
            connection.execute(
                channel.update()
                .where(*_is_of(delivery), channel.c.state == states.ACTIVE)
                .values(failures=0, reason=None, last_sent_at=now)
            )
            values = {"sent_at": now, "tries": 0, "last_error": None}
            update = claims.finishing(states.move(outbox, states.DONE))
            return claims.finish(connection, update, delivery.id, delivery.token, values)

    def failed(self, delivery: Delivery, made: Attempt, after: AfterFailure) -> bool:
        """Note a failed attempt: the message is due again later, or waits for a person."""
        with self._db.write() as connection:
            now = self._db.now(connection)
            self._log(connection, delivery, made, now)
            self._rest(connection, delivery, made, after, now)
            move = states.move(
                outbox, states.QUARANTINED if after.is_given_up else states.PENDING
            ).values(failures=outbox.c.failures + 1)
            values = {
                "due_at": now + timedelta(seconds=after.retry_in_s),
                "tries": 0,
                "last_error": made.detail or str(made.outcome),
            }
            update = claims.finishing(move)
            return claims.finish(connection, update, delivery.id, delivery.token, values)

    def _log(
        self, connection: sa.Connection, delivery: Delivery, made: Attempt, now: datetime
    ) -> None:
        log_attempt(
            connection, (delivery.watch, delivery.channel), made, now,
            outbox_id=delivery.id, matches=len(delivery.match_ids),
        )  # fmt: skip

    def _rest(
        self, connection: sa.Connection, delivery: Delivery, made: Attempt, after: AfterFailure,
        now: datetime,
    ) -> None:  # fmt: skip
        """Let the channel rest; of two workers that saw it fail at the same time, one counts."""
        if not after.channel_rests_s:
            return
        is_first = sa.or_(
            channel.c.last_failed_at.is_(None), channel.c.last_failed_at <= delivery.claimed_at
        )
        update = states.move(channel, states.OFF) if after.switched_off else channel.update()
        connection.execute(
            update.where(*_is_of(delivery), is_first).values(
                reason=after.switched_off or made.detail or str(made.outcome),
                failures=channel.c.failures + 1,
                due_at=now + timedelta(seconds=after.channel_rests_s),
                last_failed_at=now,
            )
        )

    def oldest_due_age_s(self) -> float | None:
        """For how many seconds the oldest notice or message waits that could be sent now."""
        with self._db.read() as connection:
            now = self._db.now(connection)
            oldest = [
                connection.execute(
                    sa.select(sa.func.min(table.c.due_at))
                    .select_from(with_channel(table))
                    .where(claims.is_ready(table, now), is_open(now))
                ).scalar()
                for table in (outbox, notice)
            ]
        return claims.age_s(min((at for at in oldest if at), default=None), now)

    def last_sent_age_s(self) -> float | None:
        """How many seconds ago something was told last; None if nothing ever was."""
        with self._db.read() as connection:
            latest = connection.execute(sa.select(sa.func.max(outbox.c.sent_at))).scalar()
            return claims.age_s(latest, self._db.now(connection))

    def counts(self) -> dict[str, int]:
        """How many messages are in each state."""
        with self._db.read() as connection:
            return counts_of(
                connection, sa.select(outbox.c.state, sa.func.count()).group_by(outbox.c.state)
            )


def _is_of(delivery: Delivery) -> tuple[sa.ColumnElement[bool], ...]:
    return channel.c.watch == delivery.watch, channel.c.name == delivery.channel
