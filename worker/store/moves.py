"""A feed that has moved: its row under the new address, or merged into the feed that is there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.store import states
from worker.store.engine import Database, Row
from worker.store.schema import feed, feed_alias, feed_watch, fetch_event, sighting


def change_address(
    database: Database, connection: sa.Connection, moved: Row, new_hash: str, now: datetime
) -> int:
    """Give a feed the address in its `moved_to`.

    Args:
        database: for its way to insert what may be there already.
        connection: of a transaction for writing.
        moved: the feed's row.
        new_hash: of the new address.
        now: the feed is due at once.

    Returns:
        The id of the feed that has the address now.
    """
    # a poll of the old address that is under way must not be stored under the new one
    fresh: dict[str, Any] = {
        "token": None,
        "due_at": now,
        "hinted_at": None,
        "tries": 0,
        "failures": 0,
        "moved_to": None,
        "moved_count": 0,
    }
    target: int | None = connection.execute(
        sa.select(feed.c.id).where(feed.c.url_hash == new_hash)
    ).scalar()
    if target is None:
        target = moved.id
        connection.execute(
            feed.update()
            .where(feed.c.id == target)
            .values(
                url=moved.moved_to,
                url_hash=new_hash,
                etag=None,
                last_modified=None,
                body_hash=None,
                **fresh,
            )
        )
    elif target != moved.id:
        _merge(database, connection, moved, target, fresh)
    if moved.url_hash != new_hash:
        # an address may come back: it is then nobody's former one
        connection.execute(feed_alias.delete().where(feed_alias.c.url_hash == new_hash))
        connection.execute(
            database.insert_new(feed_alias).values(
                url_hash=moved.url_hash, url=moved.url, feed_id=target
            )
        )
    return target


def _merge(
    database: Database,
    connection: sa.Connection,
    moved: Row,
    target: int,
    fresh: dict[str, Any],
) -> None:
    known = sa.select(sighting.c.entry_hash).where(sighting.c.feed_id == target)
    connection.execute(
        sighting.update()
        .where(sighting.c.feed_id == moved.id, sighting.c.entry_hash.not_in(known))
        .values(feed_id=target)
    )
    for table in (fetch_event, feed_alias):
        connection.execute(table.update().where(table.c.feed_id == moved.id).values(feed_id=target))
    watches = connection.execute(
        sa.select(feed_watch.c.watch).where(feed_watch.c.feed_id == moved.id)
    ).scalars()
    for watch in watches.all():
        connection.execute(database.insert_new(feed_watch).values(feed_id=target, watch=watch))
    count = sa.select(sa.func.count()).where(sighting.c.feed_id == target).scalar_subquery()
    values = {**fresh, "entry_count": count}
    if moved.state == states.ACTIVE:
        # one that no file named any more is followed again, one that a person paused is not
        connection.execute(
            states.move(feed, states.ACTIVE).where(
                feed.c.id == target, feed.c.state == states.RETIRED
            )
        )
    connection.execute(feed.update().where(feed.c.id == target).values(**values))
    connection.execute(feed.delete().where(feed.c.id == moved.id))
