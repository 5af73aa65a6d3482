"""Three questions about a URL: how to show and fetch it, what it is unique by, whom to believe.

`clean_url` keeps the meaning: its result is safe to fetch. `url_key` is lossy: two URLs with one
key are one article, and the key itself is never fetched. Both raise `ParseError(BAD_URL)` on
whatever is no absolute http(s) address, and nothing else, whatever the string.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote

from worker.errors import ParseError
from worker.extract.address import (
    MAX_URL_LENGTH,
    Address,
    bad_url,
    registrable_domain,
    split_address,
    unwrap_amp_cache,
)
from worker.extract.trackers import is_tracker, is_variant

_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~"
_SEGMENT_SAFE = "!$&'()*+,:;=@~-._"
_QUERY_SAFE = "!$'()*,/:;@~?-._"
_VARIANT_SEGMENTS = frozenset({"amp", "print", "printable", "print-view", "printview", "amphtml"})
_VARIANT_LABELS = re.compile(r"(?:www\d{0,2}|m|amp|mobile)")
_INDEX_PAGE = re.compile(
    r"(?:index|default)\.(?:html?|php\d?|aspx?|jsp|shtml|cfm)|(?:amp|print)\.(?:html?|php|aspx?)",
    re.IGNORECASE,
)
_AMP_SUFFIX = re.compile(r"\.(?:amp|print)(?=(?:\.html?)?$)", re.IGNORECASE)
_SESSION = re.compile(r";(?:jsessionid|phpsessid)=[^/;]*", re.IGNORECASE)


def _parameters(query: str) -> list[tuple[str, str, str]]:
    """Return (raw, name, value) of each parameter that is no tracker, in order."""
    kept = []
    for raw in query.replace("&amp;", "&").split("&"):
        name, _, value = raw.partition("=")
        if raw and not is_tracker(name.strip()):
            kept.append((raw, name, value))
    return kept


@lru_cache(maxsize=256)
def clean_url(url: str) -> str:
    """Return the URL to show and to fetch.

    Tracking parameters, fragment and default port are removed; the host is lower-case ASCII
    (IDNA); what may not stand in a URL is percent-encoded. Everything else stays as it was.
    Idempotent.

    Args:
        url: an absolute http or https address, as found.

    Returns:
        An ASCII address of at most `MAX_URL_LENGTH` characters.

    Raises:
        ParseError: BAD_URL, when it is no absolute http(s) address, holds user information,
            a control character or a backslash, or is too long.
    """
    parts = split_address(url, scheme_needed=True)
    default = {"http": "80", "https": "443"}[parts.scheme]
    if parts.port == default:
        parts = Address(parts.scheme, parts.host, "", parts.path, parts.query)
    query = "&".join(raw for raw, _, _ in _parameters(parts.query))
    tail = _ESCAPE.sub("%25", parts.path + ("?" + query if query else ""))
    cleaned = f"{parts.scheme}://{parts.netloc}{quote(tail, safe=_URL_SAFE)}"
    if len(cleaned) > MAX_URL_LENGTH:
        raise bad_url(f"longer than {MAX_URL_LENGTH} characters")
    return cleaned


def _normal(escaped: str, safe: str) -> str:
    """Give a piece of a URL its one spelling: NFC, escapes only where they are needed."""
    raw = bytearray()
    data = escaped.encode("utf-8")
    position = 0
    while position < len(data):
        piece = data[position : position + 3]
        if piece[:1] == b"%" and re.fullmatch(rb"%[0-9a-fA-F]{2}", piece):
            raw.append(int(piece[1:], 16))
            position += 3
        else:
            raw += piece[:1]
            position += 1
    try:
        text = unicodedata.normalize("NFC", raw.decode("utf-8"))
    except UnicodeDecodeError:  # Latin-1 or Shift_JIS escapes: keep the bytes
        return quote(bytes(raw), safe=safe)
    return quote(text, safe=safe)


def _key_host(host: str) -> str:
    """Drop www., m., amp. and mobile. labels left of the registrable domain."""
    domain = registrable_domain(host)
    prefix = host.removesuffix(domain).rstrip(".")
    labels = [x for x in prefix.split(".") if x and not _VARIANT_LABELS.fullmatch(x)]
    return ".".join([*labels, domain])


def _key_segments(path: str) -> list[str]:
    """Return the segments of a path that name the article."""
    path = _SESSION.sub("", path)
    collapsed = posixpath.normpath("/" + re.sub(r"/+", "/", path))
    segments = [_normal(x, _SEGMENT_SAFE) for x in collapsed.split("/") if x not in ("", ".", "..")]
    while segments:
        last = segments[-1]
        if _INDEX_PAGE.fullmatch(last) or last.lower() in _VARIANT_SEGMENTS:
            segments.pop()
        elif segments[0].lower() in ("amp", "print") and len(segments) > 1:
            segments.pop(0)
        elif (shorter := _AMP_SUFFIX.sub("", last)) != last and shorter:
            segments[-1] = shorter
        else:
            break
    return segments


def _key_query(query: str) -> str:
    pairs = set()
    for _, name, value in _parameters(query):
        if value or not is_variant(name, ""):
            plain_name, plain_value = _normal(name, _QUERY_SAFE), _normal(value, _QUERY_SAFE)
            if plain_name and not is_variant(plain_name, plain_value):
                pairs.add((plain_name, plain_value))
    pairs = {pair for pair in pairs if not is_tracker(pair[0])}
    return "&".join(f"{name}={value}" if value else name for name, value in sorted(pairs))


def url_key(url: str) -> str:
    """Return the lossy normal form by which articles are unique.

    Gone are the scheme, `www.`/`m.`/`amp.`/`mobile.` labels, ports 80 and 443, trailing slash,
    index page, AMP and print variants, session ids, tracking parameters, the order of
    parameters and the fragment; escapes and Unicode have one spelling. The path keeps its case.
    Idempotent: a key is its own key.

    Args:
        url: an absolute http or https address, or a key.

    Returns:
        "host/path?query", ASCII, always with the slash after the host.

    Raises:
        ParseError: BAD_URL, as `clean_url`.
    """
    parts = unwrap_amp_cache(split_address(url, scheme_needed=False))
    port = "" if parts.port in ("80", "443") else parts.port
    netloc = Address("", _key_host(parts.host), port, "", "").netloc
    query = _key_query(parts.query)
    key = f"{netloc}/{'/'.join(_key_segments(parts.path))}" + (f"?{query}" if query else "")
    if len(key) > MAX_URL_LENGTH:
        raise bad_url(f"longer than {MAX_URL_LENGTH} characters")
    return key


def _names_an_article(segments: list[str], query: str) -> bool:
    """Tell whether a path looks like one article's: an id, a date or a slug of several words."""
    if query:
        return True
    if not segments:
        return False
    last = segments[-1]
    return (
        bool(re.search(r"\d{3}", last)) or last.count("-") + last.count("_") >= 2 or len(last) > 40
    )


