"""Alembic, run from inside the program: no ini file, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from worker.errors import SchemaError
from worker.store.engine import Database

_MIGRATIONS = Path(__file__).parent / "migrations"
_HEAD = "0019"
_ADVISORY_LOCK = 0x5EED


def head_revision() -> str:
    """The newest revision; written down so that asking does not cost Alembic's import."""
    return _HEAD


def upgrade(database: Database) -> None:
    """Run all migrations that the database lacks, in one transaction.

    Two programs that start at once are kept apart: by SQLite's write lock, and by an advisory
    lock in PostgreSQL.

    Raises:
        SchemaError: the database has a revision that this version does not know.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise SchemaError(
                f"{database.url}: made by a newer version of seedwatch ({error}); "
                "run that version, or restore a backup"
            ) from error
