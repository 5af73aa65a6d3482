"""The article in a page, as trafilatura finds it, with fewer walks over the page.

`cleaned` and `content` do what trafilatura's `tree_cleaning` and `extract_content` do, with its own
functions for everything that judges or converts an element. What differs is how elements are found:
by one walk in C for all names instead of one for each, and only those that a test can be true of. A
list of all elements, and a second copy of the page, are not made: only what finds too little needs
them, which is then left to trafilatura. Of 1,299 pages nine get another text, most where one
element to be dropped holds another of its name: trafilatura then leaves those that follow.
"""

from __future__ import annotations

from typing import Any

from lxml.etree import Element, XPath, strip_elements, strip_tags
from lxml.html import HtmlElement
from trafilatura import core as _core
from trafilatura import htmlprocessing as _html
from trafilatura import main_extractor as _main
from trafilatura import settings as _settings

from worker.extract.xpaths import Selection

core: Any = _core
html: Any = _html
main: Any = _main
settings: Any = _settings

_NEVER_COUNTED = ("aside", "fencedframe", "footer", "script", "style", "svg")
"""What trafilatura neither counts among a page's text nor takes any of it from."""

_MORE = ("mvp-post-add-", "infinite", "elementor-share-buttons")
"""One of them is in each class and id that `RAW_TREE_PRUNE_XPATH` looks for."""

_CLEANED = tuple(set(getattr(settings, "MANUALLY_CLEANED", ())) - {"form"})
_SPACES = " \n\t\r\xa0"
_ENOUGH_IN_PARAGRAPHS = 3
"""Times the least length of a text: with less in paragraphs, boxes are taken for paragraphs."""

_empty = XPath("descendant::*[not(node())]")
_linked = {
    name: XPath(f"descendant-or-self::{name}[descendant::ref]") for name in ("div", "list", "p")
}
_linked_tables = XPath("descendant-or-self::table[descendant::ref]")


def characters(text: str) -> int:
    """The characters of a text that are no space."""
    return len(text) - sum(map(text.count, _SPACES))


def length(tree: HtmlElement) -> int:
    """The characters of a page; what trafilatura does not count is taken out of it.

    Those of banners and footers that it tells by their class are among them.
    """
    strip_elements(tree, *_NEVER_COUNTED, with_tail=False)
    body = tree.find("body")
    found = characters((tree if body is None else body).text_content())
    return found - sum(characters(one.text_content()) for one in tree.iter("template"))


def has_more(source: str) -> bool:
    """Whether a page can have a container of further articles, or of buttons, that is dropped."""
    return any(word in source for word in _MORE)


def drop_others(tree: HtmlElement, *, is_forum: bool, has_more: bool) -> None:
    """Take further articles and comments out of a page."""
    if has_more:
        core.prune_unwanted_nodes(tree, core.RAW_TREE_PRUNE_XPATH)
    if not is_forum:
        core.prune_unwanted_nodes(tree, core.REMOVE_COMMENTS_AND_LISTS_XPATH)


def cleaned(
    tree: HtmlElement, options: Any, *, is_forum: bool, has_more: bool = True
) -> HtmlElement:
    """Take what is no text out of a page, comments among it, and convert the rest.

    Args:
        tree: changed.
        options: trafilatura's.
        is_forum: what looks like comments is the text.
        has_more: what `has_more` says of its source.
    """
    if next(tree.iter("math"), None) is not None:
        html.recover_math(tree)
    for element in tree.iter("figure", "table"):
        if (
            element.find(".//table") is not None
            if element.tag == "figure"
            else element.get("role") in ("presentation", "none")
        ):
            element.tag = "div"
    strip_elements(tree, *_CLEANED, with_tail=False)
    drop_others(tree, is_forum=is_forum, has_more=has_more)
    strip_tags(tree, *settings.MANUALLY_STRIPPED)
    html._handle_forms(tree)
    for element in _empty(tree):
        if element.tag in settings.CUT_EMPTY_ELEMS:
            html.delete_element(element)
    return core.convert_tags(tree, options)


def content(tree: HtmlElement, options: Any) -> tuple[Any, str, bool] | None:
    """Find the main text of a page that `cleaned` gave.

    Returns:
        The text as an element and as a string, and whether there was a frame that held it; None
        where a frame holds too little.
    """
    body, is_framed = _found(tree, options)
    if not is_framed:
        main.recover_wild_text(tree, body, options, _tags())
    text = " ".join(body.itertext()).strip()
    if is_framed and (len(body) == 0 or len(text) < options.min_extracted_size):
        return None
    previous = None
    for element in list(body):
        current = main._elem_text(element)
        if current and current == previous and len(current) > main.MIN_DUPLICATE_LENGTH:
            html.delete_element(element, keep_tail=False)
        else:
            previous = current
    strip_elements(body, "done")
    strip_tags(body, "div")
    for line in body.iter("lb"):
        if line.tail and line.tail.isspace() and not _keeps_spaces(line):
            line.tail = None
    return body, text, is_framed


