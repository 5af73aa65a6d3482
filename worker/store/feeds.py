"""Polls of feeds: claimed, and finished with their entries and one event row an attempt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from worker.domain import Outcome, ToldBy, Validators
from worker.records import FeedJob, KnownEntries, PollResult
from worker.store import claims, states
from worker.store.engine import Row, chunks
from worker.store.entries import (
    StoredEntries,
    known_articles,
    known_changes,
    rhythm_values,
    store_entries,
)
from worker.store.feedfind import find_id, hash_of
from worker.store.feedlist import FeedList
from worker.store.schema import article, feed, fetch_event
from worker.store.subscriptions import note_hub, note_missed, note_push, pushed_feeds

__all__ = ["FeedStore", "hash_of"]

# built once, see worker.store.engine
_UPDATE = feed.update().where(feed.c.id == sa.bindparam("of"))
_INSERT_EVENT = fetch_event.insert()


class FeedStore(FeedList):
    """What the pipeline asks of feeds, on top of the list."""

    def hint_due(
        self, limit: int = 1000, batch: int = 5, *, with_hinted: bool = False
    ) -> list[list[int]]:
        """Batches of ids of due feeds; see `claims.due_batches`."""
        hopeless = {"last_outcome": Outcome.QUARANTINED, "last_detail": claims.WORKER_DIED}
        with self._db.write() as connection:
            now = self._db.now(connection)
            claims.quarantine_hopeless(connection, feed, now, hopeless)
            return claims.due_batches(
                connection, feed, now, limit=limit, batch=batch, with_hinted=with_hinted
            )

    def claim(self, ids: Iterable[int]) -> list[FeedJob]:
        """Claim those of the feeds that are due, for the length of a lease."""
        with self._db.write() as connection:
            now = self._db.now(connection)
            rows = claims.claim(connection, feed, ids, now)
            if not rows:
                return []
            pushed = pushed_feeds(connection, [row.id for row in rows], now)
        return [_feed_job(row, is_pushed=row.id in pushed) for row in rows]

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
            job, values = result.job, _feed_values(result, now)
            update = _finishing(frozenset(values.keys() & _TOLD))
            if not claims.finish(connection, update, job.id, job.token, values):
                return None
            stored = self._store(connection, result, now)
            if result.hub is not None:
                note_hub(connection, result.job.id, result.hub.hub_url, result.hub.topic_url, now)
            if stored.unseen and note_missed(connection, result.job.id, now):
                self._poll_by_itself(connection, result, now)
        return stored.todo

    def finish_unchanged(self, results: Sequence[PollResult]) -> frozenset[int]:
        """Store polls that found nothing new, several in one transaction.

        Args:
            results: as `finish_poll` wants them, their outcome UNCHANGED.

        Returns:
            The ids of the feeds whose lease held; of the others nothing was stored.
        """
        by_columns: dict[frozenset[str], list[dict[str, Any]]] = defaultdict(list)
        with self._db.write() as connection:
            now = self._db.now(connection)
            held = claims.held(connection, feed, {one.job.id: one.job.token for one in results})
            stored = [result for result in results if result.job.id in held]
            for result in stored:
                values = _feed_values(result, now)
                claim = {"claimed": result.job.id, "held": result.job.token}
                by_columns[frozenset(values)].append({**values, **claim})
            for rows in by_columns.values():
                connection.execute(_finishing(frozenset()), rows)
            if stored:
                connection.execute(_INSERT_EVENT, [_event(result, 0, now) for result in stored])
        return held

    def _poll_by_itself(self, connection: sa.Connection, result: PollResult, now: datetime) -> None:
        """Make a feed due at its own pace: its hub, relied on until now, has missed entries."""
        if result.own_poll_at is not None:
            connection.execute(
                feed.update()
                .where(feed.c.id == result.job.id)
                .values(due_at=result.own_poll_at, interval_s=_seconds(result.own_poll_at, now))
            )

    def poll_within(self, feed_id: int, wait: timedelta) -> None:
        """Make an active feed due after a while, if it is not so before."""
        with self._db.write() as connection:
            due_at = self._db.now(connection) + wait
            connection.execute(
                feed.update()
                .where(feed.c.id == feed_id, feed.c.state == states.ACTIVE, feed.c.due_at > due_at)
                .values(due_at=due_at)
            )

    def finish_push(self, result: PollResult) -> None:
        """Store the entries that a feed's hub has pushed, and the event; all else stays as it is.

        Their articles are handed out by the next sweep: who takes pushes sends no messages.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            stored = self._store(connection, result, now)
            note_push(connection, result.job.id, now)
            for part in chunks(sorted(stored.todo)):
                connection.execute(
                    article.update().where(article.c.id.in_(part)).values(hinted_at=None)
                )

    def _store(self, connection: sa.Connection, result: PollResult, now: datetime) -> StoredEntries:
        """Store entries, what they say of the feed's rhythm, and the event."""
        stored = store_entries(self._db, connection, result, now)
        if stored.unseen:
            values = rhythm_values(result, stored.unseen, now)
            connection.execute(_UPDATE, {"of": result.job.id, **values})
        connection.execute(_INSERT_EVENT, _event(result, len(stored.unseen), now))
        return stored

    def oldest_due_age_s(self) -> float | None:
        """For how many seconds the oldest due feed waits; None if none is due."""
        with self._db.read() as connection:
            return claims.oldest_due_age_s(connection, feed, self._db.now(connection))

    def last_polled_age_s(self) -> float | None:
        """How many seconds ago a feed was polled last; None if none ever was."""
        with self._db.read() as connection:
            latest = connection.execute(sa.select(sa.func.max(feed.c.last_polled_at))).scalar()
            return claims.age_s(latest, self._db.now(connection))

    def next_due_in_s(self, ids: Iterable[int]) -> float | None:
        """In how many seconds the next of some feeds is due; None if none of them is polled."""
        with self._db.read() as connection:
            found: datetime | None = connection.execute(
                sa.select(sa.func.min(feed.c.due_at)).where(
                    feed.c.id.in_(list(ids)), feed.c.state == states.ACTIVE
                )
            ).scalar()
            age_s = claims.age_s(found, self._db.now(connection))
        return None if age_s is None else max(0.0, -age_s)

    def job_of(self, url: str) -> FeedJob | None:
        """A feed as a poll would find it, not claimed; None if there is none of that address."""
        with self._db.read() as connection:
            where = feed.c.id == find_id(connection, url)
            row = connection.execute(sa.select(feed).where(where)).first()
        return _feed_job(row) if row else None

    def job(self, feed_id: int) -> FeedJob | None:
        """A feed that is polled, not claimed; None if there is none, or it is paused."""
        with self._db.read() as connection:
            row = connection.execute(
                sa.select(feed).where(feed.c.id == feed_id, feed.c.state == states.ACTIVE)
            ).first()
        return _feed_job(row) if row else None

    def known_entries(self, result: PollResult) -> KnownEntries:
        """What of a poll's entries is stored already."""
        with self._db.read() as connection:
            return KnownEntries(
                known_changes(connection, result.job.id, (e.entry_hash for e in result.entries)),
                frozenset(known_articles(connection, (e.key_hash for e in result.entries))),
            )


