"""The outbox: what is to be told, written with the match and delivered at least once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from worker.records import Delivery
from worker.store import claims, states
from worker.store.engine import Database, counts_of
from worker.store.schema import outbox


class OutboxStore:
    """What the deliver step asks of the outbox."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def hint_due(
        self, limit: int = 200, batch: int = 25, *, with_hinted: bool = False
    ) -> list[list[int]]:
        """Batches of ids of due deliveries; see `claims.due_batches`."""
        hopeless = {"last_error": sa.func.coalesce(outbox.c.last_error, claims.WORKER_DIED)}
        with self._db.write() as connection:
            now = self._db.now(connection)
            claims.quarantine_hopeless(connection, outbox, now, hopeless)
            return claims.due_batches(
                connection, outbox, now, limit=limit, batch=batch, with_hinted=with_hinted
            )

    def claim(self, ids: Iterable[int]) -> list[Delivery]:
        """Claim those of the deliveries that are due, for the length of a lease."""
        with self._db.write() as connection:
            tokens = claims.claim(connection, outbox, ids, self._db.now(connection))
            if not tokens:
                return []
            rows = connection.execute(
                sa.select(outbox).where(outbox.c.id.in_(tokens)).order_by(outbox.c.id)
            ).all()
        return [
            Delivery(
                id=row.id,
                token=row.token,
                tries=row.tries,
                key=row.key,
                channel=row.channel,
                options=row.options,
                match_id=row.match_id,
            )
            for row in rows
        ]

    def sent(self, delivery: Delivery) -> bool:
        """Mark a delivery as made; False if its lease was lost (it may go out once more)."""
        with self._db.write() as connection:
            now = self._db.now(connection)
            return claims.finish(
                connection, outbox, delivery.id, delivery.token,
                {"sent_at": now, "tries": 0, "last_error": None},
                states.move(outbox, states.DONE),
            )  # fmt: skip

    def failed(self, delivery: Delivery, error: str, retry_at: datetime) -> bool:
        """Note a failed delivery: due again later, or quarantined after the last try."""
        is_last = delivery.tries >= claims.MAX_TRIES
        with self._db.write() as connection:
            return claims.finish(
                connection, outbox, delivery.id, delivery.token,
                {"due_at": retry_at, "last_error": error},
                states.move(outbox, states.QUARANTINED if is_last else states.PENDING),
            )  # fmt: skip

    def oldest_due_age_s(self) -> float | None:
        """For how many seconds the oldest due delivery waits; None if none is due."""
        with self._db.read() as connection:
            return claims.oldest_due_age_s(connection, outbox, self._db.now(connection))

    def last_sent_age_s(self) -> float | None:
        """How many seconds ago something was told last; None if nothing ever was."""
        with self._db.read() as connection:
            latest = connection.execute(sa.select(sa.func.max(outbox.c.sent_at))).scalar()
            return claims.age_s(latest, self._db.now(connection))

    def counts(self) -> dict[str, int]:
        """How many deliveries are in each state."""
        with self._db.read() as connection:
            return counts_of(
                connection, sa.select(outbox.c.state, sa.func.count()).group_by(outbox.c.state)
            )
