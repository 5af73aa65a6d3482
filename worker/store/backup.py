"""A backup of the whole store in one file, made while everything runs, and its way back.

SQLite's own online backup copies one moment of the database; PostgreSQL's is made by its own
programs (`worker.store.pgdump`). Either is verified before anybody may rely on it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import sqlalchemy as sa

from worker.clock import utc_now
from worker.errors import DamagedError, InputError, StoreError
from worker.store import pgdump
from worker.store.engine import Database
from worker.store.migrate import head_revision, upgrade

_SQLITE_MAGIC = b"SQLite format 3\0"
_COUNTED = {"feeds": "feed", "articles": "article", "matches": "match", "reviews": "review"}


@dataclass(frozen=True, slots=True)
class Contents:
    """What a store or a backup holds.

    Attributes:
        revision: of its schema; empty for no schema.
        counts: of feeds, articles, matches and reviews.
    """

    revision: str
    counts: dict[str, int]

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in self.counts.items())


def contents_of(database: Database) -> Contents:
    """What a store holds now, whichever version's schema it has.

    Raises:
        StoreError: it cannot be reached.
    """
    with database.read() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        if "alembic_version" not in tables:
            return Contents("", dict.fromkeys(_COUNTED, 0))
        revision = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
        counts = {
            name: connection.execute(sa.text(f'SELECT count(*) FROM "{table}"')).scalar_one()  # noqa: S608
            for name, table in _COUNTED.items()
            if table in tables
        }
    return Contents(revision or "", counts)


def back_up(database: Database, file: Path) -> Contents:
    """Copy one moment of the store into a file, while others write; an older file is replaced.

    The file appears when it is whole and verified, or not at all.

    Raises:
        InputError: the file cannot be written.
        StoreError: the store cannot be read, or is empty; or PostgreSQL's programs are missing.
    """
    if not contents_of(database).revision:
        raise StoreError(f"{database.url}: there is nothing to back up yet")
    own = database.file
    if own is not None and file.exists() and file.samefile(own):
        raise InputError(str(file), "is the database itself; name another file")
    part = file.with_name(f".{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        contents = _copy(database, part)
        _flush(part)
        part.replace(file)
    except OSError as error:
        raise InputError(str(file), f"cannot be written: {error.strerror}") from error
    except sqlite3.Error as error:
        raise InputError(str(file), f"cannot be written: {error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return contents


def restore(database: Database, file: Path, *, force: bool) -> Contents:
    """Put a backup into the store, verified before and after, and bring it to this version.

    Args:
        database: where it goes. What it holds is replaced in one transaction or not at all.
        file: what `back_up` made, of the same kind of database.
        force: also replace a store that holds feeds or articles, and one whose file is damaged:
            that file is kept beside the new one, for what may still be read out of it.

    Raises:
        InputError: the file is no backup, is damaged, or is of a newer version.
        StoreError: the store holds something and may not be replaced, or is in use.
    """
    found = _examined(database, file)
    try:
        now = contents_of(database)
    except DamagedError:
        damaged = database.file
        if not force or damaged is None:
            raise
        database.dispose()
        _set_aside(damaged)
        now = contents_of(database)
    if not force and any(now.counts.values()):
        raise StoreError(f"{database.url}: holds {now} already; --force replaces all of it")
    if database.is_sqlite:
        _put_back(database, file)
    else:
        with database.read() as connection:
            pgdump.restore(database.driver_url, pgdump.schema_of(connection), file)
    database.dispose()
    after = contents_of(database)
    if found is not None and after != found:
        raise StoreError(f"{database.url}: holds {after} after restoring, not {found} as {file}")
    if after.revision != head_revision():
        upgrade(database)
    return contents_of(database)


def _copy(database: Database, part: Path) -> Contents:
    if not database.is_sqlite:
        with database.read() as connection:
            schema = pgdump.schema_of(connection)
        contents = contents_of(database)
        pgdump.dump(database.driver_url, schema, part)
        return contents
    with contextlib.closing(sqlite3.connect(part)) as target:
        with database.read() as connection:
            _driver(connection).backup(target)  # all pages in one step: one moment
        target.execute("PRAGMA journal_mode=DELETE")  # one file, no -wal beside it
    return _sqlite_contents(part)


def _put_back(database: Database, file: Path) -> None:
    """Copy in place: a transaction like any other for who has the database open."""
    try:
        with _opened(file) as source, database.exclusive() as connection:
            source.backup(_driver(connection))
    except sqlite3.Error as error:
        raise StoreError(f"{database.url}: {error}; stop what uses it, then try again") from error


def _set_aside(file: Path) -> None:
    """Rename a damaged database and its log, so that SQLite takes neither for the new one's."""
    kept = file.with_name(f"{file.name}.damaged-{utc_now():%Y%m%dT%H%M%SZ}")
    try:
        for suffix in ("-shm", "-wal", ""):
            with contextlib.suppress(FileNotFoundError):
                Path(f"{file}{suffix}").rename(f"{kept}{suffix}")
    except OSError as error:
        raise StoreError(f"{file}: cannot be set aside: {error.strerror}") from error


def _driver(connection: sa.Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.driver_connection)


def _examined(database: Database, file: Path) -> Contents | None:
    """What a backup holds; None for PostgreSQL's, which only its own programs can count."""
    try:
        with file.open("rb") as opened:
            head = opened.read(len(_SQLITE_MAGIC))
    except OSError as error:
        raise InputError(str(file), f"cannot be read: {error.strerror}") from error
    is_sqlite, is_dump = head == _SQLITE_MAGIC, head.startswith(pgdump.MAGIC)
    if not (is_sqlite or is_dump):
        raise InputError(str(file), "is no backup that `seedwatch backup` made")
    if is_sqlite != database.is_sqlite:
        kind, other = ("SQLite", "PostgreSQL") if is_sqlite else ("PostgreSQL", "SQLite")
        raise InputError(str(file), f"is a backup of {kind}, and the store is {other}")
    if is_dump:
        pgdump.verify(file)
        return None
    contents = _sqlite_contents(file)
    if contents.revision > head_revision():
        raise InputError(
            str(file),
            f"was made by a newer version (schema {contents.revision}, this one has "
            f"{head_revision()}); install that one",
        )
    return contents


def _sqlite_contents(file: Path) -> Contents:
    """What a SQLite file holds, every page of it checked.

    Raises:
        InputError: it is damaged, or holds something else.
    """
    try:
        with _opened(file) as connection:
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                raise InputError(str(file), f"is damaged: {found}")
            (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            counts = {
                name: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608
                for name, table in _COUNTED.items()
            }
    except sqlite3.Error as error:
        raise InputError(str(file), f"is damaged or no backup of seedwatch: {error}") from error
    return Contents(revision, counts)


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(
        sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    ) as connection:
        yield connection


def _flush(file: Path) -> None:
    """Make sure that it is on the disk before it takes the place of an older one."""
    handle = os.open(file, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
