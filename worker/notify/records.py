"""A match as one flat record: what every format and channel gives, explained in docs/columns.md."""

from __future__ import annotations

from typing import Any

from worker.clock import iso
from worker.records import MatchRow


def match_record(row: MatchRow) -> dict[str, Any]:
    """A match with all that a reader needs without the store; values fit into JSON."""
    return {
        "id": row.id,
        "watch": row.watch,
        "relation": str(row.relation),
        "score": round(row.score, 4),
        "suggestion": row.is_suggestion,
        "seed": row.seed,
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
        "reasons": list(row.reasons),
        "evidence": [dict(pair) for pair in row.evidence],
        "adds": list(row.adds),
        "shared_names": row.shared.get("names", []),
        "shared_numbers": row.shared.get("numbers", []),
        "shared_dates": row.shared.get("dates", []),
        "matcher_version": row.matcher_version,
        "encoder": row.encoder,
    }
