"""Pages by their text: which articles were made of the same one."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from worker.records import PageTwin
from worker.store import states
from worker.store.engine import Database, chunks
from worker.store.schema import article

_MANY = 50
_KNOWN = (
    sa.select(article.c.page_hash)
    .where(article.c.page_hash.in_(sa.bindparam("wanted", expanding=True)))
    .distinct()
)
_TWINS = (
    sa.select(article.c.id, article.c.url, article.c.entry_title)
    .where(article.c.page_hash == sa.bindparam("of"), article.c.url.is_not(None))
    .order_by(article.c.id.desc())
    .limit(_MANY)
)


class PageStore:
    """What the pipeline asks of pages that look alike."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def twins(self, page_hashes: Collection[str]) -> dict[str, list[PageTwin]]:
        """The articles whose page had one of these texts, at most 50 a text, latest first."""
        found: dict[str, list[PageTwin]] = {page_hash: [] for page_hash in page_hashes}
        with self._db.read() as connection:
            known = connection.execute(_KNOWN, {"wanted": sorted(page_hashes)}).scalars()
            for page_hash in sorted(known):  # of nearly all there is none
                rows = connection.execute(_TWINS, {"of": page_hash})
                found[page_hash] = [PageTwin(row.id, row.url, row.entry_title) for row in rows]
        return found

    def redo(self, article_ids: Iterable[int]) -> None:
        """Make articles due at once whose text is still their page's, though it is no article."""
        ids = sorted(set(article_ids))
        if not ids:
            return
        with self._db.write() as connection:
            now = self._db.now(connection)
            for part in chunks(ids):
                connection.execute(
                    states.move(article, states.PENDING)
                    .where(
                        article.c.id.in_(part),
                        article.c.state == states.DONE,
                        article.c.text_source == "page",
                    )
                    .values(due_at=now, tries=0, hinted_at=None)
                )
