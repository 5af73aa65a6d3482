"""The texts of a story with the vectors of their passages, to be laid beside each other."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from worker.domain import Kind, Relation, SeedRows, Sketch
from worker.records import KeptSeed, StoryText
from worker.store.engine import Database
from worker.store.schema import article, article_vectors, match, seed_vectors, story_member


class TellingStore:
    """What is asked of the texts of stories."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def texts(self, story_id: int, limit: int) -> list[StoryText]:
        """The texts of a story in the order in which they were told, earliest first.

        Args:
            story_id: of the story as it is now.
            limit: at most so many, the earliest.
        """
        columns = (
            *(match.c[name] for name in ("watch", "seed", "relation", "kind", "outlet", "adds")),
            *(article.c[name] for name in ("title", "text", "language", "url", "canonical_url",
              "published_at", "published_raw", "author", "first_seen_at", "version", "key_hash")),
            article_vectors.c.encoder,
            article_vectors.c.rows,
        )  # fmt: skip
        query = (
            sa.select(match.c.id, match.c.article_id, *columns)
            .join(article, article.c.id == match.c.article_id)
            .join(story_member, story_member.c.match_id == match.c.id)
            .outerjoin(article_vectors, article_vectors.c.article_id == article.c.id)
            .where(match.c.story_id == story_id)
            .order_by(story_member.c.told_at, article.c.key_hash)
            .limit(limit)
        )
        with self._db.read() as connection:
            return [
                StoryText(
                    match_id=row.id,
                    article_id=row.article_id,
                    version=row.version,
                    key=row.key_hash,
                    watch=row.watch,
                    seed=row.seed,
                    relation=Relation(row.relation),
                    kind=Kind(row.kind),
                    title=row.title,
                    text=row.text,
                    language=row.language,
                    outlet=row.outlet or "",
                    url=row.canonical_url or row.url or "",
                    published_at=row.published_at,
                    published_raw=row.published_raw or "",
                    author=row.author or "",
                    first_seen_at=row.first_seen_at,
                    adds=tuple(row.adds),
                    encoder=row.encoder or "",
                    rows=row.rows or b"",
                )
                for row in connection.execute(query)
            ]

    def seeds(self, watch: str) -> list[KeptSeed]:
        """What is kept of a watch's seeds."""
        query = sa.select(seed_vectors).where(seed_vectors.c.watch == watch)
        with self._db.read() as connection:
            return [
                KeptSeed(SeedRows(row.watch, row.seed, row.text_hash, row.rows), row.encoder)
                for row in connection.execute(query)
            ]


def keep_rows(
    database: Database, connection: sa.Connection, article_id: int, sketch: Sketch
) -> None:
    """Keep an article's vectors in the transaction of its matches; forget those that it had."""
    if sketch.rows is None:
        connection.execute(
            article_vectors.delete().where(article_vectors.c.article_id == article_id)
        )
        return
    values = {"encoder": sketch.encoder, "rows": sketch.rows}
    connection.execute(
        database.insert(article_vectors)
        .values(article_id=article_id, **values)
        .on_conflict_do_update(index_elements=["article_id"], set_=values)
    )


def keep_seeds(
    database: Database, connection: sa.Connection, sketches: Iterable[Sketch | None]
) -> None:
    """Keep the vectors of the seeds of matches' watches, where they are not those that are kept."""
    wanted = {
        (one.watch, one.seed): (one, sketch.encoder)
        for sketch in sketches
        if sketch is not None
        for one in sketch.seeds
    }
    if not wanted:
        return
    names = sorted({watch for watch, _ in wanted})
    columns = (seed_vectors.c.watch, seed_vectors.c.seed, seed_vectors.c.text_hash,
               seed_vectors.c.encoder)  # fmt: skip
    kept = {
        (row.watch, row.seed): (row.text_hash, row.encoder)
        for row in connection.execute(sa.select(*columns).where(seed_vectors.c.watch.in_(names)))
    }
    for key, (one, encoder) in sorted(wanted.items()):
        if kept.get(key) == (one.text_hash, encoder):
            continue
        values = {"text_hash": one.text_hash, "encoder": encoder, "rows": one.rows}
        connection.execute(
            database.insert(seed_vectors)
            .values(watch=one.watch, seed=one.seed, **values)
            .on_conflict_do_update(index_elements=["watch", "seed"], set_=values)
        )
