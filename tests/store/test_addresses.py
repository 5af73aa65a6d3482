"""Whose a declared address is, while another worker gives it away."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
import sqlalchemy as sa

from tests.fakes import FakeClock
from tests.store.arrivals import poll, results_of
from tests.story.members import crowd
from worker.store.engine import Database
from worker.store.identity import lock_articles
from worker.store.schema import article, article_alias
from worker.store.store import Store

KEY = "c" * 64


def test_an_address_given_away_meanwhile_is_the_new_owners(
    store: Store, store_url: str, clock: FakeClock
) -> None:
    if store.database.is_sqlite:
        pytest.skip("SQLite has one writer: nobody waits with anything")
    members = crowd(3)
    ids = poll(store, clock, members)
    _, former, latter = (ids[one.key] for one in members)
    (found,) = results_of(store, ids, members[:1])
    results = [replace(found, canonical_key_hash=KEY)]
    with store.database.write() as connection:
        connection.execute(article_alias.insert().values(key_hash=KEY, article_id=former))
    other, seen = Store(store_url), list[dict[str, int]]()

    def lock() -> None:
        with other.database.write() as connection:
            seen.append(lock_articles(other.database, connection, results).declared)

    waiting = threading.Thread(target=lock)
    with store.database.write() as connection:
        held = sa.select(article.c.id).where(article.c.id == former).with_for_update()
        connection.execute(held).all()
        waiting.start()
        _wait_for_a_waiter(store.database)
        connection.execute(article_alias.update().values(article_id=latter))
    waiting.join(30)
    other.close()
    assert seen == [{KEY: latter}]


def _wait_for_a_waiter(database: Database) -> None:
    """Wait until a connection to the database waits for what another one holds."""
    waits = sa.text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    ends_at = time.monotonic() + 30
    while True:
        with database.read() as connection:  # which sees the same all the time
            if connection.execute(waits).scalar_one():
                return
        assert time.monotonic() < ends_at
        time.sleep(0.02)
