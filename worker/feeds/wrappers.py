"""Links that wrap another link, and search feeds whose links say nothing."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

from worker.domain import Failure, Outcome
from worker.errors import FetchError

# Host (without www.) -> path -> the parameters that may hold the target.
_WRAPPERS: Final = {
    "bing.com": ("/news/apiclick.aspx", ("url",)),
    "google.com": ("/url", ("url", "q")),  # Google Alerts
}
# Until 2024-07 the last part of a Google News link was Base64 of a protocol buffer that held the
# address: 08 13 (field 1: 19), 22 (field 4, a string), its length, the address. Today the string is
# a key that only Google can read.
_GOOGLE_NEWS_PATH = re.compile(r"/(?:rss/)?(?:articles|read)/([A-Za-z0-9_-]{8,3000})=*/?")
_GOOGLE_NEWS_HEAD: Final = b"\x08\x13\x22"
_CHURNING_HOSTS: Final = frozenset({"news.google.com"})


def unwrap(url: str) -> str:
    """Return the address that a link of Bing News, Google Alerts or Google News wraps.

    Offline, so links of Google News made since 2024-07 stay as they are: see `refuse_opaque`.
    """
    for _ in range(3):
        inner = _inner(url)
        if inner is None:
            return url
        url = inner
    return url


def refuse_opaque(url: str) -> None:
    """Refuse to fetch a link that only a browser can follow, and say so.

    Its page holds a script and no article; asking for it tells nothing and brings a 429 after some
    15 of them. What the feed says of the article is kept.

    Raises:
        FetchError: WRAPPED, if it is one.
    """
    if is_opaque(url):
        detail = "a link of Google News that hides the article's address; the feed's text is kept"
        raise FetchError(url, Outcome.WRAPPED, Failure.SOFT, detail)


def is_opaque(url: str) -> bool:
    """Whether a link wraps an address that cannot be told offline."""
    parts = urlsplit(url)
    return parts.hostname == "news.google.com" and bool(_GOOGLE_NEWS_PATH.fullmatch(parts.path))


def is_churning(feed_url: str) -> bool:
    """Whether ids and links of a feed change at every fetch, so that neither tells an entry."""
    return _host(feed_url) in _CHURNING_HOSTS


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _inner(url: str) -> str | None:
    host = _host(url)
    if host == "news.google.com":
        return _in_google_news(url)
    path, names = _WRAPPERS.get(host, ("", ()))
    try:
        parts = urlsplit(url)
        if not path or parts.path.lower() != path:
            return None
        query = parse_qs(parts.query, max_num_fields=50)
    except ValueError:
        return None
    targets = (target for name in names for target in query.get(name, ()))
    return next((t for t in targets if _is_http(t)), None)


def _in_google_news(url: str) -> str | None:
    """Read the address out of a link of the old form; None for any other."""
    found = _GOOGLE_NEWS_PATH.fullmatch(urlsplit(url).path)
    if found is None:
        return None
    try:
        packed = base64.urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4))
    except (binascii.Error, ValueError):
        return None
    if not packed.startswith(_GOOGLE_NEWS_HEAD):
        return None
    length, start = _varint(packed, len(_GOOGLE_NEWS_HEAD))
    target = packed[start : start + length]
    if len(target) < length or not target.isascii():
        return None
    text = target.decode("ascii")
    return text if _is_http(text) else None


def _varint(packed: bytes, start: int) -> tuple[int, int]:
    """Return the number at `start`, of one or two bytes, and where it ends."""
    first, second = (packed[start : start + 2] + b"\0\0")[:2]
    return (first, start + 1) if first < 128 else (first - 128 + second * 128, start + 2)


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and url.isprintable()
