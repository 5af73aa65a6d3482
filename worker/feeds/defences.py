"""What is done to a feed before a parser sees it, so that no parser can be made to hang.

Measured with feedparser 6.0.14 and lxml 6.1.3: an element with 20,000 attributes takes 4 s and
80,000 over a minute (quadratic); `<author>` with 32,000 letters 19 s (a regular expression that
backtracks); `&#xD800;`, `&#x110000;` and an entity with a backslash raise errors that feedparser
does not catch (#599); 50,000 items take 18 s though 1,000 are kept. Every scan here is linear: no
pattern backtracks into what it has consumed. Groups are possessive only where none of their tries
fails half way, since Python 3.11.2, which is Debian 12's, then goes on from there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.entities import html5
from typing import Final
from xml.sax.saxutils import escape, unescape

from worker.domain import Outcome
from worker.errors import ParseError

MAX_FEED_BYTES: Final = 5_000_000
MAX_ATTRIBUTES: Final = 500
MAX_AUTHOR_CHARS: Final = 1_000
MAX_NAME_RUN: Final = 64
# feedparser takes 15 to 60 microseconds a tag and 3 a reference, and twice that for feeds that are
# not well-formed.
MAX_TAGS: Final = 100_000
# ... before topics and links are taken out; a feed of more would take .4 s to be refused.
MAX_RAW_TAGS: Final = 300_000
MAX_REFERENCES: Final = 600_000
# Nested relative bases grow with every level (4,000 of them took 4 minutes); of namespaces every
# one is looked through at every element.
MAX_RELATIVE_BASES: Final = 50
MAX_NAMESPACES: Final = 200
MAX_TOPICS: Final = 2_000
# Of an entry's links and their like only the first few are looked at. An entry with 99,000 of them
# took feedparser 3 to 5 s, three times as long on a busy machine.
MAX_LINKS_AN_ITEM: Final = 50
_MANY_TAGS: Final = 5_000
_TOO_MUCH: Final = "more markup than any honest feed has"

# A tag as HTML readers see it (quoted values may hold < and >). Possessive, so it is never tried
# again from the inside; an unclosed quote ends at the end of the text.
_LONG_TAG = re.compile(r"""<[A-Za-z](?:[^<>"']++|"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)){1,}+""")
# Tags as XML readers see them: in values there is no <, so a tag lies between two of them.
_QUOTED_ATTRIBUTE = re.compile(r"""[^\s"'<>/=]\s*+=\s*+["']""")
_ATTRIBUTE = re.compile(r"""[^\s"'=/]++(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s"']++))?""")
# Two characters are the least that an attribute takes.
_MIN_TAG_CHARS: Final = MAX_ATTRIBUTES * 2
_LONG_SEGMENT = re.compile(rf"<[^<]{{{_MIN_TAG_CHARS},}}+")

_REFERENCE = re.compile(r"&(?:#[xX]([0-9a-fA-F]++);|#([0-9]++);|([A-Za-z][A-Za-z0-9]{0,31}+);)?")
_CHARACTER_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]++)|([0-9]++));?")
_PROLOG = re.compile(
    r"\s++|<\?.*?\?>|<!--.*?-->"
    r"|<!DOCTYPE[^\[<>]*+(?:\[(?:[^\]\"']++|\"[^\"]*+\"|'[^']*+')*+\])?[^<>]*+>",
    re.DOTALL | re.IGNORECASE,
)
_ENTITY = re.compile(r"""<!ENTITY\s+([A-Za-z][A-Za-z0-9]{0,31})\s+["']([^"'<>&%]{0,100})["']\s*>""")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Lazy: three times as fast as a look ahead at each letter. What is never closed goes to the end.
_SECTION = r"<!\[CDATA\[(?:.*?\]\]>|.*+)|<!--(?:.*?-->|.*+)"
_SECTIONS = re.compile(f"({_SECTION})", re.DOTALL)
_ITEM = re.compile(
    _SECTION + r"|<(?P<close>/)?(?:[A-Za-z][\w.-]*+:)?(?:item|entry)(?=[\s/>])[^<>]*+>",
    re.DOTALL | re.IGNORECASE,
)
# The elements whose text feedparser gives to its expression for mail addresses.
_AUTHOR = re.compile(
    _SECTION + r"|<(?P<close>/)?(?:[A-Za-z][\w.-]*+:)?"
    r"(?P<name>author|creator|managingeditor|webmaster|publisher|owner)(?=[\s/>])[^<>]*+>",
    re.DOTALL | re.IGNORECASE,
)  # fmt: skip
_RELATIVE_BASE = re.compile(r"""base\s*+=\s*+(?!["']?+https?://)""", re.IGNORECASE)
_NAMESPACE = re.compile(r"""xmlns([\w.:-]*+)\s*+=\s*+["']?+([^"']*+)""", re.IGNORECASE)
_XML_ENTITIES: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
# The expression starts anew at every letter of such a run.
_NAME_RUN = re.compile(rf"[\w.+-]{{{MAX_NAME_RUN},}}+")
# Topics are not used here, and feedparser compares each of an item with all others.
_TOPIC = re.compile(
    r"<(?P<name>(?:[A-Za-z][\w.-]*+:)?(?:category|subject|keywords|tags))(?:\s[^<>]*+)?"
    r"(?:(?<=/)>|>(?:[^<]*+|\s*+<!\[CDATA\[[^\]<]*+\]\]>\s*+)</(?P=name)\s*+>)",
    re.IGNORECASE,
)
_TOPIC_TAG = re.compile(
    r"<(?:[A-Za-z][\w.-]*+:)?(?:category|subject|keywords|tags)[\s/>]", re.IGNORECASE
)
# Elements without children of which an entry has a few; what text they hold is never an article's.
_LINK_LIKE = re.compile(
    _SECTION + r"|<(?:[A-Za-z][\w.-]*:)?(?P<item>item|entry)(?=[\s/>])"
    r"|<(?P<name>(?:[A-Za-z][\w.-]*+:)?(?:link|enclosure|thumbnail|guid|comments))(?:\s[^<>]*+|/)?"
    r">(?:(?<!/>)[^<]*+</(?P=name)\s*+>)?",
    re.DOTALL | re.IGNORECASE,
)
_MARKUP = re.compile(r"<!\[CDATA\[|\]\]>|<[^<>]*+>?")


