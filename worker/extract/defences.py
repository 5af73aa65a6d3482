"""What is checked before a parser sees a page, and what is cut out of what leaves it.

The caps follow measurements on lxml 6.1 and trafilatura 2.3: a tag with 20k attributes costs 3 s
and one with 80k over a minute, inside C where no signal is heard; 100k paragraphs cost over a
minute; a JSON-LD script of 160 kB can cost trafilatura's author pattern over a minute. What stays
under the caps is done within about a second.
"""

from __future__ import annotations

import re
import unicodedata

from lxml.etree import LxmlError

from worker.domain import Outcome
from worker.errors import ParseError

MAX_PAGE_BYTES = 2_000_000
MAX_PAGE_CHARACTERS = 2_000_000
MAX_ATTRIBUTES = 500
"""Attributes of one tag."""
MAX_TAGS = 30_000
"""Start tags of a page. The longest live blogs and comment threads seen have 20,000."""

LIBRARY_ERRORS: tuple[type[Exception], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    LxmlError,
    MemoryError,
    NameError,
    RuntimeError,  # with RecursionError
    SyntaxError,
    TypeError,
    ValueError,  # with UnicodeError
    re.error,
)
"""Everything a parsing library was seen to raise on bad input.

Named one by one: `except Exception` would also eat a task queue's soft time limit, which is an
`Exception` raised into whatever code happens to run.
"""

_SMALLEST_COSTLY_TAG = 2 * MAX_ATTRIBUTES  # "<p a b c": two characters an attribute
# As libxml2 reads a tag: a quote opens a value only after "=". Possessive, so linear.
_TAG_BODY = r"(?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')?)*+>?"
_RAW = "script|style|title|textarea|xmp|iframe|noembed|noframes"  # no tags within, only text
_MARKUP = re.compile(
    rf"<(?:!--|(?P<raw>{_RAW})(?=[\s/>]){_TAG_BODY}|[a-z]{_TAG_BODY})", re.I | re.A
)
# Text, end tags, and start tags whose values are closed and whose rest is 16 stretches of 60
# characters at most: no room for over 480 attributes. Nine tags in ten, passed over in C, some
# hundred at a time, which bounds the memory that a pattern takes which may go back. Its groups are
# not possessive: Python 3.11.2 goes on from the wrong place where such a group fails half way.
_HARMLESS = re.compile(
    rf"(?:[^<]++|<(?![a-z]|!--)|<(?!(?:{_RAW})[\s/>])[a-z][^\s/>=]{{0,60}}+(?=[\s/>])"
    r"(?:[^>=]{1,60}+(?<=[\w-])=(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'=]++(?=[\s>]))){0,15}"
    r"[^>=]{0,60}+>){1,500}",
    re.I | re.A,
)
_RAW_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.I | re.A) for name in _RAW.split("|")}
_COMMENT_END = re.compile(r"--!?>")
_NAME = re.compile(r"<[^\s/>]++")
# A name may begin with "=", but what follows it then is no value.
_ATTRIBUTE = re.compile(
    r"(?:=[^\s=/>]*+|[^\s=/>]++)(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>]*+))?", re.A
)
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u2060\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")


def check_size(body: bytes) -> None:
    """Refuse a page that is too long to be parsed.

    Raises:
        ParseError: TOO_LARGE.
    """
    if len(body) > MAX_PAGE_BYTES:
        raise ParseError(Outcome.TOO_LARGE, f"page of {len(body)} bytes, cap {MAX_PAGE_BYTES}")


def check_markup(html: str) -> str:
    """Refuse markup that makes a parser slow: one pass over the text, linear in its length.

    Returns:
        The page without what is in its scripts and styles, which is two fifths of a page and a
        fifth of the time of parsing it; JSON-LD is left.

    Raises:
        ParseError: TOO_COMPLEX, for a tag with over `MAX_ATTRIBUTES` attributes or a page with
            over `MAX_TAGS` tags; TOO_LARGE, over `MAX_PAGE_CHARACTERS`.
    """
    if len(html) > MAX_PAGE_CHARACTERS:
        raise ParseError(Outcome.TOO_LARGE, f"page of {len(html)} characters")
    tags = position = kept = 0
    pieces = []
    is_counted = html.count("<") > MAX_TAGS
    while True:
        if not is_counted and (harmless := _HARMLESS.match(html, position)):
            position = harmless.end()
            continue
        if not (found := _MARKUP.search(html, position)):
            pieces.append(html[kept:])
            return "".join(pieces)
        position = found.end()
        if found[0] == "<!--":
            end = _COMMENT_END.search(html, found.start() + 2)  # "<!-->" is one, too
            position = end.end() if end else len(html)
            continue
        tags += 1
        if position - found.start() > _SMALLEST_COSTLY_TAG:
            _check_attributes(html[found.start() : position])
        if found["raw"] and not found[0].endswith("/>"):
            start, name = position, found["raw"].lower()
            end = _RAW_END[name].search(html, position)
            position = end.start() if end else len(html)
            if end and _is_idle(name, found[0]) and html.find("<!--", start, position) < 0:
                pieces.append(html[kept:start])
                kept = position
        if tags > MAX_TAGS:
            raise ParseError(Outcome.TOO_COMPLEX, f"over {MAX_TAGS} tags")


def _is_idle(name: str, tag: str) -> bool:
    """Whether nothing reads what is in an element; a comment in it may hide where it ends."""
    return name == "style" or (name == "script" and "ld+json" not in tag.lower())


def _check_attributes(tag: str) -> None:
    name = _NAME.match(tag)
    for count, _ in enumerate(_ATTRIBUTE.finditer(tag, name.end() if name else 0), start=1):
        if count > MAX_ATTRIBUTES:
            raise ParseError(Outcome.TOO_COMPLEX, f"a tag with over {MAX_ATTRIBUTES} attributes")


def clean_text(text: str) -> str:
    """Return text as the store takes it: NFC, no control characters, no surrogates.

    Tab and line feed stay; every other line end becomes a line feed. Joiners (U+200C, U+200D) and
    the zero-width space stay: Persian, Indic, Thai and Khmer words need them.
    """
    if not text.replace("\n", "").isprintable():  # which nothing is that has to go
        text = _UNWANTED.sub("", _LINE_ENDS.sub("\n", text))
    return unicodedata.normalize("NFC", text)


def one_line(text: str, cap: int) -> str:
    """Return cleaned text on one line, at most `cap` characters long, cut at a space if it can."""
    line = " ".join(clean_text(text[: 20 * cap]).split())
    if len(line) <= cap:
        return line
    cut = line[: cap - 1]
    head, space, _ = cut.rpartition(" ")
    return (head if space and len(head) > cap // 2 else cut) + "…"
