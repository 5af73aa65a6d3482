"""An address in its parts: read strictly, so that no two readers see different hosts in it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address

import idna
from tld import get_fld

from worker.domain import Outcome
from worker.errors import ParseError

MAX_URL_LENGTH = 2_048
"""Characters of a clean URL; the cap of the store. A raw URL may be longer by what is removed."""

_MAX_RAW_LENGTH = 4 * MAX_URL_LENGTH
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_KEY_START = re.compile(r"(?!https?:|[^/]*:/)(?:\[|\w)[^/]*/")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff]")
_HOST_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_AMP_CACHE = re.compile(r"/[acv]/(?:s/)?([^/]+)(/.*)?")
_AMP_VIEWER = re.compile(r"/amp/(?:s/)?([^/]+\.[^/]+)(/.*)?")


@dataclass(frozen=True, slots=True)
class Address:
    """An http(s) address: ASCII host in lower case, path and query as they were found."""

    scheme: str
    host: str
    port: str
    path: str
    query: str

    @property
    def netloc(self) -> str:
        """Host and port, an IPv6 address in its brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host


def bad_url(problem: str) -> ParseError:
    """Return the error for an address that cannot be used."""
    return ParseError(Outcome.BAD_URL, problem)


def _host(raw: str) -> str:
    """Return a host in its ASCII form, lower case; an IPv6 address without brackets."""
    if raw.startswith("["):
        try:
            return IPv6Address(raw[1:-1]).compressed if raw.endswith("]") else ""
        except ValueError as error:
            raise bad_url("host is no IPv6 address") from error
    host = unicodedata.normalize("NFC", raw).lower().rstrip(".")
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError, IndexError) as error:
            raise bad_url("host is no domain name") from error
    if len(host) > 253 or not all(_HOST_LABEL.fullmatch(label) for label in host.split(".")):
        raise bad_url("host is no domain name")
    return host


def _authority(raw: str) -> tuple[str, str]:
    """Split an authority into host and port, and refuse user information."""
    if "@" in raw:
        raise bad_url("user information in the address")
    bracket = raw.rfind("]")
    colon = raw.rfind(":")
    host, port = (raw[:colon], raw[colon + 1 :]) if colon > bracket else (raw, "")
    if port and not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535):
        raise bad_url("port is no number up to 65535")
    return _host(host), str(int(port)) if port else ""


@lru_cache(maxsize=64)
def split_address(url: str, *, scheme_needed: bool) -> Address:
    """Split without the tolerance of `urllib.parse`, which parsers of other tools do not share.

    Args:
        url: as found.
        scheme_needed: whether a key ("host/path") is refused.

    Raises:
        ParseError: BAD_URL.
    """
    url = url.strip()
    if len(url) > _MAX_RAW_LENGTH:
        raise bad_url(f"longer than {MAX_URL_LENGTH} characters")
    if _FORBIDDEN.search(url):
        raise bad_url("control character, backslash or surrogate in the address")
    scheme_match = _SCHEME.match(url)
    scheme = scheme_match[1].lower() if scheme_match else ""
    if scheme in ("http", "https") and url[len(scheme) + 1 :].startswith("//"):
        rest = url[len(scheme) + 3 :]
    elif not scheme_needed and _KEY_START.match(url):
        scheme, rest = "", url
    else:
        raise bad_url("no http or https address")
    rest = rest.partition("#")[0]
    end = min((i for i in (rest.find("/"), rest.find("?")) if i >= 0), default=len(rest))
    host, port = _authority(rest[:end])
    if not host:
        raise bad_url("no host")
    path, _, query = rest[end:].partition("?")
    return Address(scheme, host, port, path or "/", query)


def unwrap_amp_cache(parts: Address) -> Address:
    """Turn google.com/amp/s/HOST/PATH and *.cdn.ampproject.org/c/s/HOST/PATH into HOST/PATH."""
    for _ in range(3):
        is_cache = parts.host.endswith(".cdn.ampproject.org")
        is_viewer = re.fullmatch(r"(www\.)?google(\.[a-z]{2,3}){1,2}", parts.host)
        pattern = (
            r"/[acv]/(?:s/)?([^/]+)(/.*)?" if is_cache else r"/amp/(?:s/)?([^/]+\.[^/]+)(/.*)?"
        )
        found = re.fullmatch(pattern, parts.path) if is_cache or is_viewer else None
        if not found:
            break
        try:
            host, port = _authority(found[1])
        except ParseError:
            break
        if not host:
            break
        parts = Address(parts.scheme, host, port, found[2] or "/", parts.query)
    return parts


@lru_cache(maxsize=4096)
def registrable_domain(host: str) -> str:
    """Return the registrable domain of a host by the public suffix list that `tld` bundles.

    Args:
        host: ASCII, lower case.

    Returns:
        For instance "example.co.uk"; the host itself where it has none (an address, localhost).
    """
    if ":" in host:
        return host
    found = get_fld(f"http://{host}/", fail_silently=True)
    return found if isinstance(found, str) else host