@dataclass(frozen=True, slots=True)
class Tamed:
    """A feed's text that may be given to a parser.

    Attributes:
        text: without XML declaration.
        dropped: how many items beyond the cap were cut off.
    """

    text: str
    dropped: int


def tame(text: str, *, max_items: int) -> Tamed:
    """Make the text of a feed harmless for parsers.

    Args:
        text: the feed, decoded.
        max_items: items beyond this number are cut off, not parsed.

    Raises:
        ParseError: TOO_COMPLEX, for what cannot be repaired: a tag of too many attributes.
    """
    text, dropped = _cut_items(_ILLEGAL.sub("", text), max_items)
    if text.count("<") > MAX_RAW_TAGS:  # few do: looked at closely only then
        _check_tags(_SECTIONS.split(text)[::2], MAX_RAW_TAGS)
    text = _legal_references(text)
    text = _cut_links(_TOPIC.sub("", _cut_authors(text)))
    # Last, on what the parser will see: taking something out can join what stood around it.
    if has_huge_tag(text):
        raise ParseError(Outcome.TOO_COMPLEX, f"a tag with more than {MAX_ATTRIBUTES} attributes")
    _check_amounts(_SECTIONS.split(text)[::2])
    return Tamed(text, dropped)


def after_prolog(text: str) -> int:
    """Return where the outermost element begins: after declaration, comments and DOCTYPE."""
    start = 0
    while found := _PROLOG.match(text, start):
        start = found.end()
    return start


def _check_amounts(parts: list[str]) -> None:
    """Check what takes a parser's time by its number; `parts` are what lies outside of CDATA."""
    _check_tags(parts, MAX_TAGS)
    text = "<>".join(parts)
    if (
        text.count("&") > MAX_REFERENCES
        or len(_RELATIVE_BASE.findall(text)) > MAX_RELATIVE_BASES
        or len(_TOPIC_TAG.findall(text)) > MAX_TOPICS
        or len(set(_NAMESPACE.findall(text))) > MAX_NAMESPACES
    ):
        raise ParseError(Outcome.TOO_COMPLEX, _TOO_MUCH)


def _check_tags(parts: list[str], most: int) -> None:
    if sum(part.count("<") for part in parts) > most:
        raise ParseError(Outcome.TOO_COMPLEX, _TOO_MUCH)


def is_tame_markup(markup: str) -> bool:
    """Whether a piece of HTML may be given to a parser."""
    return not has_huge_tag(markup)


