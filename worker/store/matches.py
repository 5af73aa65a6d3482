"""Matches to review, the verdicts on them, and the numbers that sum them up."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime, time
from typing import Any

import sqlalchemy as sa

from worker.domain import Kind, Relation, TextSource, Verdict
from worker.errors import NotFoundError
from worker.records import Decision, MatchFilter, MatchRow, Sums
from worker.store.engine import Database, Row, counts_of
from worker.store.reviews import ReviewStore
from worker.store.schema import article, article_version, feed, feed_watch, match, review, sighting
from worker.store.search import found_by, id_column
from worker.store.states import ACTIVE
from worker.store.sums import kept_sums, sums_of

MOST_COUNTED = 1_000
"""Matches found by a search that are counted; more than these are "many"."""
_ALL = MatchFilter()


class MatchStore:
    """What the doors ask of matches."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def rows(self, wanted: MatchFilter = _ALL) -> Iterator[MatchRow]:
        """Matches, newest first, read a page at a time so that an export needs little memory."""
        left = wanted.limit
        before = wanted.before_id
        while left is None or left > 0:
            size = min(left or 500, 500)
            with self._db.read() as connection:
                page = connection.execute(self._query(wanted, before).limit(size)).all()
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

    def some(self, match_ids: Collection[int]) -> dict[int, MatchRow]:
        """Those of some matches that exist, by id."""
        with self._db.read() as connection:
            rows = connection.execute(_select().where(match.c.id.in_(match_ids)))
            return {row.id: _match_row(row) for row in rows}

    def article_text(self, article_id: int) -> str:
        """The stored text of an article, paragraphs separated by a blank line."""
        with self._db.read() as connection:
            text: str = connection.execute(
                sa.select(article.c.text).where(article.c.id == article_id)
            ).scalar_one()
        return text

    def versions(self, article_id: int) -> list[Row]:
        """All versions (number, title, length, seen_at) of an article, oldest first."""
        columns = (article_version.c[name] for name in ("number", "title", "seen_at"))
        length = sa.func.length(article_version.c.text).label("length")
        with self._db.read() as connection:
            return list(
                connection.execute(
                    sa.select(*columns, length)
                    .where(article_version.c.article_id == article_id)
                    .order_by(article_version.c.number)
                )
            )

    def version_text(self, article_id: int, number: int) -> str | None:
        """Title and text of a version, one below the other; None if there is none."""
        version = article_version.c
        with self._db.read() as connection:
            row = connection.execute(
                sa.select(version.title, version.text).where(
                    version.article_id == article_id, version.number == number
                )
            ).first()
        return f"{row.title}\n{row.text}" if row else None

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
        """Store a verdict, whatever was decided before; the web asks `ReviewStore` instead.

        Raises:
            NotFoundError: no match has that id.
        """
        ReviewStore(self._db).decide([Decision(match_id, None, verdict, note or "")], reviewer)
        return self.get(match_id)

    def newer_id(self, wanted: MatchFilter, match_id: int) -> int | None:
        """The match just above another one in a list; None if that one is at the top."""
        by = id_column(wanted.text, self._db)
        query = filtered(sa.select(match.c.id).order_by(by), wanted, self._db)
        with self._db.read() as connection:
            found: int | None = connection.execute(query.where(by > match_id).limit(1)).scalar()
        return found

    def newest_id(self) -> int:
        """The id of the match that was found last; 0 if there is none."""
        with self._db.read() as connection:
            found: int | None = connection.execute(sa.select(sa.func.max(match.c.id))).scalar()
        return found or 0

    def count_newer(self, match_id: int) -> int:
        """How many related matches are newer than one; at most `MOST_COUNTED` are counted.

        A worker that took its number earlier and is done later may be passed over.
        """
        newer = (
            sa.select(match.c.id)
            .where(match.c.id > match_id, match.c.relation != Relation.UNRELATED)
            .limit(MOST_COUNTED)
            .subquery()
        )
        with self._db.read() as connection:
            found: int = connection.execute(
                sa.select(sa.func.count()).select_from(newer)
            ).scalar_one()
        return found

    def counts(self) -> dict[str, int]:
        """How many matches have each relation."""
        with self._db.read() as connection:
            return counts_of(
                connection, sa.select(match.c.relation, sa.func.count()).group_by(match.c.relation)
            )

    def verdict_counts(self, wanted: MatchFilter = _ALL) -> dict[Verdict | None, int]:
        """How many of the wanted matches have each verdict; None counts the unreviewed ones.

        Verdict and paging of the filter are passed over: the counts are what one could turn to.
        At most `MOST_COUNTED` + 1 are counted, for a common word is in nearly every article.
        """
        anyhow = replace(wanted, verdict=None, unreviewed=False, before_id=None)
        found = filtered(sa.select(match.c.verdict), anyhow, self._db)
        if wanted.text is not None:
            found = found.limit(MOST_COUNTED + 1)
        verdicts = found.subquery()
        verdict: sa.ColumnElement[Any] = verdicts.c.verdict
        if anyhow.language or anyhow.outlet or anyhow.watch:
            # by the column SQLite would read all matches in the order of verdicts, not the wanted
            verdict = sa.func.coalesce(verdict, "")
        query = sa.select(verdict, sa.func.count()).group_by(verdict)
        with self._db.read() as connection:
            counts = counts_of(connection, query)
        return {Verdict(code) if code else None: number for code, number in counts.items()}

    def numbers(self) -> dict[tuple[str, str], int]:
        """How many matches have each relation and language, near misses too."""
        query = sa.select(match.c.relation, match.c.language, sa.func.count())
        with self._db.read() as connection:
            rows = connection.execute(query.group_by(match.c.relation, match.c.language)).all()
        return {(row[0], row[1]): row[2] for row in rows}

    def language_counts(self) -> dict[str, int]:
        """How many related matches there are in each language, most first."""
        return self._counts_by(match.c.language)

    def outlet_counts(self, limit: int = 300) -> dict[str, int]:
        """How many related matches there are of each outlet, most first."""
        return self._counts_by(match.c.outlet, limit)

    def _counts_by(self, column: sa.Column[Any], limit: int | None = None) -> dict[str, int]:
        number = sa.func.count()
        query = (
            sa.select(column, number)
            .where(match.c.relation != Relation.UNRELATED, column.is_not(None))
            .group_by(column)
            .order_by(number.desc(), column)
            .limit(limit)
        )
        with self._db.read() as connection:
            return counts_of(connection, query)

    def changed_at(self) -> datetime | None:
        """When any match was last found, judged anew or reviewed; None for an empty store."""
        latest = sa.select(sa.func.max(match.c.updated_at))
        # rows of `review` are only added, so that the last one is the latest
        reviewed = sa.select(review.c.reviewed_at).order_by(review.c.id.desc()).limit(1)
        with self._db.read() as connection:
            times = [connection.execute(query).scalar() for query in (latest, reviewed)]
        return max((moment for moment in times if moment is not None), default=None)

    def sums(self, wanted: MatchFilter = _ALL) -> Sums:
        """How many of the wanted matches there are of each kind; paging is passed over."""
        if _is_kept(wanted):
            verdicts = filtered(sa.select(match.c.verdict), wanted, self._db).subquery()
            with self._db.read() as connection:
                return kept_sums(connection, verdicts, wanted.watch, wanted.relation, wanted.since)
        names = ("relation", "language", "outlet", "verdict", "created_at")
        found = filtered(sa.select(*(match.c[name] for name in names)), wanted, self._db).subquery()
        with self._db.read() as connection:
            return sums_of(connection, found)

    def near_misses(self, watch: str, limit: int = 10) -> list[MatchRow]:
        """What was found unrelated to a watch by the least, best first."""
        query = (
            _select()
            .where(match.c.watch == watch, match.c.relation == Relation.UNRELATED)
            .order_by(match.c.score.desc(), match.c.id.desc())
            .limit(limit)
        )
        with self._db.read() as connection:
            return [_match_row(row) for row in connection.execute(query)]

    def feed_names(self) -> dict[int, str]:
        """The title of each feed (its address where it has none), by id, in their order."""
        name = sa.func.coalesce(sa.func.nullif(feed.c.title, ""), feed.c.url)
        query = sa.select(feed.c.id, name).order_by(sa.func.lower(name), feed.c.id)
        with self._db.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def feed_counts(self) -> dict[str, int]:
        """How many feeds are polled for each watch."""
        query = (
            sa.select(feed_watch.c.watch, sa.func.count())
            .join(feed, feed.c.id == feed_watch.c.feed_id)
            .where(feed.c.state == ACTIVE)
            .group_by(feed_watch.c.watch)
        )
        with self._db.read() as connection:
            return counts_of(connection, query)

    def _query(self, wanted: MatchFilter, before_id: int | None) -> sa.Select[Any]:
        by = id_column(wanted.text, self._db)
        query = filtered(_select().order_by(by.desc()), wanted, self._db)
        return query if before_id is None else query.where(by < before_id)


