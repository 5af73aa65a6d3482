"""The press review as one HTML file that needs nothing else: to read, to print, to hand on.

It speaks the language that is spoken (`worker.locales.speaking`). Everything that comes from a page
is text: templates escape it, and the file forbids itself to load or run anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from markupsafe import Markup

from worker.charts import Series, Tile, bars, tree_map
from worker.domain import Relation, Verdict
from worker.locales import _, ngettext, pgettext, spoken, written
from worker.notify.about import NOTHING_KNOWN, About
from worker.notify.links import safe_link
from worker.notify.records import match_record
from worker.notify.wording import heading_of, title_of
from worker.records import MatchRow, Sums
from worker.words import (
    RELATIONS,
    VERDICTS,
    day,
    direction,
    full_day,
    lang_attribute,
    language_heading,
    language_name,
    minute,
    percent,
    reason,
)

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATES = Path(__file__).parent / "templates"
_MOST_LISTED = 12
"""Lines of a table of languages or outlets; the rest is summed up in one."""
_MOST_BARS = 62
"""Of longer times there is a bar a week."""


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
        (full_day(when), ((row, match_record(row, about.watches.get(row.watch))) for row in of))
        for when, of in groupby(counted(), key=lambda row: row.created_at.date())
    )
    pieces = _template().generate(
        about=about,
        days=days,
        charts=_charts(about),
        tables=_tables(about),
        style=_style(),
        heading=heading_of(about),
        language=spoken(),
        totals=_totals(about.sums),
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
        language=language_name,
        tongue=_tongue,
        percent=percent,
        day=day,
        minute=minute,
        reason=reason,
        written=written,
    )
    environment.globals.update(_=_, pgettext=pgettext, RELATIONS=RELATIONS, VERDICTS=VERDICTS)
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
        Series(RELATIONS[code], code, [_found(sums, code, start, start + step) for start in starts])
        for code in Relation
        if code in sums.relations
    ]
    is_daily = step.days == 1
    heading = _("Matches a day, by relation") if is_daily else _("Matches a week, by relation")
    said = ngettext(
        "Bar chart: %(num)s match by relation over time",
        "Bar chart: %(num)s matches by relation over time",
        sums.total,
    )
    drawn = bars(said, [day(start) for start in starts], series, written)
    languages = _most({language_heading(code): n for code, n in sums.languages.items()})
    tiles = [Tile(label, "tile", number) for label, number in languages]
    said = ngettext(
        "Tree map: matches in %(num)s language; the table below has the numbers",
        "Tree map: matches in %(num)s languages; the table below has the numbers",
        len(sums.languages),
    )
    return [
        Chart(heading, drawn, [(one.css, one.name) for one in series]),
        Chart(_("Languages of the matches"), tree_map(said, tiles, written), []),
    ]


def _totals(sums: Sums | None) -> str:
    """How many matches, in how many languages, from how many outlets."""
    if sums is None:
        return ""
    parts = (
        ngettext("%(num)s match", "%(num)s matches", sums.total),
        ngettext("in %(num)s language", "in %(num)s languages", len(sums.languages)),
        ngettext("from %(num)s outlet", "from %(num)s outlets", len(sums.outlets)),
    )
    return ", ".join(parts) + "."


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
        (_("Relation"), [(RELATIONS[Relation(code)], n) for code, n in sums.relations.items()]),
        (_("Language"), _most({language_heading(c): n for c, n in sums.languages.items()})),
        (_("Outlet"), _most({name or _("Unknown outlet"): n for name, n in sums.outlets.items()})),
        (_("Verdict"), [(_verdict(code), n) for code, n in sums.verdicts.items()]),
    ]


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    listed = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    rest = listed[_MOST_LISTED:]
    return listed[:_MOST_LISTED] + (
        [
            (
                ngettext("%(num)s other", "%(num)s others", len(rest)),
                sum(number for _name, number in rest),
            )
        ]
        if rest
        else []
    )


def _verdict(code: str | None) -> str:
    return VERDICTS[Verdict(code)] if code else _("Not reviewed")


def _tongue(code: str | None) -> Markup:
    """The attributes of a text in some language."""
    known = lang_attribute(code)
    named = Markup(' lang="{}"').format(known) if known else Markup()
    return named + Markup(' dir="{}"').format(direction(code))
