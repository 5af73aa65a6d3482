"""What a document says about itself, besides the matches in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from worker.domain import Watch
from worker.records import Sums


@dataclass(frozen=True, slots=True)
class About:
    """What a writer knows besides its rows.

    Attributes:
        watch: the title of the one watch whose matches these are; empty for several.
        watches: those that are known, by name: their titles, and those of their seeds.
        selection: in words, what was chosen; empty for everything.
        made_at: aware UTC, where the document shall say it.
        sums: numbers over all rows, counted beforehand; only reports have them.
        home_url: of the pages. self_url: where this very document is served.
        with_bom: CSV begins with a byte order mark, by which Excel knows UTF-8.
    """

    watch: str = ""
    watches: Mapping[str, Watch] = field(default_factory=dict)
    selection: str = ""
    made_at: datetime | None = None
    sums: Sums | None = None
    home_url: str | None = None
    self_url: str | None = None
    with_bom: bool = False


NOTHING_KNOWN = About()
