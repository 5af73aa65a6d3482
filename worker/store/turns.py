"""Turns at hosts, given to all workers by the one store they share."""

from __future__ import annotations

import logging
import secrets
import threading
import time
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


class TurnStore:
    """When each host may be asked next; what `worker.fetch.politeness.Turns` asks for.

    A turn is one statement, so that two workers never get the same one. Times are seconds since
    1970 on the database's own clock: the workers' clocks need not agree. A place is renewed while
    its process lives, by a thread that is there while there are any.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self._held: set[str] = set()
        self._lock = threading.Lock()
        self._renewing: threading.Thread | None = None

    def enter(self, host: str, most: int) -> str | None:
        """Take one of a host's places, of which all workers together have `most`.

        Returns:
            What `leave` wants, or None if all are taken.
        """
        token = secrets.token_hex(8)
        with self._db.write() as connection:
            now_s = self._db.now(connection).timestamp()
            values = {"token": token, "until_s": now_s + _PLACE_S}
            for number in range(most):
                taken = connection.execute(
                    self._db.insert(host_place)
                    .values(host=host[:_MAX_HOST_CHARS], number=number, **values)
                    .on_conflict_do_update(
                        index_elements=[host_place.c.host, host_place.c.number],
                        set_=values,
                        where=host_place.c.until_s <= now_s,
                    )
                    .returning(host_place.c.number)
                ).scalar()
                if taken is not None:
                    break
            else:
                return None
        self._hold(token)
        return token

    def leave(self, host: str, place: str) -> None:
        """Give a place back; one that could not be renewed may be another's by now."""
        with self._lock:
            self._held.discard(place)
        with self._db.write() as connection:
            connection.execute(
                host_place.delete().where(
                    host_place.c.host == host[:_MAX_HOST_CHARS], host_place.c.token == place
                )
            )

    def renew(self) -> None:
        """Hold the places of this process for longer.

        Raises:
            StoreError: the database cannot be reached.
        """
        with self._lock:
            held = list(self._held)
        mine = host_place.c.token.in_(held)
        # in the order in which `enter` looks at them, so that the two never wait for each other
        in_order = sa.select(host_place.c.host).where(mine).order_by(
            host_place.c.host, host_place.c.number
        )  # fmt: skip
        with self._db.write() as connection:
            connection.execute(in_order.with_for_update()).all()
            until_s = self._db.now(connection).timestamp() + _PLACE_S
            connection.execute(host_place.update().where(mine).values(until_s=until_s))

    def close(self) -> None:
        """Renew no place any more: whoever still has one has ended."""
        with self._lock:
            self._held.clear()

    def _hold(self, place: str) -> None:
        with self._lock:
            self._held.add(place)
            if self._renewing is None or not self._renewing.is_alive():  # it is not after a fork
                self._renewing = threading.Thread(target=self._renew, name="places", daemon=True)
                self._renewing.start()

    def _renew(self) -> None:
        while True:
            time.sleep(_RENEW_EVERY_S)
            with self._lock:
                if not self._held:
                    self._renewing = None
                    return
            try:
                self.renew()
            except StoreError as error:
                log.warning("places at hosts could not be renewed: %s", error)

    def take(self, host: str, delay_s: float, max_wait_s: float) -> float:
        """Take the host's next turn, and leave it alone for `delay_s` seconds after that.

        Returns:
            Seconds until the turn; if they are more than `max_wait_s`, it was not taken.

        Raises:
            StoreError: the database cannot be reached.
        """
        with self._db.write() as connection:
            now_s = self._db.now(connection).timestamp()
            turn_at_s = _later(host_turn.c.next_at_s, now_s)
            following = connection.execute(
                self._db.insert(host_turn)
                .values(host=host[:_MAX_HOST_CHARS], next_at_s=now_s + delay_s)
                .on_conflict_do_update(
                    index_elements=[host_turn.c.host],
                    set_={"next_at_s": turn_at_s + delay_s},
                    where=host_turn.c.next_at_s <= now_s + max_wait_s,
                )
                .returning(host_turn.c.next_at_s)
            ).scalar()
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
                self._db.insert(host_turn)
                .values(host=host[:_MAX_HOST_CHARS], next_at_s=until_s)
                .on_conflict_do_update(
                    index_elements=[host_turn.c.host],
                    set_={"next_at_s": _later(host_turn.c.next_at_s, until_s)},
                )
            )

    def forget(self) -> None:
        """Drop the hosts that may have been asked for a day: they are as good as new."""
        with self._db.write() as connection:
            a_day_ago_s = self._db.now(connection).timestamp() - 86_400
            connection.execute(host_turn.delete().where(host_turn.c.next_at_s < a_day_ago_s))
            connection.execute(host_place.delete().where(host_place.c.until_s < a_day_ago_s))

    def _next_at_s(self, connection: sa.Connection, host: str, default_s: float) -> float:
        found = connection.execute(
            sa.select(host_turn.c.next_at_s).where(host_turn.c.host == host[:_MAX_HOST_CHARS])
        ).scalar()
        return default_s if found is None else float(found)


def _later(one: sa.ColumnElement[Any], other_s: float) -> sa.ColumnElement[Any]:
    return sa.case((one > other_s, one), else_=other_s)