def is_plausible_canonical(page_url: str, canonical: str) -> bool:
    """Tell whether a page may be believed when it declares its canonical URL.

    Believed are absolute http(s) addresses on the same registrable domain. Not believed is a
    front page or section page declared by a page deeper down, nor an address without the query
    that the page needs: sites with a broken template would melt into one article.

    Args:
        page_url: where the page came from, after redirects.
        canonical: what it declares, absolute.

    Returns:
        Whether to take `canonical` for the article's address. Never raises.
    """
    try:
        if clean_url(canonical) == clean_url(page_url) or url_key(canonical) == url_key(page_url):
            return True
        page = unwrap_amp_cache(split_address(page_url, scheme_needed=True))
        target = split_address(canonical, scheme_needed=True)
    except ParseError:
        return False
    if registrable_domain(page.host) != registrable_domain(target.host):
        return False
    page_segments, segments = _key_segments(page.path), _key_segments(target.path)
    page_query, query = _key_query(page.query), _key_query(target.query)
    if segments == page_segments and page_query and not query:
        # /article.php?id=5 -> /article.php loses the id; /story-123?page=2 -> /story-123 does not
        return _names_an_article(segments, "")
    if not segments and not query:
        return not page_segments and not page_query
    return len(segments) >= max(len(page_segments), 1) or _names_an_article(segments, query)
