"""Notices: which match a channel may tell, written with the match; and how they become messages.

A notice and the message it goes into are two things, since several that had to wait are told in
one. Which goes into which is stored before anything is sent: a message that was sent but not marked
so is sent again as it was, under the same key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from worker.domain import ChannelConfig, Relation, Verdict
from worker.records import Notice, TellingPlan, ToldLately
from worker.store import claims, states
from worker.store.channels import is_open, with_channel
from worker.store.engine import Database, Row
from worker.store.schema import channel, match, notice, outbox

Decide = Callable[[Sequence[Notice], ToldLately, datetime], TellingPlan]
"""Decides about the notices of one channel that are due."""

_AT_ONCE = 500
_ASK_AGAIN = timedelta(hours=1)
_FORGOTTEN = timedelta(days=7)
"""Notices of a channel that no watch's file names any more are kept so long."""


def note(
    database: Database, connection: sa.Connection, of: tuple[str, int], told: ChannelConfig,
    now: datetime,
) -> None:  # fmt: skip
    """Note, in the match's transaction, that a channel may tell it; once for each channel.

    Args:
        database: whose dialect is spoken.
        connection: of that transaction.
        of: watch and match.
        told: the channel.
        now: the store's time.
    """
    connection.execute(
        database.insert_new(notice).values(
            watch=of[0],
            channel=told.name,
            match_id=of[1],
            **states.start(notice, states.PENDING),
            due_at=now,
            created_at=now,
        )
    )


def forget_match(connection: sa.Connection, match_id: int) -> None:
    """Take a match that is about to be removed out of all notices and messages."""
    connection.execute(notice.delete().where(notice.c.match_id == match_id))
    led = outbox.c.match_id == match_id
    others = notice.c.outbox_id == outbox.c.id
    connection.execute(outbox.delete().where(led, ~sa.select(notice.c.id).where(others).exists()))
    first = sa.select(sa.func.min(notice.c.match_id)).where(others).scalar_subquery()
    connection.execute(outbox.update().where(led).values(match_id=first))


class NoticeStore:
    """What the planning of messages asks of notices."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def due_channels(self) -> list[tuple[str, str]]:
        """Watch and name of the channels for which notices are due and that may be used now."""
        with self._db.read() as connection:
            now = self._db.now(connection)
            rows = connection.execute(
                sa.select(notice.c.watch, notice.c.channel)
                .select_from(with_channel(notice))
                .where(claims.is_ready(notice, now), is_open(now))
                .distinct()
                .order_by(notice.c.watch, notice.c.channel)
            ).all()
        return [(row.watch, row.channel) for row in rows]

    def compose(self, watch: str, name: str, decide: Decide, *, with_stories: bool = True) -> int:
        """Turn due notices of a channel into messages, as `decide` says; all of it or nothing.

        Args:
            watch: the channel's.
            name: the channel's.
            decide: see there.
            with_stories: whether it asks for the stories that were told before.

        Returns:
            How many messages were made.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            # one at a time for a channel: what was told lately must hold until the commit
            connection.execute(
                sa.select(channel.c.name)
                .where(channel.c.watch == watch, channel.c.name == name)
                .with_for_update()
            )
            rows = _due(connection, watch, name, now)
            if not rows:
                return 0
            notices = [_notice(row) for row in rows]
            stories = {one.story for one in notices} if with_stories else set()
            lately = ToldLately(
                _sent_at(connection, watch, name, now),
                _told_stories(connection, watch, name, stories),
            )
            plan = decide(notices, lately, now)
            matches = {row.id: row.match_id for row in rows}
            for ids in plan.messages:
                self._make(connection, (watch, name), {one: matches[one] for one in ids}, now)
            _settle(connection, plan)
        return len(plan.messages)

    def orphan(self, watch: str, name: str) -> None:
        """Put off the notices of a channel that is not in the files that we read.

        Another process may read newer files; after a week they are dropped.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            mine = sa.and_(
                notice.c.watch == watch, notice.c.channel == name, claims.is_ready(notice, now)
            )
            connection.execute(
                states.move(notice, states.DROPPED)
                .where(mine, notice.c.created_at < now - _FORGOTTEN)
                .values(reason="its channel is gone")
            )
            connection.execute(notice.update().where(mine).values(due_at=now + _ASK_AGAIN))

    def counts(self) -> dict[str, int]:
        """How many notices are in each state."""
        with self._db.read() as connection:
            rows = connection.execute(
                sa.select(notice.c.state, sa.func.count()).group_by(notice.c.state)
            )
            return {row[0]: row[1] for row in rows}

    def _make(
        self, connection: sa.Connection, of: tuple[str, str], ids: dict[int, int], now: datetime
    ) -> None:
        watch, name = of
        matches = list(ids.values())
        outbox_id: int = connection.execute(
            outbox.insert()
            .values(
                key=_key(watch, name, matches),
                watch=watch,
                channel=name,
                match_id=matches[0],
                **states.start(outbox, states.PENDING),
                due_at=now,
                created_at=now,
            )
            .returning(outbox.c.id)
        ).scalar_one()
        connection.execute(
            states.move(notice, states.DONE)
            .where(notice.c.id.in_(list(ids)))
            .values(outbox_id=outbox_id)
        )


def _key(watch: str, name: str, matches: Sequence[int]) -> str:
    """A message's key: the same for the same matches, even in a store that was restored."""
    if len(matches) == 1:
        return f"{watch}:{name}:{matches[0]}"
    told = ",".join(map(str, sorted(matches)))
    return f"{watch}:{name}:{hashlib.sha256(told.encode()).hexdigest()[:24]}"