def _tags() -> set[str]:
    return {*main.TAG_CATALOG, "table", "td", "th", "tr"}


def _keeps_spaces(element: Any) -> bool:
    return next(element.iterancestors(*main.SPACING_PROTECTED), None) is not None


def _found(tree: HtmlElement, options: Any) -> tuple[Any, bool]:
    """What trafilatura's `_extract` finds, and whether it has a frame to look in."""
    tags, is_framed = _tags(), False
    body = Element("body")
    for expression in main.BODY_XPATH:
        frame = _first(expression, tree)
        if frame is None:
            continue
        is_framed = True
        _prune(frame, options)
        if len(frame) == 0:
            continue
        if not _has_paragraphs(tree, _ENOUGH_IN_PARAGRAPHS * options.min_extracted_size):
            tags.add("div")
        elements = list(frame.iterdescendants("*"))
        if _is_one_run(frame, elements, tags):
            elements = [frame]
        lead, start = None, len(body)
        if elements != [frame] and main.text_chars_test(frame.text):
            lead = Element("p")
            lead.text = frame.text
            lead = html.process_node(lead, options)
        _take(elements, body, tags, options)
        while len(body) > 0 and body[-1].tag in main.NOT_AT_THE_END:
            html.delete_element(body[-1], keep_tail=False)
        if len(body) > 1:
            if lead is not None:
                body.insert(start, lead)
            break
    return body, is_framed


def _first(expression: Any, tree: HtmlElement) -> HtmlElement | None:
    if isinstance(expression, Selection):
        return expression.first(tree)
    return next(iter(expression(tree)), None)


def _has_paragraphs(tree: HtmlElement, least: int) -> bool:
    total = 0
    for paragraph in tree.iter("p"):
        total += len(paragraph.text_content())
        if total >= least:
            return True
    return False


def _is_one_run(frame: HtmlElement, elements: list[Any], tags: set[str]) -> bool:
    """Whether a frame holds a single run of text, with line breaks or inline elements only."""
    if elements and all(element.tag == "lb" for element in elements):
        return True
    inline = main.INLINE_FORMATTABLE
    return (
        frame.tag == "div"
        and "div" in tags
        and all(element.tag == "lb" or element.tag in inline for element in elements)
    )


def _take(elements: list[Any], body: Any, tags: set[str], options: Any) -> None:
    """Append to a body what becomes of a frame's elements."""
    moved: set[Any] = set()
    for element in elements:
        if element in moved:
            continue
        tag, tail = element.tag, element.tail
        taken = main.handle_textelem(element, tags, options)
        if taken is not None:
            body.append(taken)
            if taken is element or element.getparent() is taken:
                if len(element):
                    moved.update(element.iterdescendants("*"))
            else:
                element.tag = "done"
        if (
            tag in main.REBUILT_BLOCKS
            and main.text_chars_test(tail)
            and (taken is None or taken.tail is None)
        ):
            rest = Element("p")
            rest.text = tail
            if html.process_node(rest, options) is not None:
                body.append(rest)


def _prune(frame: HtmlElement, options: Any) -> None:
    """What trafilatura's `prune_unwanted_sections` does."""
    html.prune_unwanted_nodes(frame, main.OVERALL_DISCARD_XPATH, with_backup=True)
    html.prune_unwanted_nodes(frame, main.DISCARD_IMAGE_ELEMENTS)
    if options.focus != "recall":
        html.prune_unwanted_nodes(frame, main.TEASER_DISCARD_XPATH)
    if next(frame.iter("ref"), None) is not None:
        _drop_link_lists(frame)
    strip_tags(frame, "span", "ref")


def _drop_link_lists(frame: HtmlElement) -> None:
    """What its `delete_by_link_density` does, twice; the second time changes nothing mostly."""
    for _ in range(2):
        before = 0
        for name in ("div", "list", "p"):
            before += _drop_linked(frame, name)
        if not before:
            break
    for table in [one for one in _linked_tables(frame) if html.link_density_test_tables(one)]:
        html.delete_element(table, keep_tail=False)


def _drop_linked(frame: HtmlElement, name: str) -> int:
    dropped = [one for one in _linked[name](frame) if _is_linked(one, name)]
    for element in dropped:
        html.delete_element(element)
    return len(dropped)


def _is_linked(element: HtmlElement, name: str) -> bool:
    is_much, is_short = html.link_density_test(element)
    if not is_much and not (
        name == "div"
        and is_short
        and len(element) >= 3
        and len(html.trim(element.text_content())) < 100
    ):
        return False
    parent = element.getparent()
    return not (name == "p" and parent is not None and parent.tag in ("item", "td", "th"))
