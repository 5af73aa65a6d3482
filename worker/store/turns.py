"""Turns at hosts, given to all workers by the one store they share."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from worker.errors import StoreError
from worker.store.engine import Database
from worker.store.schema import host_place, host_turn

log = logging.getLogger(__name__)

_MAX_HOST_CHARS: Final = 300
_PLACE_S: Final = 20.0
"""For so long a place is held without being renewed: who died gives none back."""
_RENEW_EVERY_S: Final = 5.0
"""Three times in a row the store may be out of reach before a place is lost."""
_GIVE_BACK_AFTER_S: Final = 0.2
"""So long a place that was left stays out of the others' reach, until several go back at once."""
_END_PATIENCE_S: Final = 5.0
"""Who closes waits no longer for the thread that is giving places back."""


class TurnStore:
    """When each host may be asked next; what `worker.fetch.politeness.Turns` asks for.

    A turn is one statement, so that two workers never get the same one. Times are seconds since
    1970 on the database's own clock: the workers' clocks need not agree. A thread that is there
    while there are any places renews them, and gives back those that were left, several at once.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self._statements = _Statements(database)
        self._held: set[str] = set()
        self._left: dict[str, str] = {}
        self._changed = threading.Condition()
        self._keeper: threading.Thread | None = None

    def enter(
        self, host: str, most: int, delay_s: float, max_wait_s: float
    ) -> tuple[str, float] | None:
        """Take one of a host's places, of which all workers have `most`, and its next turn.

        Args:
            host: as `host_key` gives it.
            most: how many places it has.
            delay_s: see `take`.
            max_wait_s: see `take`.

        Returns:
            What `leave` wants and what `take` returns, or None if all places are taken.

        Raises:
            StoreError: the database cannot be reached.
        """
        host = host[:_MAX_HOST_CHARS]
        with self._changed:
            is_left = host in self._left.values()
        if is_left:
            self.give_back()
        token = secrets.token_hex(8)
        with self._db.write() as connection:
            now_s = self._db.now(connection).timestamp()
            place = {"host": host, "token": token, "until_s": now_s + _PLACE_S, "now_s": now_s}
            for number in range(most):
                taken = connection.execute(self._statements.enter, {**place, "number": number})
                if taken.scalar() is not None:
                    break
            else:
                return None
            wait_s = self._take(connection, host, delay_s, max_wait_s, now_s)
        self._hold(token)
        return token, wait_s

    def leave(self, host: str, place: str) -> None:
        """Give a place back, soon; one that could not be renewed may be another's by now."""
        with self._changed:
            self._held.discard(place)
            self._left[place] = host[:_MAX_HOST_CHARS]
            self._keep()

    def give_back(self) -> None:
        """Give back at once what was left; if that fails, others have it when its time is up.

        Raises:
            StoreError: the database cannot be reached.
        """
        with self._changed:
            left, self._left = list(self._left), {}
        if left:
            with self._db.write() as connection:
                self._lock(connection, left)
                connection.execute(_LEAVE, {"tokens": left})

    def renew(self) -> None:
        """Hold the places of this process for longer.

        Raises:
            StoreError: the database cannot be reached.
        """
        with self._changed:
            held = list(self._held)
        with self._db.write() as connection:
            self._lock(connection, held)
            until_s = self._db.now(connection).timestamp() + _PLACE_S
            connection.execute(_RENEW, {"tokens": held, "until_s": until_s})

    def _lock(self, connection: sa.Connection, places: Sequence[str]) -> None:
        """Lock places in the order in which `enter` does: nobody waits for who waits for them."""
        if not self._db.is_sqlite:  # it has one writer
            connection.execute(_LOCK, {"tokens": places}).all()

    def close(self) -> None:
        """Renew no place any more, whoever still has one has ended; give back what was left."""
        with self._changed:
            self._held.clear()
            keeper, self._keeper = self._keeper, None
            self._changed.notify_all()
        if keeper is not None:
            keeper.join(_END_PATIENCE_S)
        try:
            self.give_back()
        except StoreError as error:
            log.warning("places at hosts could not be given back: %s", error)

    def _hold(self, place: str) -> None:
        with self._changed:
            self._held.add(place)
            self._keep()

    def _keep(self) -> None:
        """Have a thread for the places; the caller has the lock."""
        if self._keeper is None or not self._keeper.is_alive():  # it is not after a fork
            self._keeper = threading.Thread(target=self._keep_places, name="places", daemon=True)
            self._keeper.start()
        elif len(self._left) == 1:
            self._changed.notify_all()

    def _keep_places(self) -> None:
        renew_at = time.monotonic() + _RENEW_EVERY_S
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._left or self._is_over(), max(0.0, renew_at - time.monotonic())
                )
                if self._left:
                    self._changed.wait_for(self._is_over, _GIVE_BACK_AFTER_S)
                if self._is_over():
                    return
                is_due = time.monotonic() >= renew_at
                if is_due and not self._held and not self._left:
                    self._keeper = None
                    return
            try:
                self.give_back()
                if is_due:
                    renew_at = time.monotonic() + _RENEW_EVERY_S
                    self.renew()
            except StoreError as error:
                log.warning("places at hosts could not be kept: %s", error)

    def _is_over(self) -> bool:
        """Whether this thread no longer keeps the places."""
        return self._keeper is not threading.current_thread()

    def take(self, host: str, delay_s: float, max_wait_s: float) -> float:
        """Take the host's next turn, and leave it alone for `delay_s` seconds after that.

        Returns:
            Seconds until the turn; if they are more than `max_wait_s`, it was not taken.

        Raises:
            StoreError: the database cannot be reached.
        """
        with self._db.write() as connection:
            now_s = self._db.now(connection).timestamp()
            return self._take(connection, host[:_MAX_HOST_CHARS], delay_s, max_wait_s, now_s)

    def _take(
        self, connection: sa.Connection, host: str, delay_s: float, max_wait_s: float, now_s: float
    ) -> float:
        latest_s = now_s + max_wait_s
        values = {"host": host, "now_s": now_s, "delay_s": delay_s, "latest_s": latest_s}
        following = connection.execute(self._statements.take, values).scalar()
        if following is None:
            return self._next_at_s(connection, host, now_s) - now_s
        return max(0.0, float(following) - delay_s - now_s)

    def wait_s(self, host: str) -> float:
        """Return the seconds until the next turn; 0 if the host may be asked now."""
        with self._db.read() as connection:
            now_s = self._db.now(connection).timestamp()
            return max(0.0, self._next_at_s(connection, host, now_s) - now_s)

    def pause(self, host: str, pause_s: float) -> None:
        """Leave the host alone for some seconds from now, all workers."""
        with self._db.write() as connection:
            until_s = self._db.now(connection).timestamp() + pause_s
            connection.execute(
                self._statements.pause, {"host": host[:_MAX_HOST_CHARS], "until_s": until_s}
            )

    def forget(self) -> None:
        """Drop the hosts that may have been asked for a day: they are as good as new."""
        with self._db.write() as connection:
            a_day_ago_s = self._db.now(connection).timestamp() - 86_400
            # in the order of `enter`, so that the two never wait for each other
            connection.execute(host_place.delete().where(host_place.c.until_s < a_day_ago_s))
            connection.execute(host_turn.delete().where(host_turn.c.next_at_s < a_day_ago_s))

    def _next_at_s(self, connection: sa.Connection, host: str, default_s: float) -> float:
        found = connection.execute(_NEXT_AT, {"of": host[:_MAX_HOST_CHARS]}).scalar()
        return default_s if found is None else float(found)