_TOLD = {"told_title": feed.c.title, "told_language": feed.c.language}
"""What a feed says of itself, which is taken over where nothing is known yet."""


@cache
def _finishing(told: frozenset[str]) -> sa.Update:
    """The statement that ends the claim of a feed, for the values of `_feed_values`."""
    values = {
        _TOLD[name].name: sa.case(
            (sa.func.coalesce(_TOLD[name], "") == "", sa.bindparam(name, type_=_TOLD[name].type)),
            else_=_TOLD[name],
        )
        for name in sorted(told)
    }
    return claims.finishing(feed.update().values(polls=feed.c.polls + 1, **values))


def _feed_values(result: PollResult, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {
        "due_at": result.next_poll_at,
        "interval_s": _seconds(result.next_poll_at, now),
        "tries": 0,
        "last_outcome": result.outcome,
        "last_detail": result.detail or None,
        "last_polled_at": now,
        "failures": 0 if result.is_success else result.job.failures + 1,
        "moved_to": result.moved_to,
        "moved_count": result.moved_count,
    }
    if result.own_poll_at is not None:
        del values["interval_s"]  # its own pace, for when it is no longer pushed
    if result.has_body:
        values["body_at"] = now
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
            "entry_cap": result.entry_cap,
            "body_url": result.body_url,
        }
        if result.title:
            values["told_title"] = result.title
        if result.language:
            values["told_language"] = result.language
    return values


def _event(result: PollResult, new_entries: int, now: datetime) -> dict[str, Any]:
    return {
        "feed_id": result.job.id,
        "at": now,
        "outcome": result.outcome,
        "status": result.status,
        "detail": result.detail or None,
        "elapsed_s": result.elapsed_s,
        "size_bytes": result.size_bytes,
        "entries": len(result.entries),
        "new_entries": new_entries,
    }


def _seconds(until: datetime, now: datetime) -> float:
    return max(0.0, (until - now).total_seconds())


def _feed_job(row: Row, *, is_pushed: bool = False) -> FeedJob:
    return FeedJob(
        id=row.id,
        token=row.token or "",
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
        moved_to=row.moved_to,
        moved_count=row.moved_count,
        polls=row.polls,
        body_at=row.body_at,
        entry_count=row.entry_count,
        entry_days=row.entry_days or {},
        entry_hours=row.entry_hours or {},
        last_entry_at=row.last_entry_at,
        is_pushed=is_pushed,
        overflow=row.overflow,
        entry_cap=row.entry_cap,
        told_by=ToldBy(row.told_by),
        body_url=row.body_url,
    )
