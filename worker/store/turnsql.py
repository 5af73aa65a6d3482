"""The statements of turns and places at hosts, built once: see `worker.store.engine`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from worker.store.engine import Database
from worker.store.schema import host_place, host_turn

NEXT_AT = sa.select(host_turn.c.next_at_s).where(host_turn.c.host == sa.bindparam("of"))
_ARE_MINE = host_place.c.token.in_(sa.bindparam("tokens", expanding=True))
LOCK = (
    sa.select(host_place.c.host)
    .where(_ARE_MINE)
    .order_by(host_place.c.host, host_place.c.number)
    .with_for_update()
)
LEAVE = host_place.delete().where(_ARE_MINE)
RENEW = host_place.update().where(_ARE_MINE)


class Statements:
    """Those that differ from database to database."""

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
