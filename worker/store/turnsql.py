"""The statements of turns and places at hosts, built once: see `worker.store.engine`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.store.engine import Database
from worker.store.schema import host_place, host_turn

NEXT_AT = sa.select(host_turn.c.next_at_s).where(host_turn.c.host == sa.bindparam("of"))
_NOW_S, _DELAY_S, _LATEST_S, _UNTIL_S = (
    sa.bindparam(name, type_=sa.Float) for name in ("now_s", "delay_s", "latest_s", "until_s")
)
_NUMBER = sa.bindparam("number", type_=sa.Integer)


class Statements:
    """Those that differ from database to database.

    Attributes:
        enter: one place at a host. take: a host's turn. enter_several: places and turns of several
            hosts at once, for PostgreSQL. pause: leaves a host alone.
        leave: gives places back. renew: holds them for longer. Both lock them in the order in
            which they are entered: nobody waits for who waits for them.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        host, token = (sa.bindparam(name, type_=sa.String) for name in ("host", "token"))
        values = {"host": host, "number": _NUMBER, "token": token, "until_s": _UNTIL_S}
        self.enter = self._entering(database.insert(host_place).values(values)).returning(
            host_place.c.number
        )
        turn = {"host": host, "next_at_s": _NOW_S + _DELAY_S}
        self.take = self._taking(database.insert(host_turn).values(turn)).returning(
            host_turn.c.next_at_s
        )
        self.enter_several = self._entering_several()
        self.pause = (
            database.insert(host_turn)
            .values(host=host, next_at_s=_UNTIL_S)
            .on_conflict_do_update(
                index_elements=[host_turn.c.host],
                set_={"next_at_s": _later(host_turn.c.next_at_s, _UNTIL_S)},
            )
        )
        are_mine = host_place.c.token.in_(sa.bindparam("tokens", expanding=True))
        if not database.is_sqlite:  # it has one writer
            locked = sa.select(host_place.c.token).where(are_mine).with_for_update()
            ordered = locked.order_by(host_place.c.host, host_place.c.number)
            are_mine = host_place.c.token.in_(sa.select(ordered.cte("locked").c.token))
        self.leave = host_place.delete().where(are_mine)
        self.renew = host_place.update().where(are_mine)

    def _entering(self, insert: Any) -> Any:
        """A place that has been held before is taken if it is held no more."""
        return insert.on_conflict_do_update(
            index_elements=[host_place.c.host, host_place.c.number],
            set_={"token": insert.excluded.token, "until_s": insert.excluded.until_s},
            where=host_place.c.until_s <= _NOW_S,
        )

    def _taking(self, insert: Any) -> Any:
        """A host that has been asked before is asked again after its delay."""
        return insert.on_conflict_do_update(
            index_elements=[host_turn.c.host],
            set_={"next_at_s": _later(host_turn.c.next_at_s, _NOW_S) + _DELAY_S},
            where=host_turn.c.next_at_s <= _LATEST_S,
        )

    def _entering_several(self) -> sa.Select[Any]:
        """Of `hosts` and `tokens` those that got a place: (token, the turn after theirs).

        None where theirs is too far off. Places are taken before turns and both in one order, so
        that no two who ask wait for each other.
        """
        columns = [sa.column(name, sa.String) for name in ("host", "token")]
        given = [sa.bindparam(name, type_=sa.ARRAY(sa.String)) for name in ("hosts", "tokens")]
        asked = sa.func.unnest(*given).table_valued(*columns, name="asked").render_derived()
        places = sa.select(asked.c.host, _NUMBER, asked.c.token, _UNTIL_S).order_by(asked.c.host)
        inserted = self._db.insert(host_place).from_select(
            ["host", "number", "token", "until_s"], places
        )
        entered = (
            self._entering(inserted).returning(host_place.c.host, host_place.c.token).cte("entered")
        )
        turns = sa.select(entered.c.host, _NOW_S + _DELAY_S).order_by(entered.c.host)
        inserted = self._db.insert(host_turn).from_select(["host", "next_at_s"], turns)
        taken = self._taking(inserted).returning(host_turn).cte("taken")
        return sa.select(entered.c.token, taken.c.next_at_s).select_from(
            entered.outerjoin(taken, entered.c.host == taken.c.host)
        )


def _later(one: sa.ColumnElement[Any], other_s: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.case((one > other_s, one), else_=other_s)
