"""A person's word on stories: taken apart or put together, and kept so whatever comes in later.

The table `story_decision` is a history that only grows: each row puts a match on a side. What is
on one side is one story, what is on two is never one; the links between matches decide the rest.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Collection, Sequence

import sqlalchemy as sa

from worker.errors import InputError, NotFoundError
from worker.records import StoryDecisionRow, StoryRule
from worker.store.engine import Database, Row, chunks
from worker.store.schema import match, story_decision, story_member
from worker.store.stories import StoryKeeper


class StoryDecisionStore:
    """What the doors ask of decisions on stories."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def history(self, story_id: int) -> list[StoryDecisionRow]:
        """What people said of the matches that are in a story now, one row an act, oldest first."""
        query = (
            sa.select(
                story_decision.c.act,
                sa.func.min(story_decision.c.decided_at).label("at"),
                sa.func.min(story_decision.c.reviewer).label("reviewer"),
                sa.func.count().label("number"),
            )
            .join(match, match.c.id == story_decision.c.match_id)
            .where(match.c.story_id == story_id)
            .group_by(story_decision.c.act)
            .order_by(sa.func.min(story_decision.c.id))
        )
        with self._db.read() as connection:
            return [
                StoryDecisionRow(row.at, row.reviewer, row.number)
                for row in connection.execute(query)
            ]

    def merge(
        self, match_ids: Collection[int], rule: StoryRule, reviewer: str | None = None
    ) -> int:
        """Make one story of those that some matches are in; it stays one, whatever comes in later.

        Returns:
            The id of the story.

        Raises:
            NotFoundError: a match does not exist, or is in no story.
            InputError: they are of several watches, or in one story already.
        """
        with self._db.write() as connection:
            picked = self._held(connection, match_ids)
            stories = {row.story_id for row in picked}
            if len(stories) < 2:
                raise InputError("story", "they are in one story already")
            rows = _members(connection, match.c.story_id.in_(stories))
            side = _next_side(connection)
            self._decide(connection, {row.match_id: side for row in rows}, reviewer)
            self._regroup(connection, rows, rule)
            return _story_of(connection, picked[0].match_id)

    def split(
        self, match_ids: Collection[int], rule: StoryRule, reviewer: str | None = None
    ) -> int:
        """Take matches out of their story, into one of their own; both stay apart from now on.

        Returns:
            The id of the new story.

        Raises:
            NotFoundError: a match does not exist, or is in no story.
            InputError: they are of several stories, or all of one.
        """
        with self._db.write() as connection:
            picked = self._held(connection, match_ids)
            stories = {row.story_id for row in picked}
            if len(stories) > 1:
                raise InputError("story", "they are not in one story any more; look at it again")
            rows = _members(connection, match.c.story_id.in_(stories))
            own = {row.match_id for row in picked}
            rest = [row for row in rows if row.match_id not in own]
            if not rest:
                raise InputError("story", "these are all that it has; leave some of them out")
            side = _next_side(connection)
            kept = next((row.side for row in rest if row.side is not None), side + 1)
            sides = {row.match_id: side for row in picked}
            sides |= {row.match_id: kept for row in rest if row.side is None}
            self._decide(connection, sides, reviewer)
            self._regroup(connection, rows, rule)
            return _story_of(connection, picked[0].match_id)

    def _held(self, connection: sa.Connection, match_ids: Collection[int]) -> list[Row]:
        """The members of a decision, with their watch's stories held until it is stored."""
        watches = {row.watch for row in _members(connection, match.c.id.in_(match_ids))}
        if len(watches) > 1:
            raise InputError("story", "a story belongs to one watch; these are of several")
        for watch in watches:
            # read again below: what was read before the lock may have changed meanwhile
            StoryKeeper.hold(self._db, connection, watch)
        picked = _members(connection, match.c.id.in_(match_ids))
        missing = set(match_ids) - {row.match_id for row in picked}
        if missing or not picked:
            raise NotFoundError(f"{min(missing, default=0)}: no such match in a story")
        return picked

    def _decide(
        self, connection: sa.Connection, sides: dict[int, int], reviewer: str | None
    ) -> None:
        now, act = self._db.now(connection), secrets.token_hex(8)
        connection.execute(
            story_decision.insert(),
            [
                {
                    "match_id": match_id,
                    "side": side,
                    "act": act,
                    "reviewer": reviewer,
                    "decided_at": now,
                }
                for match_id, side in sorted(sides.items())
            ],
        )
        by_side: dict[int, list[int]] = defaultdict(list)
        for match_id, side in sorted(sides.items()):
            by_side[side].append(match_id)
        for side, ids in by_side.items():
            for part in chunks(ids):
                connection.execute(
                    story_member.update().where(story_member.c.match_id.in_(part)).values(side=side)
                )

    def _regroup(self, connection: sa.Connection, rows: Sequence[Row], rule: StoryRule) -> None:
        StoryKeeper(self._db, connection, rule).regroup({row.component for row in rows})


def _members(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[Row]:
    columns = ("match_id", "watch", "component", "side")
    query = (
        sa.select(*(story_member.c[name] for name in columns), match.c.story_id)
        .join(match, match.c.id == story_member.c.match_id)
        .where(condition)
        .order_by(story_member.c.match_id)
    )
    return list(connection.execute(query))


def _next_side(connection: sa.Connection) -> int:
    latest: int | None = connection.execute(sa.select(sa.func.max(story_decision.c.side))).scalar()
    return (latest or 0) + 1


def _story_of(connection: sa.Connection, match_id: int) -> int:
    found: int = connection.execute(
        sa.select(match.c.story_id).where(match.c.id == match_id)
    ).scalar_one()
    return found
