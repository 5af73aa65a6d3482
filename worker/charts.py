"""Charts as SVG within the page: no script and no style of their own, coloured by the page's CSS.

pygal lays them out. What it would bring along for pages of its own (a script with its settings, a
style sheet, tooltips) is taken out: our Content-Security-Policy would refuse it, and the page's own
colours follow the reader's light or dark scheme. A chart is one image to who cannot see it; the
table beside it says the same.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from lxml import etree
from markupsafe import Markup

_WIDTH, _HEIGHT = 560, 230
_FONT = 12
_LEFT_OUT = ("defs", "title", "desc")
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LETTER, _LINE = 7.5, 17
"""What a letter and a line of a label take, in the units of the chart."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one kind, a value for each bar.

    Attributes:
        css: the class that gives them their colour.
    """

    name: str
    css: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Tile:
    """One area of a tree map.

    Attributes:
        css: the class that gives it its colour.
        short: what it is called where the name has no room.
    """

    name: str
    css: str
    value: int
    short: str = ""


def bars(
    said: str, labels: Sequence[str], series: Sequence[Series], written: Callable[[float], str]
) -> Markup:
    """Bars side by side, each of several values one upon the other.

    Args:
        said: what it shows, for who cannot see it.
        labels: one for each bar; only as many as there is room for are written.
        series: at least one, from the bottom up.
        written: how numbers are written.
    """
    totals = [sum(values) for values in zip(*(one.values for one in series), strict=True)]
    every = max(1, -(-len(labels) // 5))
    chart = _pygal().StackedBar(
        **_plain(),
        margin_left=8,
        margin_right=8,
        margin_top=10,
        margin_bottom=8,
        spacing=4,
        x_labels_major_every=every,
        show_minor_x_labels=False,
        y_labels=list(_ticks(max(totals, default=0))),
        formatter=written,
    )
    chart.x_labels = [_printable(label) for label in labels]
    for one in series:
        chart.add(one.css, list(one.values))
    root = chart.render_tree()
    for number, one in enumerate(series):
        for group in _groups(root, f"serie-{number}"):
            group.set("class", f"series {one.css}")
            for bar, label, value in zip(group.iter("rect"), labels, one.values, strict=False):
                _add(bar, "title", f"{label}, {one.name}: {written(value)}")
    return _finished(root, said)


def tree_map(said: str, tiles: Sequence[Tile], written: Callable[[float], str]) -> Markup:
    """Areas as large as their values; the name of each where there is room for it.

    Args:
        said: what it shows, for who cannot see it.
        tiles: those of one class lie side by side.
        written: how numbers are written.
    """
    chart = _pygal().Treemap(**_plain())
    by_css: dict[str, list[Tile]] = {}
    for tile in tiles:
        by_css.setdefault(tile.css, []).append(tile)
    for css, group in by_css.items():
        chart.add(css, [{"value": tile.value, "label": str(at)} for at, tile in enumerate(group)])
    root = chart.render_tree()
    for number, (css, members) in enumerate(by_css.items()):
        for group_element in _groups(root, f"serie-{number}"):
            group_element.set("class", f"series {css}")
            for area in list(group_element.iter("rect")):
                tile = members[int(area.getparent().findtext("desc[@class='label']"))]
                _add(area, "title", f"{tile.name}: {written(tile.value)}")
                _label(area, (tile.name, tile.short), written(tile.value))
    return _finished(root, said)


@cache
def _pygal() -> Any:
    """The library, imported when the first chart is drawn; without its hook into later imports.

    The hook is for map plug-ins that are not used here. It lacks what Python asks of a hook since
    3.4, so that every import after it would warn.
    """
    import pygal

    hooks = [one for one in sys.meta_path if type(one).__module__ == pygal.__name__]
    for hook in hooks:
        sys.meta_path.remove(hook)
    return pygal


def _plain() -> dict[str, Any]:
    """What all charts have in common: nothing but what is drawn."""
    style = _pygal().style.Style(label_font_size=_FONT, major_label_font_size=_FONT)
    return {
        "width": _WIDTH, "height": _HEIGHT, "css": [], "js": [], "margin": 2,
        "show_legend": False, "truncate_label": -1, "no_prefix": True,
        "disable_xml_declaration": True,
        "style": style,
    }  # fmt: skip


def _ticks(most: int) -> Iterator[int]:
    """Whole numbers from 0 to at least the largest value, five at the most."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            step = factor * power
            if step * 4 >= most:
                yield from range(0, max(most, 1) + step, step)
                return
        power *= 10


def _groups(root: Any, css: str) -> list[Any]:
    """The groups of a series that hold what is drawn of it."""
    return [
        group for group in root.iter("g") if css in group.get("class", "").split() and len(group)
    ]


def _add(parent: Any, tag: str, text: str, **attributes: str) -> None:
    etree.SubElement(parent, tag, attributes).text = _printable(text)


def _label(area: Any, names: Sequence[str], number: str) -> None:
    """Write into an area what it stands for: the first name for which there is room, if any."""
    x, y, width, height = (float(area.get(key)) for key in ("x", "y", "width", "height"))
    fitting = [name for name in names if name and len(name) * _LETTER <= width - 6]
    if height < 1.2 * _LINE or not fitting:
        return
    lines = [fitting[0], number] if height >= 2.4 * _LINE else fitting[:1]
    first = y + height / 2 - (len(lines) - 1) * _LINE / 2
    parent = area.getparent()
    for row, line in enumerate(lines):
        place = {"x": f"{x + width / 2:.1f}", "y": f"{first + row * _LINE:.1f}"}
        _add(parent, "text", line, **place)


def _finished(root: Any, said: str) -> Markup:
    """The chart as markup: one image with a name, nothing in it that the page did not ask for."""
    for element in list(root.iter()):
        name = etree.QName(element).localname if isinstance(element.tag, str) else "comment"
        is_ours = name == "title" and etree.QName(element.getparent()).localname == "rect"
        if (name in (*_LEFT_OUT, "comment") and not is_ours) or _is_overlay(element):
            element.getparent().remove(element)
            continue
        for attribute in ("style", "id"):
            element.attrib.pop(attribute, None)
    root.set("class", "chart")
    root.set("role", "img")
    root.set("aria-label", _printable(said))
    etree.cleanup_namespaces(root)
    return Markup(etree.tostring(root, encoding="unicode"))  # noqa: S704 - lxml has escaped it


def _is_overlay(element: Any) -> bool:
    return bool(
        {"overlay", "text-overlay", "tooltip-overlay"} & set(element.get("class", "").split())
    )


def _printable(text: str) -> str:
    """A text as XML can hold it."""
    return _NOT_IN_XML.sub("", text)
