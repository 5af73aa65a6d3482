"""One article under several addresses: whose a declared address is, and joining two articles.

An address belongs to the article that was fetched from it, if that one has its page's text; else
to the article whose page declared it first. All of a batch's addresses and rows are locked before
anything is decided, in one order, so that two workers who meet wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import sqlalchemy as sa

from worker.domain import Outcome, TextSource
from worker.records import ArticleResult
from worker.store import states
from worker.store.engine import Database, Row, Writes
from worker.store.notices import forget_match
from worker.store.schema import (
    article,
    article_alias,
    match,
    review,
    search,
    sighting,
    story_decision,
)
from worker.store.search import index_article
from worker.store.stories import Loose, components_of, move_decisions

SameText = Callable[[str, str], bool]
"""Whether two texts (title and text each) are versions of one article."""

_COLUMNS = ("id", "key_hash", "title", "text", "text_source", "merged_into", "outcome")

# built once, see worker.store.engine
_IDS = article.c.id.in_(sa.bindparam("ids", expanding=True))
_KEYS: sa.BindParameter[Any] = sa.bindparam("keys", expanding=True)
_OWN_KEYS = sa.select(article.c.id, article.c.key_hash).where(_IDS)
_KNOWN_BY = sa.select(article.c.id).where(article.c.key_hash.in_(_KEYS))
_DECLARED = sa.select(article_alias.c.key_hash, article_alias.c.article_id).where(
    article_alias.c.key_hash.in_(_KEYS)
)
_HOLD = sa.select(article.c.id).where(_IDS).order_by(article.c.id).with_for_update(key_share=True)
_RIGHTFUL = sa.select(article.c.id).where(article.c.key_hash == sa.bindparam("key"))
_MOVE = (
    article_alias.update()
    .where(article_alias.c.key_hash == sa.bindparam("key"))
    .values(article_id=sa.bindparam("owner"))
)
_CURRENT = (
    sa.select(*(article.c[name] for name in _COLUMNS))
    .where(article.c.id == sa.bindparam("id"))
    .with_for_update(key_share=True)
)


def never_same(_text: str, _other: str) -> bool:
    """No declared address that is another article's is believed."""
    return False


class Addresses:
    """The addresses that a batch declares, and who has them; all are locked.

    Args:
        connection: of the transaction that locked them.
        own: the articles of the batch that declare the address by which they are known.
        keys: hashes of the addresses.
    """

    def __init__(
        self, connection: sa.Connection, own: frozenset[int], keys: Collection[str]
    ) -> None:
        self._connection = connection
        self._own = own
        self._keys = list(keys)
        self._declared: dict[str, int] | None = None

    @property
    def declared(self) -> dict[str, int]:
        """Whose an address is by declaration, by its hash: asked once until that changes."""
        if self._declared is None:
            rows = self._connection.execute(_DECLARED, {"keys": self._keys})
            self._declared = {row.key_hash: row.article_id for row in rows}
        return self._declared

    def is_own(self, result: ArticleResult) -> bool:
        """Whether a page declares the address by which its article is known."""
        return result.job.id in self._own

    def move(self, key: str, owner_id: int) -> None:
        """Give a declared address to another article."""
        self._connection.execute(_MOVE, {"key": key, "owner": owner_id})
        self.declared[key] = owner_id

    def changed(self) -> None:
        """Others may have them now: two articles were joined, or another worker had the locks."""
        self._declared = None


def lock_articles(
    database: Database,
    connection: sa.Connection,
    results: Sequence[ArticleResult],
    others: Collection[int] = (),
) -> Addresses:
    """Reserve the addresses that a batch declares, and hold the articles that have them.

    Args:
        database: for its way to insert what may be there already.
        connection: of a transaction for writing.
        results: the batch.
        others: articles to hold as well.
    """
    keys = {r.job.id: r.canonical_key_hash for r in results if r.canonical_key_hash}
    own = connection.execute(_OWN_KEYS, {"ids": list(keys)})
    own_keys = {row.id: row.key_hash for row in own}
    aliases = [
        {"key_hash": key, "article_id": own_id}
        for key, own_id in sorted((key, own_id) for own_id, key in keys.items())
        if own_keys.get(own_id) != key
    ]
    if aliases:
        connection.execute(database.insert_new(article_alias), aliases)
    is_own = frozenset(own_id for own_id, key in keys.items() if own_keys.get(own_id) == key)
    addresses = Addresses(connection, is_own, keys.values())
    ids = {result.job.id for result in results} | set(others)
    ids.update(connection.execute(_KNOWN_BY, {"keys": list(keys.values())}).scalars())
    ids.update(addresses.declared.values())
    connection.execute(_HOLD, {"ids": list(ids)}).all()
    addresses.changed()  # by whom was waited for, perhaps
    return addresses


