"""Exports for programs: JSON Lines and CSV, row by row, so that any number fits into memory."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from typing import Any, TextIO

from worker.notify.about import NOTHING_KNOWN, About
from worker.notify.records import FIELDS, match_record
from worker.records import MatchRow

COLUMNS = tuple(FIELDS)
"""The keys of `match_record`: an export of nothing has its header, too."""
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for a formula; the wide forms where Chinese or Japanese is set."""


def write_jsonl(rows: Iterable[MatchRow], out: TextIO, about: About = NOTHING_KNOWN) -> int:
    """Write one JSON object a line, UTF-8 as it is; returns the number of rows."""
    count = 0
    for row in rows:
        record = match_record(row, about.watches.get(row.watch))
        out.write(json.dumps(record, ensure_ascii=False) + "\n")
        count += 1
    return count


def write_csv(rows: Iterable[MatchRow], out: TextIO, about: About = NOTHING_KNOWN) -> int:
    """Write comma-separated values with a header; returns the number of rows.

    Lists are joined, one item a line within the cell. A cell that a spreadsheet would run as a
    formula gets an apostrophe in front (OWASP ASVS 1.2.10); JSON Lines has every text unchanged.
    """
    if about.with_bom:
        out.write("\ufeff")
    writer = csv.DictWriter(out, fieldnames=COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    count = 0
    for row in rows:
        record = match_record(row, about.watches.get(row.watch))
        writer.writerow({name: _cell(value) for name, value in record.items()})
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
