"""Tokens: good until they end or are revoked, and never stored as they are."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.fakes import FakeClock
from worker.domain import Scope
from worker.errors import InputError, NotFoundError
from worker.store.store import Store


def test_a_token_is_found_by_its_secret_only(store: Store) -> None:
    made = store.tokens.add("press desk", Scope.REVIEW)
    assert made.secret.startswith("seedwatch_")
    assert len(made.secret) > 50
    found = store.tokens.find(made.secret)
    assert found is not None
    assert (found.name, found.scope) == ("press desk", Scope.REVIEW)
    for wrong in ("", made.secret[:-1], made.secret.upper(), "\ud800"):
        assert store.tokens.find(wrong) is None
    with store.database.read() as connection:
        kept = [list(row) for row in connection.execute(sa.text("SELECT * FROM token"))]
    assert made.secret not in str(kept)


def test_a_revoked_token_is_no_token_and_its_name_is_free(store: Store) -> None:
    old = store.tokens.add("bot", Scope.READ)
    with pytest.raises(InputError, match="bot: a valid token has that name"):
        store.tokens.add("bot", Scope.READ)
    assert store.tokens.revoke("bot").revoked_at is not None
    assert store.tokens.find(old.secret) is None
    with pytest.raises(NotFoundError, match="bot: no valid token"):
        store.tokens.revoke("bot")
    new = store.tokens.add("bot", Scope.ADMIN)
    assert store.tokens.find(new.secret) is not None
    assert [(row.name, row.revoked_at is None) for row in store.tokens.rows()] == [
        ("bot", False), ("bot", True),
    ]  # fmt: skip


def test_a_token_ends_when_it_says(store: Store, clock: FakeClock) -> None:
    made = store.tokens.add("visitor", Scope.READ, timedelta(days=2))
    clock.advance(days=1, hours=23)
    assert store.tokens.find(made.secret) is not None
    clock.advance(hours=1)
    assert store.tokens.find(made.secret) is None
    store.tokens.add("visitor", Scope.READ)


def test_its_use_is_noted_once_an_hour(store: Store, clock: FakeClock) -> None:
    made = store.tokens.add("bot", Scope.READ)
    used = []
    for _ in range(4):
        store.tokens.find(made.secret)
        used.append(store.tokens.rows()[0].last_used_at)
        clock.advance(minutes=40)
    assert len(set(used)) == 2


def test_scopes_contain_each_other() -> None:
    assert [[one.allows(other) for other in Scope] for one in Scope] == [
        [True, False, False], [True, True, False], [True, True, True],
    ]  # fmt: skip
