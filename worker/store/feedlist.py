"""The list of feeds: which there are, how they are doing, and where they have moved."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from worker.domain import FeedConfig, FetchPolicy
from worker.errors import NotFoundError
from worker.records import FeedRow, Moved
from worker.store import moves, states
from worker.store.engine import Database, Row, chunks, counts_of
from worker.store.schema import feed, feed_alias, feed_watch


def hash_of(text: str) -> str:
    """Hex SHA-256 of a text; lone surrogates are passed through as they are."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class FeedList:
    """What the doors ask of feeds."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def sync(self, watch_feeds: dict[str, Sequence[FeedConfig]]) -> None:
        """Make the feeds of the watches' files known; those no file names any more retire.

        Args:
            watch_feeds: the feeds of every watch, by the watch's name.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            configs = {hash_of(c.url): c for c in configs_of(watch_feeds)}
            ids = self._ids(connection, configs, "config", now)
            self._follow(
                connection,
                {
                    (ids[hash_of(c.url)], watch)
                    for watch, feeds in watch_feeds.items()
                    for c in feeds
                },
            )
            self._set_fetch(connection, configs_of(watch_feeds), ids)
            rows = connection.execute(
                sa.select(feed.c.id, feed.c.state).where(feed.c.origin == "config")
            ).all()
            named = set(ids.values())
            for was, becomes, is_named in (
                (states.ACTIVE, states.RETIRED, False),
                (states.RETIRED, states.ACTIVE, True),
            ):
                changed = [r.id for r in rows if r.state == was and (r.id in named) == is_named]
                for part in chunks(changed):
                    connection.execute(states.move(feed, becomes).where(feed.c.id.in_(part)))

    def _set_fetch(
        self, connection: sa.Connection, configs: Iterable[FeedConfig], ids: Mapping[str, int]
    ) -> None:
        """Make the policies those of the files; of two that differ, all pages are fetched."""
        wanted: dict[int, FetchPolicy] = {}
        for config in configs:
            feed_id = ids[hash_of(config.url)]
            if wanted.get(feed_id) is not FetchPolicy.ALL:
                wanted[feed_id] = config.fetch
        query = sa.select(feed.c.id, feed.c.fetch).where(feed.c.origin == "config")
        stored = {row.id: row.fetch for row in connection.execute(query)}
        for policy in FetchPolicy:
            changed = [
                feed_id
                for feed_id, want in wanted.items()
                if want is policy and stored.get(feed_id, policy) != policy
            ]
            for part in chunks(changed):
                connection.execute(
                    feed.update().where(feed.c.id.in_(part)).values(fetch=str(policy))
                )

    def add(self, config: FeedConfig, watch: str) -> int:
        """Add a feed by hand (or find it, also by a former address); due at once.

        Returns:
            Its id.
        """
        key = hash_of(config.url)
        with self._db.write() as connection:
            now = self._db.now(connection)
            feed_id = self._ids(connection, {key: config}, "user", now)[key]
            self._follow(connection, {(feed_id, watch)})
            connection.execute(
                states.move(feed, states.ACTIVE)
                .where(feed.c.id == feed_id, feed.c.state == states.RETIRED)
                .values(origin="user", due_at=now)
            )
        return feed_id

    def _ids(
        self,
        connection: sa.Connection,
        configs: Mapping[str, FeedConfig],
        origin: str,
        now: datetime,
    ) -> dict[str, int]:
        """The feeds of some addresses, by url_hash; made where there is none yet."""
        # former addresses last: they win over a feed that somebody made of one meanwhile
        ids = _known(connection, feed, feed.c.id, configs)
        ids |= _known(connection, feed_alias, feed_alias.c.feed_id, configs)
        new = {key: config for key, config in configs.items() if key not in ids}
        if new:
            connection.execute(
                self._db.insert_new(feed),
                [
                    {
                        "url": config.url,
                        "url_hash": key,
                        "title": config.title,
                        "language": config.language,
                        "origin": origin,
                        "fetch": str(config.fetch),
                        **states.start(feed, states.ACTIVE),
                        "due_at": now,
                        "created_at": now,
                    }
                    for key, config in new.items()
                ],
            )
            ids |= _known(connection, feed, feed.c.id, new)
        return ids

    def _follow(self, connection: sa.Connection, links: set[tuple[int, str]]) -> None:
        known = {tuple(row) for row in connection.execute(sa.select(feed_watch))}
        new = [{"feed_id": feed_id, "watch": watch} for feed_id, watch in sorted(links - known)]
        if new:
            connection.execute(self._db.insert_new(feed_watch), new)

    def find(self, id_or_url: str) -> int:
        """Find a feed by its number or its address, a former one too.

        Raises:
            NotFoundError: no such feed.
        """
        where = feed.c.url_hash == hash_of(id_or_url)
        if id_or_url.isdecimal() and len(id_or_url) < 18:
            where = sa.or_(where, feed.c.id == int(id_or_url))
        with self._db.read() as connection:
            found: int | None = connection.execute(
                sa.select(feed.c.id)
                .where(where)
                .union_all(
                    sa.select(feed_alias.c.feed_id).where(
                        feed_alias.c.url_hash == hash_of(id_or_url)
                    )
                )
            ).scalar()
        if found is None:
            raise NotFoundError(f"{id_or_url}: no such feed; `seedwatch feeds list` shows them")
        return found

    def set_state(self, feed_id: int, state: str) -> None:
        """Pause, resume or retire a feed; a resumed one is due at once."""
        with self._db.write() as connection:
            self._set_state(connection, feed_id, state)
            if state == states.ACTIVE:
                connection.execute(
                    feed.update()
                    .where(feed.c.id == feed_id)
                    .values(due_at=self._db.now(connection), failures=0, tries=0, hinted_at=None)
                )

    def poll_now(self, feed_id: int | None = None) -> None:
        """Make a feed (or every active one) due at once."""
        which = feed.c.state == states.ACTIVE
        if feed_id is not None:
            which = sa.and_(which, feed.c.id == feed_id)
        with self._db.write() as connection:
            connection.execute(
                feed.update().where(which).values(due_at=self._db.now(connection), hinted_at=None)
            )

    def _set_state(self, connection: sa.Connection, feed_id: int, state: str) -> None:
        connection.execute(states.move(feed, state).where(feed.c.id == feed_id))

    def remove(self, feed_id: int) -> None:
        """Remove a feed with its sightings and events; its articles stay.

        A feed that a watch's file names is retired instead, or the next start would add it again.
        """
        with self._db.write() as connection:
            origin = connection.execute(
                sa.select(feed.c.origin).where(feed.c.id == feed_id)
            ).scalar()
            if origin == "config":
                self._set_state(connection, feed_id, states.PAUSED)
            else:
                connection.execute(feed.delete().where(feed.c.id == feed_id))

    def counts(self) -> dict[str, int]:
        """How many feeds are in each state."""
        with self._db.read() as connection:
            return counts_of(
                connection, sa.select(feed.c.state, sa.func.count()).group_by(feed.c.state)
            )

    def rows(self, watch: str | None = None) -> list[FeedRow]:
        """All feeds (of a watch), by id, with how they are doing."""
        with self._db.read() as connection:
            watches: dict[int, list[str]] = {}
            for row in connection.execute(sa.select(feed_watch).order_by(feed_watch.c.watch)):
                watches.setdefault(row.feed_id, []).append(row.watch)
            rows = connection.execute(sa.select(feed).order_by(feed.c.id)).all()
        return [
            _feed_row(row, watches.get(row.id, []))
            for row in rows
            if watch is None or watch in watches.get(row.id, [])
        ]

    def get(self, feed_id: int) -> FeedRow:
        """One feed.

        Raises:
            NotFoundError: no such feed.
        """
        with self._db.read() as connection:
            row = connection.execute(sa.select(feed).where(feed.c.id == feed_id)).first()
            if row is None:
                raise NotFoundError(f"{feed_id}: no such feed; `seedwatch feeds list` shows them")
            named = sa.select(feed_watch.c.watch).where(feed_watch.c.feed_id == feed_id)
            watches = list(connection.execute(named.order_by(feed_watch.c.watch)).scalars())
        return _feed_row(row, watches)

    def confirm_move(self, feed_id: int, seen: str | None = None) -> Moved:
        """Change a feed's address to where it has been redirected permanently; due at once.

        If that address is a feed already, this one is merged into it: its sightings and events
        become the other's. The former address goes on meaning the feed.

        Args:
            feed_id: of the feed.
            seen: the address that a person confirms; None = whatever it is by now.

        Raises:
            NotFoundError: no such feed, or it is not redirected (there).
        """
        with self._db.write() as connection:
            row = connection.execute(sa.select(feed).where(feed.c.id == feed_id)).first()
            if row is None or not row.moved_to or seen not in (None, row.moved_to):
                raise NotFoundError(f"{feed_id}: is not redirected permanently; nothing to confirm")
            now = self._db.now(connection)
            target = moves.change_address(self._db, connection, row, hash_of(row.moved_to), now)
            return Moved(target, row.url, row.moved_to, is_merged=target != feed_id)