def filtered(query: sa.Select[Any], wanted: MatchFilter, database: Database) -> sa.Select[Any]:
    """A query of matches without the others; paging is passed over."""
    if not wanted.with_unrelated and wanted.relation is None:
        query = query.where(match.c.relation != Relation.UNRELATED)
    conditions = {
        match.c.watch: wanted.watch,
        match.c.relation: wanted.relation,
        match.c.language: wanted.language,
        match.c.outlet: wanted.outlet,
        match.c.verdict: wanted.verdict,
        match.c.story_id: wanted.story_id,
    }
    for column, value in conditions.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.unreviewed:
        query = query.where(match.c.verdict.is_(None))
    if wanted.since is not None:
        query = query.where(match.c.created_at >= wanted.since)
    if wanted.feed_id is not None:
        seen = sa.select(sighting.c.article_id).where(sighting.c.feed_id == wanted.feed_id)
        query = query.where(match.c.article_id.in_(seen))
    if wanted.text is not None:
        query = found_by(query, wanted.text, database)
    return query


def _is_kept(wanted: MatchFilter) -> bool:
    """Whether counts are kept of just these matches: whole days of one watch, one relation."""
    chosen = replace(wanted, watch=None, relation=None, since=None, limit=None, before_id=None)
    return (
        chosen == MatchFilter()
        and (wanted.relation is None or wanted.relation.is_related)
        and (wanted.since is None or wanted.since.time() == time())
    )


def _select() -> sa.Select[Any]:
    return sa.select(
        match,
        *(
            article.c[name]
            for name in (
                "url", "title", "author", "published_at", "first_seen_at", "text_source",
                "version",
            )
        ),
    ).join(article, article.c.id == match.c.article_id)  # fmt: skip


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
        outlet=row.outlet,
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
        reviewer=row.reviewer,
        review_id=row.review_id,
        story_id=row.story_id,
        kind=Kind(row.kind) if row.kind else None,
    )
