"""The lineage of a story as a picture: time to the right, a lane for each language.

Drawn here, for a graph with lanes is no chart that a library lays out. One image to who cannot see
it; the table beside it says the same. Colours and strokes are the page's own style sheet's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

from markupsafe import Markup

from worker.analysis.graph import Link
from worker.analysis.stories import Telling
from worker.locales import _
from worker.web.words import day, day_of_year, language_name, minute

_LEFT, _RIGHT, _TOP, _LANE, _BOTTOM = 120, 24, 16, 44, 26
_RADIUS, _APART, _WIDTH = 10, 24, 860
_ROOM = _WIDTH - _LEFT - _RIGHT - 2 * _RADIUS
_LABEL, _LONG_LABEL, _MOST_DAYS = 110, 190, 6
"""Room that a day needs beside the first and the last, where these are told to the minute, and days
that there is room for."""
_STEPS = (1, 2, 7, 14, 30, 90)
_PHRASES = 12


@dataclass(frozen=True, slots=True)
class _Place:
    x: float
    y: float


def picture(tellings: Sequence[Telling], links: Sequence[Link]) -> Markup:
    """Draw a story.

    Args:
        tellings: its texts, numbered from 1 in this order.
        links: who may have taken it from whom.
    """
    lanes = _lanes(tellings)
    places, width = _places(tellings, lanes)
    height = _TOP + _LANE * len(lanes) + _BOTTOM
    root = ET.Element(
        "svg",
        {
            "class": "lineage",
            "viewBox": f"0 0 {width:.0f} {height}",
            "role": "img",
            "aria-labelledby": "lineage-title lineage-desc",
        },
    )
    _text(root, "title", _("Who may have taken it from whom"), id="lineage-title")
    _text(root, "desc", _described(tellings, links), id="lineage-desc")
    marker = ET.SubElement(
        ET.SubElement(root, "defs"),
        "marker",
        {"id": "arrow", "viewBox": "0 0 10 10", "refX": "9", "refY": "5", "orient": "auto",
         "markerWidth": "9", "markerHeight": "9", "markerUnits": "userSpaceOnUse"},
    )  # fmt: skip
    ET.SubElement(marker, "path", {"d": "M0 0L10 5L0 10z"})
    for language, row in lanes.items():
        y = _TOP + _LANE * (row + 0.5)
        ET.SubElement(root, "path", {"class": "lane", "d": f"M{_LEFT} {y}H{width - 4:.0f}"})
        _text(root, "text", language_name(language), x="4", y=f"{y + 4}")
    _axis(root, tellings, places, height)  # behind what is drawn later
    for link in links:
        _arrow(root, places[link.source.key], places[link.text.key], link)
    for number, one in enumerate(tellings, 1):
        _dot(root, places[one.key], number, one)
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - ElementTree has escaped it


def _lanes(tellings: Sequence[Telling]) -> dict[str, int]:
    """A row for each language, the one that told it first on top."""
    languages = dict.fromkeys(one.told.language for one in tellings)
    return {language: row for row, language in enumerate(languages)}


def _moment(one: Telling) -> datetime | None:
    told = one.told
    if told.published_at and told.seen_at:
        return min(told.published_at, told.seen_at)
    return told.published_at or told.seen_at


def _places(
    tellings: Sequence[Telling], lanes: Mapping[str, int]
) -> tuple[dict[str, _Place], float]:
    """Where each text is drawn: by its time, moved to the right where others stand in its lane."""
    moments = [moment for one in tellings if (moment := _moment(one))]
    first = min(moments, default=None)
    span = max(((moment - first) for moment in moments if first), default=timedelta())
    taken: dict[int, float] = {}
    found: dict[str, _Place] = {}
    for one in sorted(tellings, key=lambda one: (_moment(one) is not None, _moment(one), one.key)):
        moment, row = _moment(one), lanes[one.told.language]
        share = (moment - first) / span if moment and first and span else 0.0
        x = max(_LEFT + 2 * _RADIUS + share * _ROOM, taken.get(row, 0.0) + _APART)
        taken[row] = x
        found[one.key] = _Place(x, _TOP + _LANE * (row + 0.5))
    return found, max([_WIDTH, *(place.x + _RIGHT for place in found.values())])


def _arrow(root: ET.Element, start: _Place, end: _Place, link: Link) -> None:
    """A line from a source to what goes back to it; it ends at the edges of both dots."""
    width, height = end.x - start.x, end.y - start.y
    bend = 0.0 if height else -min(18.0, 8 + abs(width) / 20)  # over the dots of its own lane
    middle = _Place((start.x + end.x) / 2, (start.y + end.y) / 2 + 2 * bend)
    a, b = _towards(start, middle), _towards(end, middle)
    attributes = {
        "class": f"link {link.descent.way}",
        "d": f"M{a.x:.1f} {a.y:.1f}Q{middle.x:.1f} {middle.y:.1f} {b.x:.1f} {b.y:.1f}",
    }
    if link.descent.is_decided:
        attributes["marker-end"] = "url(#arrow)"
    ET.SubElement(root, "path", attributes)


def _towards(place: _Place, other: _Place) -> _Place:
    width, height = other.x - place.x, other.y - place.y
    length = max((width**2 + height**2) ** 0.5, 1e-6)
    step = (_RADIUS + 2) / length
    return _Place(place.x + width * step, place.y + height * step)


def _dot(root: ET.Element, place: _Place, number: int, one: Telling) -> None:
    group = ET.SubElement(root, "g", {"class": "seed" if one.seed is not None else "text"})
    ET.SubElement(group, "circle", {"cx": f"{place.x:.1f}", "cy": f"{place.y}", "r": str(_RADIUS)})
    _text(group, "text", str(number), x=f"{place.x:.1f}", y=f"{place.y + 4}")
    _text(group, "title", f"{number} {one.told.outlet}: {one.told.title}".replace(" : ", " "))


def _axis(
    root: ET.Element, tellings: Sequence[Telling], places: Mapping[str, _Place], height: float
) -> None:
    """The first and the last time, and days between them where there is room to write them."""
    timed = sorted(
        ((moment, places[one.key].x) for one in tellings if (moment := _moment(one))),
        key=lambda pair: pair[0],
    )
    if not timed:
        return
    (first, left), (last, right) = timed[0], timed[-1]
    is_short = last - first < timedelta(days=3)
    says, apart = (minute, _LONG_LABEL) if is_short else (day, _LABEL)
    _text(root, "text", says(first), x=f"{left - _RADIUS:.1f}", y=f"{height - 8}")
    if right - left <= 260:
        return
    end = {"x": f"{right + _RADIUS:.1f}", "y": f"{height - 8}", "class": "end"}
    _text(root, "text", says(last), **end)
    for when in _days_between(first, last):
        x = _LEFT + 2 * _RADIUS + (when - first) / (last - first) * _ROOM
        if left + apart <= x <= right - apart:
            label = {"x": f"{x:.1f}", "y": f"{height - 8}", "class": "day"}
            _text(root, "text", day_of_year(when), **label)
            ET.SubElement(root, "path", {"class": "lane", "d": f"M{x:.1f} {_TOP}V{height - 22}"})


def _days_between(first: datetime, last: datetime) -> Iterator[datetime]:
    """Midnights (UTC) of even steps, so few that their labels stay apart; none over years."""
    days = (last - first).days
    step = next((one for one in _STEPS if days / one <= _MOST_DAYS), days + 1)
    when = first.replace(hour=0, minute=0, second=0, microsecond=0)
    while (when := when + timedelta(days=step)) < last:
        yield when


def _described(tellings: Sequence[Telling], links: Sequence[Link]) -> str:
    """The picture in a few sentences."""
    numbers = {one.key: number for number, one in enumerate(tellings, 1)}
    phrases = [
        _(
            "%(text)s from %(source)s: %(way)s, %(confidence)s",
            text=numbers[link.text.key],
            source=numbers[link.source.key],
            way=link.way,
            confidence=link.confidence,
        )
        if link.descent.is_decided
        else _(
            "%(text)s and %(source)s: %(way)s, direction undecided",
            text=numbers[link.text.key],
            source=numbers[link.source.key],
            way=link.way,
        )
        for link in links[:_PHRASES]
    ]
    if len(links) > _PHRASES:
        phrases.append("…")
    return "; ".join(phrases) or _("No text seems to go back to another one.")


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    clean = "".join(c for c in text if c.isprintable())
    ET.SubElement(parent, tag, attributes).text = clean
