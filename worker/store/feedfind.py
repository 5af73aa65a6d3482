"""Which feed an address means: by its one spelling, a former address, or as it was once stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import sqlalchemy as sa

from worker.domain import feed_url
from worker.store.engine import chunks
from worker.store.schema import feed, feed_alias


def hash_of(text: str) -> str:
    """Hex SHA-256 of a text; lone surrogates are passed through as they are."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def known_ids(connection: sa.Connection, hashes: Iterable[str]) -> dict[str, int]:
    """The feeds of some addresses; those that no feed has are left out.

    Args:
        connection: of any transaction.
        hashes: `hash_of` the addresses, each in its one spelling.

    Returns:
        Ids by hash.
    """
    wanted = set(hashes)
    # former addresses last: they win over a feed that somebody made of one meanwhile
    ids = _by_hash(connection, feed, feed.c.id, wanted)
    ids |= _by_hash(connection, feed_alias, feed_alias.c.feed_id, wanted)
    missing = wanted - ids.keys()
    return ids | _otherwise_spelt(connection, missing) if missing else ids


def find_id(connection: sa.Connection, id_or_url: str) -> int | None:
    """The feed of a number or an address, however it is spelt; None if there is none."""
    exact = hash_of(id_or_url)
    where = feed.c.url_hash == exact
    if id_or_url.isdecimal() and len(id_or_url) < 18:
        where = sa.or_(where, feed.c.id == int(id_or_url))
    found: int | None = connection.execute(
        sa.select(feed.c.id)
        .where(where)
        .union_all(sa.select(feed_alias.c.feed_id).where(feed_alias.c.url_hash == exact))
    ).scalar()
    if found is not None or id_or_url.isdecimal():
        return found
    key = hash_of(feed_url(id_or_url))
    return known_ids(connection, [key]).get(key)


def _by_hash(
    connection: sa.Connection, table: sa.Table, id_: sa.Column[int], keys: Iterable[str]
) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in chunks(sorted(keys)):
        query = sa.select(table.c.url_hash, id_).where(table.c.url_hash.in_(part))
        found |= {row[0]: row[1] for row in connection.execute(query)}
    return found


def _otherwise_spelt(connection: sa.Connection, missing: set[str]) -> dict[str, int]:
    """Feeds that were stored when any spelling was taken: they keep it, and what they brought."""
    found: dict[str, int] = {}
    # of two spellings of one address the feed that is older; former addresses win, as above
    for query in (
        sa.select(feed.c.url, feed.c.id).order_by(feed.c.id.desc()),
        sa.select(feed_alias.c.url, feed_alias.c.feed_id),
    ):
        for url, feed_id in connection.execute(query):
            spelt = feed_url(url)
            if spelt != url and (key := hash_of(spelt)) in missing:
                found[key] = feed_id
    return found
