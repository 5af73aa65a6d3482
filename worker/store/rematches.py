"""Stored articles matched again: the requests, how far each has come, and the new answers.

One request is worked on at a time, the oldest first, newest articles first. Its row moves on in the
transaction that stores an article's new answers, so whoever dies in between loses no count and
doubles none: what is left is what still has another version's answer.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time

import sqlalchemy as sa

from worker.domain import ArticleText, Match, Relation, Sketch
from worker.records import Change, RematchJob, RematchRow, StoredArticle, StoryRule
from worker.store import states
from worker.store.claims import HINT_PAUSE, LEASE
from worker.store.engine import Database, Row
from worker.store.findings import Channels, MatchWriter
from worker.store.schema import article, match, rematch
from worker.store.stories import EACH_ALONE
from worker.store.tallies import Tally

_SHOWN = [rematch.c[field] for field in RematchRow.__dataclass_fields__]


class RematchStore:
    """What the doors and the workers ask of matching again."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # --- the requests --------------------------------------------------------------------------

    def ask(self, since: date | None = None, reviewer: str | None = None) -> RematchRow:
        """Ask for stored articles to be matched again.

        Args:
            since: those first seen on this day (UTC) or later; None = all.
            reviewer: who asks.

        Returns:
            The new request; or one that is open already and reaches as far back.
        """
        with self._db.write() as connection:
            if not self._db.is_sqlite:  # of two who ask at once, the second sees the first's
                connection.execute(sa.text("LOCK TABLE rematch IN SHARE ROW EXCLUSIVE MODE"))
            is_open = rematch.c.finished_at.is_(None)
            for row in connection.execute(sa.select(*_SHOWN).where(is_open).order_by("id")):
                if row.since is None or (since is not None and row.since <= since):
                    return _row(row)
            now = self._db.now(connection)
            new = rematch.insert().values(since=since, reviewer=reviewer, asked_at=now, due_at=now)
            return _row(connection.execute(new.returning(*_SHOWN)).one())

    def latest(self, limit: int = 1) -> list[RematchRow]:
        """The requests that were made last, latest first."""
        query = sa.select(*_SHOWN).order_by(rematch.c.id.desc()).limit(limit)
        with self._db.read() as connection:
            return [_row(row) for row in connection.execute(query)]

    def get(self, rematch_id: int) -> RematchRow:
        """A request that is known to be there."""
        with self._db.read() as connection:
            query = sa.select(*_SHOWN).where(rematch.c.id == rematch_id)
            return _row(connection.execute(query).one())

    def hint_due(self) -> list[int]:
        """The request to be worked on, if nobody does and no message is under way; stamps it."""
        with self._db.write() as connection:
            now = self._db.now(connection)
            row = self._next(connection, now)
            if row is None or (row.hinted_at and row.hinted_at > now - HINT_PAUSE):
                return []
            connection.execute(rematch.update().where(rematch.c.id == row.id).values(hinted_at=now))
        return [row.id]

    # --- the work ------------------------------------------------------------------------------

    def claim(self, version: str) -> RematchJob | None:
        """Take the oldest open request, unless somebody has it.

        Where seeds or thresholds have changed since its last claim, what was matched until then
        is to be matched once more: what is left is counted anew, and begun with the newest.

        Args:
            version: of the matcher that is going to answer.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            row = self._next(connection, now)
            if row is None:
                return None
            token = secrets.token_hex(16)
            values = {"token": token, "tries": row.tries + 1, "due_at": now + LEASE,
                      "hinted_at": None, "started_at": row.started_at or now}  # fmt: skip
            cursor = row.cursor
            if row.version != version:
                cursor = None
                left = sa.select(sa.func.count()).where(*_to_match(version, row.since, None))
                total = row.done + connection.execute(left).scalar_one()
                values |= {"version": version, "cursor": None, "total": total, "passed_over": 0}
            connection.execute(rematch.update().where(rematch.c.id == row.id).values(**values))
        return RematchJob(row.id, token, version, row.since, cursor, row.tries + 1)

    def left(self, job: RematchJob, after: int | None, limit: int) -> list[StoredArticle]:
        """Articles that still have another version's answer, newest first.

        Args:
            job: the claimed request.
            after: the article that was taken last; None = none.
            limit: how many at the most.
        """
        names = ("id", "version", "title", "text", "language", "published_at", "url")
        query = (
            sa.select(*(article.c[name] for name in names))
            .where(*_to_match(job.version, job.since, after))
            .order_by(article.c.id.desc())
            .limit(limit)
        )
        with self._db.read() as connection:
            return [
                StoredArticle(
                    row.id,
                    row.version,
                    ArticleText(row.title, row.text, row.language, row.published_at, row.url),
                )
                for row in connection.execute(query)
            ]

    def store(  # noqa: PLR0913 - what a match is told with
        self,
        stored: StoredArticle,
        matches: Sequence[Match],
        version: str,
        channels: Channels,
        sketch: Sketch | None = None,
        rule: StoryRule = EACH_ALONE,
        *,
        kept: str | None = None,
        job: RematchJob | None = None,
    ) -> bool:
        """Store new answers for an article that is stored already.

        Verdicts stay, and what has one stays in the lists: a match that a person has judged keeps
        its relation where the matcher would drop it now.

        Args:
            stored: as it was matched.
            matches: one a watch.
            version: of the matcher.
            channels: where matches are told.
            sketch: what its story is found by.
            rule: which matches tell one story.
            kept: the watch whose answer is kept however little it scored.
            job: the request that is moved on by it; where somebody else has it now, nothing is
                stored.

        Returns:
            False if the article has got another text meanwhile: its new answer is newer.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            changes = self._changes(connection, job) if job else {}
            if changes is None:
                return False
            before = _related(connection, stored.id) if job else set()
            updated = connection.execute(
                article.update()
                .where(article.c.id == stored.id, article.c.version == stored.version)
                .values(matcher_version=version)
            )
            if updated.rowcount:
                tally = Tally(self._db, connection)
                writer = MatchWriter(
                    self._db, connection, channels, now, rule, tally, keeps_judged=True
                )
                writer.store(stored.id, stored.version, matches, sketch, kept=kept)
                writer.close()
            if job:
                after = _related(connection, stored.id)
                step = {
                    "changes": _added(changes, after - before, before - after),
                    "done": rematch.c.done + 1,
                    "cursor": stored.id,
                    "tries": 1,
                }
                _move(connection, job, step)
        return bool(updated.rowcount)

    def pass_over(self, job: RematchJob, article_id: int) -> None:
        """Go on behind an article that cannot be matched."""
        step = {"passed_over": rematch.c.passed_over + 1, "cursor": article_id, "tries": 1}
        with self._db.write() as connection:
            _move(connection, job, step)

    def renew(self, job: RematchJob) -> bool:
        """Hold a request for longer; False if it is somebody else's by now."""
        with self._db.write() as connection:
            return _move(connection, job, {"due_at": self._db.now(connection) + LEASE})

    def release(self, job: RematchJob) -> None:
        """Give a request back: whoever comes next goes on with it."""
        with self._db.write() as connection:
            now = self._db.now(connection)
            _move(connection, job, {"token": None, "tries": 0, "due_at": now, "hinted_at": now})

    def finish(self, job: RematchJob, error: str | None = None) -> None:
        """End a request: nothing is left, or it is given up for that cause."""
        with self._db.write() as connection:
            now = self._db.now(connection)
            _move(connection, job, {"token": None, "finished_at": now, "error": error})

    def _next(self, connection: sa.Connection, now: datetime) -> Row | None:
        """The oldest open request, locked; None if there is none or somebody has it."""
        query = (
            sa.select(rematch)
            .where(rematch.c.finished_at.is_(None))
            .order_by(rematch.c.id)
            .limit(1)
            .with_for_update()  # waits: the second oldest is nobody's turn
        )
        row = connection.execute(query).first()
        return row if row is not None and row.due_at <= now else None

    def _changes(
        self, connection: sa.Connection, job: RematchJob
    ) -> Mapping[str, Mapping[str, int]] | None:
        """What a request has changed so far, its row locked; None if it is somebody else's."""
        held = sa.select(rematch.c.changes).where(
            rematch.c.id == job.id, rematch.c.token == job.token
        )
        row = connection.execute(held.with_for_update()).first()
        return (row.changes or {}) if row is not None else None


