"""The entries of a poll: sightings of articles, and the articles that are new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final

import sqlalchemy as sa

from worker.domain import FetchPolicy, Outcome
from worker.records import NewEntry, PollResult
from worker.store import claims, states
from worker.store.engine import Database, chunks
from worker.store.entryids import known_sightings, told_apart
from worker.store.schema import article, article_alias, feed, sighting

_KEPT_DAYS: Final = 28
_KEPT_HOURS: Final = 480
"""Entries of which the hour is remembered; beyond, all counts are halved."""
_MIDNIGHT: Final = time()

# built once, see worker.store.engine
_KEYS: sa.BindParameter[Any] = sa.bindparam("keys", expanding=True)
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_ALIASES = sa.select(article_alias).where(article_alias.c.key_hash.in_(_KEYS))
_ARTICLES = sa.select(article.c.key_hash, article.c.id).where(article.c.key_hash.in_(_KEYS))
_UNSKIP = (
    states.move(article, states.PENDING)
    .where(
        article.c.id.in_(_IDS),
        article.c.outcome == str(Outcome.SKIPPED),
        article.c.state == states.DONE,
        sa.exists().where(
            feed.c.id == sa.bindparam("of_feed"), feed.c.fetch == str(FetchPolicy.ALL)
        ),
    )
    .values(due_at=sa.bindparam("now"), hinted_at=None)
)
_READY = (
    sa.select(article.c.id)
    .where(article.c.id.in_(_IDS), claims.is_ready(article, sa.bindparam("now")))
    .order_by(article.c.id)
    # what another poll holds is handed out by that one
    .with_for_update(skip_locked=True, key_share=True)
)
_HINT = article.update().where(article.c.id.in_(_IDS))


@dataclass(frozen=True, slots=True)
class StoredEntries:
    """What the entries of a poll came to.

    Attributes:
        todo: ids of the articles to process now: new ones and edited ones.
        unseen: the entries that the feed had not brought before.
    """

    todo: list[int]
    unseen: list[NewEntry]


def store_entries(
    database: Database, connection: sa.Connection, result: PollResult, now: datetime
) -> StoredEntries:
    """Store sightings and articles of a poll's entries, as far as they are new or edited."""
    seen = known_sightings(connection, result.job.id, [e.entry_hash for e in result.entries])
    entries = told_apart(connection, result, seen, now)
    unseen: dict[str, NewEntry] = {}
    edited: dict[int, NewEntry] = {}
    for entry in entries:
        known = seen.get(entry.entry_hash)
        if known is None:
            unseen.setdefault(entry.entry_hash, entry)
        elif known.change_hash != entry.change_hash:
            edited[known.article_id] = entry
            connection.execute(
                sighting.update()
                .where(sighting.c.id == known.id)
                .values(change_hash=entry.change_hash, title=entry.title)
            )
    # in the order of their ids, so that two polls that note edits of the same ones do not deadlock
    for article_id, entry in sorted(edited.items(), key=lambda item: item[0]):
        _note_edit(connection, article_id, entry, now)
    known_ids, new_ids = _articles_of(database, connection, list(unseen.values()), now)
    if unseen:
        ids = known_ids | new_ids
        _unskip(connection, result.job.id, list(known_ids.values()), now)
        connection.execute(
            database.several(database.insert_new(sighting)),
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
    ready = _ready(connection, [*known_ids.values(), *edited], now)
    return StoredEntries(sorted([*new_ids.values(), *ready]), list(unseen.values()))


def known_changes(
    connection: sa.Connection, feed_id: int, entry_hashes: Iterable[str]
) -> dict[str, str]:
    """The change_hash of those entries that a feed has brought before, by entry_hash."""
    seen = known_sightings(connection, feed_id, list(entry_hashes))
    return {entry_hash: row.change_hash for entry_hash, row in seen.items()}


def known_articles(connection: sa.Connection, key_hashes: Iterable[str]) -> set[str]:
    """Those of the identities for which there is an article, whichever feed brought it."""
    found: set[str] = set()
    for part in chunks(sorted(set(key_hashes))):
        for table in (article, article_alias):
            found.update(
                connection.execute(
                    sa.select(table.c.key_hash).where(table.c.key_hash.in_(part))
                ).scalars()
            )
    return found


def rhythm_values(result: PollResult, unseen: list[NewEntry], now: datetime) -> dict[str, Any]:
    """What new entries change in the feed's row: their number, their days and the latest time.

    Entries without a date count as published when first seen; not so at the first poll, which
    brings what was published over weeks.
    """
    is_first = result.job.last_success_at is None
    times = [
        min(entry.published_at or now, now)
        for entry in unseen
        if entry.published_at or not is_first
    ]
    values: dict[str, Any] = {"entry_count": result.job.entry_count + len(unseen)}
    if times:
        values["entry_days"] = _with_days(result.job.entry_days, times)
        dated = [entry.published_at for entry in unseen if entry.published_at]
        values["entry_hours"] = _with_hours(result.job.entry_hours, dated)
        values["last_entry_at"] = max([*times, result.job.last_entry_at or times[0]])
    return values


def _with_days(days: Mapping[str, int], times: list[datetime]) -> dict[str, int]:
    counts = Counter(days)
    counts.update(at.date().isoformat() for at in times)
    return {day: counts[day] for day in sorted(counts)[-_KEPT_DAYS:]}


def _with_hours(hours: Mapping[str, int], times: list[datetime]) -> dict[str, int]:
    """Count entries by the hour of the day, UTC; midnight sharp is a day without an hour."""
    counts = Counter(hours)
    counts.update(str(at.hour) for at in times if at.time() != _MIDNIGHT)
    while counts.total() > _KEPT_HOURS:  # so that a feed that changes its hours is believed in time
        counts = Counter({hour: count // 2 for hour, count in counts.items()})
    return {hour: counts[hour] for hour in sorted(counts, key=int) if counts[hour]}


def _note_edit(connection: sa.Connection, article_id: int, entry: NewEntry, now: datetime) -> None:
    """Make an edited article due; if somebody has it, when they have finished what it was."""
    is_resting = article.c.state.in_((states.DONE, states.QUARANTINED))
    connection.execute(
        states.move(article, states.PENDING)
        .where(article.c.id == article_id)
        .values(
            entry_title=entry.title,
            entry_text=entry.text,
            due_at=sa.case((is_resting, now), else_=article.c.due_at),
            tries=sa.case((is_resting, 0), else_=article.c.tries),
            is_edited=article.c.token.is_not(None),
        )
    )


def _articles_of(
    database: Database, connection: sa.Connection, entries: list[NewEntry], now: datetime
) -> tuple[dict[str, int], dict[str, int]]:
    """The article of each entry, by key_hash: those that were there, and those made now."""
    by_key = {entry.key_hash: entry for entry in reversed(entries)}
    known: dict[str, int] = {}
    for part in chunks(sorted(by_key)):
        for row in connection.execute(_ALIASES, {"keys": list(part)}):
            known[row.key_hash] = row.article_id
    unknown = [by_key[key] for key in sorted(by_key) if key not in known]
    new: dict[str, int] = {}
    if unknown:
        insert = database.insert_new(article).returning(article.c.key_hash, article.c.id)
        made = connection.execute(insert, [_article_values(entry, now) for entry in unknown])
        new = {row.key_hash: row.id for row in made}
    for part in chunks([entry.key_hash for entry in unknown if entry.key_hash not in new]):
        for row in connection.execute(_ARTICLES, {"keys": list(part)}):
            known[row.key_hash] = row.id
    return known, new


def _unskip(connection: sa.Connection, feed_id: int, ids: list[int], now: datetime) -> None:
    """Make skipped articles due that a feed brings too of which all pages are fetched."""
    for part in chunks(sorted(ids)):
        connection.execute(_UNSKIP, {"ids": list(part), "of_feed": feed_id, "now": now, "tries": 0})


def _ready(connection: sa.Connection, ids: list[int], now: datetime) -> list[int]:
    ready: list[int] = []
    for part in chunks(sorted(set(ids))):
        found = list(connection.execute(_READY, {"ids": list(part), "now": now}).scalars())
        if found:
            connection.execute(_HINT, {"ids": found, "hinted_at": now})
        ready += found
    return ready


def _article_values(entry: NewEntry, now: datetime) -> dict[str, Any]:
    return {
        "key_hash": entry.key_hash,
        "url": entry.url,
        **states.start(article, states.PENDING),
        "due_at": now,
        "hinted_at": now,  # whoever polls hands it out
        "entry_title": entry.title,
        "entry_text": entry.text,
        "feed_language": entry.language,
        "author": entry.author,
        "outlet": entry.outlet,
        "published_at": entry.published_at,
        "published_raw": entry.published_raw,
        "first_seen_at": now,
    }
