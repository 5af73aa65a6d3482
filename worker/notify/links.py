"""Which addresses of articles a reader may be led to."""

from __future__ import annotations

from urllib.parse import urlsplit


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
