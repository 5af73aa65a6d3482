"""Connections and transactions: SQLite in WAL mode with immediate writes, PostgreSQL with limits.

Why immediate: two processes that read first and then write lose rows to SQLITE_BUSY even with a
busy timeout (4,976 of 10,000 measured); BEGIN IMMEDIATE lost none.

Statements that run for every article or request are built once, with `sa.bindparam`, beside the
functions that run them: SQLAlchemy takes .17 ms to build and look up one that SQLite runs in .02.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InvalidatePoolError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from worker.clock import utc_now
from worker.config import without_password
from worker.errors import ConfigError, DamagedError, StoreError

_NOW = sa.select(sa.func.clock_timestamp())
_TRIED_AFTER_S = 1.0
"""A connection that rests is tried before its next use from so long on."""
_CLOCK_KEPT_S = 5.0
"""For so long the database's time is told by this machine's steady clock: a question less in most
transactions. Who is paused for longer than its lease has lost it, as ever."""
_CLOCK_WITHIN_S = 0.02
"""An answer that took longer tells the moment, but is not kept: two workers differ by no more."""
_POSTGRES_LIMITS = (
    "-c statement_timeout=30000 -c lock_timeout=5000 "
    "-c idle_in_transaction_session_timeout=60000 -c timezone=UTC"
)
_LZ4 = (
    "SELECT set_config('default_toast_compression', 'lz4', false) FROM pg_settings "
    "WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)"
)
"""Where a server can, from version 14 on if it was built so: to store an article's text takes .08
instead of .16 ms, and 12% more room."""
T = TypeVar("T")
Row = sa.Row[*tuple[Any, ...]]
"""A row of any columns."""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_CHUNK = 500
"""Values in one IN (...) list; SQLite's default limit of variables is far above."""


