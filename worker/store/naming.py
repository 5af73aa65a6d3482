"""The ledger of names: renderings that were harvested or written, and what people said of them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from worker.domain import AlignedPassage, Confirmed, Relation, Rendering, Verdict
from worker.errors import InputError, NotFoundError
from worker.records import NameRow, QueryYield
from worker.store.engine import Database
from worker.store.schema import feed, feed_watch, match, name_rendering, sighting

PROPOSED, APPROVED, REJECTED = "proposed", "approved", "rejected"
STANDINGS = (PROPOSED, APPROVED, REJECTED)
MAX_NAME = 200
"""Characters of a name."""


class NameStore:
    """What the doors ask of names."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def confirmed(self, watch: str, seed_languages: dict[str, str]) -> list[Confirmed]:
        """The relevant matches of a watch with their aligned passages.

        Args:
            watch: its name.
            seed_languages: of each seed, by its id.
        """
        query = sa.select(match.c.language, match.c.seed, match.c.evidence).where(
            match.c.watch == watch, match.c.verdict == Verdict.RELEVANT
        )
        with self._db.read() as connection:
            return [
                Confirmed(
                    row.language,
                    seed_languages.get(row.seed, ""),
                    tuple(AlignedPassage(**pair) for pair in row.evidence),
                )
                for row in connection.execute(query)
            ]

    def propose(self, watch: str, found: Sequence[Rendering]) -> int:
        """Store what was harvested; what a person has decided on stays decided.

        Returns:
            How many of them are new.
        """
        new = 0
        with self._db.write() as connection:
            for one in found:
                key = {"watch": watch, "name": one.name, "language": one.language, "text": one.text}
                told = {"articles": one.articles, "sample": one.sample}
                inserted = connection.execute(
                    self._db.insert_new(name_rendering)
                    .values(**key, **told, standing=PROPOSED)
                    .returning(name_rendering.c.id)
                ).first()
                new += inserted is not None
                if inserted is None:
                    same = [name_rendering.c[name] == value for name, value in key.items()]
                    connection.execute(name_rendering.update().where(*same).values(**told))
        return new

    def rows(self, watch: str, standing: str | None = None) -> list[NameRow]:
        """The renderings of a watch, by name and language, those of most articles first."""
        table = name_rendering.c
        order = (table.name, table.language, table.articles.desc(), table.text)
        query = sa.select(name_rendering).where(table.watch == watch).order_by(*order)
        if standing is not None:
            query = query.where(table.standing == standing)
        with self._db.read() as connection:
            return [NameRow(**row._mapping) for row in connection.execute(query)]

    def approved(self) -> dict[str, tuple[Rendering, ...]]:
        """The approved renderings of every watch."""
        found: dict[str, tuple[Rendering, ...]] = {}
        query = (
            sa.select(name_rendering)
            .where(name_rendering.c.standing == APPROVED)
            .order_by(name_rendering.c.id)
        )
        with self._db.read() as connection:
            for row in connection.execute(query):
                one = Rendering(row.name, row.language, row.text)
                found[row.watch] = (*found.get(row.watch, ()), one)
        return found

    def decide(
        self,
        watch: str,
        row_id: int,
        standing: str,
        text: str | None = None,
        reviewer: str | None = None,
    ) -> None:
        """Approve or reject a rendering, with another text if that was corrected.

        Raises:
            NotFoundError: the watch has no such rendering.
            InputError: the corrected text is empty or too long, or the ledger has it already.
        """
        with self._db.write() as connection:
            where = (name_rendering.c.id == row_id, name_rendering.c.watch == watch)
            row = connection.execute(sa.select(name_rendering).where(*where)).first()
            if row is None:
                raise NotFoundError(f"{row_id}: {watch} has no such name")
            values = {
                "standing": standing,
                "reviewer": reviewer,
                "decided_at": self._db.now(connection),
            }
            if text is not None and text != row.text:
                values["text"] = checked(text)
                same = sa.select(name_rendering.c.id).where(
                    *(name_rendering.c[name] == getattr(row, name)
                      for name in ("watch", "name", "language")),
                    name_rendering.c.text == values["text"],
                )  # fmt: skip
                if connection.execute(same).first() is not None:
                    raise InputError(text, "is in the ledger already")
            connection.execute(name_rendering.update().where(*where).values(**values))

    def add(self, watch: str, one: Rendering, standing: str, reviewer: str | None = None) -> None:
        """Write a rendering that a person knows; one that is there gets the standing."""
        key = {"watch": watch, "name": checked(one.name), "language": one.language,
               "text": checked(one.text)}  # fmt: skip
        with self._db.write() as connection:
            told = {
                "standing": standing,
                "reviewer": reviewer,
                "decided_at": self._db.now(connection),
            }
            inserted = connection.execute(
                self._db.insert_new(name_rendering)
                .values(**key, **told)
                .returning(name_rendering.c.id)
            ).first()
            if inserted is None:
                same = [name_rendering.c[name] == value for name, value in key.items()]
                connection.execute(name_rendering.update().where(*same).values(**told))

    def yields(self, watch: str) -> list[QueryYield]:
        """What the feeds of a watch have brought, by feed: entries, matches, relevant ones."""
        seen = sa.select(sighting.c.feed_id, sighting.c.article_id).distinct().subquery()
        number = sa.func.count(match.c.id)
        relevant = sa.func.sum(sa.case((match.c.verdict == Verdict.RELEVANT, 1), else_=0))
        found = sa.and_(
            match.c.article_id == seen.c.article_id,
            match.c.watch == watch,
            match.c.relation != Relation.UNRELATED,
        )
        columns = (feed.c.id, feed.c.url, feed.c.title, feed.c.language, feed.c.state,
                   feed.c.entry_count)  # fmt: skip
        query = (
            sa.select(*columns, number.label("matches"), relevant.label("relevant"))
            .join(feed_watch, feed_watch.c.feed_id == feed.c.id)
            .outerjoin(seen, seen.c.feed_id == feed.c.id)
            .outerjoin(match, found)
            .where(feed_watch.c.watch == watch)
            .group_by(*columns)
            .order_by(feed.c.id)
        )
        with self._db.read() as connection:
            rows = connection.execute(query).all()
        return [
            QueryYield(
                feed_id=row.id,
                url=row.url,
                title=row.title,
                language=row.language,
                state=row.state,
                entries=row.entry_count,
                matches=row.matches,
                relevant=int(row.relevant or 0),
            )
            for row in rows
        ]


def checked(text: str) -> str:
    """A name without surplus white space.

    Raises:
        InputError: it is empty or too long.
    """
    tidy = " ".join(text.split())
    if not tidy or len(tidy) > MAX_NAME:
        raise InputError(text[:60] or "name", f"give 1 to {MAX_NAME} characters")
    return tidy