def configs_of(watch_feeds: Mapping[str, Sequence[FeedConfig]]) -> list[FeedConfig]:
    """The feeds of all watches, one after the other."""
    return [config for feeds in watch_feeds.values() for config in feeds]


def _feed_row(row: Row, watches: list[str]) -> FeedRow:
    return FeedRow(
        id=row.id,
        url=row.url,
        title=row.title,
        language=row.language,
        state=row.state,
        watches=tuple(watches),
        next_poll_at=row.due_at,
        last_outcome=row.last_outcome,
        last_detail=row.last_detail,
        last_polled_at=row.last_polled_at,
        last_success_at=row.last_success_at,
        failures=row.failures,
        overflow=row.overflow,
        moved_to=row.moved_to,
        entries=row.entry_count,
        moved_count=row.moved_count,
        entry_days=row.entry_days or {},
        last_entry_at=row.last_entry_at,
        fetch=FetchPolicy(row.fetch),
        created_at=row.created_at,
        origin=row.origin,
        interval_s=row.interval_s,
        entry_interval_s=row.entry_interval_s,
        ttl_s=row.ttl_s,
        is_conditional=bool(row.etag or row.last_modified),
    )


def _known(
    connection: sa.Connection, table: sa.Table, id_: sa.Column[int], keys: Iterable[str]
) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in chunks(sorted(keys)):
        query = sa.select(table.c.url_hash, id_).where(table.c.url_hash.in_(part))
        found |= {row[0]: row[1] for row in connection.execute(query)}
    return found
