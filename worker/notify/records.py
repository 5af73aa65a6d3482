"""A match as one flat record: what every format and channel gives, explained in docs/columns.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.clock import iso
from worker.domain import Seed, Watch
from worker.records import MatchRow

FIELDS: Mapping[str, str] = {
    "id": "integer",
    "article_id": "integer",
    "watch": "text",
    "watch_title": "text",
    "relation": "text",
    "score": "number",
    "suggestion": "boolean",
    "story_id": "integer",
    "kind": "text",
    "seed": "text",
    "seed_title": "text",
    "seed_url": "text",
    "seed_language": "text",
    "title": "text",
    "url": "text",
    "language": "text",
    "outlet": "text",
    "author": "text",
    "published_at": "time",
    "first_seen_at": "time",
    "matched_at": "time",
    "text_source": "text",
    "version": "integer",
    "verdict": "text",
    "note": "text",
    "reviewer": "text",
    "reviewed_at": "time",
    "review_id": "integer",
    "reasons": "texts",
    "evidence": "passages",
    "adds": "texts",
    "shared_names": "texts",
    "shared_numbers": "texts",
    "shared_dates": "texts",
    "matcher_version": "text",
    "encoder": "text",
}
"""The fields of `match_record` in their order, each with its kind.

`time` is ISO 8601 in UTC, ending in Z; `texts` a list of texts; `passages` a list of objects with
`article`, `seed` (texts) and `similarity` (number).
"""


def match_record(row: MatchRow, watch: Watch | None = None) -> dict[str, Any]:
    """A match with all that a reader needs without the store; values fit into JSON.

    Args:
        row: the match.
        watch: its watch as it is today, where it is known: gives titles, and the seed's address.
    """
    seed = _seed_of(row, watch)
    return {
        "id": row.id,
        "article_id": row.article_id,
        "watch": row.watch,
        "watch_title": watch.title if watch else None,
        "relation": str(row.relation),
        "score": round(row.score, 4),
        "suggestion": row.is_suggestion,
        "story_id": row.story_id,
        "kind": str(row.kind) if row.kind else None,
        "seed": row.seed,
        "seed_title": seed.title or None if seed else None,
        "seed_url": seed.url if seed else None,
        "seed_language": seed.language if seed else None,
        "title": row.title,
        "url": row.url,
        "language": row.language,
        "outlet": row.outlet,
        "author": row.author,
        "published_at": iso(row.published_at),
        "first_seen_at": iso(row.first_seen_at),
        "matched_at": iso(row.created_at),
        "text_source": str(row.text_source) if row.text_source else None,
        "version": row.version,
        "verdict": str(row.verdict) if row.verdict else None,
        "note": row.note,
        "reviewer": row.reviewer,
        "reviewed_at": iso(row.reviewed_at),
        "review_id": row.review_id,
        "reasons": list(row.reasons),
        "evidence": [dict(pair) for pair in row.evidence],
        "adds": list(row.adds),
        "shared_names": row.shared.get("names", []),
        "shared_numbers": row.shared.get("numbers", []),
        "shared_dates": row.shared.get("dates", []),
        "matcher_version": row.matcher_version,
        "encoder": row.encoder,
    }


def _seed_of(row: MatchRow, watch: Watch | None) -> Seed | None:
    return next((seed for seed in watch.seeds if seed.id == row.seed), None) if watch else None
