"""The list of feeds: which there are, how they are doing, and where they have moved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain import FeedConfig, FetchPolicy
from worker.errors import NotFoundError
from worker.records import Added, FeedRow, Moved
from worker.store import moves, states
from worker.store.engine import Database, chunks, counts_of
from worker.store.feedfind import find_id, hash_of, known_ids
from worker.store.feedrow import feed_row
from worker.store.schema import feed, feed_watch


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
            self._set_given(connection, configs_of(watch_feeds), ids)
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

    def _set_given(
        self, connection: sa.Connection, configs: Iterable[FeedConfig], ids: Mapping[str, int]
    ) -> None:
        """Make titles, languages and policies those of the files.

        Of two titles or languages the first one counts; of two policies, that all are fetched.
        """
        wanted: dict[int, dict[str, str]] = {}
        for config in configs:
            given = wanted.setdefault(ids[hash_of(config.url)], {})
            for name, value in _given(config.title, config.language).items():
                given.setdefault(name, value)
            if given.get("fetch") != FetchPolicy.ALL:
                given["fetch"] = str(config.fetch)
        columns = (feed.c.id, feed.c.title, feed.c.language, feed.c.fetch)
        query = sa.select(*columns).where(feed.c.origin == "config")
        stored = [dict(row._mapping) for row in connection.execute(query)]
        changed = [
            {f"of_{name}": value for name, value in becomes.items()}
            for was in stored
            if (becomes := was | wanted.get(was["id"], {})) != was
        ]
        if changed:
            update = feed.update().where(feed.c.id == sa.bindparam("of_id"))
            names = ("title", "language", "fetch")
            values: dict[str, Any] = {name: sa.bindparam(f"of_{name}") for name in names}
            connection.execute(update.values(**values), changed)

    def add(self, config: FeedConfig, watch: str) -> int:
        """Add a feed by hand (or find it, also by a former address); due at once.

        Returns:
            Its id.
        """
        return self.add_all([config], watch)[0].feed_id

    def add_all(
        self, configs: Sequence[FeedConfig], watch: str, paused: Collection[str] = ()
    ) -> list[Added]:
        """Add feeds by hand; those that are known are only watched for this watch, too.

        A retired one is polled again; a paused one stays so.

        Args:
            configs: each address once.
            watch: the name of what follows them.
            paused: addresses whose feeds begin paused, if they are new.

        Returns:
            What became of each, in their order.
        """
        by_key = {hash_of(config.url): config for config in configs}
        with self._db.write() as connection:
            now = self._db.now(connection)
            known = known_ids(connection, by_key)
            ids = self._ids(connection, by_key, "user", now)
            self._follow(connection, {(feed_id, watch) for feed_id in ids.values()})
            new = {ids[key] for key in by_key if key not in known}
            resting = {ids[hash_of(url)] for url in paused} & new
            for part in chunks(sorted(ids.values())):
                connection.execute(
                    states.move(feed, states.ACTIVE)
                    .where(feed.c.id.in_(part), feed.c.state == states.RETIRED)
                    .values(origin="user", due_at=now)
                )
            for part in chunks(sorted(resting)):
                connection.execute(states.move(feed, states.PAUSED).where(feed.c.id.in_(part)))
        return [Added(ids[key], ids[key] in new) for key in by_key]

    def change(
        self,
        feed_id: int,
        title: str = "",
        language: str | None = None,
        fetch: FetchPolicy | None = None,
    ) -> None:
        """Change what is said of a feed; what is not given stays."""
        given = _given(title, language) | ({"fetch": str(fetch)} if fetch else {})
        if given:
            with self._db.write() as connection:
                connection.execute(feed.update().where(feed.c.id == feed_id).values(**given))

    def _ids(
        self,
        connection: sa.Connection,
        configs: Mapping[str, FeedConfig],
        origin: str,
        now: datetime,
    ) -> dict[str, int]:
        """The feeds of some addresses, by url_hash; made where there is none yet."""
        ids = known_ids(connection, configs)
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
            ids |= known_ids(connection, new)
        return ids

    def _follow(self, connection: sa.Connection, links: set[tuple[int, str]]) -> None:
        known = {tuple(row) for row in connection.execute(sa.select(feed_watch))}
        new = [{"feed_id": feed_id, "watch": watch} for feed_id, watch in sorted(links - known)]
        if new:
            connection.execute(self._db.insert_new(feed_watch), new)

    def find(self, id_or_url: str) -> int:
        """Find a feed by its number or its address, a former one too, however it is spelt.

        Raises:
            NotFoundError: no such feed.
        """
        with self._db.read() as connection:
            found = find_id(connection, id_or_url)
        if found is None:
            raise NotFoundError(f"{id_or_url}: no such feed; `seedwatch feeds list` shows them")
        return found

    def set_state(self, feed_id: int, state: str) -> None:
        """Pause, resume or retire a feed; a resumed one is due at once, without validators.

        One that no file named any more is then one that was added by hand: else it would be
        retired again.
        """
        with self._db.write() as connection:
            if state == states.ACTIVE:
                connection.execute(
                    feed.update()
                    .where(feed.c.id == feed_id, feed.c.state == states.RETIRED)
                    .values(origin="user")
                )
            self._set_state(connection, feed_id, state)
            if state == states.ACTIVE:
                connection.execute(
                    feed.update()
                    .where(feed.c.id == feed_id)
                    .values(
                        due_at=self._db.now(connection),
                        failures=0,
                        tries=0,
                        hinted_at=None,
                        body_at=None,
                    )
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

        A feed that a watch's file names is paused instead, or the next start would add it again.
        """
        with self._db.write() as connection:
            query = sa.select(feed.c.origin, feed.c.state).where(feed.c.id == feed_id)
            row = connection.execute(query).first()
            if row and row.origin == "config" and row.state != states.RETIRED:
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
            feed_row(row, watches.get(row.id, []))
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
        return feed_row(row, watches)

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


def _given(title: str, language: str | None) -> dict[str, str]:
    return {name: value for name, value in (("title", title), ("language", language)) if value}
