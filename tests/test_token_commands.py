"""`seedwatch token`: the secret on stdout, once, and everything else beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from worker.cli import seedwatch
from worker.store.store import Store


@pytest.fixture
def run(tmp_path: Path) -> CliRunner:
    return CliRunner()


def test_a_token_is_made_listed_and_revoked(run: CliRunner, tmp_path: Path) -> None:
    made = run.invoke(seedwatch, ["token", "add", "press desk", "--scope", "review", "--days", "9"])
    secret = made.stdout.strip()
    assert secret.startswith("seedwatch_")
    assert "press desk: review, until" in made.stderr
    assert secret not in made.stderr
    store = Store(f"sqlite:///{tmp_path / 'data' / 'seedwatch.db'}")
    assert store.tokens.find(secret) is not None
    (listed,) = json.loads(run.invoke(seedwatch, ["token", "list", "--json"]).stdout)
    assert (listed["name"], listed["scope"], listed["state"]) == ("press desk", "review", "valid")
    assert listed["last_used_at"] is not None
    assert secret not in run.invoke(seedwatch, ["token", "list"]).output
    assert run.invoke(seedwatch, ["token", "revoke", "press desk"]).exit_code == 0
    assert store.tokens.find(secret) is None
    assert "revoked" in run.invoke(seedwatch, ["token", "list"]).stdout
    store.close()


@pytest.mark.parametrize(
    "args", [["add", ""], ["add", "x" * 81], ["add", "a\tb"], ["add", "a", "--scope", "root"]]
)
def test_what_makes_no_sense_is_refused(run: CliRunner, args: list[str]) -> None:
    assert run.invoke(seedwatch, ["token", *args]).exit_code == 2


def test_the_list_of_none_says_what_to_do(run: CliRunner) -> None:
    assert "seedwatch token add NAME" in run.invoke(seedwatch, ["token", "list"]).stderr
