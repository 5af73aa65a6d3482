"""The formats of the stored output, by name."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from worker.notify.about import NOTHING_KNOWN, About
from worker.notify.documents import write_markdown
from worker.notify.formats import write_csv, write_jsonl
from worker.notify.parquet import write_parquet
from worker.notify.report import write_report
from worker.notify.syndication import write_atom, write_jsonfeed
from worker.records import MatchRow

_UTF8 = codecs.getwriter("utf-8")


@dataclass(frozen=True, slots=True)
class Format:
    """One of them.

    Attributes:
        writes: rows, where to, and what is known of them -> the number of rows. Where to is a
            stream of bytes if `is_binary`, else one of text.
        suffix: of a file. media_type: of an answer over HTTP.
        is_for_people: whether it has words of ours, said in the language spoken.
        needs_sums: whether it shows numbers over all rows, to be counted beforehand.
    """

    writes: Callable[[Iterable[MatchRow], Any, About], int]
    suffix: str
    media_type: str
    is_binary: bool = False
    is_for_people: bool = False
    needs_sums: bool = False

    def write(self, rows: Iterable[MatchRow], out: BinaryIO, about: About = NOTHING_KNOWN) -> int:
        """Write rows as bytes, as they come; returns their number.

        Raises:
            ConfigError: the format needs a library that is not installed.
        """
        if self.is_binary:
            return self.writes(rows, out, about)
        # unlike a TextIOWrapper it holds nothing back, and leaves the stream to its owner
        return self.writes(rows, _UTF8(out, "backslashreplace"), about)


FORMATS: Mapping[str, Format] = {
    "jsonl": Format(write_jsonl, "jsonl", "application/x-ndjson"),
    "csv": Format(write_csv, "csv", "text/csv; charset=utf-8"),
    "atom": Format(write_atom, "atom", "application/atom+xml; charset=utf-8", is_for_people=True),
    "jsonfeed": Format(
        write_jsonfeed, "json", "application/feed+json; charset=utf-8", is_for_people=True
    ),
    "markdown": Format(write_markdown, "md", "text/markdown; charset=utf-8", is_for_people=True),
    "html": Format(
        write_report, "html", "text/html; charset=utf-8", is_for_people=True, needs_sums=True
    ),
    "parquet": Format(write_parquet, "parquet", "application/vnd.apache.parquet", is_binary=True),
}
