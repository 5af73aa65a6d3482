"""The text of a page by trafilatura: in its fast mode, and from there on in its default mode.

`trafilatura.extract` copies the page three times where once is enough. Here its own steps are
called in its own order (`trafilatura.core.trafilatura_sequence`, for a page without comments);
whether a page has so much text that a second look in "recall" mode is due is mostly told without a
cleaned copy of it, and once for both modes. The steps are no public interface: with a version of
trafilatura that these have not been compared with, its `extract` is called.
"""

from __future__ import annotations

from contextlib import suppress
from copy import copy
from functools import lru_cache
from typing import Any

import trafilatura
from lxml.html import HtmlElement
from trafilatura import core as _core

from worker.extract.defences import LIBRARY_ERRORS

VERSIONS = ("2.3.1",)
"""Of trafilatura, whose steps these are: the same texts of 1,284 pages."""

core: Any = _core

_DROPPED = ("aside", "footer", "fencedframe", "script", "template")
"""What trafilatura does not count among a page's text, with all that is in it."""


class Tries:
    """Two tries at the text of a page.

    Args:
        tree: the page; comments are taken out of it.
        url: where it came from.
    """

    def __init__(self, tree: HtmlElement, url: str | None) -> None:
        is_known = trafilatura.__version__ in VERSIONS
        self._tries: _Steps | _Calls = _Steps(tree) if is_known else _Calls(tree, url)

    def fast(self) -> str:
        """The text by trafilatura's fast mode, empty if it finds none."""
        return self._tries.text(is_fast=True)

    def thorough(self) -> str:
        """... by its default mode."""
        return self._tries.text(is_fast=False)


class _Calls:
    """Each try is a call of trafilatura."""

    def __init__(self, tree: HtmlElement, url: str | None) -> None:
        self._tree, self._url = tree, url

    def text(self, *, is_fast: bool) -> str:
        found = trafilatura.extract(self._tree, url=self._url, fast=is_fast, include_comments=False)
        return found or ""


class _Steps:
    """Each try is the steps that trafilatura takes."""

    def __init__(self, tree: HtmlElement) -> None:
        self._tree = tree
        self._is_pruned = False
        self._length: int | None = None

    def text(self, *, is_fast: bool) -> str:
        try:
            body, text = self._body(_options(is_fast=is_fast), is_fast=is_fast)
        except (TypeError, ValueError):  # as in its bare_extraction
            return ""
        if not text:
            return ""
        found: str = core.xmltotxt(body, include_formatting=False)
        return str(core.normalize_unicode(found.strip()))

    def _body(self, options: Any, *, is_fast: bool) -> tuple[Any, str]:
        tree = self._tree
        self._prune()
        cleaned = core.tree_cleaning(copy(tree), options)
        kept = None if is_fast else copy(cleaned)
        body, text = core.extract_content(core.convert_tags(cleaned, options), options)
        if not is_fast:
            body, text = core.compare_extraction(kept, copy(tree), body, text, options)
        if len(text) < options.min_extracted_size:
            whole, whole_text, length = core.baseline(tree)
            if length > len(text):
                body, text = whole, whole_text
        if 0 < len(text) < core.ESCALATION_MAX_LENGTH and self._is_little(text):
            return self._escalated(body, text, options, is_fast=is_fast)
        return body, text

    def _prune(self) -> None:
        if self._is_pruned:
            return
        self._is_pruned = True
        is_forum = core._forum_thread_page(self._tree)
        core.prune_unwanted_nodes(self._tree, core.RAW_TREE_PRUNE_XPATH)
        if not is_forum:
            core.prune_unwanted_nodes(self._tree, core.REMOVE_COMMENTS_AND_LISTS_XPATH)

    def _is_little(self, text: str) -> bool:
        """Whether a text is little of its page."""
        least = len(text) / core.ESCALATION_PAGE_SHARE
        if self._length is None:
            if most_characters(self._tree) < least:
                return False
            self._length = len(core.html2txt(self._tree))
        return bool(len(text) < core.ESCALATION_PAGE_SHARE * self._length)

    def _escalated(self, body: Any, text: str, options: Any, *, is_fast: bool) -> tuple[Any, str]:
        """What more the "recall" mode finds, and justext, if it is much more."""
        tree = self._tree
        recalled: tuple[Any, str] = None, ""
        rescued: tuple[Any, str] = None, ""
        with suppress(*LIBRARY_ERRORS):  # as there
            again = _options(is_fast=is_fast, is_recall=True)
            recalled = core._recall_retry(tree, again, None)
        if not is_fast:
            with suppress(*LIBRARY_ERRORS):
                rescued = core.justext_rescue(copy(tree), options)
        length = len(text)
        if len(rescued[1]) > max(len(recalled[1]), core.ESCALATION_JUSTEXT_RATIO * length):
            return rescued
        if (
            len(recalled[1]) >= options.min_extracted_size
            and len(recalled[1]) > core.ESCALATION_ACCEPT_RATIO * length
        ):
            return recalled
        return body, text


@lru_cache(maxsize=4)
def _options(*, is_fast: bool, is_recall: bool = False) -> Any:
    return core.Extractor(fast=is_fast, recall=is_recall, comments=False)


def most_characters(tree: HtmlElement) -> int:
    """No fewer characters than trafilatura's `html2txt` finds in a page.

    It also drops what tells of footers and cookies by its class, and sets block elements apart by
    spaces.
    """
    body = tree.find(".//body")
    body = tree if body is None else body
    dropped = [
        element
        for element in body.iter(*_DROPPED)
        if next(element.iterancestors(*_DROPPED), None) is None
    ]
    blocks = int(body.xpath("count(.//*)"))
    return _length(body) + 2 * (blocks + 1) - sum(map(_length, dropped))


def _length(element: HtmlElement) -> int:
    return len(" ".join(element.text_content().split()))
