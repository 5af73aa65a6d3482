"""Markup -> plain text, safely: what a feed says is never trusted to be what it claims.

Everything that leaves this room is NFC text without control characters, lone surrogates or markup.
"""

from __future__ import annotations

import re
import unicodedata
from html.entities import html5
from typing import Any, Final

from lxml import etree

from worker.feeds.defences import is_tame_markup

MAX_TITLE_CHARS: Final = 1_000
MAX_URL_CHARS: Final = 2_048
MAX_SUMMARY_CHARS: Final = 20_000
MAX_CONTENT_CHARS: Final = 200_000
MAX_MARKUP_CHARS: Final = 1_000_000
MAX_TAGS: Final = 50_000
"""In one piece of markup; a million took the parser .3 s."""

_BLOCK_NAMES: Final = (
    "address article aside blockquote center dd details div dl dt fieldset figcaption figure footer"
    " form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody td tfoot th thead"
    " tr ul"
)
_SILENT_NAMES: Final = (
    "script style template noscript head iframe object svg math applet audio canvas frameset"
    " noembed noframes video"
)
_INLINE_NAMES: Final = (
    "a abbr acronym b bdi bdo big body br cite code del dfn em font html i img ins kbd mark q s"
    " samp small span strike strong sub sup time tt u var wbr"
    " base basefont bgsound blink embed frame link marquee meta nobr picture"
)
_BLOCKS: Final = frozenset(_BLOCK_NAMES.split())
_SILENT: Final = frozenset(_SILENT_NAMES.split())
# Only names of HTML count as tags: "<3" and "List<String>" are text.
_TAG = re.compile(
    r"<(?=[/a-z!])(?:/?(?:"  # the look ahead spares most of "<<<<" a hundred names
    + "|".join(f"{_BLOCK_NAMES} {_SILENT_NAMES} {_INLINE_NAMES}".split())
    + r")\b|!--)",
    re.IGNORECASE,
)
_ANY_TAG = re.compile(r"<[^<>]*>")
_REFERENCE = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{1,31}));")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_SPACES = re.compile(r"\s+")
_BLANK_LINE = re.compile(r"\n[ \t\r\f\v]*+\n\s*+")
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]|$)")
_ISO3: Final = {
    "ara": "ar", "ces": "cs", "deu": "de", "ell": "el", "eng": "en", "fra": "fr", "hin": "hi",
    "ind": "id", "ita": "it", "jpn": "ja", "kor": "ko", "msa": "ms", "nld": "nl", "pol": "pl",
    "por": "pt", "rus": "ru", "spa": "es", "tha": "th", "tur": "tr", "ukr": "uk", "vie": "vi",
    "zho": "zh",
}  # fmt: skip


def clean(text: str) -> str:
    """Return text in NFC without control characters (tab and line breaks stay) or surrogates."""
    return unicodedata.normalize("NFC", _CONTROL.sub("", text))


def one_line(text: str, max_chars: int) -> str:
    """Return cleaned text with all white space folded, cut to `max_chars`."""
    return _SPACES.sub(" ", clean(text[: max_chars * 4])).strip()[:max_chars].rstrip()


def paragraphs(text: str, max_chars: int) -> str:
    """Return cleaned text as paragraphs separated by a blank line, cut to `max_chars`."""
    lines = (_SPACES.sub(" ", line).strip() for line in clean(text).split("\n"))
    return "\n\n".join(line for line in lines if line)[:max_chars].rstrip()


def decode_references(text: str) -> str:
    """Decode character references once; those without a semicolon stay ("?a=1&copy=2")."""
    return _REFERENCE.sub(_referred, text) if "&" in text else text


def to_text(markup: str) -> str:
    """Return the text of a piece of HTML, one line a block; references are decoded once.

    Never raises: what the HTML parser must not be given loses its tags by pattern instead.
    """
    markup = markup[:MAX_MARKUP_CHARS]
    if _TAG.search(markup) is None:
        return decode_references(_unwrapped(markup))
    if markup.count("<") <= MAX_TAGS and is_tame_markup(markup):
        try:
            return _by_parser(markup)
        except (etree.LxmlError, ValueError, AssertionError):
            pass
    return decode_references(_ANY_TAG.sub(" ", markup))


def plain_lines(text: str) -> str:
    """Return plain text one line a paragraph: line breaks within paragraphs become spaces."""
    return _unwrapped(text[:MAX_MARKUP_CHARS])


def language_code(value: object) -> str | None:
    """Return a declared language as ISO 639-1 ("vi" for "vi-VN"), or None."""
    match = _LANGUAGE.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    code = match[1].lower()
    return _ISO3.get(code) if len(code) == 3 else code


def _unwrapped(text: str) -> str:
    return "\n".join(_SPACES.sub(" ", part) for part in _BLANK_LINE.split(text))


def _referred(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        return html5.get(name + ";", match[0])
    code = int(decimal) if decimal else int(hexadecimal, 16)
    if 0x80 <= code <= 0x9F:  # Windows-1252 in disguise, as in HTML
        return bytes([code]).decode("cp1252", "replace")
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def _by_parser(markup: str) -> str:
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    root = etree.fromstring(f"<div>{clean(markup)}</div>".encode(), parser)
    if root is None:
        return ""
    pieces: list[str] = []
    silent_depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        name = _name(element)
        if event == "start":
            silent_depth += name in _SILENT
            if name in _BLOCKS:
                pieces.append("\n")
            if element.text and not silent_depth:
                pieces.append(_SPACES.sub(" ", element.text))
            continue
        silent_depth -= name in _SILENT
        if name in _BLOCKS or name == "br":
            pieces.append("\n")
        if element.tail and not silent_depth:
            pieces.append(_SPACES.sub(" ", element.tail))
    return "".join(pieces)


def _name(element: Any) -> str:
    return element.tag if isinstance(element.tag, str) else ""
