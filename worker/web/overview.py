"""The overview: how much is found, in which languages, by whom, and how it relates, over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from babel import Locale
from babel.core import get_global
from babel.dates import format_skeleton
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from starlette.responses import Response

from worker.charts import Series, Tile, bars, tree_map
from worker.domain import UNDETERMINED, Relation, Watch
from worker.errors import InputError
from worker.locales import _, locale, ngettext, written
from worker.records import DayCount, ValueCount
from worker.store.store import Store
from worker.web.views import page
from worker.web.words import RELATIONS, day, language_heading

PERIODS = (7, 30, 90, 365)
"""Days that can be looked back upon."""
_USUAL = 30
_MOST_BARS = 31
"""Of longer periods there is a bar a week."""
_OUTLETS = 20
_TILES = 40
_SCRIPTS = 5
"""Scripts that have a colour of their own; the rest share one."""
_RELATED = [relation for relation in Relation if relation.is_related]


@dataclass(frozen=True, slots=True)
class Bar:
    """What was found in a day or a week.

    Attributes:
        label: short, for the chart. name: in full, for the table.
        matches: by relation.
    """

    label: str
    name: str
    articles: int
    matches: Mapping[Relation, int]


@dataclass(frozen=True, slots=True)
class Script:
    """A way of writing, with the class of its colour."""

    name: str
    css: str


class OverviewPage:
    """The overview of one store.

    Args:
        store: keeps the counts.
        watches: whose matches can be looked at alone.
        clock: aware UTC.
    """

    def __init__(
        self, store: Store, watches: Sequence[Watch], clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._watches = {watch.name: watch for watch in watches}
        self._clock = clock

    def router(self) -> APIRouter:
        """The route of the page."""
        router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
        router.add_api_route("/overview", self.overview, methods=["GET", "HEAD"])
        return router

    def overview(self, request: Request) -> Response:
        """Charts, each with its table."""
        days = _period_of(request.query_params.get("days", "").strip() or str(_USUAL))
        watch = self._watch_of(request.query_params.get("watch", "").strip())
        newest = self._store.matches.newest_id()
        today = self._clock().date()
        is_weekly = days > _MOST_BARS
        first = today - timedelta(days=days - 1)
        first -= timedelta(days=first.weekday() if is_weekly else 0)
        counts = self._store.tallies
        found = _bars(counts.by_day(first, watch), first, today, is_weekly)
        languages = counts.by_language(first, watch)
        scripts = _scripts([one.value for one in languages if one.matches])
        return page(
            "overview",
            newest=newest,
            days=days,
            periods=PERIODS,
            watch=watch,
            watches=self._watches,
            first=first,
            is_weekly=is_weekly,
            bars=found,
            articles=sum(bar.articles for bar in found),
            matches=sum(sum(bar.matches.values()) for bar in found),
            relations=_RELATED,
            article_chart=_article_chart(found),
            match_chart=_match_chart(found),
            languages=languages,
            language_chart=_language_chart(languages, scripts),
            scripts=sorted(set(scripts.values()), key=lambda script: script.css),
            outlets=counts.by_outlet(first, watch, _OUTLETS),
        )

    def _watch_of(self, name: str) -> str | None:
        if name and name not in self._watches:
            raise InputError("watch", _("choose one of %(names)s", names=", ".join(self._watches)))
        return name or None


def _period_of(text: str) -> int:
    if text not in map(str, PERIODS):
        choices = ", ".join(map(str, PERIODS))
        raise InputError("days", _("choose one of %(names)s", names=choices))
    return int(text)


def _bars(counts: Sequence[DayCount], first: date, today: date, is_weekly: bool) -> list[Bar]:
    """The days or weeks of a period, also those in which nothing was found."""
    step = timedelta(days=7 if is_weekly else 1)
    starts = [first + number * step for number in range((today - first) // step + 1)]
    articles: Counter[date] = Counter()
    matches: dict[date, Counter[Relation]] = {start: Counter() for start in starts}
    for one in counts:
        start = first + (one.day - first) // step * step
        if one.relation is None:
            articles[start] += one.number
        elif start in matches:  # the clocks of store and pages may differ about today
            matches[start][one.relation] += one.number
    return [Bar(_short(at), day(at), articles[at], matches[at]) for at in starts]


def _short(when: date) -> str:
    return str(format_skeleton("MMMd", when, locale=locale()))


def _article_chart(found: Sequence[Bar]) -> Markup:
    series = [Series(_("Articles"), "articles", [bar.articles for bar in found])]
    total = sum(bar.articles for bar in found)
    said = ngettext(
        "Bar chart: %(num)s article over time; the table below has the numbers",
        "Bar chart: %(num)s articles over time; the table below has the numbers",
        total,
    )
    return bars(said, [bar.label for bar in found], series, written)


def _match_chart(found: Sequence[Bar]) -> Markup:
    series = [
        Series(RELATIONS[relation], str(relation), [bar.matches.get(relation, 0) for bar in found])
        for relation in _RELATED
    ]
    total = sum(sum(bar.matches.values()) for bar in found)
    said = ngettext(
        "Bar chart: %(num)s match by relation over time; the table below has the numbers",
        "Bar chart: %(num)s matches by relation over time; the table below has the numbers",
        total,
    )
    return bars(said, [bar.label for bar in found], series, written)


def _language_chart(languages: Sequence[ValueCount], scripts: Mapping[str, Script]) -> Markup:
    tiles = [
        Tile(language_heading(one.value), scripts[one.value].css, one.matches, one.value)
        for one in languages
        if one.matches
    ][:_TILES]
    said = ngettext(
        "Tree map: matches in %(num)s language; the table below has the numbers",
        "Tree map: matches in %(num)s languages; the table below has the numbers",
        len(tiles),
    )
    return tree_map(said, tiles, written) if tiles else Markup()


def _scripts(languages: Sequence[str]) -> dict[str, Script]:
    """The script of each language; those of most languages have a colour of their own."""
    codes = {language: _script_of(language) for language in languages}
    common = [code for code, _number in Counter(codes.values()).most_common(_SCRIPTS) if code]
    made = {code: Script(_script_name(code), f"script-{at}") for at, code in enumerate(common)}
    rest = Script(_("other scripts"), "script-rest")
    return {language: made.get(code, rest) for language, code in codes.items()}


def _script_of(language: str) -> str:
    """The script that a language is mostly written in, as ISO 15924; empty if nobody knows."""
    if language == UNDETERMINED:
        return ""
    likely = get_global("likely_subtags").get(language.replace("-", "_").partition("_")[0], "")
    parts = likely.split("_")
    return parts[1] if len(parts) > 1 else ""


def _script_name(code: str) -> str:
    known: Locale = locale()
    return str(known.scripts.get(code, code))
