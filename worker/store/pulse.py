"""Signs of life: when beat and sweep last did their work, and the lease that keeps two from it."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from worker.store.engine import Database
from worker.store.schema import pulse


class PulseStore:
    """Named times in the database, on its own clock."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def take(self, name: str, owner: str, for_s: float) -> bool:
        """Take a named lease, unless another owner took it less than `for_s` seconds ago.

        Two beats then do one beat's work. The time it was taken is also the sign of life.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            inserted = connection.execute(
                self._db.insert_new(pulse)
                .values(name=name, at=now, owner=owner)
                .returning(pulse.c.name)
            )
            if inserted.first() is not None:
                return True
            taken = connection.execute(
                pulse.update()
                .where(pulse.c.name == name, pulse.c.at <= now - timedelta(seconds=for_s))
                .values(at=now, owner=owner)
            )
            return bool(taken.rowcount)

    def ages_s(self) -> dict[str, float]:
        """Seconds since each sign of life, by name."""
        with self._db.read() as connection:
            now: datetime = self._db.now(connection)
            rows = connection.execute(sa.select(pulse.c.name, pulse.c.at)).all()
        return {row.name: (now - row.at).total_seconds() for row in rows}
