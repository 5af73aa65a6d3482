"""Links that wrap another link, and search feeds whose links say nothing."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlsplit

# Host (without www.) -> path -> the parameters that may hold the target.
_WRAPPERS: Final = {
    "bing.com": ("/news/apiclick.aspx", ("url",)),
    "google.com": ("/url", ("url", "q")),  # Google Alerts
}
_CHURNING_HOSTS: Final = frozenset({"news.google.com"})


def unwrap(url: str) -> str:
    """Return the address that a link of Bing News or Google Alerts wraps; others as they are.

    Offline: links of Google News are opaque since 2024-07 and stay.
    """
    for _ in range(3):
        inner = _inner(url)
        if inner is None:
            return url
        url = inner
    return url


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


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and url.isprintable()
