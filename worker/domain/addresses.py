"""The one spelling of a feed's address, so that a feed is known however somebody writes it."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import quote

_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}
# What RFC 3986 lets stand unescaped in a path and a query; "%" so that escapes stay as they are.
_KEEP: Final = "%/:@!$&'()*+,;=?~-._"
_FEED_SCHEME: Final = re.compile(r"feed:(?=https?://)|feed(?=://)", re.IGNORECASE)
# What no address may hold stays in it, to be seen and refused; see worker/fetch/guard.py.
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")
_URL: Final = re.compile(r"(https?)://([^/?#@]+)((?:[/?][^#]*)?)", re.IGNORECASE)
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:]+)(?::([0-9]{0,5}))?")


def feed_url(url: str) -> str:
    """Write a feed's address the one way in which it is stored and asked for.

    Blanks around it and the fragment are gone, scheme and host are in lower case and ASCII, the
    default port is left out, an empty path is "/", and what may not stand in an address is
    escaped: two spellings are one feed if they make the same request. `feed://HOST/...` and
    `feed:https://...`, by which pages hand addresses to feed readers, mean http(s). Idempotent.

    Args:
        url: as somebody wrote it.

    Returns:
        Its one spelling; what is no http(s) address stays as it is but for blanks around it, to be
        refused by whoever fetches. Never raises.
    """
    url = url.strip()
    whole = _FEED_SCHEME.sub(lambda found: "" if found[0].endswith(":") else "http", url, count=1)
    parts = _URL.fullmatch(whole.partition("#")[0])
    authority = _AUTHORITY.fullmatch(parts[2]) if parts else None
    if parts is None or authority is None or _FORBIDDEN.search(whole):
        return url
    scheme = parts[1].lower()
    port = str(int(authority[2])) if authority[2] else ""
    try:
        host = _host(authority[1])
        target = quote(parts[3], safe=_KEEP)
    except ValueError:  # no host that anybody could ask, or a lone surrogate
        return url
    path = target if target.startswith("/") else f"/{target}"
    return f"{scheme}://{host}{'' if port in ('', _DEFAULT_PORTS[scheme]) else f':{port}'}{path}"


def _host(raw: str) -> str:
    if raw.startswith("["):
        return f"[{IPv6Address(raw[1:-1])}]"
    # IDNA 2003 of the standard library, as the address guard reads a host
    return raw.encode("idna").decode("ascii").lower().removesuffix(".")
