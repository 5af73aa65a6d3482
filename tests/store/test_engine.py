"""Connections to PostgreSQL that end, and its clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from worker.errors import StoreError
from worker.store import engine
from worker.store.engine import Database

_PID = sa.select(sa.func.pg_backend_pid())


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    database = Database(postgres_url)
    yield database
    database.dispose()


def _ended(database: Database, postgres_url: str) -> int:
    """The process of the server that a database's connection had, which has ended."""
    with database.read() as connection:
        pid: int = connection.execute(_PID).scalar_one()
    other = Database(postgres_url)
    with other.read() as connection:
        is_over = sa.func.pg_terminate_backend(pid, 10_000)  # waits for so many milliseconds
        assert connection.execute(sa.select(is_over)).scalar_one()
    other.dispose()
    return pid


def test_a_connection_that_has_rested_and_is_dead_is_opened_anew(
    database: Database, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_TRIED_AFTER_S", 0.0)
    pid = _ended(database, postgres_url)
    with database.read() as connection:
        assert connection.execute(_PID).scalar_one() != pid


def test_a_connection_that_dies_in_use_is_one_error_and_the_next_works(
    database: Database, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_TRIED_AFTER_S", 3600.0)
    pid = _ended(database, postgres_url)
    with pytest.raises(StoreError), database.read() as connection:
        connection.execute(_PID)
    with database.read() as connection:
        assert connection.execute(_PID).scalar_one() != pid


def test_texts_are_compressed_in_the_quick_way_where_the_server_knows_it(
    database: Database,
) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE told (text text)")
        connection.exec_driver_sql("INSERT INTO told SELECT repeat('seaweed ', 1000)")
        used = connection.exec_driver_sql("SELECT pg_column_compression(text) FROM told").scalar()
        known = connection.exec_driver_sql(
            "SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression'"
        ).scalar_one()
    assert used == ("lz4" if "lz4" in known else "pglz")


def test_the_servers_clock_is_told_by_our_steady_one_for_some_seconds(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    steady = SimpleNamespace(now_s=1_000.0)
    monkeypatch.setattr(engine, "time", SimpleNamespace(monotonic=lambda: steady.now_s))
    with database.read() as connection:
        first = database.now(connection)
        clock = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        assert timedelta(0) <= clock - first < timedelta(minutes=1)
        steady.now_s += 4
        assert database.now(connection) - first == timedelta(seconds=4)
        steady.now_s += 86_400
        # the server is asked again, whose clock has moved on by less than ours was made to
        assert timedelta(0) <= database.now(connection) - first < timedelta(hours=12)


def test_an_answer_that_took_long_is_not_kept_as_the_servers_clock(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    steady = SimpleNamespace(now_s=1_000.0)

    def slowly() -> float:
        steady.now_s += 0.5
        return steady.now_s

    monkeypatch.setattr(engine, "time", SimpleNamespace(monotonic=slowly))
    with database.read() as connection:
        first, second = database.now(connection), database.now(connection)
    assert second > first
    assert second - first != timedelta(seconds=0.5)  # as our own clock would have told it
