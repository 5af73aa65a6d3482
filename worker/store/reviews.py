"""Verdicts: given only on what the reviewer saw, taken back without losing what was said.

The table `review` is a history that only grows. A verdict that is taken back gets a further row
that names it, and the one before it counts again.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain import Relation, Verdict
from worker.errors import NotFoundError
from worker.records import Decided, Decision, ReviewRow
from worker.store.engine import Database, Row
from worker.store.schema import article, match, review


class ReviewStore:
    """What the doors ask of verdicts."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def decide(self, decisions: Sequence[Decision], reviewer: str | None = None) -> Decided:
        """Give or take back verdicts, each only if the match is still as it was seen.

        A stale decision that says what was decided meanwhile is done: no form sent twice, and no
        two reviewers of one mind, make a conflict.

        Raises:
            NotFoundError: a match does not exist; nothing is stored then.
        """
        act = secrets.token_hex(8)
        done: list[int] = []
        refused: list[Decision] = []
        is_stored = False
        with self._db.write() as connection:
            now = self._db.now(connection)
            # in the order of their ids, so that two who lock several rows wait for each other
            for decision in sorted(decisions, key=lambda decision: decision.match_id):
                found = _locked(connection, decision.match_id)
                if decision.seen not in (None, found.review_id):
                    if _is_so_already(found, decision):
                        done.append(decision.match_id)
                    else:
                        refused.append(decision)
                elif _store(connection, found, decision, reviewer, act, now):
                    is_stored = True
                    done.append(decision.match_id)
        return Decided(act if is_stored else "", tuple(done), tuple(refused))

    def history(self, match_id: int) -> list[ReviewRow]:
        """All that was decided on a match, oldest first."""
        return self._rows(review.c.match_id == match_id)

    def of_act(self, act: str) -> list[ReviewRow]:
        """What was decided at once, in the order of the matches."""
        return self._rows(review.c.act == act)

    def _rows(self, condition: sa.ColumnElement[bool]) -> list[ReviewRow]:
        query = (
            sa.select(review, match.c.review_id, article.c.title, article.c.language)
            .join(match, match.c.id == review.c.match_id)
            .join(article, article.c.id == match.c.article_id)
            .where(condition)
            .order_by(review.c.id)
        )
        with self._db.read() as connection:
            return [_review_row(row) for row in connection.execute(query)]


def _locked(connection: sa.Connection, match_id: int) -> Row:
    """The match as it is now, held until the transaction ends."""
    columns = ("id", "verdict", "note", "reviewer", "reviewed_at", "review_id", "score",
               "relation", "matcher_version")  # fmt: skip
    found = connection.execute(
        sa.select(*(match.c[name] for name in columns))
        .where(match.c.id == match_id)
        .with_for_update()  # SQLite's writer is alone anyhow
    ).first()
    if found is None:
        raise NotFoundError(f"{match_id}: no such match; `seedwatch matches` lists them")
    return found


def _is_so_already(found: Row, decision: Decision) -> bool:
    return (
        decision.verdict is not None
        and found.verdict == decision.verdict
        and (decision.note is None or (found.note or "") == decision.note)
    )


def _store(
    connection: sa.Connection,
    found: Row,
    decision: Decision,
    reviewer: str | None,
    act: str,
    now: datetime,
) -> bool:
    """Add a row to the history and make the match say the same; False if nothing is to be done."""
    undoes = None
    if decision.verdict is None:
        counting = _counting(connection, decision.match_id)
        if not counting:
            return False
        undoes = counting[-1].id
        state = _state(counting[-2]) if len(counting) > 1 else dict.fromkeys(_STATE)
    else:
        note = found.note if decision.note is None else decision.note or None
        state = {"verdict": decision.verdict, "note": note, "reviewer": reviewer,
                 "reviewed_at": now}  # fmt: skip
    review_id = connection.execute(
        review.insert()
        .values(
            match_id=decision.match_id,
            verdict=state["verdict"],
            note=state["note"],
            reviewer=reviewer,
            score=found.score,
            relation=found.relation,
            matcher_version=found.matcher_version,
            reviewed_at=now,
            act=act,
            undoes=undoes,
        )
        .returning(review.c.id)
    ).scalar_one()
    connection.execute(
        match.update().where(match.c.id == decision.match_id).values(review_id=review_id, **state)
    )
    return True


_STATE = ("verdict", "note", "reviewer", "reviewed_at")


def _state(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _STATE}


def _counting(connection: sa.Connection, match_id: int) -> list[Row]:
    """The reviews of a match without those that were taken back, oldest first."""
    standing: list[Row] = []
    rows = connection.execute(
        sa.select(review).where(review.c.match_id == match_id).order_by(review.c.id)
    )
    for row in rows:
        if row.undoes is None:
            standing.append(row)
        elif standing:
            standing.pop()
    return standing


def _review_row(row: Row) -> ReviewRow:
    return ReviewRow(
        id=row.id,
        match_id=row.match_id,
        title=row.title,
        language=row.language,
        verdict=Verdict(row.verdict) if row.verdict else None,
        note=row.note,
        reviewer=row.reviewer,
        score=row.score,
        relation=Relation(row.relation),
        matcher_version=row.matcher_version,
        reviewed_at=row.reviewed_at,
        undoes=row.undoes,
        is_latest=row.id == row.review_id,
    )
