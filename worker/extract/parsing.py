"""The text of a page -> its tree, as trafilatura has it."""

from __future__ import annotations

import re

import trafilatura
from lxml import etree, html
from trafilatura.utils import HTML_PARSER

# lxml.html asks a Python function for the class of each element it touches, 3,000 times a page; all
# that trafilatura uses is in HtmlElement. The same texts of 200 pages in .92 of the time.
HTML_PARSER.set_element_class_lookup(
    etree.ElementDefaultClassLookup(
        element=html.HtmlElement,
        comment=html.HtmlComment,
        pi=html.HtmlProcessingInstruction,
        entity=html.HtmlEntity,
    )
)

_NO_XML = bytes([*range(9), 11, 12, *range(14, 32)])
_NONCHARACTERS = ("\ufffe", "\uffff")
_DOCTYPE = re.compile(rb"< ?! ?doctype[^>\n]*/[^<>\n]*>", re.IGNORECASE)
"""Those of XHTML; with them lxml writes the tree in another way (its bug 1955915)."""
_CLOSED_AT_ONCE = re.compile(r"<html[^>]*/>")


def parse_page(text: str) -> html.HtmlElement | None:
    """Parse a page into the tree that `trafilatura.load_html` gives, in half of its time.

    That searches the whole page for characters that XML cannot hold with a regular expression;
    here they go from its bytes. What it repairs or refuses is still left to it.

    Args:
        text: the page, decoded.

    Returns:
        The root, or None where there is no HTML.
    """
    start = text[:4_096]
    if "html" not in start[:50].lower() or _CLOSED_AT_ONCE.search(start):
        return trafilatura.load_html(text)
    for character in _NONCHARACTERS:
        text = text.replace(character, "")
    page = text.encode("utf-8", "surrogatepass").translate(None, _NO_XML)
    if doctype := _DOCTYPE.match(page):
        page = page[doctype.end() :]
    try:
        return html.fromstring(page, parser=HTML_PARSER)
    except (etree.LxmlError, ValueError):
        return trafilatura.load_html(text)
