"""Feeds, their entries as sightings of articles, and one event row an attempt."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.domain import FeedConfig, Outcome, Validators
from worker.errors import NotFoundError
from worker.records import FeedJob, FeedRow, NewEntry, PollResult
from worker.store import claims
from worker.store.engine import Database, Row, chunks, counts_of
from worker.store.schema import (
    article,
    article_alias,
    feed,
    feed_watch,
    fetch_event,
    sighting,
)


def hash_of(text: str) -> str:
    """Hex SHA-256 of a text; lone surrogates are passed through as they are."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class FeedStore:
    """What the pipeline and the doors ask of feeds."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # --- the list of feeds -------------------------------------------------------------------

    def sync(self, watch_feeds: dict[str, Sequence[FeedConfig]]) -> None:
        """Make the feeds of the watches' files known; those no file names any more retire.

        Args:
            watch_feeds: the feeds of every watch, by the watch's name.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            named: set[int] = set()
            for watch, configs in watch_feeds.items():
                for config in configs:
                    named.add(self._add(connection, config, watch, "config", now))
            for row in connection.execute(
                sa.select(feed.c.id, feed.c.state).where(feed.c.origin == "config")
            ).all():
                if row.id not in named and row.state == claims.ACTIVE:
                    self._set_state(connection, row.id, claims.RETIRED)
                elif row.id in named and row.state == claims.RETIRED:
                    self._set_state(connection, row.id, claims.ACTIVE)

    def add(self, config: FeedConfig, watch: str) -> int:
        """Add a feed by hand (or find it); due at once.

        Returns:
            Its id.
        """
        with self._db.write() as connection:
            return self._add(connection, config, watch, "user", self._db.now(connection))

    def _add(
        self, connection: sa.Connection, config: FeedConfig, watch: str, origin: str, now: datetime
    ) -> int:
        connection.execute(
            self._db.insert_new(feed).values(
                url=config.url,
                url_hash=hash_of(config.url),
                title=config.title,
                language=config.language,
                origin=origin,
                state=claims.ACTIVE,
                due_at=now,
                created_at=now,
            )
        )
        feed_id: int = connection.execute(
            sa.select(feed.c.id).where(feed.c.url_hash == hash_of(config.url))
        ).scalar_one()
        connection.execute(self._db.insert_new(feed_watch).values(feed_id=feed_id, watch=watch))
        return feed_id

    def find(self, id_or_url: str) -> int:
        """Find a feed by its number or its address.

        Raises:
            NotFoundError: no such feed.
        """
        where = feed.c.url_hash == hash_of(id_or_url)
        if id_or_url.isdecimal() and len(id_or_url) < 18:
            where = sa.or_(where, feed.c.id == int(id_or_url))
        with self._db.read() as connection:
            found: int | None = connection.execute(sa.select(feed.c.id).where(where)).scalar()
        if found is None:
            raise NotFoundError(f"{id_or_url}: no such feed; `seedwatch feeds list` shows them")
        return found

    def set_state(self, feed_id: int, state: str) -> None:
        """Pause, resume or retire a feed; a resumed one is due at once."""
        with self._db.write() as connection:
            self._set_state(connection, feed_id, state)
            if state == claims.ACTIVE:
                connection.execute(
                    feed.update()
                    .where(feed.c.id == feed_id)
                    .values(due_at=self._db.now(connection), failures=0, hinted_at=None)
                )

    def poll_now(self, feed_id: int | None = None) -> None:
        """Make a feed (or every active one) due at once."""
        which = feed.c.state == claims.ACTIVE
        if feed_id is not None:
            which = sa.and_(which, feed.c.id == feed_id)
        with self._db.write() as connection:
            connection.execute(
                feed.update().where(which).values(due_at=self._db.now(connection), hinted_at=None)
            )

    def _set_state(self, connection: sa.Connection, feed_id: int, state: str) -> None:
        connection.execute(feed.update().where(feed.c.id == feed_id).values(state=state))

    def remove(self, feed_id: int) -> None:
        """Remove a feed with its sightings and events; its articles stay.

        A feed that a watch's file names is retired instead, or the next start would add it again.
        """
        with self._db.write() as connection:
            origin = connection.execute(
                sa.select(feed.c.origin).where(feed.c.id == feed_id)
            ).scalar()
            if origin == "config":
                self._set_state(connection, feed_id, claims.PAUSED)
            else:
                connection.execute(feed.delete().where(feed.c.id == feed_id))

    def rows(self, watch: str | None = None) -> list[FeedRow]:
        """All feeds (of a watch), by id, with how they are doing."""
        with self._db.read() as connection:
            watches: dict[int, list[str]] = {}
            for row in connection.execute(sa.select(feed_watch).order_by(feed_watch.c.watch)):
                watches.setdefault(row.feed_id, []).append(row.watch)
            counts = counts_of(
                connection,
                sa.select(sighting.c.feed_id, sa.func.count()).group_by(sighting.c.feed_id),
            )
            rows = connection.execute(sa.select(feed).order_by(feed.c.id)).all()
        return [
            _feed_row(row, watches.get(row.id, []), counts.get(row.id, 0))
            for row in rows
            if watch is None or watch in watches.get(row.id, [])
        ]

    # --- polling -----------------------------------------------------------------------------

    def hint_due(self, limit: int = 1000) -> list[int]:
        """Ids of feeds that are due and were not handed out lately; stamps them."""
        with self._db.write() as connection:
            now = self._db.now(connection)
            return [row.id for row in claims.due_ids(connection, feed, now, limit)]

    def claim(self, ids: Iterable[int]) -> list[FeedJob]:
        """Claim those of the feeds that are due, for the length of a lease."""
        with self._db.write() as connection:
            now = self._db.now(connection)
            tokens = claims.claim(connection, feed, ids, now)
            if not tokens:
                return []
            rows = connection.execute(sa.select(feed).where(feed.c.id.in_(tokens))).all()
        return [_feed_job(row) for row in rows]

    def release(self, jobs: Iterable[FeedJob], wait_s: float = 0.0) -> None:
        """Give feeds back that were claimed but not polled: due again after some seconds."""
        held = {job.id: job.token for job in jobs}
        with self._db.write() as connection:
            due_at = self._db.now(connection) + timedelta(seconds=wait_s)
            claims.release(connection, feed, held, due_at)

    def finish_poll(self, result: PollResult) -> list[int] | None:
        """Store all that a poll gave: entries, validators, next poll and the event, at once.

        Returns:
            Ids of the articles to process now (new ones and edited ones), or None if the lease
            was lost and nothing was stored.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            if not claims.finish(
                connection, feed, result.job.id, result.job.token, _feed_values(result, now)
            ):
                return None
            todo = self._store_entries(connection, result, now)
            connection.execute(
                fetch_event.insert().values(
                    feed_id=result.job.id,
                    at=now,
                    outcome=result.outcome,
                    status=result.status,
                    detail=result.detail or None,
                    elapsed_s=result.elapsed_s,
                    size_bytes=result.size_bytes,
                    entries=len(result.entries),
                    new_entries=len(todo),
                )
            )
        return todo

    def _store_entries(
        self, connection: sa.Connection, result: PollResult, now: datetime
    ) -> list[int]:
        seen = self._known_sightings(connection, result)
        unseen: dict[str, NewEntry] = {}
        edited: list[int] = []
        for entry in result.entries:
            known = seen.get(entry.entry_hash)
            if known is None:
                unseen.setdefault(entry.entry_hash, entry)
            elif known.change_hash != entry.change_hash:
                edited.append(known.article_id)
                self._note_edit(connection, known, entry, now)
        ids = self._articles_of(connection, list(unseen.values()), now)
        if unseen:
            connection.execute(
                self._db.insert_new(sighting),
                [
                    {
                        "feed_id": result.job.id,
                        "entry_hash": entry.entry_hash,
                        "change_hash": entry.change_hash,
                        "article_id": ids[entry.key_hash],
                        "url": entry.url,
                        "title": entry.title,
                        "seen_at": now,
                    }
                    for entry in unseen.values()
                ],
            )
        return self._ready(connection, [*ids.values(), *edited], now)

    def _known_sightings(self, connection: sa.Connection, result: PollResult) -> dict[str, Row]:
        known = {}
        for part in chunks([entry.entry_hash for entry in result.entries]):
            for row in connection.execute(
                sa.select(sighting).where(
                    sighting.c.feed_id == result.job.id, sighting.c.entry_hash.in_(part)
                )
            ):
                known[row.entry_hash] = row
        return known

    def _note_edit(
        self, connection: sa.Connection, known: Row, entry: NewEntry, now: datetime
    ) -> None:
        connection.execute(
            sighting.update()
            .where(sighting.c.id == known.id)
            .values(change_hash=entry.change_hash, title=entry.title)
        )
        connection.execute(
            article.update()
            .where(article.c.id == known.article_id, article.c.state == claims.DONE)
            .values(
                state=claims.PENDING,
                due_at=now,
                tries=0,
                entry_title=entry.title,
                entry_text=entry.text,
            )
        )

    def _articles_of(
        self, connection: sa.Connection, entries: list[NewEntry], now: datetime
    ) -> dict[str, int]:
        """The article of each entry, by key_hash; made where there is none yet."""
        by_key = {entry.key_hash: entry for entry in reversed(entries)}
        found: dict[str, int] = {}
        for part in chunks(sorted(by_key)):
            for row in connection.execute(
                sa.select(article_alias).where(article_alias.c.key_hash.in_(part))
            ):
                found[row.key_hash] = row.article_id
        new = [by_key[key] for key in sorted(by_key) if key not in found]
        if new:
            connection.execute(
                self._db.insert_new(article), [_article_values(entry, now) for entry in new]
            )
        for part in chunks([entry.key_hash for entry in new]):
            for row in connection.execute(
                sa.select(article.c.key_hash, article.c.id).where(article.c.key_hash.in_(part))
            ):
                found[row.key_hash] = row.id
        return found

    def _ready(self, connection: sa.Connection, ids: list[int], now: datetime) -> list[int]:
        ready: list[int] = []
        for part in chunks(sorted(set(ids))):
            condition = sa.and_(article.c.id.in_(part), claims.is_ready(article, now))
            ready += connection.execute(sa.select(article.c.id).where(condition)).scalars()
            connection.execute(article.update().where(condition).values(hinted_at=now))
        return ready


def _article_values(entry: NewEntry, now: datetime) -> dict[str, Any]:
    return {
        "key_hash": entry.key_hash,
        "url": entry.url,
        "state": claims.PENDING,
        "due_at": now,
        "entry_title": entry.title,
        "entry_text": entry.text,
        "feed_language": entry.language,
        "author": entry.author,
        "outlet": entry.outlet,
        "published_at": entry.published_at,
        "published_raw": entry.published_raw,
        "first_seen_at": now,
    }


def _feed_values(result: PollResult, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {
        "due_at": result.next_poll_at,
        "interval_s": max(0.0, (result.next_poll_at - now).total_seconds()),
        "tries": 0,
        "last_outcome": result.outcome,
        "last_detail": result.detail or None,
        "last_polled_at": now,
        "failures": 0 if result.is_success else result.job.failures + 1,
        "moved_to": result.moved_to,
    }
    if result.is_success:
        values["last_success_at"] = now
    if result.outcome in (Outcome.OK, Outcome.EMPTY) and result.validators is not None:
        # stored only after a successful parse: else a 304 would turn a broken feed green
        values |= {
            "etag": result.validators.etag,
            "last_modified": result.validators.last_modified,
            "body_hash": result.body_hash,
            "ttl_s": result.ttl_s,
            "entry_interval_s": result.entry_interval_s,
            "overflow": result.overflow,
        }
        if result.title:
            values["title"] = sa.case((feed.c.title == "", result.title), else_=feed.c.title)
        if result.language:
            values["language"] = sa.func.coalesce(feed.c.language, result.language)
    return values


def _feed_job(row: Row) -> FeedJob:
    return FeedJob(
        id=row.id,
        token=row.token,
        url=row.url,
        tries=row.tries,
        failures=row.failures,
        validators=Validators(row.etag, row.last_modified),
        body_hash=row.body_hash,
        title=row.title,
        language=row.language,
        ttl_s=row.ttl_s,
        entry_interval_s=row.entry_interval_s,
        interval_s=row.interval_s,
        last_success_at=row.last_success_at,
    )


def _feed_row(row: Row, watches: list[str], entries: int) -> FeedRow:
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
        entries=entries,
    )
