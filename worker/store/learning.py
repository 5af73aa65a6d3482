"""Settings of watches that people decided on, and the verdicts that they are learnt from.

`watch_setting` is a history that only grows: the latest row of a watch holds, and taking it back is
a row too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from worker.domain import Correction, Relation, Seed, Verdict
from worker.errors import NotFoundError
from worker.records import NewSetting, ScoredRow, SeedRow, SettingRow
from worker.store.engine import Database, Row
from worker.store.schema import article, blind_sample, match, watch_seed, watch_setting

MOST_SCORED = 20_000
"""Matches and near misses of a watch that a replay looks at, newest first."""

_ADDED = "added:"


class LearningStore:
    """What the doors ask of settings, verdicts and added seeds."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def current(self) -> dict[str, SettingRow]:
        """The latest decision on each watch that has one, by the watch's name."""
        latest = sa.select(sa.func.max(watch_setting.c.id)).group_by(watch_setting.c.watch)
        with self._db.read() as connection:
            rows = connection.execute(
                sa.select(watch_setting).where(watch_setting.c.id.in_(latest))
            )
            return {row.watch: _setting(row) for row in rows}

    def history(self, watch: str) -> list[SettingRow]:
        """All that was decided on a watch, latest first."""
        query = (
            sa.select(watch_setting)
            .where(watch_setting.c.watch == watch)
            .order_by(watch_setting.c.id.desc())
        )
        with self._db.read() as connection:
            return [_setting(row) for row in connection.execute(query)]

    def decide(
        self, new: NewSetting, reviewer: str | None = None, *, seen: int | None = None
    ) -> SettingRow | None:
        """Store a decision.

        Args:
            new: what holds from now on.
            reviewer: who says so.
            seen: the latest decision that the person saw, 0 for none; None = whatever it is.

        Returns:
            The row; None where somebody else decided meanwhile, and nothing is stored.
        """
        with self._db.write() as connection:
            if seen is not None and self._latest(connection, new.watch) != seen:
                return None
            return self._add(connection, new, reviewer, None)

    def undo(self, watch: str, seen: int, reviewer: str | None = None) -> SettingRow | None:
        """Take the latest decision on a watch back: what held before it holds again.

        Args:
            watch: its name.
            seen: the decision that is meant.
            reviewer: who says so.

        Returns:
            The row; None where that is not the latest decision any more.
        """
        history = self.history(watch)
        if not history or history[0].id != seen:
            return None
        # what was taken back, and the taking back itself, are passed over
        undone = {row.undoes for row in history}
        standing = [row for row in history if row.undoes is None and row.id not in undone]
        if not standing:
            return None
        last = standing[0]
        before = standing[1] if len(standing) > 1 else None
        new = NewSetting(
            watch,
            before.threshold if before else None,
            before.correction if before else None,
            before.file_threshold if before else last.file_threshold,
            last.threshold,
        )
        with self._db.write() as connection:
            if self._latest(connection, watch) != seen:
                return None
            return self._add(connection, new, reviewer, last.id)

    def _latest(self, connection: sa.Connection, watch: str) -> int:
        found: int | None = connection.execute(
            sa.select(sa.func.max(watch_setting.c.id)).where(watch_setting.c.watch == watch)
        ).scalar()
        return found or 0

    def _add(
        self, connection: sa.Connection, new: NewSetting, reviewer: str | None, undoes: int | None
    ) -> SettingRow:
        values = {
            "watch": new.watch,
            "threshold": new.threshold,
            "correction": asdict(new.correction) if new.correction else None,
            "file_threshold": new.file_threshold,
            "threshold_before": new.threshold_before,
            "estimate": dict(new.estimate) if new.estimate else None,
        }
        row = connection.execute(
            watch_setting.insert()
            .values(**values, reviewer=reviewer, decided_at=self._db.now(connection), undoes=undoes)
            .returning(*watch_setting.c)
        ).one()
        return _setting(row)

    def scored(self, watch: str, *, only_judged: bool = False) -> list[ScoredRow]:
        """Matches and near misses of a watch, newest first; at most `MOST_SCORED`.

        Args:
            watch: its name.
            only_judged: relevant or irrelevant ones alone.
        """
        names = ("id", "language", "relation", "is_suggestion", "score", "features", "verdict",
                 "review_id")  # fmt: skip
        query = (
            sa.select(*(match.c[name] for name in names), blind_sample.c.stratum)
            .outerjoin(blind_sample, blind_sample.c.match_id == match.c.id)
            .where(match.c.watch == watch)
            .order_by(match.c.id.desc())
            .limit(MOST_SCORED)
        )
        if only_judged:
            query = query.where(match.c.verdict.in_([Verdict.RELEVANT, Verdict.IRRELEVANT]))
        with self._db.read() as connection:
            return [_scored(row) for row in connection.execute(query)]

    # --- seeds that were added -----------------------------------------------------------------

    def add_seed(self, match_id: int, reviewer: str | None = None) -> SeedRow:
        """Make an article a further seed of its match's watch; does nothing where it is one.

        Raises:
            NotFoundError: no such match, or its text is not kept any more.
        """
        columns = (article.c[name] for name in ("title", "text", "language", "url", "published_at"))
        query = sa.select(match.c.watch, match.c.article_id, *columns).join(
            article, article.c.id == match.c.article_id
        )
        with self._db.write() as connection:
            found = connection.execute(query.where(match.c.id == match_id)).first()
            if found is None or not found.text.strip():
                raise NotFoundError(f"{match_id}: no such match, or its text is not kept any more")
            connection.execute(
                self._db.insert_new(watch_seed).values(
                    **found._mapping, reviewer=reviewer, added_at=self._db.now(connection)
                )
            )
            row = connection.execute(
                sa.select(watch_seed).where(
                    watch_seed.c.watch == found.watch,
                    watch_seed.c.article_id == found.article_id,
                )
            ).one()
        return SeedRow(**row._mapping)

    def remove_seed(self, watch: str, seed_id: int) -> None:
        """Take an added seed out of its watch again.

        Raises:
            NotFoundError: the watch has no such seed.
        """
        with self._db.write() as connection:
            gone = connection.execute(
                watch_seed.delete().where(watch_seed.c.id == seed_id, watch_seed.c.watch == watch)
            )
        if not gone.rowcount:
            raise NotFoundError(f"{seed_id}: no added seed of {watch} has that number")

    def seeds(self) -> list[SeedRow]:
        """All seeds that were added, in order."""
        with self._db.read() as connection:
            rows = connection.execute(sa.select(watch_seed).order_by(watch_seed.c.id))
            return [SeedRow(**row._mapping) for row in rows]


def is_added(seed: Seed) -> bool:
    """Whether a seed was added by a person; else it is of a file."""
    return seed.id.startswith(_ADDED)


def seed_of(row: SeedRow) -> Seed:
    """An added seed as matching sees it; its id cannot be that of a file."""
    return Seed(f"{_ADDED}{row.id}", row.title, row.text, row.language, row.url, row.published_at)


def added_seeds(rows: Sequence[SeedRow], watch: str) -> tuple[Seed, ...]:
    """The seeds that were added to a watch."""
    return tuple(seed_of(row) for row in rows if row.watch == watch)


def _setting(row: Row) -> SettingRow:
    values: dict[str, Any] = dict(row._mapping)
    stored = values["correction"]
    values["correction"] = Correction(**stored) if stored else None
    return SettingRow(**values)


def _scored(row: Row) -> ScoredRow:
    return ScoredRow(
        match_id=row.id,
        language=row.language,
        is_related=row.relation != Relation.UNRELATED,
        is_suggestion=row.is_suggestion,
        score=row.score,
        features=row.features,
        verdict=row.verdict,
        order=row.review_id,
        stratum=row.stratum,
    )