def _story() -> sa.ColumnElement[int]:
    """The story of a match; a near miss that was a match is one of its own."""
    return sa.func.coalesce(match.c.story_id, match.c.id)


def _due(connection: sa.Connection, watch: str, name: str, now: datetime) -> Sequence[Row]:
    return connection.execute(
        sa.select(
            notice, match.c.relation, match.c.score, match.c.language, match.c.verdict,
            _story().label("story"),
        )
        .join(match, match.c.id == notice.c.match_id)
        .where(
            notice.c.watch == watch, notice.c.channel == name, claims.is_ready(notice, now)
        )
        .order_by(notice.c.id)
        .limit(_AT_ONCE)
    ).all()  # fmt: skip


def _sent_at(
    connection: sa.Connection, watch: str, name: str, now: datetime
) -> tuple[datetime, ...]:
    rows = connection.execute(
        sa.select(outbox.c.created_at, outbox.c.sent_at).where(
            outbox.c.watch == watch,
            outbox.c.channel == name,
            sa.or_(
                outbox.c.created_at > now - timedelta(hours=1),
                outbox.c.sent_at > now - timedelta(hours=1),
            ),
        )
    )
    return tuple(row.sent_at or row.created_at for row in rows)


def _told_stories(
    connection: sa.Connection, watch: str, name: str, stories: set[int]
) -> frozenset[int]:
    if not stories:
        return frozenset()
    rows = connection.execute(
        sa.select(match.c.story_id)
        .select_from(match.join(notice, match.c.id == notice.c.match_id))
        .where(
            match.c.story_id.in_(sorted(stories)),
            match.c.watch == watch,
            notice.c.channel == name,
            notice.c.state == states.DONE,
        )
        .distinct()
    )
    return frozenset(row[0] for row in rows)


def _settle(connection: sa.Connection, plan: TellingPlan) -> None:
    by_time: dict[datetime, list[int]] = {}
    for one, until in plan.held.items():
        by_time.setdefault(until, []).append(one)
    for until, ids in sorted(by_time.items()):
        held = notice.update().where(notice.c.id.in_(ids))
        connection.execute(held.values(due_at=until, has_waited=True))
    by_reason: dict[str, list[int]] = {}
    for one, reason in plan.left_out.items():
        by_reason.setdefault(reason, []).append(one)
    for reason, ids in sorted(by_reason.items()):
        dropped = states.move(notice, states.DROPPED).where(notice.c.id.in_(ids))
        connection.execute(dropped.values(reason=reason))


def _notice(row: Row) -> Notice:
    return Notice(
        id=row.id,
        relation=Relation(row.relation),
        score=row.score,
        language=row.language,
        story=row.story,
        verdict=Verdict(row.verdict) if row.verdict else None,
        noted_at=row.created_at,
        has_waited=row.has_waited,
    )
