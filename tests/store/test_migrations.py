"""A store of any earlier version comes to this one with all that it held, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from worker.records import MatchFilter
from worker.store import migrate, states
from worker.store.engine import Database
from worker.store.store import Store

FOLDER = Path(migrate.__file__).parent / "migrations"
MOMENT = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
LEGAL_TEXTS = {
    ("feed", "state"): states.ACTIVE, ("article", "state"): states.DONE,
    ("outbox", "state"): states.QUARANTINED, ("article", "text_source"): "page",
    ("article", "outcome"): "matched", ("match", "relation"): "copy",
    ("review", "relation"): "copy", ("review", "verdict"): "relevant",
    ("match", "verdict"): "relevant", ("feed", "origin"): "user",
    ("match", "kind"): "copy", ("story_member", "base_kind"): "copy",
    ("notice", "state"): states.DONE, ("feed", "fetch"): "triage", ("channel", "state"): states.OFF,
    ("feed", "told_by"): "address",
}  # fmt: skip
DROPPED = {("outbox", "options")}
"""Columns that went: a channel's settings are read from its watch's file."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


REVISIONS = [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]
EARLIER = sorted(REVISIONS)[:-1]


def test_the_newest_revision_is_the_one_that_is_written_down() -> None:
    assert migrate.head_revision() == max(REVISIONS)
    assert len(REVISIONS) == len(list((FOLDER / "versions").glob("v*.py")))


def at_revision(database: Database, revision: str) -> None:
    config = _config()
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def tables_of(connection: sa.Connection) -> list[sa.Table]:
    """The tables with data in them, in the order of their foreign keys."""
    found = sa.MetaData()
    names = [
        name
        for name in sa.inspect(connection).get_table_names()
        if name != "alembic_version" and not name.startswith("search_index")
    ]
    found.reflect(connection, only=names)
    return found.sorted_tables


def value_of(table: sa.Table, column: sa.Column[Any], row: int, is_sqlite: bool) -> Any:
    """Something that fits a column, another one in each row; what it refers to is there."""
    if column.foreign_keys:
        (key,) = column.foreign_keys
        is_own = key.column.table is table
        return (None if row == 1 else 1) if is_own else row
    kind = column.type
    by_kind: dict[type, Any] = {
        sa.Boolean: row % 2 == 0,
        sa.LargeBinary: bytes([row]),
        sa.Date: MOMENT.date(),
        sa.DateTime: MOMENT.replace(tzinfo=None) if is_sqlite else MOMENT,
        sa.Float: row / 4,
        sa.Integer: row,
        sa.JSON: {"2026-03-01": row} if column.name == "entry_days" else [],
    }
    for one, value in by_kind.items():
        if isinstance(kind, one):
            return value
    if (table.name, column.name) in LEGAL_TEXTS:
        return LEGAL_TEXTS[table.name, column.name]
    text = f"{table.name} {column.name} {row} Tiếng Việt 海藻"
    return text[: kind.length] if isinstance(kind, sa.String) and kind.length else text


def rows_of(connection: sa.Connection, tables: list[sa.Table]) -> dict[str, list[dict[str, Any]]]:
    return {
        table.name: sorted(
            (dict(row) for row in connection.execute(sa.select(table)).mappings()), key=repr
        )
        for table in tables
    }


@pytest.fixture
def filled(store_url: str, request: pytest.FixtureRequest) -> tuple[Database, dict[str, Any]]:
    """A database of an earlier version with three rows in each of its tables."""
    database = Database(store_url)
    at_revision(database, request.param)
    with database.write() as connection:
        tables = tables_of(connection)
        assert {"feed", "article", "match", "review", "outbox"} <= {table.name for table in tables}
        for table in tables:
            for row in (1, 2, 3):
                values = {
                    column.name: value_of(table, column, row, database.is_sqlite)
                    for column in table.columns
                }
                connection.execute(table.insert().values(**values))
        return database, rows_of(connection, tables)


@pytest.mark.parametrize("filled", EARLIER, indirect=True)
def test_a_store_of_an_earlier_version_keeps_all_it_held(
    filled: tuple[Database, dict[str, Any]], store_url: str
) -> None:
    database, before = filled
    database.dispose()
    store = Store(store_url)
    store.migrate()
    store.check()
    with store.database.read() as connection:
        after = rows_of(connection, tables_of(connection))
    for table, rows in before.items():
        kept = set(rows[0]) & set(after[table][0])
        lost = {(table, name) for name in set(rows[0]) - kept}
        assert lost <= DROPPED, f"{table} has lost columns"
        before_rows = [{name: row[name] for name in sorted(kept)} for row in rows]
        after_rows = [{name: row[name] for name in sorted(kept)} for row in after[table]]
        assert sorted(after_rows, key=repr) == sorted(before_rows, key=repr), table
    # and it is worked with: what is listed, searched, given up, due
    assert len(list(store.matches.rows(MatchFilter(with_unrelated=True)))) == 3
    assert len(store.feeds.rows()) == 3
    assert len(store.quarantine.rows()) == 3
    assert store.reviews.history(1)
    assert store.matches.counts() == {"copy": 3}
    (ids,) = store.feeds.hint_due(with_hinted=True)[:1]
    assert store.feeds.claim(ids)
    store.close()
