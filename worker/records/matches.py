"""Matches, and what people decide about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.domain import (
    Kind,
    Relation,
    Scope,
    TextSource,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class MatchFilter:
    """What to list; None means any.

    Attributes:
        language: of the article, as detected.
        outlet: as lists show it. feed_id: a feed in which the article was seen.
        story_id: of the story as it is now.
        text: words to be found in title or text, see `worker.store.search`.
        since: matches found at or after this time.
        before_id: keyset paging: matches older than this one.
        with_unrelated: near misses as well.
    """

    watch: str | None = None
    relation: Relation | None = None
    language: str | None = None
    outlet: str | None = None
    feed_id: int | None = None
    story_id: int | None = None
    text: str | None = None
    verdict: Verdict | None = None
    unreviewed: bool = False
    since: datetime | None = None
    before_id: int | None = None
    limit: int | None = None
    with_unrelated: bool = False


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A match with its article and the verdict that counts, as lists and exports show it.

    Attributes:
        review_id: of the latest review, 0 without one; a further verdict names the one it saw.
        story_id: the smallest id of a match of its story: its own if it was the first one found.
            None for a near miss, which belongs to no story.
        kind: what it is to that story.
    """

    id: int
    watch: str
    seed: str
    relation: Relation
    score: float
    is_suggestion: bool
    created_at: datetime
    matcher_version: str
    encoder: str
    article_id: int
    url: str | None
    title: str
    language: str
    outlet: str | None
    author: str | None
    published_at: datetime | None
    first_seen_at: datetime
    text_source: TextSource | None
    version: int
    evidence: tuple[Mapping[str, Any], ...]
    adds: tuple[str, ...]
    shared: Mapping[str, Any]
    reasons: tuple[str, ...]
    features: Mapping[str, float]
    verdict: Verdict | None
    note: str | None
    reviewed_at: datetime | None
    reviewer: str | None = None
    review_id: int = 0
    story_id: int | None = None
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict that somebody wants to give, or to take back.

    Attributes:
        seen: `review_id` of the match as they saw it; None = whatever was decided meanwhile.
        verdict: None takes the latest verdict back.
        note: None leaves the match's note as it is.
    """

    match_id: int
    seen: int | None
    verdict: Verdict | None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of decisions that were made at once.

    Attributes:
        act: names those that were stored; empty if none was.
        done: the matches that are now as it was decided.
        refused: those that somebody else had decided meanwhile; nothing was changed there.
    """

    act: str
    done: tuple[int, ...]
    refused: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One step in the history of a match's verdicts.

    Attributes:
        verdict: None where taking back left the match without one.
        undoes: the review that this one took back.
        is_latest: nothing was decided after it.
    """

    id: int
    match_id: int
    title: str
    language: str
    verdict: Verdict | None
    note: str | None
    reviewer: str | None
    score: float
    relation: Relation
    matcher_version: str
    reviewed_at: datetime
    undoes: int | None
    is_latest: bool


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A program's token, without the secret, which nobody keeps but the program.

    Attributes:
        expires_at: None = never. last_used_at: to within an hour; None = never.
    """

    id: int
    name: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A list of the inbox that was given a name; `query` as its address has it."""

    id: int
    name: str
    query: str
    created_by: str | None
