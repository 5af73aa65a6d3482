"""The blind sample: articles below the threshold, drawn by chance, judged without their score.

A draw looks at a window of time that no other draw of its watch looks at, so that the windows'
numbers add up. What was judged before it could be drawn, and what is shown anyhow, is left out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from worker.domain import ArticleText, Relation
from worker.records import FAR, NEAR, BlindRow, SampleWindow, StoredArticle
from worker.store import states
from worker.store.engine import Database, Row, chunks, counts_of
from worker.store.schema import article, blind_draw, blind_sample, match

LONGEST_WINDOW = timedelta(days=7)
"""A watch that was not looked at for longer loses what came before, not what comes."""
Choice = Callable[[Mapping[str, Sequence[int]]], Mapping[str, Sequence[int]]]
"""Chooses some of the articles of each stratum, by their ids."""


class SampleStore:
    """What the pipeline and the doors ask of blind samples."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def drawn_age(self, watch: str) -> timedelta | None:
        """How long ago a sample was drawn for a watch; None if never."""
        with self._db.read() as connection:
            end = self._last_end(connection, watch)
            return self._db.now(connection) - end if end else None

    def draw(self, watch: str, choose: Choice) -> dict[str, list[int]]:
        """Draw a sample of what came since the last draw, and remember the window.

        Args:
            watch: its name.
            choose: by chance alone.

        Returns:
            The articles drawn by stratum; those of `FAR` have no match yet and are stored by
            `keep` once they were matched.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            start = max(self._last_end(connection, watch) or now - LONGEST_WINDOW,
                        now - LONGEST_WINDOW)  # fmt: skip
            strata, languages = self._strata(connection, watch, start, now)
            totals = {
                name: dict(Counter(languages[one] for one in ids)) for name, ids in strata.items()
            }
            draw_id = connection.execute(
                blind_draw.insert()
                .values(watch=watch, start_at=start, end_at=now, totals=totals)
                .returning(blind_draw.c.id)
            ).scalar_one()
            drawn = {name: list(ids) for name, ids in choose(strata).items()}
            self._keep(connection, watch, draw_id, NEAR, drawn.get(NEAR, []))
        return drawn

    def keep(self, watch: str, article_ids: Sequence[int]) -> None:
        """Put far articles that were drawn last into the sample, now that they have a match."""
        with self._db.write() as connection:
            draw_id: int = connection.execute(
                sa.select(sa.func.max(blind_draw.c.id)).where(blind_draw.c.watch == watch)
            ).scalar_one()
            self._keep(connection, watch, draw_id, FAR, article_ids)

    def _keep(
        self,
        connection: sa.Connection,
        watch: str,
        draw_id: int,
        stratum: str,
        article_ids: Sequence[int],
    ) -> None:
        query = sa.select(match.c.id).where(
            match.c.watch == watch, match.c.article_id.in_(article_ids)
        )
        for match_id in connection.execute(query).scalars().all():
            connection.execute(
                self._db.insert_new(blind_sample).values(
                    match_id=match_id, draw_id=draw_id, stratum=stratum
                )
            )

    def _last_end(self, connection: sa.Connection, watch: str) -> datetime | None:
        end: datetime | None = connection.execute(
            sa.select(blind_draw.c.end_at)
            .where(blind_draw.c.watch == watch)
            .order_by(blind_draw.c.end_at.desc())
            .limit(1)
        ).scalar()
        return end

    def _strata(
        self, connection: sa.Connection, watch: str, start: datetime, end: datetime
    ) -> tuple[dict[str, list[int]], dict[int, str]]:
        """Return the ids below the threshold by stratum, and the language of each."""
        matched = sa.and_(match.c.article_id == article.c.id, match.c.watch == watch)
        query = (
            sa.select(article.c.id, article.c.language, match.c.relation, match.c.review_id)
            .outerjoin(match, matched)
            .where(
                article.c.processed_at >= start,
                article.c.processed_at < end,
                article.c.content_hash.is_not(None),
                article.c.text != "",
                article.c.state.in_([states.DONE, states.PENDING]),
            )
        )
        strata: dict[str, list[int]] = {NEAR: [], FAR: []}
        languages = {}
        for row in connection.execute(query):
            if row.relation is None:
                strata[FAR].append(row.id)
            elif row.relation == Relation.UNRELATED and not row.review_id:
                strata[NEAR].append(row.id)
            languages[row.id] = row.language
        return strata, languages

    def articles(self, ids: Sequence[int]) -> list[StoredArticle]:
        """Some stored articles, as matching sees them."""
        columns = (article.c[n] for n in ("id", "version", "title", "text", "language",
                                          "published_at", "url"))  # fmt: skip
        with self._db.read() as connection:
            rows = connection.execute(sa.select(*columns).where(article.c.id.in_(ids))).all()
        return [
            StoredArticle(
                row.id,
                row.version,
                ArticleText(row.title, row.text, row.language, row.published_at, row.url),
            )
            for row in rows
        ]

    def waiting(self, watch: str) -> list[BlindRow]:
        """The articles of the sample that nobody has judged, oldest draw first."""
        names = ("title", "text", "language", "url", "published_at", "first_seen_at")
        query = (
            sa.select(match.c.id, match.c.review_id, match.c.outlet, *(article.c[n] for n in names))
            .join(blind_sample, blind_sample.c.match_id == match.c.id)
            .join(article, article.c.id == match.c.article_id)
            .where(match.c.watch == watch, match.c.verdict.is_(None))
            # near and far mixed: their order within a draw says nothing of the score
            .order_by(blind_sample.c.draw_id, article.c.key_hash)
        )
        with self._db.read() as connection:
            return [_blind(row, watch) for row in connection.execute(query)]

    def window(self, watch: str) -> SampleWindow:
        """The windows of all draws of a watch together."""
        totals: dict[str, Counter[str]] = defaultdict(Counter)
        shown: Counter[str] = Counter()
        with self._db.read() as connection:
            draws = connection.execute(
                sa.select(blind_draw).where(blind_draw.c.watch == watch)
            ).all()
            for part in chunks(draws):
                times = [
                    sa.and_(article.c.processed_at >= one.start_at,
                            article.c.processed_at < one.end_at)
                    for one in part
                ]  # fmt: skip
                related = (
                    sa.select(match.c.language, sa.func.count())
                    .join(article, article.c.id == match.c.article_id)
                    .outerjoin(blind_sample, blind_sample.c.match_id == match.c.id)
                    .where(
                        match.c.watch == watch,
                        match.c.relation != Relation.UNRELATED,
                        blind_sample.c.match_id.is_(None),
                        sa.or_(*times),
                    )
                    .group_by(match.c.language)
                )
                shown.update(counts_of(connection, related))
        for one in draws:
            for stratum, by_language in one.totals.items():
                totals[stratum].update(by_language)
        return SampleWindow({name: dict(found) for name, found in totals.items()}, dict(shown))


def _blind(row: Row, watch: str) -> BlindRow:
    return BlindRow(
        match_id=row.id,
        review_id=row.review_id,
        watch=watch,
        title=row.title,
        text=row.text,
        language=row.language,
        outlet=row.outlet,
        url=row.url,
        published_at=row.published_at,
        first_seen_at=row.first_seen_at,
    )
