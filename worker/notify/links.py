"""Where a reader may be led to: addresses of articles, and passages on our own pages."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

_FRAGMENT = 60
"""Characters of a passage by which a browser finds it on the match's page."""


def safe_link(url: str | None) -> str | None:
    """An address that a person may be led to: http or https, a host, no user name, no tricks.

    Everything else (javascript:, data:, a scheme with a tab in it) is shown as text.
    """
    if not url or len(url) > 4096:
        return None
    if any(c == "\\" or c.isspace() or not c.isprintable() for c in url):
        return None
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        return None
    return url if is_web and parts.username is None and parts.password is None else None


def passage_address(match_id: int, passage: str) -> str:
    """Where a passage stands on a match's page; browsers that know text fragments show it at once.

    Args:
        match_id: of the article.
        passage: of its text.
    """
    start = " ".join(passage.rpartition("\n")[2].split())[:_FRAGMENT]
    words = start.rpartition(" ")[0] if len(start) == _FRAGMENT and " " in start[20:] else start
    return f"/matches/{match_id}#:~:text={quote(words, safe='').replace('-', '%2D')}"
