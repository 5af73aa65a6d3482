"""Page -> `ExtractedArticle`: the door of the room.

Bytes are measured, decoded, checked, parsed once; trafilatura takes the text in its fast mode,
and again in its default mode where that gives little, or another text than what the page says of
its article (.79 of the default's time at its quality); the page's own statements give the rest.
"""

from __future__ import annotations

import logging
import re
from datetime import datetime

from worker.domain import ExtractedArticle, Outcome
from worker.errors import ParseError
from worker.extract.decoding import charset_of, decode_page
from worker.extract.defences import (
    LIBRARY_ERRORS,
    check_markup,
    check_size,
    clean_text,
    one_line,
)
from worker.extract.doubt import Doubt
from worker.extract.metadata import MAX_TITLE, PageMetadata, read_metadata
from worker.extract.parsing import parse_page
from worker.extract.quicker import quicken_trafilatura
from worker.extract.residue import drop_residue
from worker.extract.stopwords import share_stop_words
from worker.extract.tries import Tries
from worker.extract.wall import name_wall

ENOUGH_TEXT = 1_000
"""Characters; with fewer from the fast mode, the default mode has a try.

On trafilatura's own 990 evaluation pages F1 is .9204 for the fast mode and .9261 for the default
mode; two tiers give .9246 at 600 characters and .9264 at 1,000, where 12% of the pages are tried
twice (both with `drop_residue`, which is worth .0009).
"""

_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype|html|head|body)", re.I | re.S
)
_ANY_MARKUP = re.compile(r"<(?:html|head|body|div|p|article|title|meta|br)[\s>/]", re.IGNORECASE)
_NOT_TEXT = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"RIFF")
_TEXT_TYPES = ("", "text/html", "application/xhtml+xml", "text/plain", "text/markdown")
_LOOSE_TYPES = ("application/xml", "text/xml", "application/octet-stream", "binary/octet-stream")

quicken_trafilatura()
share_stop_words()

# Their warnings on bad pages are our outcomes; a log line a page would say it twice.
for _name in ("trafilatura", "htmldate", "justext", "courlan", "charset_normalizer"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


def extract_article(
    body: bytes,
    *,
    url: str | None = None,
    content_type: str = "",
    charset: str | None = None,
    now: datetime,
    is_dated: bool = False,
) -> ExtractedArticle:
    """Extract the article of a page, or of a plain text.

    Args:
        body: the bytes, without content encoding.
        url: where they came from, after redirects; makes relative canonical links absolute and
            implausible ones go.
        content_type: the Content-Type header, with or without its parameters.
        charset: the header's charset, if the caller has split it off.
        now: aware; a date of publication more than two days later is dropped.
        is_dated: the date is known from elsewhere: the page's words are not searched for one, only
            what it declares is read. That search is a seventh of the time of a page without a date.

    Returns:
        The article; text in NFC without control characters, paragraphs separated by a blank line.

    Raises:
        ParseError: NO_TEXT (nothing readable), BLOCKED (a bot wall or consent wall), TOO_LARGE,
            TOO_COMPLEX, or FAILED (a library gave up).
    """
    check_size(body)
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in _TEXT_TYPES + _LOOSE_TYPES or body.startswith(_NOT_TEXT):
        raise ParseError(Outcome.NO_TEXT, f"not a page: {media_type or 'binary'}")
    text = decode_page(body, charset or charset_of(content_type))
    if not text.strip("\x00\ufffd \t\r\n\ufeff"):
        raise ParseError(Outcome.NO_TEXT, "an empty page")
    is_plain = media_type in ("text/plain", "text/markdown") or not _ANY_MARKUP.search(text)
    if is_plain and not _HTML.match(text):
        return _plain_article(text)
    light = check_markup(text)
    try:
        return _html_article(text, light, url=url, now=now, is_dated=is_dated)
    except LIBRARY_ERRORS as error:
        raise ParseError(Outcome.FAILED, f"{type(error).__name__}: {error}"[:300]) from error


def _plain_article(text: str) -> ExtractedArticle:
    """Take a plain text: a short first line followed by a blank line is its title."""
    paragraphs = _paragraphs(text, at=r"\n[ \t]*\n")
    if len(paragraphs) == 1:
        paragraphs = _paragraphs(text, at="\n")
    title = ""
    if len(paragraphs) > 1 and len(paragraphs[0]) <= 250:
        title, paragraphs = paragraphs[0], paragraphs[1:]
    if not any(any(map(str.isalnum, paragraph)) for paragraph in paragraphs):
        raise ParseError(Outcome.NO_TEXT, "a text without words")
    return ExtractedArticle(
        title=one_line(title, MAX_TITLE), text="\n\n".join(paragraphs), method="plain-text"
    )


def _paragraphs(text: str, *, at: str) -> list[str]:
    pieces = re.split(at, clean_text(text))
    return [line for piece in pieces if (line := " ".join(piece.split()))]


def _html_article(
    html: str, light: str, *, url: str | None, now: datetime, is_dated: bool
) -> ExtractedArticle:
    tree = parse_page(light)
    if tree is None:
        raise ParseError(Outcome.NO_TEXT, "no HTML")
    metadata = read_metadata(tree, url=url, now=now, is_dated=is_dated)
    tries = Tries(tree, light, url)
    method, paragraphs = _text(tries, metadata)
    text = "\n\n".join(drop_residue(paragraphs, metadata.title))
    if wall := name_wall(metadata.title, text, html):
        raise ParseError(wall, "a bot wall or consent wall")
    if not any(map(str.isalnum, text)):
        raise ParseError(Outcome.NO_TEXT, "no article text on the page")
    return ExtractedArticle(
        title=metadata.title,
        text=text,
        language=metadata.language,
        published_at=metadata.published_at,
        author=metadata.author,
        site=metadata.site,
        canonical_url=metadata.canonical_url,
        method=method,
    )


def _text(tries: Tries, metadata: PageMetadata) -> tuple[str, list[str]]:
    """Return the method and the paragraphs of the text."""
    text = tries.fast()
    method = "trafilatura-fast"
    doubt = Doubt(lambda: tries.page, metadata)
    is_short = len(text) < ENOUGH_TEXT
    if is_short or doubt.falls_on(text):
        slow = tries.thorough()
        if len(slow) >= len(text) if is_short else doubt.prefers(slow, text):
            text, method = slow, "trafilatura"
    paragraphs = _paragraphs(text, at="\n")
    if len(text) < ENOUGH_TEXT and len(metadata.body) > 2 * len(text):
        return "json-ld", _paragraphs(_without_tags(metadata.body), at=r"\n|\s{3,}")
    return method, paragraphs


def _without_tags(text: str) -> str:
    return re.sub(r"<[^<>]{1,500}>", "\n", text)
