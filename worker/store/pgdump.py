"""Backups of PostgreSQL, by its own programs: pg_dump, pg_restore and psql."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import IO

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
    psql = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=" + os.devnull)
    # through a pipe: as a file the script would be several times the size of the dump
    with _started("psql", url, *psql, stdin=subprocess.PIPE) as into:
        assert into.stdin is not None  # noqa: S101 - for the type checker: PIPE was asked
        with contextlib.suppress(BrokenPipeError):  # it has given up, and says why
            into.stdin.write(f"BEGIN;\n{_PREPARE}{drops}")
            into.stdin.flush()
        source = _started(
            "pg_restore", None, "--no-owner", "--no-acl", "--file=-", str(file), stdout=into.stdin
        )
        _, said = source.communicate()
        # without this line psql's end takes all of it back
        last = "" if source.returncode else "COMMIT;\n"
        with contextlib.suppress(BrokenPipeError):
            _, told = into.communicate(last)
    # either may have failed of the other
    problems = [_problem(into.returncode, told, url), _problem(source.returncode, said, None)]
    if any(problems):
        raise StoreError(f"psql and pg_restore failed: {'; '.join(filter(None, problems))}")


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
    done = _started(program, url, *args, stdout=subprocess.PIPE)
    told, said = done.communicate()
    return told, _problem(done.returncode, said, url)


def _started(
    program: str,
    url: URL | None,
    *args: str,
    stdin: int | None = None,
    stdout: int | IO[str] | None = None,
) -> subprocess.Popen[str]:
    """Start one of PostgreSQL's programs.

    Raises:
        StoreError: it is not installed.
    """
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
    return subprocess.Popen(  # noqa: S603 - PostgreSQL's own program, no shell
        [path, *args],
        env=environment,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )


def _problem(status: int | None, said: str, url: URL | None) -> str:
    """The line of a program's messages that says why it failed; empty if it did not."""
    if not status:
        return ""
    lines = [line for line in said.strip().splitlines() if line]
    problem = next((line for line in lines if "error" in line.lower()), (lines or ["?"])[0])
    return problem.replace(str(url.password), "***") if url and url.password else problem
