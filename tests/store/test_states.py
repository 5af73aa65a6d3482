"""Every write of a state goes through one module, and only along the moves that it names.

The databases of all tests refuse any other move (`tests.store.guards`), so that each test of the
pipeline is one of this, too.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from worker.errors import StoreError
from worker.store import states
from worker.store.schema import article, feed, metadata, outbox
from worker.store.states import LEGAL, START, UNREVIEWED
from worker.store.store import Store

ROOT = Path(__file__).parents[2]


def writes_of_state(source: str) -> list[int]:
    """Lines that give a column `state` a value: `.values(state=...)`, `{"state": ...}`, SQL."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "values" and any(key.arg == "state" for key in node.keywords):
                lines.append(node.lineno)
        elif isinstance(node, ast.Dict):
            keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
            lines += [node.lineno] * ("state" in keys)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
                    lines += [node.lineno] * (target.slice.value == "state")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            lines += [node.lineno] * bool(re.search(r"\bSET\b.*\bstate\s*=", node.value, re.S))
    return lines


@pytest.mark.parametrize(
    "source",
    [
        "t.update().values(state='done')",
        "values = {'state': 'done', 'x': 1}",
        "values['state'] = 'done'",
        "execute('UPDATE article SET x = 1, state = 2')",
    ],
)
def test_each_way_to_write_a_state_is_noticed(source: str) -> None:
    assert writes_of_state(source) == [1]


def test_no_other_module_of_the_store_writes_a_state() -> None:
    found = {
        path.name: lines
        for path in sorted((ROOT / "worker" / "store").glob("*.py"))
        if (lines := writes_of_state(path.read_text("utf-8")))
    }
    assert set(found) == {"states.py"}


def test_the_tables_that_are_worked_on_have_their_moves() -> None:
    with_state = {name for name, table in metadata.tables.items() if "state" in table.c}
    assert with_state == set(LEGAL) - {"match"}
    for moves in LEGAL.values():
        assert {state for following in moves.values() for state in following} == set(moves) - {
            START
        }  # each can be reached


def test_the_diagrams_draw_exactly_these_moves() -> None:
    text = (ROOT / "docs" / "design.md").read_text("utf-8")
    blocks = re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == len(LEGAL)
    for moves, block in zip(LEGAL.values(), blocks, strict=True):
        drawn = set(re.findall(r"^ *(\S+) --> (\S+?)(?: *:.*)?$", block, re.MULTILINE))
        legal = {(was, becomes) for was, names in moves.items() for becomes in names}
        if UNREVIEWED in moves:  # drawn as one box: every verdict may follow every other
            legal = {(START, UNREVIEWED), (UNREVIEWED, "reviewed"), ("reviewed", UNREVIEWED)}
        assert drawn == legal


def test_a_state_that_is_none_is_refused() -> None:
    for wrong in ("finished", "active"):
        with pytest.raises(ValueError, match=wrong):
            states.move(article, wrong)
    with pytest.raises(ValueError, match="done"):
        states.start(outbox, states.DONE)


def test_a_move_passes_over_rows_that_may_not_make_it(store: Store) -> None:
    row = {"url": "u", "url_hash": "h", "origin": "user", "created_at": store.database._clock(),
           "due_at": store.database._clock()}  # fmt: skip
    with store.database.write() as connection:
        connection.execute(feed.insert().values(**states.start(feed, states.ACTIVE), **row))
        assert connection.execute(states.move(feed, states.PAUSED)).rowcount == 1
        assert connection.execute(states.move(feed, states.QUARANTINED)).rowcount == 0
        assert connection.execute(states.move(feed, states.PAUSED)).rowcount == 1  # stays
        assert connection.execute(sa.select(feed.c.state)).scalar() == states.PAUSED


def test_the_databases_of_the_tests_refuse_an_illegal_move(store: Store) -> None:
    test_a_move_passes_over_rows_that_may_not_make_it(store)
    with pytest.raises(StoreError, match="illegal move"), store.database.write() as connection:
        connection.exec_driver_sql("UPDATE feed SET state = 'quarantined'")
    with pytest.raises(StoreError, match="illegal move"), store.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO feed SELECT * FROM feed")
