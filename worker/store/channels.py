"""Channels: whether each may be used now, what waits for it, and the log of what was sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain import ChannelConfig
from worker.errors import NotFoundError
from worker.records import Attempt, AttemptRow, ChannelRow, MessageRow
from worker.store import states
from worker.store.engine import Database, Row
from worker.store.schema import article, attempt, channel, match, notice, outbox


def is_open(now: datetime) -> sa.ColumnElement[bool]:
    """Whether a channel may be used; one that nobody has seen yet may be."""
    return sa.or_(
        channel.c.state.is_(None),
        sa.and_(channel.c.state == states.ACTIVE, channel.c.due_at <= now),
    )


def with_channel(table: sa.Table) -> sa.FromClause:
    """Notices or messages with their channel."""
    return table.outerjoin(
        channel, sa.and_(channel.c.watch == table.c.watch, channel.c.name == table.c.channel)
    )


def log_attempt(
    connection: sa.Connection, of: tuple[str, str], made: Attempt, now: datetime, **more: Any
) -> int:
    """Add a line to the delivery log.

    Args:
        connection: of a transaction for writing.
        of: watch and channel.
        made: how it went.
        now: the store's time.
        more: further columns.
    """
    row_id: int = connection.execute(
        attempt.insert()
        .values(
            at=now,
            watch=of[0],
            channel=of[1],
            outcome=made.outcome,
            status=made.status,
            detail=made.detail or None,
            elapsed_s=made.elapsed_s,
            **more,
        )
        .returning(attempt.c.id)
    ).scalar_one()
    return row_id


class ChannelStore:
    """What telling, the command line and the pages ask of channels."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def sync(self, watches: Mapping[str, Iterable[ChannelConfig]]) -> None:
        """Make the channels of the watches' files known; one whose settings changed is on again."""
        wanted = {
            (name, config.name): (config.kind, _fingerprint(config))
            for name, configs in watches.items()
            for config in configs
        }
        with self._db.read() as connection:
            rows = connection.execute(
                sa.select(channel.c.watch, channel.c.name, channel.c.kind, channel.c.fingerprint)
            ).all()
        known = {(row.watch, row.name): (row.kind, row.fingerprint) for row in rows}
        changed = {of: told for of, told in wanted.items() if known.get(of) != told}
        if not changed:
            return
        with self._db.write() as connection:
            now = self._db.now(connection)
            for (watch, name), (kind, fingerprint) in sorted(changed.items()):
                values = {"kind": kind, "fingerprint": fingerprint, "due_at": now}
                start = states.start(channel, states.ACTIVE)
                connection.execute(
                    self._db.insert_new(channel).values(watch=watch, name=name, **start, **values)
                )
                connection.execute(_switched_on(watch, name, now).values(**values))

    def switch_on(self, watch: str, name: str) -> None:
        """Use a channel again, at once.

        Raises:
            NotFoundError: there is no such channel.
        """
        with self._db.write() as connection:
            done = connection.execute(_switched_on(watch, name, self._db.now(connection)))
        if not done.rowcount:
            raise NotFoundError(f"{watch}/{name}: no such channel; `seedwatch channels list`")

    def log_test(self, watch: str, name: str, made: Attempt) -> int:
        """Log a test message; returns the id of the line."""
        with self._db.write() as connection:
            now = self._db.now(connection)
            return log_attempt(connection, (watch, name), made, now)

    def rows(self) -> list[ChannelRow]:
        """All channels that were ever seen, by watch and name."""
        with self._db.read() as connection:
            rows = connection.execute(
                sa.select(channel).order_by(channel.c.watch, channel.c.name)
            ).all()
            waiting = _counts(connection, notice, notice.c.state == states.PENDING)
            queued = _counts(connection, outbox, outbox.c.state == states.PENDING)
            given_up = _counts(connection, outbox, outbox.c.state == states.QUARANTINED)
        return [
            ChannelRow(
                watch=row.watch,
                name=row.name,
                kind=row.kind,
                state=row.state,
                reason=row.reason,
                failures=row.failures,
                rests_until=row.due_at,
                last_sent_at=row.last_sent_at,
                last_failed_at=row.last_failed_at,
                waiting=waiting.get((row.watch, row.name), 0),
                queued=queued.get((row.watch, row.name), 0),
                given_up=given_up.get((row.watch, row.name), 0),
            )
            for row in rows
        ]

    def attempts(
        self,
        *,
        only: tuple[str, str] | None = None,
        attempt_id: int | None = None,
        before_id: int | None = None,
        limit: int = 50,
    ) -> list[AttemptRow]:
        """The delivery log, latest first: all of it, of one channel (watch, name), or one line."""
        query = (
            sa.select(attempt, article.c.title)
            .outerjoin(outbox, outbox.c.id == attempt.c.outbox_id)
            .outerjoin(match, match.c.id == outbox.c.match_id)
            .outerjoin(article, article.c.id == match.c.article_id)
            .order_by(attempt.c.id.desc())
            .limit(limit)
        )
        if only:
            query = query.where(attempt.c.watch == only[0], attempt.c.channel == only[1])
        if attempt_id is not None:
            query = query.where(attempt.c.id == attempt_id)
        if before_id is not None:
            query = query.where(attempt.c.id < before_id)
        with self._db.read() as connection:
            return [_attempt_row(row) for row in connection.execute(query)]

    def unsent(self, limit: int = 50) -> list[MessageRow]:
        """Messages that failed and wait, those that were given up first."""
        count = (
            sa.select(sa.func.count()).where(notice.c.outbox_id == outbox.c.id).scalar_subquery()
        )
        query = (
            sa.select(outbox, count.label("matches"), article.c.title)
            .join(match, match.c.id == outbox.c.match_id)
            .join(article, article.c.id == match.c.article_id)
            .where(
                sa.or_(
                    outbox.c.state == states.QUARANTINED,
                    sa.and_(outbox.c.state == states.PENDING, outbox.c.failures > 0),
                )
            )
            .order_by(outbox.c.state.desc(), outbox.c.id.desc())
            .limit(limit)
        )
        with self._db.read() as connection:
            return [_message_row(row) for row in connection.execute(query)]

    def retry(self, message_ids: Sequence[int]) -> int:
        """Make messages due now, whatever they wait for; their channels may be used at once.

        Returns:
            How many there were.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            rows = connection.execute(
                sa.select(outbox.c.id, outbox.c.watch, outbox.c.channel).where(
                    outbox.c.id.in_(list(message_ids)),
                    outbox.c.state.in_((states.PENDING, states.QUARANTINED)),
                )
            ).all()
            if not rows:
                return 0
            fresh = {"tries": 0, "failures": 0, "hinted_at": None, "token": None}
            connection.execute(
                states.move(outbox, states.PENDING)
                .where(outbox.c.id.in_([row.id for row in rows]))
                .values(due_at=now, **fresh)
            )
            for watch, name in sorted({(row.watch, row.channel) for row in rows}):
                connection.execute(_switched_on(watch, name, now))
        return len(rows)


def _switched_on(watch: str, name: str, now: datetime) -> sa.Update:
    return (
        states.move(channel, states.ACTIVE)
        .where(channel.c.watch == watch, channel.c.name == name)
        .values(due_at=now, failures=0, reason=None)
    )


def _fingerprint(config: ChannelConfig) -> str:
    return hashlib.sha256(repr(config).encode()).hexdigest()


def _counts(
    connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]
) -> dict[tuple[str, str], int]:
    query = sa.select(table.c.watch, table.c.channel, sa.func.count()).where(where)
    rows = connection.execute(query.group_by(table.c.watch, table.c.channel))
    return {(row[0], row[1]): row[2] for row in rows}


def _attempt_row(row: Row) -> AttemptRow:
    return AttemptRow(
        row.id, row.at, row.watch, row.channel, row.outbox_id, row.outcome, row.status,
        row.detail or "", row.elapsed_s, row.matches, row.title or "",
    )  # fmt: skip


def _message_row(row: Row) -> MessageRow:
    return MessageRow(
        row.id, row.key, row.watch, row.channel, row.state, row.due_at, row.failures,
        row.last_error, row.created_at, row.matches, row.title,
    )  # fmt: skip
