"""Exports for programs: JSON Lines and CSV, row by row, so that any number fits into memory."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from typing import Any, TextIO

from worker.notify.records import match_record
from worker.records import MatchRow

COLUMNS = (
    "id", "watch", "relation", "score", "suggestion", "seed", "title", "url", "language", "outlet",
    "author", "published_at", "first_seen_at", "matched_at", "text_source", "version", "verdict",
    "note", "reviewer", "reviewed_at", "reasons", "evidence", "adds", "shared_names",
    "shared_numbers", "shared_dates", "matcher_version", "encoder",
)  # fmt: skip
"""The keys of `match_record`: an export of nothing has its header, too."""
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_jsonl(rows: Iterable[MatchRow], out: TextIO) -> int:
    """Write one JSON object a line, UTF-8 as it is; returns the number of rows."""
    count = 0
    for row in rows:
        out.write(json.dumps(match_record(row), ensure_ascii=False) + "\n")
        count += 1
    return count


def write_csv(rows: Iterable[MatchRow], out: TextIO) -> int:
    """Write comma-separated values with a header; returns the number of rows.

    Lists are joined, one item a line within the cell. A cell that a spreadsheet would run as a
    formula gets an apostrophe in front (OWASP ASVS 1.2.10); JSON Lines has every text unchanged.
    """
    writer = csv.DictWriter(out, fieldnames=COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    count = 0
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in match_record(row).items()})
        count += 1
    return count


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        value = "\n".join(
            f"{item['article']} = {item['seed']}" if isinstance(item, dict) else str(item)
            for item in value
        )
    if isinstance(value, str):
        value = value.replace("\0", "")
        if value.startswith(_FORMULA_START):
            return "'" + value
    return value
