"""Articles: claimed in batches, finished with their matches and outbox rows in one transaction."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from worker.domain import Outcome
from worker.records import ArticleJob, ArticleResult, StoryRule
from worker.store import claims, states
from worker.store.articlerow import finishing, job_of, store_events, values_of
from worker.store.engine import Database, Row, Writes, counts_of
from worker.store.findings import Channels, MatchWriter
from worker.store.identity import Addresses, SameText, lock_articles, merge, never_same, owner_of
from worker.store.schema import article, article_version
from worker.store.stories import EACH_ALONE
from worker.store.tallies import Tally
from worker.store.variants import Variants, is_newer

HINTED_AT_ONCE = 1_000
"""Articles of one sweep: after an outage 33 a second with the default tick, in 40 messages."""
_STRIDE = 8
"""A feed brings five new articles at a time, few of them more than 20."""

# built once, see worker.store.engine
_UPDATE = article.update().where(article.c.id == sa.bindparam("of"))
_INSERT_VERSION = article_version.insert()
_OLDEST_FRESH = (
    sa.select(article.c.id)
    .where(claims.is_ready(article, sa.bindparam("now")), article.c.tries == 0)
    .order_by(article.c.due_at, article.c.id)
    .limit(sa.bindparam("most"))
)


class ArticleStore:
    """What the pipeline asks of articles."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def hint_due(
        self, limit: int = HINTED_AT_ONCE, batch: int = 25, *, with_hinted: bool = False
    ) -> list[list[int]]:
        """Batches of ids of due articles; see `claims.due_batches`."""
        hopeless = {
            "outcome": Outcome.QUARANTINED,
            "last_error": sa.func.coalesce(article.c.last_error, claims.WORKER_DIED),
        }
        with self._db.write() as connection:
            now = self._db.now(connection)
            claims.quarantine_hopeless(connection, article, now, hopeless)
            return claims.due_batches(
                connection, article, now, limit=limit, batch=batch, with_hinted=with_hinted
            )

    def claim(self, ids: Iterable[int]) -> list[ArticleJob]:
        """Claim those of the articles that are due, for the length of a lease."""
        with self._db.write() as connection:
            return _claimed(connection, ids, self._db.now(connection))

    def claim_more(self, limit: int) -> list[ArticleJob]:
        """Claim some of the oldest articles that are due, whoever was told of them.

        None that was tried before: what has killed a worker is alone in its batch. Of the oldest
        only one in `_STRIDE` is taken, so that they are not all of one host; and where few are left
        no more than half of them, so that nobody has much to do when others have nothing.
        """
        with self._db.write() as connection:
            now = self._db.now(connection)
            values = {"now": now, "most": limit * _STRIDE}
            oldest = list(connection.execute(_OLDEST_FRESH, values).scalars())
            if not oldest:
                return []
            # two workers that look at the same time shall not want the same ones
            groups = claims.spread(oldest, min(limit, -(-len(oldest) // 2)))
            return _claimed(connection, random.choice(groups), now)  # noqa: S311

    def release(self, jobs: Iterable[ArticleJob], wait_s: float = 0.0) -> None:
        """Give articles back that were claimed but not worked on: due again after some seconds."""
        held = {job.id: job.token for job in jobs}
        with self._db.write() as connection:
            due_at = self._db.now(connection) + timedelta(seconds=wait_s)
            claims.release(connection, article, held, due_at)

    def finish(
        self,
        results: Sequence[ArticleResult],
        channels: Channels,
        is_same: SameText = never_same,
        rule: StoryRule = EACH_ALONE,
        is_variant: SameText = never_same,
    ) -> dict[int, Outcome]:
        """Store a batch of results; all of it or nothing.

        Args:
            results: of claimed articles.
            channels: where matches are told.
            is_same: whether two texts are one article; decides about declared addresses.
            rule: which matches tell one story.
            is_variant: whether two texts of one outlet are one article, published again.

        Returns:
            The outcome that was stored of each, by id; those whose claim was lost are missing.
        """
        stored: dict[int, Outcome] = {}
        with self._db.write() as connection:
            now = self._db.now(connection)
            writes = Writes(connection)
            variants = Variants(connection, writes, results, is_variant)
            addresses = lock_articles(self._db, connection, results, variants.ids)
            held = claims.held(connection, article, {r.job.id: r.job.token for r in results})
            tally = Tally(self._db, connection)
            tally.note(result.job.id for result in results)
            writer = MatchWriter(self._db, connection, channels, now, rule, tally, writes.flush)
            for result in sorted(results, key=lambda result: result.job.id):
                if result.job.id in held:
                    stored[result.job.id] = self._finish_one(
                        writer, writes, result, is_same, variants, addresses
                    )
            writer.close()
            store_events(connection, [one for one in results if one.job.id in stored], now)
        return stored

    def _finish_one(
        self,
        writer: MatchWriter,
        writes: Writes,
        result: ArticleResult,
        is_same: SameText,
        variants: Variants,
        addresses: Addresses,
    ) -> Outcome:
        connection, now = writer.connection, writer.now
        job = result.job
        finish = finishing(result)
        values = {**values_of(result, now), "claimed": job.id, "held": job.token}
        if not result.has_content:
            writes.add(finish, values)
            return result.outcome
        if result.keeps_page:
            writes.add(finish, values)
            kept: str = connection.execute(
                sa.select(article.c.outcome).where(article.c.id == job.id)
            ).scalar_one()
            return Outcome(kept)
        if result.canonical_key_hash is not None:
            owner_id, is_believed = owner_of(writes, connection, result, is_same, addresses)
            if owner_id != job.id and is_believed:
                writes.add(finish, values)
                writes.flush()
                writer.tally.note([owner_id])
                writer.loose.update(merge(self._db, connection, job.id, owner_id))
                addresses.changed()
                variants.forget(job.id)
                return Outcome.DUPLICATE
            values["canonical_url"] = result.canonical_url if is_believed else None
        if (known := variants.known(result)) is not None:
            writes.add(finish, values)
            writes.flush()
            self._publish_again(writer, writes, result, known, variants)
            addresses.changed()
            return Outcome.DUPLICATE
        variants.keep(job.id, result)
        version, text = self._store_version(connection, writes, result, now)
        writes.add(finish, values | text)
        writer.store(job.id, version, result.matches, result.sketch, is_new=job.is_new)
        return result.outcome

    def _publish_again(
        self,
        writer: MatchWriter,
        writes: Writes,
        result: ArticleResult,
        known: Row,
        variants: Variants,
    ) -> None:
        """Make an article part of the one that it is again; its text, if newer, is a version."""
        connection, job = writer.connection, result.job
        writer.tally.note([known.id])
        writer.loose.update(merge(self._db, connection, job.id, known.id))
        variants.forget(job.id)
        if result.content_hash == known.content_hash or not is_newer(result, known):
            return
        as_known = replace(
            result,
            job=replace(
                job,
                id=known.id,
                content_hash=known.content_hash,
                text_source=result.text_source,  # it has a text, whatever the new one had
            ),
        )
        values = {
            # the former address may be gone, and is an alias: it leads here all the same
            "url": job.url,
            "entry_title": job.entry_title,
            "entry_text": job.entry_text,
            "canonical_url": result.canonical_url,
            "page_hash": result.page_hash,
            "outcome": result.outcome,
            "matcher_version": result.matcher_version,
            "final_url": result.final_url,
        }
        variants.keep(known.id, as_known)
        version, text = self._store_version(connection, writes, as_known, writer.now)
        writes.add(_UPDATE, {"of": known.id, **values, **text})
        writer.store(known.id, version, result.matches, result.sketch)

    def _store_version(
        self, connection: sa.Connection, writes: Writes, result: ArticleResult, now: datetime
    ) -> tuple[int, dict[str, Any]]:
        """Store the text; where it differs from the last one, as a further version.

        Returns:
            The version's number, and what is to be set in the article's row.
        """
        job = result.job
        number = 0
        if not job.is_new:
            number = connection.execute(
                sa.select(article.c.version).where(article.c.id == job.id)
            ).scalar_one()
        if result.content_hash == job.content_hash and number:
            return number, {}
        number += 1
        text = {
            "title": result.title,
            "text": result.text,
            "content_hash": result.content_hash,
        }
        writes.add(
            _INSERT_VERSION, {"article_id": job.id, "number": number, "seen_at": now, **text}
        )
        values = {
            "version": number,
            "text_source": result.text_source,
            "method": result.method,
            "language": result.language.code,
            "language_confidence": result.language.confidence,
        }
        return number, {**values, **text}

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
                    article.c.state == states.PENDING, article.c.tries == 0
                )
            ).scalar()
        return max(0.0, (found - now).total_seconds()) if found else None

    def last_processed_age_s(self) -> float | None:
        """How many seconds ago an article was processed last; None if none ever was."""
        with self._db.read() as connection:
            latest = connection.execute(sa.select(sa.func.max(article.c.processed_at))).scalar()
            return claims.age_s(latest, self._db.now(connection))

    def oldest_due_age_s(self) -> float | None:
        """For how many seconds the oldest due article waits; None if none is due."""
        with self._db.read() as connection:
            return claims.oldest_due_age_s(connection, article, self._db.now(connection))


def _claimed(connection: sa.Connection, ids: Iterable[int], now: datetime) -> list[ArticleJob]:
    rows = claims.claim(connection, article, ids, now)
    seen = [row.id for row in rows if row.is_edited]
    if seen:
        connection.execute(article.update().where(article.c.id.in_(seen)).values(is_edited=False))
    return [job_of(row) for row in rows]