def _to_match(version: str, since: date | None, after: int | None) -> list[sa.ColumnElement[bool]]:
    """What is true of articles whose last answer came from another matcher, seeds or encoder."""
    found = [
        article.c.content_hash.is_not(None),
        article.c.state != states.MERGED,
        sa.or_(article.c.matcher_version.is_(None), article.c.matcher_version != version),
    ]
    if since is not None:
        found.append(article.c.first_seen_at >= datetime.combine(since, time(), UTC))
    if after is not None:
        found.append(article.c.id < after)
    return found


def _related(connection: sa.Connection, article_id: int) -> set[str]:
    """The watches that an article matches."""
    query = sa.select(match.c.watch).where(
        match.c.article_id == article_id, match.c.relation != Relation.UNRELATED
    )
    return set(connection.execute(query).scalars())


def _added(
    changes: Mapping[str, Mapping[str, int]], came: set[str], went: set[str]
) -> dict[str, dict[str, int]]:
    """What was changed so far, and by one article more."""
    found = {name: Change(**one) for name, one in changes.items()}
    for name in came | went:
        had = found.get(name, Change())
        found[name] = Change(had.came + (name in came), had.went + (name in went))
    return {name: asdict(found[name]) for name in sorted(found)}


def _move(connection: sa.Connection, job: RematchJob, values: Mapping[str, object]) -> bool:
    done = connection.execute(
        rematch.update()
        .where(rematch.c.id == job.id, rematch.c.token == job.token)
        .values(**values)
    )
    return bool(done.rowcount)


def _row(row: Row) -> RematchRow:
    values = dict(row._mapping)
    values["changes"] = {name: Change(**one) for name, one in (row.changes or {}).items()}
    return RematchRow(**values)
