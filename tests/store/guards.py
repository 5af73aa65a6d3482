"""Triggers that let a database itself refuse any move of a state that `states.LEGAL` lacks."""

from __future__ import annotations

from worker.store.states import LEGAL, START, UNREVIEWED
from worker.store.store import Store

_PG_REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'illegal move: %', TG_NAME; END $$
"""


def guard_states(store: Store) -> None:
    """Make every illegal move of a state in this database an error."""
    is_sqlite = store.database.is_sqlite
    with store.database.write() as connection:
        if not is_sqlite:
            connection.exec_driver_sql(_PG_REFUSE.replace("%", "%%"))
        for table, moves in LEGAL.items():
            column = "verdict" if table == "match" else "state"
            of = {
                row: f"coalesce({row}.{column}, '{UNREVIEWED}')" if table == "match" else
                f"{row}.{column}" for row in ("OLD", "NEW")
            }  # fmt: skip
            begins = ", ".join(f"'{state}'" for state in sorted(moves[START]))
            illegal = [
                f"({of['OLD']} = '{state}' AND {of['NEW']} NOT IN ("
                + ", ".join(f"'{one}'" for one in sorted({state, *following}))
                + "))"
                for state, following in moves.items()
                if state != START
            ]
            for event, when in (
                ("INSERT", f"{of['NEW']} NOT IN ({begins})"),
                (f"UPDATE OF {column}", " OR ".join(illegal)),
            ):
                name = f"guard_{table}_{event.split()[0].lower()}"
                head = f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({when})"
                if is_sqlite:
                    act = f"BEGIN SELECT RAISE(ABORT, 'illegal move: {name}'); END"
                else:
                    act = "EXECUTE FUNCTION refuse()"
                connection.exec_driver_sql(f"{head} {act}")
