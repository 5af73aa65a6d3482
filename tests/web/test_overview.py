"""The overview: numbers as charts and as tables, safe to show, bounded to read."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from lxml import etree
from lxml.html import HtmlElement
from starlette.testclient import TestClient

from tests.fakes import FakeClock
from tests.web.conftest import Filler
from tests.web.filling import Found
from tests.web.test_inbox import words
from worker.charts import Series, Tile, bars, tree_map
from worker.domain import Relation
from worker.web.overview import PERIODS

See = Callable[..., HtmlElement]


def table(page: HtmlElement, heading: str) -> list[list[str]]:
    """The cells of the table whose first column is called so."""
    (found,) = page.xpath(f"//table[thead/tr/th[1]='{heading}']")
    return [[words(cell) for cell in row.xpath("th|td")] for row in found.xpath("tbody/tr")]


def test_without_articles_it_says_so(see: See) -> None:
    page = see("/overview")
    assert "Nothing in this time" in words(page)
    assert not page.xpath("//*[local-name()='svg']")


def test_each_chart_has_its_numbers_in_a_table(see: See, filled: Filler, clock: FakeClock) -> None:
    filled(Found("a", language="ja", relation=Relation.TRANSLATION), Found("b"))
    clock.advance(days=1)
    filled(
        Found("c", outlet="The Wire"),
        Found("d", outlet="The Wire", relation=Relation.UNRELATED, score=0.1),
    )
    page = see("/overview?days=7")
    assert "4 articles read, 3 matches, in 2 languages, from 2 outlets." in words(page)
    days = table(page, "Day")
    assert len(days) == 7
    assert days[:3] == [
        ["2 Mar 2026", "2", "0", "0", "1", "0"],
        ["1 Mar 2026", "2", "0", "1", "1", "0"],
        ["28 Feb 2026", "0", "0", "0", "0", "0"],
    ]
    assert table(page, "Language") == [["English", "2", "3"], ["Japanese", "1", "1"]]
    assert table(page, "Outlet") == [["The News", "2", "2"], ["The Wire", "1", "2"]]
    charts = page.xpath("//*[local-name()='svg'][@role='img']")
    assert [chart.get("aria-label").partition(":")[0] for chart in charts] == [
        "Bar chart", "Bar chart", "Tree map",
    ]  # fmt: skip
    titles = [words(title) for title in page.xpath("//*[local-name()='svg']//title")]
    assert "2 Mar, Articles: 2" in titles
    assert "1 Mar, Translation: 1" in titles
    assert "Japanese: 1" in titles


def test_a_long_period_has_a_bar_a_week_and_loses_nothing(
    see: See, filled: Filler, clock: FakeClock
) -> None:
    for _ in range(10):
        filled(Found("a"))
        clock.advance(days=3)
    rows = table(see("/overview?days=90"), "Week from")
    assert sum(int(row[1]) for row in rows) == 10
    assert len(rows) == 13 or len(rows) == 14
    starts = {date(2026, 3, 30) - timedelta(weeks=n) for n in range(14)}  # Mondays
    assert rows[0][0] == "30 Mar 2026"
    assert all(start.weekday() == 0 for start in starts)


def test_one_watch_alone(see: See, filled: Filler) -> None:
    filled(Found("a"), Found("b", watch="river", seed="th.md", language="th"))
    page = see("/overview?watch=river")
    assert "2 articles read, 1 match, in 1 language, from 1 outlet." in words(page)
    assert table(page, "Language") == [["Thai", "1", "1"], ["English", "0", "1"]]
    (link,) = page.xpath("//a[.='Thai']/@href")
    assert len(see(link).xpath("//ol[@class='rows']/li")) == 1
    assert page.xpath("//select/option[@selected]/@value") == ["river"]
    assert all("watch=river" in href for href in page.xpath("//nav[@class='tabs']/a/@href"))


def test_nothing_of_a_feed_is_markup(client: TestClient, filled: Filler) -> None:
    filled(Found("a", outlet='<script>alert("x")</script>'))
    text = client.get("/overview").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


@pytest.mark.parametrize("days", PERIODS)
def test_the_page_has_neither_script_nor_style_of_the_charts(
    client: TestClient, filled: Filler, days: int
) -> None:
    filled(Found("a"), Found("b", language="zz-Nope"), Found("c", language="und"))
    answer = client.get(f"/overview?days={days}")
    assert answer.status_code == 200
    for refused in ("<style", "style=", "pygal", "<desc", "onclick", "http://www.w3.org"):
        assert refused not in answer.text
    assert answer.text.count("<script") == answer.text.count('<script src="/static/')


@pytest.mark.parametrize("query", ["days=0", "days=8", "days=x", "watch=nobodys", "watch=%00"])
def test_what_means_nothing_is_refused(see: See, query: str) -> None:
    see(f"/overview?{query}", 400)


def test_bars_are_well_formed_whatever_they_are_called() -> None:
    names = ["<b>", "&", "\0\ud800", 'ẞ"', "𝄞"]
    series = [Series("<i>\0", "copy", [1, 0, 5, 2, 3]), Series("x", "translation", [0] * 5)]
    root = etree.fromstring(bars("<said>\0", names, series, str))
    assert root.get("aria-label") == "<said>"
    assert len(root.findall(".//g[@class='series copy']//rect")) == 5
    assert "<b>, <i>: 1" in [title.text for title in root.iter("title")]


def test_all_zero_and_one_bar_alone_can_be_drawn() -> None:
    for values in ([0, 0], [0], [10**9]):
        etree.fromstring(bars("s", ["a"] * len(values), [Series("n", "c", values)], str))


def test_a_tree_map_names_each_tile_rightly() -> None:
    tiles = [Tile(f"t{n}", "even" if n % 2 == 0 else "odd", 50 - n) for n in range(40)]
    root = etree.fromstring(tree_map("said", tiles, str))
    areas = {
        rect.findtext("title"): float(rect.get("width")) * float(rect.get("height"))
        for rect in root.iter("rect")
        if rect.find("title") is not None
    }
    narrow = tree_map("s", [Tile("N" * 99, "a", 9, "xx"), Tile("M" * 99, "a", 1)], str)
    assert [text.text for text in etree.fromstring(narrow).iter("text")] == ["xx", "9"]
    assert set(areas) == {f"{tile.name}: {tile.value}" for tile in tiles}
    share = {tile.name: areas[f"{tile.name}: {tile.value}"] / tile.value for tile in tiles}
    assert max(share.values()) == pytest.approx(min(share.values()), rel=0.01)


def test_drawing_leaves_no_hook_in_the_imports_of_the_program() -> None:
    bars("s", ["a"], [Series("n", "c", [1])], str)
    assert not [hook for hook in sys.meta_path if type(hook).__module__.startswith("pygal")]
