"""By what the entries of a feed are told apart: its ids, as far as they can be relied on."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from worker.domain import Identity, ToldBy
from worker.records import NewEntry, PollResult
from worker.store.engine import Row, chunks
from worker.store.schema import article, feed, sighting

log = logging.getLogger(__name__)

_STEPS = list(ToldBy)
_SIGHTINGS = sa.select(sighting).where(
    sighting.c.feed_id == sa.bindparam("feed_id"),
    sighting.c.entry_hash.in_(sa.bindparam("hashes", expanding=True)),
)


def told_apart(
    connection: sa.Connection, result: PollResult, seen: dict[str, Row], now: datetime
) -> Sequence[NewEntry]:
    """The entries, those with an id that meant another article before known by their address.

    Some feeds number their entries anew each time. Without this, each new one would count as an
    edit of what had its number. An address alone that changes is no proof: it may follow a
    headline. That an id now means what the feed brought under another one is a proof.

    Args:
        connection: of a transaction for writing.
        result: of the poll or push.
        seen: the sightings of its ids; those of addresses that count instead are added.
        now: since when the feed's entries are told apart otherwise, if they are.
    """
    changed = {
        entry.entry_hash: entry.key_hash
        for entry in result.entries
        if entry.url
        and (known := seen.get(entry.entry_hash)) is not None
        and known.url not in (None, entry.url)
    }
    reused = _reused(connection, result, seen, changed) if changed else None
    _note(connection, result, reused or result.identity, now)
    if reused is None:
        return result.entries
    seen |= known_sightings(connection, result.job.id, sorted(changed.values()))
    return [
        replace(entry, entry_hash=changed.get(entry.entry_hash, entry.entry_hash))
        for entry in result.entries
    ]


def known_sightings(
    connection: sa.Connection, feed_id: int, entry_hashes: list[str]
) -> dict[str, Row]:
    """The sightings of those entries that a feed has brought before, by entry_hash."""
    known = {}
    for part in chunks(entry_hashes):
        for row in connection.execute(_SIGHTINGS, {"feed_id": feed_id, "hashes": list(part)}):
            known[row.entry_hash] = row
    return known


def _reused(
    connection: sa.Connection,
    result: PollResult,
    seen: Mapping[str, Row],
    changed: Mapping[str, str],
) -> Identity | None:
    """Why ids of a feed mean other entries than before; None if there is no proof of it.

    Args:
        connection: for reading.
        result: of the poll or push.
        seen: the sightings of its ids.
        changed: the key_hash of each entry with another address than before, by its entry_hash.
    """
    if result.job.told_by is ToldBy.ADDRESS:
        return Identity(ToldBy.ADDRESS)
    feed_id = result.job.id
    proof = (
        (row.article_id, row.key_hash)
        for part in chunks(sorted(set(changed.values())))
        for row in connection.execute(
            sa.select(sighting.c.article_id, article.c.key_hash)
            .join(article, article.c.id == sighting.c.article_id)
            .where(sighting.c.feed_id == feed_id, article.c.key_hash.in_(part))
        )
    )
    brought = {key_hash: article_id for article_id, key_hash in proof}
    moved = sum(
        brought.get(key_hash, seen[entry_hash].article_id) != seen[entry_hash].article_id
        for entry_hash, key_hash in changed.items()
    )
    if moved or _is_told_by_address(connection, feed_id):
        why = f"{moved or 'some'} ids were those of other entries before"
        return Identity(ToldBy.ADDRESS, why)
    return None


def _is_told_by_address(connection: sa.Connection, feed_id: int) -> bool:
    """Whether ids of the feed have meant several articles before."""
    query = (
        sa.select(sighting.c.id)
        .join(article, article.c.id == sighting.c.article_id)
        .where(sighting.c.feed_id == feed_id, sighting.c.entry_hash == article.c.key_hash)
        .limit(1)
    )
    return connection.execute(query).first() is not None


def _note(connection: sa.Connection, result: PollResult, identity: Identity, now: datetime) -> None:
    """Remember and log a step down; never up, since what was told so before is still known so."""
    job = result.job
    if _STEPS.index(identity.by) <= _STEPS.index(job.told_by):
        return
    connection.execute(
        feed.update()
        .where(feed.c.id == job.id)
        .values(told_by=identity.by, told_by_since=now, told_by_why=identity.why)
    )
    log.warning(
        "entries are told apart otherwise from now on",
        extra={"feed": job.id, "was": str(job.told_by), "is": str(identity.by),
               "detail": identity.why},
    )  # fmt: skip
