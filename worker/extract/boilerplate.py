"""Walls and notices that no list knows: one text on many addresses of a host is no article.

Consent and paywall texts are taken for articles otherwise (trafilatura #569). A copy of an article
under further addresses (sections, print) has one title; a wall stands before articles of many.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from worker.records import PageTwin

MIN_ADDRESSES: Final = 3


def boilerplate_twins(url: str, pages: Iterable[PageTwin]) -> tuple[PageTwin, ...]:
    """Return the pages of the same host that show that a page's text is no article's.

    Args:
        url: of the page.
        pages: all that have the same text, on whatever host; the page itself may be among them.

    Returns:
        At least three with different addresses and different titles; else none.
    """
    host = _host(url)
    twins = tuple(page for page in pages if _host(page.url) == host)
    addresses = {page.url for page in twins}
    titles = {" ".join(page.title.casefold().split()) for page in twins}
    return twins if min(len(addresses), len(titles)) >= MIN_ADDRESSES else ()


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
