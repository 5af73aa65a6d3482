"""Subscriptions to hubs (WebSub): which feeds are pushed to us, until when, and what is due."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa

from worker.records import Subscription
from worker.store import states
from worker.store.engine import Database, Row
from worker.store.schema import feed, subscription

_ASK_AGAIN = timedelta(hours=1)
"""A hub that said yes and never asked back is asked again after so long."""
_ACTIVE_FEEDS = sa.select(feed.c.id).where(feed.c.state == states.ACTIVE)
_IS_COMPLETE = sa.or_(
    subscription.c.missed_at.is_(None), subscription.c.pushed_at > subscription.c.missed_at
)
_PUSHED = sa.select(subscription.c.feed_id).where(
    subscription.c.feed_id.in_(sa.bindparam("ids", expanding=True)),
    subscription.c.until > sa.bindparam("now"),
    _IS_COMPLETE,
)


class SubscriptionStore:
    """What the pipeline and the callback ask of subscriptions."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def due(self, limit: int = 100) -> list[int]:
        """Feeds whose hub is to be asked, for the first time or again."""
        with self._db.read() as connection:
            now = self._db.now(connection)
            query = sa.select(subscription.c.feed_id).where(
                subscription.c.due_at <= now, subscription.c.feed_id.in_(_ACTIVE_FEEDS)
            )
            return list(
                connection.execute(query.order_by(subscription.c.due_at).limit(limit)).scalars()
            )

    def claim(self, feed_ids: Iterable[int]) -> list[Subscription]:
        """Take those that are still due; nobody else asks their hubs within the hour."""
        with self._db.write() as connection:
            now = self._db.now(connection)
            rows = connection.execute(
                subscription.update()
                .where(
                    subscription.c.feed_id.in_(sorted(set(feed_ids))), subscription.c.due_at <= now
                )
                .values(due_at=now + _ASK_AGAIN, asked_at=now)
                .returning(*subscription.c)
            ).all()
        return [_subscription(row) for row in rows]

    def asked(self, held: Subscription, error: str | None, pause: timedelta) -> None:
        """Note that a hub took the request (it asks back on its own), or why it did not."""
        with self._db.write() as connection:
            values: dict[str, object] = {"failures": 0, "last_error": None}
            if error is not None:
                due_at = self._db.now(connection) + pause
                values = {"failures": held.failures + 1, "last_error": error, "due_at": due_at}
            connection.execute(
                subscription.update().where(subscription.c.feed_id == held.feed_id).values(**values)
            )

    def of_token(self, token: str) -> Subscription | None:
        """The subscription whose callback has that secret part; None if there is none."""
        with self._db.read() as connection:
            row = connection.execute(
                sa.select(subscription).where(subscription.c.token == token)
            ).first()
        return _subscription(row) if row else None

    def confirm(self, feed_id: int, lease: timedelta, renewal: timedelta) -> None:
        """Note that the hub has asked back: it pushes until the lease ends."""
        with self._db.write() as connection:
            now = self._db.now(connection)
            connection.execute(
                subscription.update()
                .where(subscription.c.feed_id == feed_id)
                .values(until=now + lease, due_at=now + renewal, failures=0, last_error=None)
            )

    def deny(self, feed_id: int, reason: str, pause: timedelta) -> None:
        """Note that the hub will not push."""
        with self._db.write() as connection:
            now = self._db.now(connection)
            connection.execute(
                subscription.update()
                .where(subscription.c.feed_id == feed_id)
                .values(until=None, due_at=now + pause, last_error=reason)
            )

    def end(self, feed_id: int) -> None:
        """Note that the hub was told to stop: once the feed is polled again, it is asked anew."""
        with self._db.write() as connection:
            connection.execute(
                subscription.update()
                .where(subscription.c.feed_id == feed_id)
                .values(until=None, due_at=self._db.now(connection))
            )


def note_hub(
    connection: sa.Connection, feed_id: int, hub_url: str | None, topic_url: str, now: datetime
) -> None:
    """Remember the hub that a feed names at a poll; a new one, or another topic, is asked at once.

    One that the feed no longer names is forgotten: what it pushes is refused from then on.
    """
    known = connection.execute(
        sa.select(subscription).where(subscription.c.feed_id == feed_id)
    ).first()
    if hub_url is None:
        if known is not None:
            connection.execute(subscription.delete().where(subscription.c.feed_id == feed_id))
        return
    values = {"hub_url": hub_url, "topic_url": topic_url, "due_at": now, "until": None}
    if known is None:
        connection.execute(
            subscription.insert().values(
                feed_id=feed_id,
                token=secrets.token_urlsafe(24),
                secret=secrets.token_urlsafe(32),
                failures=0,
                **values,
            )
        )
    elif (known.hub_url, known.topic_url) != (hub_url, topic_url):
        connection.execute(
            subscription.update().where(subscription.c.feed_id == feed_id).values(**values)
        )


def note_missed(connection: sa.Connection, feed_id: int, now: datetime) -> bool:
    """Remember that a poll found entries that the hub, which had agreed to, had not pushed.

    The first time since it pushed, it is asked anew: it may have forgotten us.

    Returns:
        Whether there is such a hub.
    """
    is_held = sa.and_(subscription.c.feed_id == feed_id, subscription.c.until > now)
    connection.execute(subscription.update().where(is_held, _IS_COMPLETE).values(due_at=now))
    noted = connection.execute(subscription.update().where(is_held).values(missed_at=now))
    return bool(noted.rowcount)


def note_push(connection: sa.Connection, feed_id: int, now: datetime) -> None:
    """Remember that the hub has pushed."""
    connection.execute(
        subscription.update().where(subscription.c.feed_id == feed_id).values(pushed_at=now)
    )


def pushed_feeds(
    connection: sa.Connection, feed_ids: Collection[int], now: datetime
) -> frozenset[int]:
    """Those of the feeds whose hub can be relied on: it has not missed anything since it pushed."""
    values = {"ids": sorted(feed_ids), "now": now}
    return frozenset(connection.execute(_PUSHED, values).scalars())


def _subscription(row: Row) -> Subscription:
    return Subscription(
        feed_id=row.feed_id,
        token=row.token,
        secret=row.secret,
        hub_url=row.hub_url,
        topic_url=row.topic_url,
        asked_at=row.asked_at,
        until=row.until,
        failures=row.failures,
    )
