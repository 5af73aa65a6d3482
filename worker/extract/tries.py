"""The text of a page by trafilatura: in its fast mode, and from there on in its default mode.

Its own steps are called in its own order (`trafilatura.core.trafilatura_sequence`, for a page
without comments). The first try, which most pages need no more than, uses up the parsed page: what
comes after it begins with the page parsed again, which costs less than a copy of each. What the
first try has found is not looked for once more. The steps are no public interface: with a version
of trafilatura that these have not been compared with, its `extract` is called.
"""

from __future__ import annotations

from contextlib import suppress
from copy import copy, deepcopy
from functools import cached_property, lru_cache
from typing import Any

import trafilatura
from lxml import etree
from lxml.html import HtmlElement
from trafilatura import core as _core
from trafilatura import external as _external

from worker.extract.content import characters, cleaned, content, drop_others, has_more, length
from worker.extract.defences import LIBRARY_ERRORS
from worker.extract.parsing import parse_page

VERSIONS = ("2.3.1",)
"""Of trafilatura, whose steps these are."""

core: Any = _core
external: Any = _external

_FORUM = "DiscussionForumPosting"

_NEVER_TEXT = ("style", "svg", "link", "iframe")
"""Elements that trafilatura drops after it has copied them several times."""


class Tries:
    """Two tries at the text of a page.

    Args:
        tree: the page; used up.
        source: of the page; it is parsed again where the first try does not do.
        url: where it came from.
    """

    def __init__(self, tree: HtmlElement, source: str, url: str | None) -> None:
        is_known = trafilatura.__version__ in VERSIONS
        self._tries: _Steps | _Calls = _Steps(tree, source) if is_known else _Calls(tree, url)

    def fast(self) -> str:
        """The text by trafilatura's fast mode, empty if it finds none."""
        return self._tries.text(is_fast=True)

    def thorough(self) -> str:
        """... by its default mode, after the fast one."""
        return self._tries.text(is_fast=False)

    @property
    def page(self) -> HtmlElement:
        """The page, without comments; not to be changed."""
        return self._tries.page


class _Calls:
    """Each try is a call of trafilatura."""

    def __init__(self, tree: HtmlElement, url: str | None) -> None:
        self.page, self._url = tree, url

    def text(self, *, is_fast: bool) -> str:
        found = trafilatura.extract(self.page, url=self._url, fast=is_fast, include_comments=False)
        return found or ""


class _Steps:
    """Each try is the steps that trafilatura takes."""

    def __init__(self, tree: HtmlElement, source: str) -> None:
        self._tree, self._source = tree, source
        self._is_forum = _FORUM in source and bool(core._forum_thread_page(tree))
        self._has_more = has_more(source)
        self._first: tuple[Any, str, bool] | None = None
        self._recalled: tuple[Any, str] | None = None
        self._length = 0
        self._is_used = False

    @cached_property
    def page(self) -> HtmlElement:
        """The page as trafilatura has it before it cleans copies of it."""
        tree = parse_page(self._source)
        _lighten(tree)
        drop_others(tree, is_forum=self._is_forum, has_more=self._has_more)
        return tree

    @cached_property
    def _readable(self) -> tuple[Any, str]:
        """What readability takes for the article."""
        found = external.try_readability(copy(self.page))
        text = etree.tostring(found, method="text", encoding="utf-8").decode("utf-8")
        return found, external.trim(text)

    @cached_property
    def _rescued(self) -> tuple[Any, str]:
        """... and justext."""
        options = _options(is_fast=False)
        body, text = core.justext_rescue(core.tree_cleaning(copy(self.page), options), options)
        return body, text

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
        body, text = self._main(options)
        if not is_fast:
            body, text = self._compared(body, text, options)
        if len(text) < options.min_extracted_size:
            whole, whole_text, size = core.baseline(self.page)
            if size > len(text):
                body, text = whole, whole_text
        if 0 < len(text) < core.ESCALATION_MAX_LENGTH and self._is_little(text):
            return self._escalated(body, text, options, is_fast=is_fast)
        return body, text

    def _main(self, options: Any) -> tuple[Any, str]:
        """The main text: by both modes the same, unless there is little of it."""
        if not self._is_used:
            self._is_used = True
            self._length = length(self._tree)
            self._first = content(self._cleaned(self._tree, options), options)
        if self._first is not None and (options.fast or self._first[2]):
            return self._first[:2]
        body, text = core.extract_content(self._cleaned(copy(self.page), options), options)
        return body, text

    def _cleaned(self, tree: HtmlElement, options: Any) -> HtmlElement:
        return cleaned(tree, options, is_forum=self._is_forum, has_more=self._has_more)

    def _compared(self, body: Any, text: str, options: Any) -> tuple[Any, str]:
        """The text, or what other algorithms find instead: its `compare_extraction`."""
        if options.focus == "recall" and len(text) > 10 * options.min_extracted_size:
            return body, text
        summary, summary_text = self._readable
        is_other = external._prefer_readability(
            body, summary, summary_text, len(text), len(summary_text), options
        )
        if is_other:
            body, text = deepcopy(summary), summary_text
        is_unclean = bool(body.xpath(external.SANITIZED_XPATH))
        if is_unclean or len(text) < options.min_extracted_size:
            rescued, rescued_text = self._rescued
            least = len(text) / external.JUSTEXT_OVERRIDE_RATIO if is_unclean else len(text) + 1
            if rescued_text and len(rescued_text) >= least:
                return rescued, rescued_text
        return external.sanitize_tree(body, options) if is_other else (body, text)

    def _is_little(self, text: str) -> bool:
        """Whether a text is little of its page."""
        return bool(characters(text) < core.ESCALATION_PAGE_SHARE * self._length)

    def _escalated(self, body: Any, text: str, options: Any, *, is_fast: bool) -> tuple[Any, str]:
        """What more the "recall" mode finds, and justext, if it is much more."""
        recalled: tuple[Any, str] = None, ""
        rescued: tuple[Any, str] = None, ""
        with suppress(*LIBRARY_ERRORS):  # as there
            recalled = self._recall(is_fast=is_fast)
        if not is_fast:
            with suppress(*LIBRARY_ERRORS):
                rescued = core.justext_rescue(copy(self.page), options)
        size = len(text)
        if len(rescued[1]) > max(len(recalled[1]), core.ESCALATION_JUSTEXT_RATIO * size):
            return rescued
        if (
            len(recalled[1]) >= options.min_extracted_size
            and len(recalled[1]) > core.ESCALATION_ACCEPT_RATIO * size
        ):
            return recalled
        return body, text

    def _recall(self, *, is_fast: bool) -> tuple[Any, str]:
        options = _options(is_fast=is_fast, is_recall=True)
        if self._recalled is None:
            tree = core.tree_cleaning(copy(self.page), options)
            self._recalled = core.extract_content(core.convert_tags(tree, options), options)
        body, text = self._recalled
        return (body, text) if is_fast else self._compared(body, text, options)


def _lighten(tree: HtmlElement) -> None:
    """Take out what is never text before trafilatura copies the page: .92 of its time.

    Of 1,284 pages one gives another text, with fewer sentences broken at links.
    """
    etree.strip_elements(tree, *_NEVER_TEXT, with_tail=False)
    for script in list(tree.iter("script")):
        if "ld+json" not in (script.get("type") or "").lower():
            script.drop_tree()


@lru_cache(maxsize=4)
def _options(*, is_fast: bool, is_recall: bool = False) -> Any:
    return core.Extractor(fast=is_fast, recall=is_recall, comments=False)
