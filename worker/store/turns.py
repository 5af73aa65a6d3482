"""Turns at hosts, given to all workers by the one store they share."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa

from worker.errors import StoreError
from worker.store.engine import Database
from worker.store.schema import host_place, host_turn
from worker.store.turnsql import NEXT_AT, Statements

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


@dataclass(eq=False)
class _Asking:
    """Somebody who asks for a place and a turn.

    Attributes:
        wait_s: until the turn, in seconds, once there is a place. error: why that is not known.
    """

    host: str
    most: int
    delay_s: float
    max_wait_s: float
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    wait_s: float | None = None
    error: StoreError | None = None


class TurnStore:
    """When each host may be asked next; what `worker.fetch.politeness.Turns` asks for.

    A turn is one statement, so that two workers never get the same one. Times are seconds since
    1970 on the database's own clock: the workers' clocks need not agree. Threads that ask at the
    same time share a visit. A thread that is there while there are any places renews them,
    and gives back those that were left, several at once.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self._statements = Statements(database)
        self._held: set[str] = set()
        self._left: dict[str, str] = {}
        self._asked: list[_Asking] = []
        self._entering = threading.Lock()
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
        asking = _Asking(host[:_MAX_HOST_CHARS], most, delay_s, max_wait_s)
        with self._changed:
            self._asked.append(asking)
        with self._entering:  # who had to wait here was mostly asked for by who was before them
            if asking in self._asked:
                self._enter_all()
        if asking.error is not None:
            raise asking.error
        if asking.wait_s is None:
            return None
        return asking.token, asking.wait_s

    def _enter_all(self) -> None:
        """Ask for all who are waiting to ask."""
        with self._changed:
            asked, self._asked = self._asked, []
            hosts = {one.host for one in asked}
            is_left = not hosts.isdisjoint(self._left.values())
        try:
            if is_left:
                self.give_back()
            if self._db.is_sqlite:
                self._enter_each(asked)
            else:
                self._enter_several(asked)
        except StoreError as error:
            for one in asked:
                if one.wait_s is None:
                    one.error = error

    def _enter_each(self, asked: Sequence[_Asking]) -> None:
        """One after the other, in one transaction."""
        with self._db.write() as connection:
            now_s = self._db.now(connection).timestamp()
            entered = [one for one in asked if self._enter(connection, one, now_s)]
            waits_s = [
                self._take(connection, one.host, one.delay_s, one.max_wait_s, now_s)
                for one in entered
            ]
        for one, wait_s in zip(entered, waits_s, strict=True):
            self._hold(one, wait_s)

    def _enter(self, connection: sa.Connection, asking: _Asking, now_s: float) -> bool:
        place = {"host": asking.host, "token": asking.token,
                 "until_s": now_s + _PLACE_S, "now_s": now_s}  # fmt: skip
        return any(
            connection.execute(self._statements.enter, {**place, "number": number}).scalar()
            is not None
            for number in range(asking.most)
        )

    def _enter_several(self, asked: Sequence[_Asking]) -> None:
        """A statement for all that differ in their hosts alone, and for each number of a place.

        Each is a transaction of its own: whoever waits for one of its rows holds nothing else.
        """
        for number in range(max(one.most for one in asked)):
            alike: dict[tuple[float, float, int], list[_Asking]] = {}
            of_host: Counter[str] = Counter()
            for one in asked:
                if one.wait_s is None and number < one.most:
                    key = one.delay_s, one.max_wait_s, of_host[one.host]
                    of_host[one.host] += 1
                    alike.setdefault(key, []).append(one)
            for several in alike.values():
                self._enter_alike(several, number)

    def _enter_alike(self, asked: Sequence[_Asking], number: int) -> None:
        by_token = {one.token: one for one in asked}
        delay_s, max_wait_s = asked[0].delay_s, asked[0].max_wait_s
        with self._db.once() as connection:
            now_s = self._db.now(connection).timestamp()
            values = {
                "hosts": [one.host for one in asked], "tokens": list(by_token), "number": number,
                "now_s": now_s, "until_s": now_s + _PLACE_S,
                "delay_s": delay_s, "latest_s": now_s + max_wait_s,
            }  # fmt: skip
            entered = connection.execute(self._statements.enter_several, values).all()
            for token, following_s in entered:
                one = by_token[token]
                turn_s = (
                    self._next_at_s(connection, one.host, now_s)
                    if following_s is None
                    else following_s - delay_s
                )
                self._hold(one, max(0.0, turn_s - now_s))

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
            with self._db.once() as connection:
                connection.execute(self._statements.leave, {"tokens": left})

    def renew(self) -> None:
        """Hold the places of this process for longer.

        Raises:
            StoreError: the database cannot be reached.
        """
        with self._changed:
            held = list(self._held)
        with self._db.once() as connection:
            until_s = self._db.now(connection).timestamp() + _PLACE_S
            connection.execute(self._statements.renew, {"tokens": held, "until_s": until_s})

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

    def _hold(self, asking: _Asking, wait_s: float) -> None:
        with self._changed:
            self._held.add(asking.token)
            self._keep()
        asking.wait_s = wait_s

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
        found = connection.execute(NEXT_AT, {"of": host[:_MAX_HOST_CHARS]}).scalar()
        return default_s if found is None else float(found)