def owner_of(
    writes: Writes,
    connection: sa.Connection,
    result: ArticleResult,
    is_same: SameText,
    addresses: Addresses,
) -> tuple[int, bool]:
    """Whose the address is that a page declares; both are locked already.

    Args:
        writes: what the transaction writes later.
        connection: of the transaction that locked them.
        result: of the page.
        is_same: whether two texts are one article.
        addresses: of the batch.

    Returns:
        The article's id, which may be the page's own; and whether it is the same article. If it
        is not, the declaration is wrong.
    """
    key, own_id = result.canonical_key_hash or "", result.job.id
    is_own = addresses.is_own(result)
    rightful_id = None if is_own else connection.execute(_RIGHTFUL, {"key": key}).scalar()
    declared_id = addresses.declared.get(key)
    others: list[Row] = []
    if {rightful_id, declared_id} - {None, own_id}:
        writes.flush()
        rightful, declared = (_current(connection, one) for one in (rightful_id, declared_id))
        rightful_id, declared_id = (row.id if row else None for row in (rightful, declared))
        others = [row for row in (rightful, declared) if row is not None and row.id != own_id]
    text = f"{result.title}\n{result.text}"
    believable = [row for row in others if row.text_source == TextSource.PAGE]
    for row in believable:
        if is_same(text, f"{row.title}\n{row.text}"):
            return row.id, True
    is_own = is_own or rightful_id == own_id
    owner_id: int = own_id if is_own or not believable else believable[0].id
    if declared_id not in (None, owner_id):
        addresses.move(key, owner_id)
    return owner_id, owner_id == own_id


def merge(database: Database, connection: sa.Connection, own_id: int, owner_id: int) -> Loose:
    """Make an article part of another one: its addresses, sightings and verdicts are the other's.

    What was found of it before (in the feed's own text) gives way to what the other's page said.

    Returns:
        The stories that it has left.
    """
    key_hash = connection.execute(
        sa.select(article.c.key_hash).where(article.c.id == own_id)
    ).scalar_one()
    connection.execute(
        database.insert(article_alias)
        .values(key_hash=key_hash, article_id=owner_id)
        .on_conflict_do_update(index_elements=["key_hash"], set_={"article_id": owner_id})
    )
    for table in (article_alias, sighting):
        connection.execute(
            table.update().where(table.c.article_id == own_id).values(article_id=owner_id)
        )
    connection.execute(
        article.update().where(article.c.merged_into == own_id).values(merged_into=owner_id)
    )
    loose = _merge_matches(connection, own_id, owner_id)
    connection.execute(
        states.move(article, states.MERGED)
        .where(article.c.id == own_id)
        .values(merged_into=owner_id, outcome=Outcome.DUPLICATE)
    )
    return loose


def _current(connection: sa.Connection, article_id: int | None) -> Row | None:
    """An article, or the one it was merged into."""
    row: Row | None = None
    while article_id is not None:
        row = connection.execute(_CURRENT, {"id": article_id}).one()
        article_id = row.merged_into
    return row


def _merge_matches(connection: sa.Connection, own_id: int, owner_id: int) -> Loose:
    columns = ("id", "watch", "verdict", "note", "reviewer", "reviewed_at", "review_id")
    query = sa.select(*(match.c[name] for name in columns)).order_by(match.c.id)
    kept = {
        row.watch: row for row in connection.execute(query.where(match.c.article_id == owner_id))
    }
    own = connection.execute(query.where(match.c.article_id == own_id)).all()
    loose = components_of(connection, [row.id for row in own])
    for row in own:
        forget_match(connection, row.id)
        other = kept.get(row.watch)
        if other is None and row.review_id:  # a person's verdict is never thrown away
            connection.execute(
                match.update().where(match.c.id == row.id).values(article_id=owner_id)
            )
            continue
        if other is not None and row.review_id:
            _move_verdict(connection, row, other)
        if other is not None:
            move_decisions(connection, row.id, other.id)
        connection.execute(search.delete().where(search.c.match_id == row.id))
        connection.execute(story_decision.delete().where(story_decision.c.match_id == row.id))
        connection.execute(match.delete().where(match.c.id == row.id))
    index_article(connection, owner_id)
    return loose


def _move_verdict(connection: sa.Connection, row: Row, other: Row) -> None:
    connection.execute(review.update().where(review.c.match_id == row.id).values(match_id=other.id))
    if not other.review_id:
        values = {
            name: getattr(row, name)
            for name in ("verdict", "note", "reviewer", "reviewed_at", "review_id")
        }
        connection.execute(match.update().where(match.c.id == other.id).values(**values))
