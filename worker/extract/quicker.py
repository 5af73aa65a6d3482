"""Puts quicker equivalents of trafilatura's XPaths into trafilatura.

They are in lists that its modules share, and in one name of its module `baseline`. Each expression
is replaced by a function only if all of it is understood (`worker.extract.xpaths`); what a later
version writes otherwise, or keeps elsewhere, runs as it is there.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from lxml.etree import XPath

from worker.extract.xpaths import UnknownPartError, compile_xpath

LISTS = (
    "BODY_XPATH",
    "RAW_TREE_PRUNE_XPATH",
    "REMOVE_COMMENTS_XPATH",
    "REMOVE_COMMENTS_AND_LISTS_XPATH",
    "OVERALL_DISCARD_XPATH",
    "TEASER_DISCARD_XPATH",
    "DISCARD_IMAGE_ELEMENTS",
)


def quicken_trafilatura() -> None:
    """Replace the XPaths that search a page for its text by functions that find the same."""
    shared = importlib.import_module("trafilatura.xpaths")
    for name in LISTS:
        expressions = getattr(shared, name, None)
        if isinstance(expressions, list):
            expressions[:] = [quickened(expression) for expression in expressions]
    baseline = importlib.import_module("trafilatura.baseline")
    if expression := getattr(baseline, "BASIC_CLEAN_XPATH", None):
        baseline.BASIC_CLEAN_XPATH = quickened(expression)  # type: ignore[attr-defined]


def quickened(expression: Any) -> Callable[..., Any]:
    """Return a function that finds what an XPath finds, or the XPath where it is not understood."""
    if not isinstance(expression, XPath):
        return expression  # type: ignore[no-any-return]
    try:
        return compile_xpath(expression.path)
    except UnknownPartError:
        return expression  # type: ignore[no-any-return]