_NEXT_AT = sa.select(host_turn.c.next_at_s).where(host_turn.c.host == sa.bindparam("of"))
_ARE_MINE = host_place.c.token.in_(sa.bindparam("tokens", expanding=True))
_LOCK = (
    sa.select(host_place.c.host)
    .where(_ARE_MINE)
    .order_by(host_place.c.host, host_place.c.number)
    .with_for_update()
)
_LEAVE = host_place.delete().where(_ARE_MINE)
_RENEW = host_place.update().where(_ARE_MINE)


class _Statements:
    """Built once, see `worker.store.engine`; those that differ from database to database."""

    def __init__(self, database: Database) -> None:
        given = {name: sa.bindparam(name, type_=sa.Float) for name in
                 ("now_s", "delay_s", "latest_s", "until_s")}  # fmt: skip
        insert = database.insert(host_place)
        self.enter = (
            insert.values(
                host=sa.bindparam("host"), number=sa.bindparam("number"),
                token=sa.bindparam("token"), until_s=given["until_s"],
            )
            .on_conflict_do_update(
                index_elements=[host_place.c.host, host_place.c.number],
                set_={"token": insert.excluded.token, "until_s": insert.excluded.until_s},
                where=host_place.c.until_s <= given["now_s"],
            )
            .returning(host_place.c.number)
        )  # fmt: skip
        self.take = (
            database.insert(host_turn)
            .values(host=sa.bindparam("host"), next_at_s=given["now_s"] + given["delay_s"])
            .on_conflict_do_update(
                index_elements=[host_turn.c.host],
                set_={
                    "next_at_s": _later(host_turn.c.next_at_s, given["now_s"]) + given["delay_s"]
                },
                where=host_turn.c.next_at_s <= given["latest_s"],
            )
            .returning(host_turn.c.next_at_s)
        )
        self.pause = (
            database.insert(host_turn)
            .values(host=sa.bindparam("host"), next_at_s=given["until_s"])
            .on_conflict_do_update(
                index_elements=[host_turn.c.host],
                set_={"next_at_s": _later(host_turn.c.next_at_s, given["until_s"])},
            )
        )


def _later(one: sa.ColumnElement[Any], other_s: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.case((one > other_s, one), else_=other_s)