class Database:
    """One engine; `read()` and `write()` give a connection inside a transaction.

    Args:
        url: a SQLAlchemy URL, sqlite or postgresql.
        clock: the time for SQLite, whose database is on this very machine. PostgreSQL's own
            clock is asked instead, so that the workers' clocks need not agree.

    Attributes:
        driver_url: with its password, for who opens the database by other means.

    Raises:
        ConfigError: the URL is no database that can be used, or its driver is not installed.
    """

    def __init__(self, url: str, clock: Callable[[], datetime] = utc_now) -> None:
        parsed = _parse(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.url = without_password(parsed.render_as_string(hide_password=True))
        self.driver_url = parsed
        self._clock = clock
        # SQLite has one writer; its own waiting sleeps up to 0.1 s a look, so that of 13 threads of
        # one process that write at once most would sleep while nobody writes
        self._writing = threading.RLock() if self.is_sqlite else nullcontext()
        self._adding: dict[tuple[sa.Table, str], Any] = {}
        self._told_clock: tuple[float, datetime] | None = None
        self._engine = _sqlite_engine(parsed) if self.is_sqlite else _postgres_engine(parsed)
        self._reading = self._engine
        if not self.is_sqlite:  # a transaction for each statement: none is begun, and none ended
            self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a transaction for reading.

        On PostgreSQL each statement is one: those of a transaction as it usually has them see what
        others write between them all the same.

        Raises:
            StoreError: the database cannot be reached or refused.
        """
        with _translated(self.url), self._reading.connect() as connection, connection.begin():
            self._begin(connection, "BEGIN")
            yield connection

    @contextmanager
    def once(self) -> Iterator[sa.Connection]:
        """A connection for a statement that writes; on PostgreSQL each is its own transaction.

        Raises:
            StoreError: the database cannot be reached or refused.
        """
        if self.is_sqlite:
            with self.write() as connection:
                yield connection
        else:
            with _translated(self.url), self._reading.connect() as connection:
                yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Open a transaction for writing; commits at the end, rolls back on an error.

        Raises:
            StoreError: the database cannot be reached or refused.
        """
        with (
            self._writing,
            _translated(self.url),
            self._engine.connect() as connection,
            connection.begin(),
        ):
            self._begin(connection, "BEGIN IMMEDIATE")
            yield connection

    def _begin(self, connection: sa.Connection, statement: str) -> None:
        """Begin SQLite's transaction; past SQLAlchemy, by which it takes half of an empty one."""
        if not self.is_sqlite:  # its driver does
            return
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute(statement)
        except sqlite3.Error as error:
            raise DBAPIError.instance(statement, None, error, sqlite3.Error) from error

    @property
    def file(self) -> Path | None:
        """The file of a SQLite database; None for any other, and where there is none yet."""
        name = self.driver_url.database
        path = Path(name) if self.is_sqlite and name and name != ":memory:" else None
        return path if path is not None and path.exists() else None

    @contextmanager
    def exclusive(self) -> Iterator[sa.Connection]:
        """A connection outside any transaction, after all others of this process were closed.

        Raises:
            StoreError: the database cannot be reached.
        """
        self._engine.dispose()
        with _translated(self.url), self._engine.connect() as connection:
            yield connection

    def now(self, connection: sa.Connection) -> datetime:
        """The database's own time, aware UTC; PostgreSQL's is asked for every few seconds."""
        if self.is_sqlite:
            return self._clock()
        told = self._told_clock
        if told is not None and (since_s := time.monotonic() - told[0]) < _CLOCK_KEPT_S:
            return told[1] + timedelta(seconds=since_s)
        asked_s = time.monotonic()
        moment: datetime = connection.execute(_NOW).scalar_one()
        told_s = time.monotonic()
        if told_s - asked_s < _CLOCK_WITHIN_S:
            self._told_clock = told_s, moment
        return moment

    def insert(self, table: sa.Table) -> Any:
        """An INSERT that can be told what to do about rows whose key is there already."""
        if self.is_sqlite:
            from sqlalchemy.dialects.sqlite import insert

            return insert(table)
        from sqlalchemy.dialects.postgresql import insert as pg_insert

        return pg_insert(table)

    def insert_new(self, table: sa.Table) -> Any:
        """An INSERT that passes over rows whose key is there already."""
        return self.insert(table).on_conflict_do_nothing()

    def several(self, insert: Any) -> Any:
        """Have an INSERT such as these write several rows a statement, each key once.

        PostgreSQL is otherwise told one row after the other; SQLite is faster by that.
        """
        return insert if self.is_sqlite else insert.returning(sa.literal_column("1"))

    def insert_adding(self, table: sa.Table, column: str) -> Any:
        """An INSERT of rows, each key once, that adds to a column of those there; built once."""
        if (table, column) not in self._adding:
            insert = self.insert(table)
            adding = insert.on_conflict_do_update(
                index_elements=list(table.primary_key.columns),
                set_={column: table.c[column] + insert.excluded[column]},
            )
            self._adding[table, column] = self.several(adding)
        return self._adding[table, column]

    def dispose(self) -> None:
        """Close all connections (before a fork, and at the end)."""
        self._engine.dispose()


class Writes:
    """Rows that a transaction writes later, several a statement: each statement has its price.

    Whoever reads what may be among them flushes first.

    Args:
        connection: of that transaction, for writing.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._rows: dict[tuple[sa.UpdateBase, frozenset[str]], list[dict[str, Any]]] = {}

    def add(self, statement: sa.UpdateBase, row: dict[str, Any]) -> None:
        """Write a row when this is flushed; statements run in the order of their first rows.

        Args:
            statement: built once, see above.
            row: the values of its parameters, or of the columns that it sets.
        """
        self._rows.setdefault((statement, frozenset(row)), []).append(row)

    def flush(self) -> None:
        """Write what is to be written."""
        rows, self._rows = self._rows, {}
        for (statement, _), several in rows.items():
            self._connection.execute(statement, several)


def chunks(values: Sequence[T], size: int = _CHUNK) -> Iterator[Sequence[T]]:
    """Cut a list into pieces that fit into one statement."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def counts_of(connection: sa.Connection, query: sa.Select[Any]) -> dict[Any, int]:
    """The answer of a query of (key, count), by key."""
    return {row[0]: row[1] for row in connection.execute(query)}


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:  # a port that is no number is a ValueError
        raise ConfigError(
            "SEEDWATCH_DATABASE_URL",
            "is no database URL; use sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME",
        ) from error
    backend = parsed.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise ConfigError(
            "SEEDWATCH_DATABASE_URL", f"{backend} is not supported; use sqlite or postgresql"
        )
    if backend == "sqlite" and parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise ConfigError(
            "SEEDWATCH_DATABASE_URL", f"{parsed.drivername} is not supported; use sqlite:///PATH"
        )
    return parsed.set(drivername="postgresql+psycopg") if backend == "postgresql" else parsed


def _json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _sqlite_engine(url: URL) -> sa.Engine:
    if url.database and url.database != ":memory:":
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError("SEEDWATCH_DATA_DIR", f"cannot be made: {error}") from error
    try:
        engine = sa.create_engine(url, connect_args={"timeout": 30}, json_serializer=_json_text)
    except (TypeError, ValueError) as error:  # ?timeout=soon
        raise ConfigError("SEEDWATCH_DATABASE_URL", f"cannot be used: {error}") from error

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "busy_timeout=30000",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _postgres_engine(url: URL) -> sa.Engine:
    own_options = url.query.get("options", "")  # what the URL itself asks for is kept, and wins
    options = f"{_POSTGRES_LIMITS} {own_options}" if isinstance(own_options, str) else ""
    try:
        engine = sa.create_engine(
            url.difference_update_query(["options"]),
            json_serializer=_json_text,
            pool_use_lifo=True,  # few connections, whose statements are prepared and cached
            connect_args={"options": options, "connect_timeout": 5, "prepare_threshold": 2},
        )
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise ConfigError(
            "SEEDWATCH_DATABASE_URL",
            "PostgreSQL needs its driver: pip install 'seedwatch[postgresql]'",
        ) from error
    engine.dialect.use_insertmanyvalues_wo_returning = True  # several rows a statement

    @event.listens_for(engine, "connect")
    def _compress(connection: Any, _record: Any) -> None:
        connection.execute(_LZ4)
        connection.commit()

    _try_rested(engine)
    return engine


def _try_rested(engine: sa.Engine) -> None:
    """Have connections tried that have rested for a while: their server may have started again.

    SQLAlchemy's own trial before each use (`pool_pre_ping`) takes a fifth of a small transaction.
    """
    dialect = engine.dialect

    @event.listens_for(engine, "checkin")
    def _note(_connection: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _try(connection: Any, record: Any, _proxy: Any) -> None:
        now = time.monotonic()
        if now - record.info.get("rests_since", now) < _TRIED_AFTER_S:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error  # which has all of them opened anew


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if "no such table" in str(error.orig):
            raise StoreError(f"{url}: has no tables yet; run any seedwatch command once") from error
        raise StoreError(f"{url}: {_first_line(error)}") from error
    except DBAPIError as error:
        if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
            raise DamagedError(
                f"{url}: {_first_line(error)}; `seedwatch restore --force FILE` puts a backup in "
                "its place and keeps the damaged file beside it"
            ) from error
        raise StoreError(f"{url}: {_first_line(error)}") from error
    except PoolTimeoutError as error:
        raise StoreError(f"{url}: all connections of this process are in use") from error


def _first_line(error: DBAPIError) -> str:
    return (str(error.orig).strip().splitlines() or [type(error).__name__])[0]
