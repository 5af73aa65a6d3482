"""The states of feeds, articles, matches, messages and channels, and which may follow which.

No other module of the store writes a `state`: a new row gets one from `start`, and `move` is an
UPDATE that passes over rows from which the new state may not be reached, whoever was faster.
docs/design.md draws the same moves; a test holds the two together. A match has its verdict for a
state, and every verdict may follow every other one.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from worker.domain import Verdict

ACTIVE = "active"
PAUSED = "paused"
RETIRED = "retired"
PENDING = "pending"
DONE = "done"
MERGED = "merged"
QUARANTINED = "quarantined"
DROPPED = "dropped"
OFF = "off"

START = "[*]"
"""Before the row is there."""
UNREVIEWED = "unreviewed"
"""A match without a verdict: NULL in its row."""

Moves = Mapping[str, frozenset[str]]
"""What may follow each state; staying is always allowed."""


def _moves(**following: str) -> Moves:
    return {state: frozenset(names.split()) for state, names in following.items()}


_VERDICTS = frozenset({UNREVIEWED, *(str(verdict) for verdict in Verdict)})

LEGAL: Mapping[str, Moves] = {
    "feed": {
        START: frozenset({ACTIVE}),
        **_moves(
            active="paused retired quarantined",
            paused="active",
            retired="active paused",
            quarantined="active paused",
        ),
    },
    "article": {
        START: frozenset({PENDING}),
        **_moves(
            pending="done merged quarantined",
            done="pending merged",
            merged="",
            quarantined="pending dropped",
            dropped="",
        ),
    },
    "outbox": {
        START: frozenset({PENDING}),
        **_moves(
            pending="done quarantined",
            done="",
            quarantined="pending dropped",
            dropped="",
        ),
    },
    "notice": {
        START: frozenset({PENDING}),
        **_moves(pending="done dropped", done="", dropped=""),
    },
    "channel": {
        START: frozenset({ACTIVE}),
        **_moves(active="off", off="active"),
    },
    "match": {
        START: frozenset({UNREVIEWED}),
        **{verdict: _VERDICTS - {verdict} for verdict in sorted(_VERDICTS)},
    },
}
"""All moves there are, by table."""


def start(table: sa.Table, state: str) -> dict[str, str]:
    """The state of a new row, as values for its INSERT."""
    if state not in LEGAL[table.name][START]:
        raise ValueError(f"no {table.name} begins as {state}")
    return {"state": state}


def sources(table: sa.Table, state: str) -> frozenset[str]:
    """The states from which a state may be reached, itself among them."""
    moves = LEGAL[table.name]
    if state not in moves:
        raise ValueError(f"{state} is no state of a {table.name}")
    return frozenset({state, *(was for was, following in moves.items() if state in following)})


def move(table: sa.Table, to: str, *unless: tuple[sa.ColumnElement[bool], str]) -> sa.Update:
    """An UPDATE of those rows that may move to a state; the caller says which of them it means.

    Args:
        table: feed, article or outbox.
        to: the state.
        unless: another state, where a condition on the row holds.
    """
    allowed = sources(table, to).intersection(*(sources(table, state) for _, state in unless))
    state = sa.case(*unless, else_=to) if unless else to
    # not IN, with which it could not be run for several rows at once
    is_allowed = sa.or_(*(table.c.state == one for one in sorted(allowed)))
    return table.update().where(is_allowed).values(state=state)