def has_huge_tag(text: str) -> bool:
    """Whether any reader of markup could see a tag of more than MAX_ATTRIBUTES attributes."""
    if any(
        len(_QUOTED_ATTRIBUTE.findall(segment[0])) > MAX_ATTRIBUTES
        for segment in _LONG_SEGMENT.finditer(text)
    ):
        return True
    return any(
        len(_ATTRIBUTE.findall(tag[0])) > MAX_ATTRIBUTES + 1
        for tag in _LONG_TAG.finditer(text)
        if tag.end() - tag.start() >= _MIN_TAG_CHARS
    )


def _legal_references(text: str) -> str:
    """Replace the prolog and every reference that XML does not know.

    The DOCTYPE goes, and with it all that entities can do (explode, name files); plain ones are
    put in here, and so are those of HTML, which feeds use without declaring them.
    """
    start = after_prolog(text)
    own = dict(_ENTITY.findall(text[: min(start, 100_000)]))

    def legal(match: re.Match[str]) -> str:
        hexadecimal, decimal, name = match.groups()
        if name is None:
            return _legal_character(hexadecimal, decimal) if match[0] != "&" else "&amp;"
        if name in _XML_ENTITIES:
            return match[0]
        value = own.get(name) or html5.get(name + ";")
        return escape(value) if value else f"&amp;{name};"

    # In a CDATA section "&" is only a letter, but feedparser decodes numbers there all the same.
    parts = _SECTIONS.split(text[start:])
    parts[::2] = [_REFERENCE.sub(legal, part) for part in parts[::2]]
    parts[1::2] = [
        _CHARACTER_REFERENCE.sub(lambda m: _legal_character(m[1], m[2]), part)
        for part in parts[1::2]
    ]
    return "".join(parts)


def _legal_character(hexadecimal: str | None, decimal: str | None) -> str:
    digits = (hexadecimal or decimal or "").lstrip("0")
    code = int(digits or "0", 16 if hexadecimal else 10) if len(digits) <= 7 else 0
    legal = code in {9, 10, 13} or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE
    return f"&#{code};" if legal or 0x10000 <= code < 0x110000 else "\ufffd"


def _cut_items(text: str, max_items: int) -> tuple[str, int]:
    """Cut whole items out after the first `max_items`; what follows the last one stays."""
    ends = [match.end() for match in _ITEM.finditer(text) if match["close"]]
    if len(ends) <= max_items:
        starts = [match.start() for match in _ITEM.finditer(text) if _opens(match)]
        if len(starts) <= 2 * max_items + 10:
            return text, 0
        # Items that are opened but not closed: the rest is not worth reading.
        return text[: starts[max_items]], len(starts) - max_items
    return text[: ends[max_items - 1]] + text[ends[-1] :], len(ends) - max_items


def _opens(match: re.Match[str]) -> bool:
    return not match["close"] and not match[0].startswith("<!")


def _cut_links(text: str) -> str:
    """Keep the first links of each item (and of the feed itself), drop the thousands after them."""
    if text.count("<") < _MANY_TAGS:
        return text
    left = MAX_LINKS_AN_ITEM

    def kept(match: re.Match[str]) -> str:
        nonlocal left
        if match["item"]:
            left = MAX_LINKS_AN_ITEM
        elif match["name"]:
            left -= 1
        return match[0] if left >= 0 or not match["name"] else ""

    return _LINK_LIKE.sub(kept, text)


def _cut_authors(text: str) -> str:
    """Shorten the text of elements that name people, keeping the document well-formed."""
    pieces: list[str] = []
    kept_to = 0
    opened: re.Match[str] | None = None
    for match in _AUTHOR.finditer(text):
        if not match["name"]:
            continue
        if opened and match.start() - opened.end() > MAX_NAME_RUN:
            inner = text[opened.end() : match.start()]
            if len(inner) > MAX_AUTHOR_CHARS:
                inner = escape(unescape(_MARKUP.sub(" ", inner))[:MAX_AUTHOR_CHARS])
            inner = _NAME_RUN.sub(lambda run: run[0][:MAX_NAME_RUN], inner)
            pieces += [text[kept_to : opened.end()], inner]
            kept_to = match.start()
        opened = None if match["close"] or match[0].endswith("/>") else match
    if opened and len(text) - opened.end() > MAX_AUTHOR_CHARS:
        # Never closed: a reader that forgives would take all of the rest for the name.
        raise ParseError(Outcome.TOO_COMPLEX, f"<{opened['name'].lower()}> is never closed")
    return "".join([*pieces, text[kept_to:]])
