"""Trafilatura's XPaths, replaced by functions: the same elements, and its own where in doubt."""

from __future__ import annotations

import importlib.util
import random
import re
from types import ModuleType

import pytest
from lxml import etree, html

from worker.extract.quicker import LISTS, quicken_trafilatura, quickened
from worker.extract.xpaths import UnknownPartError, compile_xpath

TAGS = "div section span p ol ul list item details aside article main h1 footer table td svg"
ATTRIBUTES = "class id style role aria-hidden itemprop data-component data-lp-replacement-content"


def _untouched(name: str) -> ModuleType:
    """A module of trafilatura as it is on the disk."""
    spec = importlib.util.find_spec(name)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def expressions() -> list[etree.XPath]:
    shared = _untouched("trafilatura.xpaths")
    settings = _untouched("trafilatura.settings")
    return [*(one for name in LISTS for one in getattr(shared, name)), settings.BASIC_CLEAN_XPATH]


def _words(expressions: list[etree.XPath]) -> list[str]:
    quoted = [text for one in expressions for text in re.findall(r"'([^']*)'", one.path)]
    return sorted({word for text in quoted for word in re.split(r"[|()?:\[\]^$!]+", text) if word})


def _made_up(lots: random.Random, words: list[str]) -> html.HtmlElement:
    """A tree of elements whose attributes hold what the expressions look for, and other words."""
    root = html.Element("div")
    elements = [root]
    for _ in range(60):
        element = etree.SubElement(lots.choice(elements[-10:]), lots.choice(TAGS.split()))
        for name in lots.sample(ATTRIBUTES.split(), lots.randint(0, 3)):
            told = [lots.choice(words) if lots.random() < 0.5 else "cell" for _ in range(2)]
            element.set(name, lots.choice(["", " ", "x-", "A"]).join(told[: lots.randint(0, 2)]))
        elements.append(element)
    return root


def test_the_same_elements_are_found_in_the_same_order(expressions: list[etree.XPath]) -> None:
    lots, words, found = random.Random(1), _words(expressions), 0
    for _ in range(60):
        tree = _made_up(lots, words)
        for expression in expressions:
            wanted = expression(tree)
            assert quickened(expression)(tree) == wanted, expression.path
            found += len(wanted)
    assert found > 500


@pytest.mark.parametrize(
    ("markup", "first"),
    [
        ("<p class='cookie-note' id='a'>x</p>", True),  # the class comes first
        ("<p id='a' class='cookie-note'>x</p>", False),
        ("<p id='cookie-note' class='a'>x</p>", True),
    ],
)
def test_of_two_attributes_the_first_of_the_source_counts(markup: str, first: bool) -> None:
    text = ".//*[self::p][re:test(@id|@class, 'cookie')]"
    tree = html.fromstring(f"<div>{markup}<b>x</b></div>")
    assert bool(compile_xpath(text)(tree)) is first
    spaces = {"re": "http://exslt.org/regular-expressions"}
    assert bool(etree.XPath(text, namespaces=spaces)(tree)) is first


@pytest.mark.parametrize(
    "text",
    [
        "//p",
        ".//p/a",
        ".//p[2]",
        ".//p[position() = 1]",
        ".//p[@class = @id]",
        ".//p[@class='a'][1]|.//b",
        ".//*[re:test(@class, 'a?')]",  # true of elements without a class
        ".//*[re:test(@class, 'a', 'ix')]",
        ".//*[contains(translate(@id, 'AA', 'ab'), 'a')]",
        ".//*[not(@class='a']",
        ".//p]",
        "",
    ],
)
def test_what_is_not_understood_stays_as_it_is(text: str) -> None:
    with pytest.raises(UnknownPartError):
        compile_xpath(text)


def test_expressions_of_another_version_stay_as_they_are() -> None:
    later = etree.XPath("descendant::p[string-length(@class) > 3]")
    assert quickened(later) is later
    assert quickened("no XPath") == "no XPath"


def test_the_installed_version_is_understood(expressions: list[etree.XPath]) -> None:
    slow = [one.path for one in expressions if quickened(one) is one and "re:test" in one.path]
    assert not slow  # else a page costs a third more
    quicken_trafilatura()
    shared = importlib.import_module("trafilatura.xpaths")
    assert not any(isinstance(one, etree.XPath) for one in shared.OVERALL_DISCARD_XPATH)
