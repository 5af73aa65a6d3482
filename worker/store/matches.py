"""Matches to review, the verdicts on them, and the numbers that sum them up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain import Relation, TextSource, Verdict
from worker.errors import NotFoundError
from worker.records import MatchRow
from worker.store.engine import Database, Row, counts_of
from worker.store.schema import article, article_version, feed, match, review, sighting


@dataclass(frozen=True, slots=True)
class MatchFilter:
    """What to list; None means any.

    Attributes:
        language: of the article, as detected.
        since: matches found at or after this time.
        before_id: keyset paging: matches older than this one.
        with_unrelated: near misses as well.
    """

    watch: str | None = None
    relation: Relation | None = None
    language: str | None = None
    verdict: Verdict | None = None
    unreviewed: bool = False
    since: datetime | None = None
    before_id: int | None = None
    limit: int | None = None
    with_unrelated: bool = False


class MatchStore:
    """What the doors ask of matches."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def rows(self, wanted: MatchFilter = MatchFilter()) -> Iterator[MatchRow]:
        """Matches, newest first, read a page at a time so that an export needs little memory."""
        left = wanted.limit
        before = wanted.before_id
        while left is None or left > 0:
            size = min(left or 500, 500)
            with self._db.read() as connection:
                page = connection.execute(_query(wanted, before).limit(size)).all()
            yield from (_match_row(row) for row in page)
            if len(page) < size:
                return
            before = page[-1].id
            left = None if left is None else left - size

    def get(self, match_id: int) -> MatchRow:
        """One match.

        Raises:
            NotFoundError: no match has that id.
        """
        with self._db.read() as connection:
            row = connection.execute(_select().where(match.c.id == match_id)).first()
        if row is None:
            raise NotFoundError(f"{match_id}: no such match; `seedwatch matches` lists them")
        return _match_row(row)

    def article_text(self, article_id: int) -> str:
        """The stored text of an article, paragraphs separated by a blank line."""
        with self._db.read() as connection:
            text: str = connection.execute(
                sa.select(article.c.text).where(article.c.id == article_id)
            ).scalar_one()
        return text

    def versions(self, article_id: int) -> list[Row]:
        """All versions (number, title, text, seen_at) of an article, oldest first."""
        with self._db.read() as connection:
            return list(
                connection.execute(
                    sa.select(article_version)
                    .where(article_version.c.article_id == article_id)
                    .order_by(article_version.c.number)
                )
            )

    def sightings(self, article_id: int) -> list[Row]:
        """Where an article was seen (feed_title, feed_url, url, title, seen_at), in order."""
        with self._db.read() as connection:
            return list(
                connection.execute(
                    sa.select(
                        sighting.c.url,
                        sighting.c.title,
                        sighting.c.seen_at,
                        feed.c.title.label("feed_title"),
                        feed.c.url.label("feed_url"),
                    )
                    .join(feed, feed.c.id == sighting.c.feed_id)
                    .where(sighting.c.article_id == article_id)
                    .order_by(sighting.c.seen_at, sighting.c.id)
                )
            )

    def review(
        self, match_id: int, verdict: Verdict, note: str | None = None, reviewer: str | None = None
    ) -> MatchRow:
        """Store a verdict with the score and the matcher's version at this time.

        Raises:
            NotFoundError: no match has that id.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            row = connection.execute(
                sa.select(match.c.score, match.c.relation, match.c.matcher_version).where(
                    match.c.id == match_id
                )
            ).first()
            if row is None:
                raise NotFoundError(f"{match_id}: no such match; `seedwatch matches` lists them")
            connection.execute(
                review.insert().values(
                    match_id=match_id,
                    verdict=verdict,
                    note=note,
                    reviewer=reviewer,
                    score=row.score,
                    relation=row.relation,
                    matcher_version=row.matcher_version,
                    reviewed_at=now,
                )
            )
            connection.execute(
                match.update()
                .where(match.c.id == match_id)
                .values(verdict=verdict, note=note, reviewed_at=now)
            )
        return self.get(match_id)

    def counts(self) -> dict[str, int]:
        """How many matches have each relation."""
        with self._db.read() as connection:
            return counts_of(
                connection, sa.select(match.c.relation, sa.func.count()).group_by(match.c.relation)
            )

    def verdict_counts(self, wanted: MatchFilter = MatchFilter()) -> dict[Verdict | None, int]:
        """How many of the wanted matches have each verdict; None counts the unreviewed ones.

        Verdict and paging of the filter are passed over: the counts are what one could turn to.
        """
        anyhow = replace(wanted, verdict=None, unreviewed=False, before_id=None)
        query = sa.select(match.c.verdict, sa.func.count()).group_by(match.c.verdict)
        if wanted.language is not None:
            query = query.join(article, article.c.id == match.c.article_id)
        with self._db.read() as connection:
            counts = counts_of(connection, _filtered(query, anyhow))
        return {Verdict(code) if code else None: number for code, number in counts.items()}

    def language_counts(self) -> dict[str, int]:
        """How many related matches there are in each language, most first."""
        number = sa.func.count()
        query = (
            sa.select(article.c.language, number)
            .join(match, match.c.article_id == article.c.id)
            .where(match.c.relation != Relation.UNRELATED)
            .group_by(article.c.language)
            .order_by(number.desc(), article.c.language)
        )
        with self._db.read() as connection:
            return counts_of(connection, query)


def _select() -> sa.Select[Any]:
    return sa.select(
        match,
        *(
            article.c[name]
            for name in (
                "url", "title", "language", "outlet", "site", "author", "published_at",
                "first_seen_at", "text_source", "version",
            )
        ),
    ).join(article, article.c.id == match.c.article_id)  # fmt: skip


def _query(wanted: MatchFilter, before_id: int | None) -> sa.Select[Any]:
    query = _filtered(_select().order_by(match.c.id.desc()), wanted)
    return query if before_id is None else query.where(match.c.id < before_id)


def _filtered(query: sa.Select[Any], wanted: MatchFilter) -> sa.Select[Any]:
    """A query that sees matches (and articles, for a language), without the others."""
    if not wanted.with_unrelated and wanted.relation is None:
        query = query.where(match.c.relation != Relation.UNRELATED)
    conditions = {
        match.c.watch: wanted.watch,
        match.c.relation: wanted.relation,
        article.c.language: wanted.language,
        match.c.verdict: wanted.verdict,
    }
    for column, value in conditions.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.unreviewed:
        query = query.where(match.c.verdict.is_(None))
    if wanted.since is not None:
        query = query.where(match.c.created_at >= wanted.since)
    return query


def _match_row(row: Row) -> MatchRow:
    return MatchRow(
        id=row.id,
        watch=row.watch,
        seed=row.seed,
        relation=Relation(row.relation),
        score=row.score,
        is_suggestion=row.is_suggestion,
        created_at=row.created_at,
        matcher_version=row.matcher_version,
        encoder=row.encoder,
        article_id=row.article_id,
        url=row.url,
        title=row.title,
        language=row.language,
        outlet=row.outlet or row.site,
        author=row.author,
        published_at=row.published_at,
        first_seen_at=row.first_seen_at,
        text_source=TextSource(row.text_source) if row.text_source else None,
        version=row.version,
        evidence=tuple(row.evidence),
        adds=tuple(row.adds),
        shared=row.shared,
        reasons=tuple(row.reasons),
        features=row.features,
        verdict=Verdict(row.verdict) if row.verdict else None,
        note=row.note,
        reviewed_at=row.reviewed_at,
    )
