"""Articles that an outlet published again: found by their texts, made part of the known one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from worker.domain import TextSource
from worker.records import ArticleResult
from worker.store import states
from worker.store.engine import Row, Writes
from worker.store.identity import SameText
from worker.store.schema import article, fingerprint

_NEAR_BITS = 12
"""Bits of 64 in which fingerprints of texts may differ that are read and compared. With two words
of a text changed, at most 10 of 394 texts' bits changed; of a million pairs of others 10 were as
near."""
_LATEST = 500
"""Articles of an outlet that are looked at, on average over a batch: a text comes again soon."""
_SOON = timedelta(days=3)
_SAME_DAY = timedelta(hours=20)
"""What an outlet writes by rote comes every day, so that from a day on nothing is the same."""
_COLUMNS = (
    "id", "text", "title", "content_hash", "text_source", "state", "published_at", "first_seen_at",
)  # fmt: skip

# built once, see worker.store.engine
_FIRST_ID = (
    # ids are given in the order of time: an index of each outlet by time is not needed
    sa.select(article.c.id)
    .where(article.c.first_seen_at >= sa.bindparam("since"))
    .order_by(article.c.first_seen_at)
    .limit(1)
    .scalar_subquery()
)
_FINGERPRINTS = (
    sa.select(fingerprint.c.place, fingerprint.c.article_id, fingerprint.c.value)
    .where(
        fingerprint.c.place.in_(sa.bindparam("places", expanding=True)),
        fingerprint.c.article_id >= _FIRST_ID,
    )
    .order_by(fingerprint.c.article_id.desc())
    .limit(sa.bindparam("most"))
)
_INSERT = fingerprint.insert()


class Variants:
    """The articles that those of a batch may be published again of, in one transaction.

    Args:
        connection: of the transaction.
        writes: what it writes later.
        results: the batch.
        is_variant: whether two texts are one but for a few words.
    """

    def __init__(
        self,
        connection: sa.Connection,
        writes: Writes,
        results: Sequence[ArticleResult],
        is_variant: SameText,
    ) -> None:
        self._connection = connection
        self._writes = writes
        self._is_variant = is_variant
        self._known: dict[str, list[tuple[int, int]]] = defaultdict(list)
        asked = [result for result in results if _may_be_one(result)]
        if asked:
            self._read(asked)
        self.ids = {one for result in results for one in self._near(result)}

    def _read(self, asked: Sequence[ArticleResult]) -> None:
        """Read the fingerprints of the last days at the outlets of a batch."""
        since = min(result.job.first_seen_at for result in asked) - _SOON
        places = sorted({result.place for result in asked})
        values = {"since": since, "places": places, "most": _LATEST * len(places)}
        for row in self._connection.execute(_FINGERPRINTS, values):
            self._known[row.place].append((row.article_id, row.value))

    def known(self, result: ArticleResult) -> Row | None:
        """The article that a result is again; its row is locked already, or of this batch."""
        near = self._near(result)
        if not near:
            return None
        self._writes.flush()
        rows = self._connection.execute(
            sa.select(*(article.c[name] for name in _COLUMNS))
            .where(
                article.c.id.in_(near),
                article.c.state == states.DONE,
                article.c.text_source == TextSource.PAGE,
            )
            .order_by(article.c.id)
        )
        for row in rows:
            if _is_of_one_day(result, row) and self._is_variant(result.text, row.text):
                return row
        return None

    def keep(self, article_id: int, result: ArticleResult) -> None:
        """Keep the fingerprint of an article's text, and forget the one it had before."""
        if not result.job.is_new:
            self.forget(article_id)
        if result.fingerprint is None:
            return
        self._writes.add(
            _INSERT,
            {"article_id": article_id, "place": result.place, "value": result.fingerprint},
        )
        self._known[result.place].append((article_id, result.fingerprint))

    def forget(self, article_id: int) -> None:
        """Forget an article that has become part of another one."""
        self._connection.execute(fingerprint.delete().where(fingerprint.c.article_id == article_id))

    def _near(self, result: ArticleResult) -> list[int]:
        if not _may_be_one(result) or result.fingerprint is None:
            return []
        return [
            article_id
            for article_id, value in self._known[result.place]
            if article_id != result.job.id
            and ((value ^ result.fingerprint) & (2**64 - 1)).bit_count() <= _NEAR_BITS
        ]


def _may_be_one(result: ArticleResult) -> bool:
    """Only what was not known by its page before: two articles never grow together later."""
    return result.fingerprint is not None and result.job.text_source is not TextSource.PAGE


def _is_of_one_day(result: ArticleResult, row: Row) -> bool:
    if abs(result.job.first_seen_at - row.first_seen_at) > _SOON:
        return False
    if result.published_at is None or row.published_at is None:
        return True
    return bool(abs(result.published_at - row.published_at) <= _SAME_DAY)


def is_newer(result: ArticleResult, row: Row) -> bool:
    """Whether a result tells the article as it was published last."""
    if result.published_at and row.published_at and result.published_at != row.published_at:
        return bool(result.published_at > row.published_at)
    return bool(result.job.first_seen_at > row.first_seen_at)
