"""The press review as one HTML file that needs nothing else: to read, to print, to hand on.

Everything that comes from a page is text: templates escape it, and the file forbids itself to load
or run anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from markupsafe import Markup

from worker.charts import Series, Tile, bars, tree_map
from worker.domain import UNDETERMINED
from worker.notify.about import NOTHING_KNOWN, About
from worker.notify.links import safe_link
from worker.notify.records import match_record
from worker.notify.wording import RELATIONS, language_name, title_of
from worker.records import MatchRow, Sums

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATES = Path(__file__).parent / "templates"
_MOST_LISTED = 12
"""Lines of a table of languages or outlets; the rest is summed up in one."""
_MOST_BARS = 62
"""Of longer times there is a bar a week."""
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_RIGHT_TO_LEFT = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"}
)


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with its heading; the legend is pairs of a class, for the colour, and a name."""

    heading: str
    drawing: Markup
    legend: list[tuple[str, str]]


def write_report(rows: Iterable[MatchRow], out: TextIO, about: About = NOTHING_KNOWN) -> int:
    """Write the report, newest match first, a day below the other; returns the number of matches.

    It is written as the rows come, so that any number fits into memory.
    """
    count = 0

    def counted() -> Iterator[MatchRow]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    days = (
        (_day_heading(when), ((row, match_record(row, about.watches.get(row.watch))) for row in of))
        for when, of in groupby(counted(), key=lambda row: row.created_at.date())
    )
    pieces = _template().generate(
        about=about,
        days=days,
        charts=_charts(about),
        tables=_tables(about),
        style=_style(),
        RELATIONS=RELATIONS,
    )
    for piece in pieces:
        out.write(piece)
    return count


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        safe_link=safe_link,
        title=title_of,
        language=lambda code: _capital(language_name(code)),
        tongue=_tongue,
        percent=lambda score: f"{99 if 0.995 <= score < 1 else round(score * 100)}\u00a0%",
        day=_day,
        minute=_minute,
        number=lambda n, one, many: f"{n:,} {one if n == 1 else many}",
    )
    return environment.get_template("report.html")


@lru_cache(maxsize=1)
def _style() -> Markup:
    return Markup((_TEMPLATES / "report.css").read_text("utf-8"))  # noqa: S704 - a file of ours


def _charts(about: About) -> list[Chart]:
    """Matches over time by relation, and by language."""
    sums = about.sums
    if sums is None or not sums.days:
        return []
    starts = _bars(min(sums.days), max(sums.days))
    step = starts[1] - starts[0] if len(starts) > 1 else timedelta(days=1)
    series = [
        Series(name, code, [_found(sums, code, start, start + step) for start in starts])
        for code, name in RELATIONS.items()
        if code in sums.relations
    ]
    total = f"{sums.total:,} {'match' if sums.total == 1 else 'matches'}"
    unit = "day" if step.days == 1 else "week"
    drawn = [
        Chart(
            f"Found, by {unit}",
            bars(f"Bar chart: {total} by relation, {unit} by {unit}",
                 [_day(start) for start in starts], series, _number),
            [(one.css, one.name) for one in series],
        )
    ]  # fmt: skip
    languages = _most({_capital(language_name(c)): n for c, n in sums.languages.items()})
    tiles = [Tile(label, "tile", number) for label, number in languages]
    said = f"Tree map: {total} by language; the table has the numbers"
    return [*drawn, Chart("Languages", tree_map(said, tiles, _number), [])]


def _bars(first: date, last: date) -> list[date]:
    """The days of a chart's bars, or the Mondays of its weeks where the days are too many."""
    step = timedelta(days=1)
    if (last - first).days >= _MOST_BARS:
        first -= timedelta(days=first.weekday())
        step = timedelta(days=7)
    return [first + number * step for number in range((last - first) // step + 1)]


def _found(sums: Sums, relation: str, start: date, end: date) -> int:
    return sum(of.get(relation, 0) for day, of in sums.days.items() if start <= day < end)


def _tables(about: About) -> list[tuple[str, list[tuple[str, int]]]]:
    """Caption and counts of each table of the summary."""
    sums = about.sums
    if sums is None:
        return []
    return [
        ("Relation", [(_capital(RELATIONS[code]), n) for code, n in sums.relations.items()]),
        ("Language", _most({_capital(language_name(c)): n for c, n in sums.languages.items()})),
        ("Outlet", _most({name or "Unknown outlet": n for name, n in sums.outlets.items()})),
        ("Verdict", [(_capital(code or "not reviewed"), n) for code, n in sums.verdicts.items()]),
    ]


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    listed = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    rest = listed[_MOST_LISTED:]
    return listed[:_MOST_LISTED] + (
        [(f"{len(rest)} others", sum(number for _, number in rest))] if rest else []
    )


def _tongue(code: str | None) -> Markup:
    """The attributes of a text in some language."""
    known = code and code != UNDETERMINED and _LANGUAGE_TAG.fullmatch(code)
    if not code or not known:
        return Markup(' dir="auto"')
    is_rtl = code.lower().partition("-")[0] in _RIGHT_TO_LEFT
    return Markup(' lang="{}" dir="{}"').format(code, "rtl" if is_rtl else "ltr")


def _day(when: date) -> str:
    return f"{when.day} {when:%b} {when.year}"


def _number(number: float) -> str:
    return f"{number:,.0f}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _minute(moment: datetime) -> str:
    return f"{moment.day} {moment:%b} {moment.year}, {moment:%H:%M} UTC"


def _day_heading(when: Any) -> str:
    return f"{when:%A} {when.day} {when:%B} {when.year}"
