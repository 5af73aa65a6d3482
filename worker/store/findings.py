"""Matches of an article and the notices that tell them, in the article's transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from worker.domain import ChannelConfig, Match, Sketch
from worker.records import StoryRule
from worker.store.engine import Database
from worker.store.notices import note
from worker.store.schema import match
from worker.store.search import index_article
from worker.store.stories import Loose, StoryKeeper
from worker.store.tallies import Tally
from worker.store.tellings import keep_rows, keep_seeds

NEAR_MISS = 0.2
"""An unrelated article that scores less is not worth keeping as a near miss."""

Channels = Mapping[str, Sequence[ChannelConfig]]
"""The channels of every watch, by the watch's name."""


@dataclass(frozen=True, slots=True)
class MatchWriter:
    """Writes matches in a transaction.

    Attributes:
        connection: of that transaction. now: its time.
        channels: where matches are told.
        rule: which matches tell one story.
        tally: keeps the counts right.
        before_reading: called before what is stored of an article is read.
        keeps_judged: what a person has judged stays a match where the matcher would drop it.
        sketches: of the articles stored so far. loose: where matches were that are no more.
    """

    database: Database
    connection: sa.Connection
    channels: Channels
    now: datetime
    rule: StoryRule
    tally: Tally
    before_reading: Callable[[], None] = lambda: None
    keeps_judged: bool = False
    sketches: dict[int, Sketch | None] = field(default_factory=dict)
    loose: Loose = field(default_factory=set)
    _found: list[tuple[Match, int]] = field(default_factory=list)

    def store(
        self,
        article_id: int,
        version: int,
        matches: Sequence[Match],
        sketch: Sketch | None,
        *,
        kept: str | None = None,
        is_new: bool = False,
    ) -> None:
        """Store the answers for a version of an article.

        Args:
            article_id: its id.
            version: its number.
            matches: one a watch.
            sketch: None = as it was.
            kept: the watch whose answer is kept however little it scored.
            is_new: the article has no match yet.
        """
        self.tally.note([article_id])
        wanted = [one for one in matches if not is_new or one.watch == kept or is_kept(one)]
        if wanted:
            self.before_reading()
        for found in wanted:
            self._store_match(found, article_id, version, is_wanted=found.watch == kept)
            self._found.append((found, article_id))
        if wanted:
            index_article(self.connection, article_id)
        self.sketches[article_id] = sketch
        if sketch is not None and sketch.places:
            keep_rows(self.database, self.connection, article_id, sketch)

    def close(self) -> None:
        """Give all that was stored its story, tell what was not told before, and count it."""
        self.before_reading()
        keeper = StoryKeeper(self.database, self.connection, self.rule)
        keeper.settle(self.sketches, self.loose)
        keep_seeds(self.database, self.connection, self.sketches.values())
        for found, article_id in self._found:
            self._tell(found, article_id)
        self.tally.write()

    def _store_match(self, found: Match, article_id: int, version: int, *, is_wanted: bool) -> None:
        """Keep a match or a near miss; what is neither only corrects a match that is there."""
        values = _values(found, version, self.now)
        if is_wanted or is_kept(found):
            inserted = self.connection.execute(
                self.database.insert_new(match)
                .values(article_id=article_id, created_at=self.now, **values)
                .returning(match.c.id)
            )
            if inserted.first() is not None:
                return
        if self.keeps_judged and not found.relation.is_related:
            # whoever gives a verdict just now is waited for
            values["relation"] = sa.case(
                (match.c.verdict.is_not(None), match.c.relation), else_=found.relation
            )
        self.connection.execute(
            match.update()
            .where(match.c.article_id == article_id, match.c.watch == found.watch)
            .values(**values)
        )

    def _tell(self, found: Match, article_id: int) -> None:
        if not found.relation.is_related:
            return
        match_id: int = self.connection.execute(
            sa.select(match.c.id).where(
                match.c.article_id == article_id, match.c.watch == found.watch
            )
        ).scalar_one()
        for channel in self.channels.get(found.watch, ()):
            note(self.database, self.connection, (found.watch, match_id), channel, self.now)


def is_kept(found: Match) -> bool:
    """Whether an answer is a match or a near miss."""
    return found.relation.is_related or found.score >= NEAR_MISS


def _values(found: Match, version: int, now: datetime) -> dict[str, Any]:
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
