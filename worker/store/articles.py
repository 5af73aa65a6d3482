"""Articles: claimed in batches, finished with their matches and outbox rows in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.domain import ArticleText, ChannelConfig, Match, Outcome, TextSource
from worker.records import ArticleJob, ArticleResult, StoredArticle, StoredText
from worker.store import claims
from worker.store.engine import Database, Row, counts_of
from worker.store.schema import (
    article,
    article_alias,
    article_version,
    fetch_event,
    match,
    outbox,
    sighting,
)

NEAR_MISS = 0.2
"""An unrelated article that scores less is not worth keeping as a near miss."""

Channels = Mapping[str, Sequence[ChannelConfig]]
"""The channels of every watch, by the watch's name."""


class ArticleStore:
    """What the pipeline asks of articles."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def hint_due(self, limit: int = 200, batch: int = 25) -> list[list[int]]:
        """Batches of ids of due articles; one that was tried before is alone in its batch.

        So one page that kills its worker cannot hold 24 others a second time.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            self._quarantine_hopeless(connection, now)
            rows = claims.due_ids(connection, article, now, limit)
        fresh = [row.id for row in rows if row.tries == 0]
        batches = [fresh[start : start + batch] for start in range(0, len(fresh), batch)]
        return batches + [[row.id] for row in rows if row.tries > 0]

    def _quarantine_hopeless(self, connection: sa.Connection, now: datetime) -> None:
        # only those that died with their worker get here: a failure that is seen is finished
        connection.execute(
            article.update()
            .where(claims.is_ready(article, now), article.c.tries >= claims.MAX_TRIES)
            .values(
                state=claims.QUARANTINED,
                outcome=Outcome.QUARANTINED,
                last_error=sa.func.coalesce(
                    article.c.last_error, f"its worker died {claims.MAX_TRIES} times"
                ),
            )
        )

    def claim(self, ids: Iterable[int]) -> list[ArticleJob]:
        """Claim those of the articles that are due, for the length of a lease."""
        with self._db.write() as connection:
            now = self._db.now(connection)
            tokens = claims.claim(connection, article, ids, now)
            if not tokens:
                return []
            rows = connection.execute(
                sa.select(article).where(article.c.id.in_(tokens)).order_by(article.c.id)
            ).all()
        return [_job(row) for row in rows]

    def release(self, jobs: Iterable[ArticleJob], wait_s: float = 0.0) -> None:
        """Give articles back that were claimed but not worked on: due again after some seconds."""
        held = {job.id: job.token for job in jobs}
        with self._db.write() as connection:
            due_at = self._db.now(connection) + timedelta(seconds=wait_s)
            claims.release(connection, article, held, due_at)

    def texts_by_key(self, key_hashes: Sequence[str]) -> dict[str, StoredText]:
        """The articles that have these identities, with their texts, by identity."""
        if not key_hashes:
            return {}
        columns = (article.c.id, article.c.title, article.c.text)
        own = sa.select(article.c.key_hash, *columns).where(article.c.key_hash.in_(key_hashes))
        by_alias = (
            sa.select(article_alias.c.key_hash, *columns)
            .join(article, article.c.id == article_alias.c.article_id)
            .where(article_alias.c.key_hash.in_(key_hashes))
        )
        with self._db.read() as connection:
            rows = [*connection.execute(own), *connection.execute(by_alias)]
        return {row.key_hash: StoredText(row.id, f"{row.title}\n{row.text}") for row in rows}

    def finish(self, results: Sequence[ArticleResult], channels: Channels) -> list[ArticleResult]:
        """Store a batch of results; all of it or nothing.

        Returns:
            Those whose claim still held and that were stored.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            return [
                result
                for result in sorted(results, key=lambda result: result.job.id)
                if self._finish_one(connection, result, channels, now)
            ]

    def _finish_one(
        self, connection: sa.Connection, result: ArticleResult, channels: Channels, now: datetime
    ) -> bool:
        job = result.job
        if not claims.finish(connection, article, job.id, job.token, _values(result, now)):
            return False
        if result.fetch_outcome is not None:
            connection.execute(
                fetch_event.insert().values(
                    article_id=job.id,
                    at=now,
                    outcome=result.fetch_outcome,
                    detail=result.detail or None,
                    elapsed_s=result.elapsed_s,
                    size_bytes=result.size_bytes,
                )
            )
        if not result.has_content:
            return True
        if self._merged(connection, result):
            return True
        version = self._store_version(connection, result, now)
        self._store_matches(connection, job.id, version, result.matches, channels, now)
        return True

    def _merged(self, connection: sa.Connection, result: ArticleResult) -> bool:
        """Whether the address that the page declares is another article's; then join that one."""
        key = result.canonical_key_hash
        if key is None:
            return False
        own_id = result.job.id
        other: int | None = connection.execute(
            sa.select(article.c.id)
            .where(article.c.key_hash == key)
            .union(sa.select(article_alias.c.article_id).where(article_alias.c.key_hash == key))
        ).scalar()
        if other is None:
            connection.execute(
                self._db.insert_new(article_alias).values(key_hash=key, article_id=own_id)
            )
            return False
        if other == own_id:
            return False
        own_key = connection.execute(
            sa.select(article.c.key_hash).where(article.c.id == own_id)
        ).scalar_one()
        connection.execute(
            self._db.insert_new(article_alias).values(key_hash=own_key, article_id=other)
        )
        for table in (article_alias, sighting):
            connection.execute(
                table.update().where(table.c.article_id == own_id).values(article_id=other)
            )
        connection.execute(
            article.update()
            .where(article.c.id == own_id)
            .values(state=claims.MERGED, merged_into=other, outcome=Outcome.DUPLICATE)
        )
        return True

    def _store_version(
        self, connection: sa.Connection, result: ArticleResult, now: datetime
    ) -> int:
        """Store the text; where it differs from the last one, as a further version."""
        job = result.job
        number: int = connection.execute(
            sa.select(article.c.version).where(article.c.id == job.id)
        ).scalar_one()
        if result.content_hash == job.content_hash and number:
            return number
        if job.text_source is TextSource.PAGE and result.text_source is TextSource.FEED:
            return number  # the page is out of reach today: the text that we have is better
        number += 1
        connection.execute(
            article_version.insert().values(
                article_id=job.id,
                number=number,
                title=result.title,
                text=result.text,
                content_hash=result.content_hash,
                seen_at=now,
            )
        )
        connection.execute(
            article.update()
            .where(article.c.id == job.id)
            .values(
                version=number,
                title=result.title,
                text=result.text,
                text_source=result.text_source,
                content_hash=result.content_hash,
                method=result.method,
                language=result.language.code,
                language_confidence=result.language.confidence,
            )
        )
        return number

    def _store_matches(
        self,
        connection: sa.Connection,
        article_id: int,
        version: int,
        matches: Sequence[Match],
        channels: Channels,
        now: datetime,
    ) -> None:
        for found in matches:
            self._store_match(connection, found, article_id, version, now)
            self._tell(connection, found, article_id, channels.get(found.watch, ()), now)

    def _store_match(
        self, connection: sa.Connection, found: Match, article_id: int, version: int, now: datetime
    ) -> None:
        """Keep a match or a near miss; what is neither only corrects a match that is there."""
        values = match_values(found, version, now)
        if not found.relation.is_related and found.score < NEAR_MISS:
            connection.execute(
                match.update()
                .where(match.c.article_id == article_id, match.c.watch == found.watch)
                .values(**values)
            )
            return
        inserted = connection.execute(
            self._db.insert_new(match)
            .values(article_id=article_id, created_at=now, **values)
            .returning(match.c.id)
        )
        if inserted.first() is None:
            connection.execute(
                match.update()
                .where(match.c.article_id == article_id, match.c.watch == found.watch)
                .values(**values)
            )

    def _tell(
        self,
        connection: sa.Connection,
        found: Match,
        article_id: int,
        channels: Sequence[ChannelConfig],
        now: datetime,
    ) -> None:
        if not found.relation.is_related:
            return
        match_id: int = connection.execute(
            sa.select(match.c.id).where(
                match.c.article_id == article_id, match.c.watch == found.watch
            )
        ).scalar_one()
        for number, channel in enumerate(channels):
            connection.execute(
                self._db.insert_new(outbox).values(
                    key=f"{found.watch}:{channel.kind}:{number}:{match_id}",
                    channel=channel.kind,
                    options=dict(channel.options),
                    match_id=match_id,
                    state=claims.PENDING,
                    due_at=now,
                    created_at=now,
                )
            )

    def not_matched_with(self, version: str, limit: int) -> list[StoredArticle]:
        """Articles whose last answer came from another matcher, seeds or encoder; oldest first."""
        with self._db.read() as connection:
            rows = connection.execute(
                sa.select(article)
                .where(
                    article.c.version > 0,
                    article.c.state != claims.MERGED,
                    sa.or_(
                        article.c.matcher_version.is_(None), article.c.matcher_version != version
                    ),
                )
                .order_by(article.c.id)
                .limit(limit)
            ).all()
        return [
            StoredArticle(
                row.id,
                row.version,
                ArticleText(row.title, row.text, row.language, row.published_at, row.url),
            )
            for row in rows
        ]

    def store_rematch(
        self, stored: StoredArticle, matches: Sequence[Match], version: str, channels: Channels
    ) -> bool:
        """Store new answers for an article that is stored already; verdicts stay.

        Returns:
            False if the article has got another text meanwhile: its new answer is newer.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            updated = connection.execute(
                article.update()
                .where(article.c.id == stored.id, article.c.version == stored.version)
                .values(matcher_version=version)
            )
            if not updated.rowcount:
                return False
            self._store_matches(connection, stored.id, stored.version, matches, channels, now)
        return True

    def counts(self) -> dict[str, int]:
        """How many articles are in each state."""
        with self._db.read() as connection:
            return counts_of(
                connection, sa.select(article.c.state, sa.func.count()).group_by(article.c.state)
            )

    def next_due_in_s(self) -> float | None:
        """In how many seconds the next article is due that was put off before its first try."""
        with self._db.read() as connection:
            now = self._db.now(connection)
            found: datetime | None = connection.execute(
                sa.select(sa.func.min(article.c.due_at)).where(
                    article.c.state == claims.PENDING, article.c.tries == 0
                )
            ).scalar()
        return max(0.0, (found - now).total_seconds()) if found else None

    def oldest_due_age_s(self) -> float | None:
        """For how many seconds the oldest due article waits; None if none is due."""
        with self._db.read() as connection:
            now = self._db.now(connection)
            found: datetime | None = connection.execute(
                sa.select(sa.func.min(article.c.due_at)).where(claims.is_ready(article, now))
            ).scalar()
        return (now - found).total_seconds() if found else None


def match_values(found: Match, version: int, now: datetime) -> dict[str, Any]:
    """A match as the columns of its row, but for the article, watch-independent of any verdict."""
    return {
        "watch": found.watch,
        "seed": found.seed,
        "relation": found.relation,
        "score": found.score,
        "is_suggestion": found.is_suggestion,
        "evidence": [asdict(pair) for pair in found.evidence],
        "adds": list(found.adds),
        "shared": {
            "names": list(found.shared_names),
            "numbers": list(found.shared_numbers),
            "dates": list(found.shared_dates),
        },
        "reasons": list(found.reasons),
        "features": dict(found.features),
        "matcher_version": found.matcher_version,
        "encoder": found.encoder,
        "article_version": version,
        "updated_at": now,
    }


def _values(result: ArticleResult, now: datetime) -> dict[str, Any]:
    state = claims.DONE
    if result.is_quarantined:
        state = claims.QUARANTINED
    elif result.retry_at is not None:
        state = claims.PENDING
    values: dict[str, Any] = {
        "state": state,
        "due_at": result.retry_at or now,
        "outcome": result.outcome,
        "fetch_outcome": result.fetch_outcome,
        "last_error": result.detail or None,
        "processed_at": now,
    }
    if result.retry_at is None:
        values["tries"] = 0
    if result.has_content:
        values["published_at"] = result.published_at
        values["matcher_version"] = result.matcher_version
        for name in ("author", "site", "final_url", "canonical_url"):
            value = getattr(result, name)
            if value is not None:
                values[name] = value
    return values


def _job(row: Row) -> ArticleJob:
    return ArticleJob(
        id=row.id,
        token=row.token,
        tries=row.tries,
        url=row.url,
        entry_title=row.entry_title,
        entry_text=row.entry_text,
        entry_author=row.author,
        feed_language=row.feed_language,
        outlet=row.outlet,
        published_at=row.published_at,
        first_seen_at=row.first_seen_at,
        content_hash=row.content_hash,
        text_source=TextSource(row.text_source) if row.text_source else None,
    )
