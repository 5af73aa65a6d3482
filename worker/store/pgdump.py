"""Backups of PostgreSQL, by its own programs: pg_dump, pg_restore and psql."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL

from worker.errors import InputError, StoreError
from worker.store.schema import metadata

MAGIC = b"PGDMP"
"""How a dump in PostgreSQL's custom format begins."""

_TABLES = (*sorted(metadata.tables), "alembic_version")
_PREPARE = "SET lock_timeout = '10s';\nSET client_min_messages = warning;\n"


def schema_of(connection: sa.Connection) -> str:
    """The schema in which the tables are."""
    schema: str = connection.execute(sa.select(sa.func.current_schema())).scalar_one()
    return schema


def dump(url: URL, schema: str, file: Path) -> None:
    """Write one moment of the tables to a file, and read it back.

    Raises:
        StoreError: pg_dump is missing or refused.
    """
    only = [f"--table={_name(schema, table)}" for table in _TABLES]
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-acl", f"--file={file}", *only)
    verify(file)


def verify(file: Path) -> None:
    """Make sure that a dump can be read to its end.

    Raises:
        InputError: it cannot.
        StoreError: pg_restore is missing.
    """
    for asked in (f"--file={os.devnull}", "--list"):
        told, problem = _outcome("pg_restore", None, asked, str(file))
        if problem:
            raise InputError(str(file), f"is damaged: {problem}")
    if " alembic_version " not in told:
        raise InputError(str(file), "is a dump of something else than seedwatch")


def restore(url: URL, schema: str, file: Path) -> None:
    """Put the tables of a dump into the place of those that are there, in one transaction.

    Raises:
        StoreError: a program is missing or refused; then nothing has changed.
    """
    drops = "".join(f"DROP TABLE IF EXISTS {_name(schema, table)} CASCADE;\n" for table in _TABLES)
    with tempfile.TemporaryDirectory() as folder:
        first, script = Path(folder) / "drop.sql", Path(folder) / "tables.sql"
        first.write_text(_PREPARE + drops, "utf-8")
        _run("pg_restore", None, "--no-owner", "--no-acl", f"--file={script}", str(file))
        _run(
            "psql",
            url,
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            "--output=" + os.devnull,
            f"--file={first}",
            f"--file={script}",
        )


def _name(schema: str, table: str) -> str:
    return '"{}"."{}"'.format(schema.replace('"', '""'), table)


def _run(program: str, url: URL | None, *args: str) -> str:
    """Return what a program told.

    Raises:
        StoreError: it is missing or failed.
    """
    told, problem = _outcome(program, url, *args)
    if problem:
        raise StoreError(f"{program} failed: {problem}")
    return told


def _outcome(program: str, url: URL | None, *args: str) -> tuple[str, str]:
    """Return what a program told, and how it failed; empty if it did not."""
    path = shutil.which(program)
    if path is None:
        raise StoreError(
            f"{program} is not installed, and PostgreSQL is backed up and restored by it; install "
            "PostgreSQL's client (Debian: apt-get install postgresql-client), or run pg_dump where "
            "it is: docs/operations.md"
        )
    environment = {**os.environ, "LC_ALL": "C"}
    if url is not None:  # the password goes by the environment: arguments are seen by everybody
        if url.password:
            environment["PGPASSWORD"] = str(url.password)
        address = URL.create(
            "postgresql", url.username, None, url.host, url.port, url.database, url.query
        )
        args = (f"--dbname={address.render_as_string(hide_password=False)}", *args)
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, no shell
        [path, *args], env=environment, capture_output=True, text=True, check=False
    )
    if not done.returncode:
        return done.stdout, ""
    lines = [line for line in done.stderr.strip().splitlines() if line]
    problem = next((line for line in lines if "error" in line.lower()), (lines or ["?"])[0])
    if url is not None and url.password:
        problem = problem.replace(str(url.password), "***")
    return done.stdout, problem
