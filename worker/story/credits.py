"""What a text says of where it comes from: a source, a translation, a link, an agency.

The lines at its beginning and end are looked at, where such things are said; the phrases of each
language are data. An outlet is recognised by its name, folded, or by the name of its site.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from worker.domain import Told

_FILE = Path(__file__).parent / "data" / "credits.toml"
_HEAD_LINES, _TAIL_LINES = 2, 3
_MAX_LINE = 240
"""Characters from which a line is a paragraph; a credit can only be at its end."""
_MIN_NAME = 5
"""Letters from which a name is looked for in a line."""
_URL = re.compile(r"https?://[^\s<>\"'）)」』】]+")
_SLUG_WORDS = re.compile(r"[\w-]+")
_MIN_SLUG = 16
_LEADING = ("the ", "la ", "le ", "les ", "el ", "il ", "o ", "a ", "de ", "der ", "die ", "das ")


@dataclass(frozen=True)
class _Phrases:
    source: tuple[str, ...]
    translated: tuple[str, ...]
    agencies: tuple[str, ...]


@lru_cache(maxsize=1)
def _phrases() -> _Phrases:
    stored = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return _Phrases(
        tuple(text.casefold() for text in stored["source"]),
        tuple(text.casefold() for text in stored["translated"]),
        tuple(stored["agencies"]),
    )


@dataclass(frozen=True)
class Declared:
    """What one text says of where it comes from.

    Attributes:
        lines: that may hold a credit, as they stand in the text.
        credits: those of them that hold a phrase of credit.
        translated: the line that says that it is a translation; empty if none does.
        agencies: that it names. links: addresses that stand in it.
    """

    lines: tuple[str, ...]
    credits: tuple[str, ...]
    translated: str
    agencies: frozenset[str]
    links: tuple[str, ...]

    def names(self, other: Told) -> str:
        """The line that names another text's outlet as the source; empty if none does."""
        wanted = _names_of(other)
        for line in self.credits:
            folded = _letters(line)
            if any(name in folded for name in wanted):
                return line
        for line in self.lines:  # "(The Herald)" alone is a credit too
            folded = _letters(line)
            if any(name in folded and len(folded) <= 2 * len(name) for name in wanted):
                return line
        return ""

    def links_to(self, other: Told) -> str:
        """The address in the text that leads to another text or its site; empty if none does."""
        host = _host(other.url)
        for link in self.links:
            if host and _host(link) == host:
                return link
        return ""


def declared(told: Told) -> Declared:
    """Read what a text says of where it comes from."""
    phrases = _phrases()
    lines = [" ".join(line.split()) for line in told.text.split("\n") if line.strip()]
    chosen = lines[:_HEAD_LINES] + lines[max(_HEAD_LINES, len(lines) - _TAIL_LINES) :]
    # of a long paragraph only the end can be a credit: "... (Source: X)"
    short = tuple(line if len(line) <= _MAX_LINE else line[-_MAX_LINE // 2 :] for line in chosen)
    folded = [(line, line.casefold()) for line in short]
    crediting = [
        line
        for line, low in folded
        if any(_holds(low, phrase) for phrase in (*phrases.source, *phrases.translated))
    ]
    translated = next(
        (
            line
            for line, low in folded
            if len(line) <= _MAX_LINE // 2 and any(_holds(low, word) for word in phrases.translated)
        ),
        "",
    )
    told_by = " ".join(short)
    agencies = frozenset(name for name in phrases.agencies if _holds(told_by, name))
    return Declared(short, tuple(crediting), translated, agencies, tuple(_URL.findall(told.text)))


def same_slug(one: Told, other: Told) -> str:
    """What two addresses on one site or several end in, if it is long enough to be no chance."""
    slugs = [_slug(told.url) for told in (one, other)]
    return slugs[0] if slugs[0] == slugs[1] and len(slugs[0]) >= _MIN_SLUG else ""


def _slug(url: str) -> str:
    words = _SLUG_WORDS.findall(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    return words[0].casefold() if words else ""


def _holds(text: str, phrase: str) -> bool:
    """Whether a phrase stands in a text, at the beginning of a word where words have spaces."""
    start = text.find(phrase)
    while start >= 0:
        before, after = text[start - 1 : start], text[start + len(phrase) :][:1]
        is_start = not before.isalnum() or not phrase[0].isascii() or not before.isascii()
        is_end = not (phrase[-1].isascii() and phrase[-1].isalnum() and after.isalnum())
        if is_start and is_end:
            return True
        start = text.find(phrase, start + 1)
    return False


def _names_of(told: Told) -> tuple[str, ...]:
    """By what an outlet may be named, folded to letters."""
    name = told.outlet.casefold()
    for article in _LEADING:
        name = name.removeprefix(article)
    found = [_letters(name)]
    host = _host(told.url)
    labels = host.split(".")
    if len(labels) > 1:
        found.append(_letters(max(labels[:-1], key=len)))
    return tuple(one for one in found if len(one) >= _MIN_NAME or (not one.isascii() and one))


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


@lru_cache(maxsize=4096)
def _letters(text: str) -> str:
    """Letters and digits alone, without accents: "Głos Sudecki" as its site "glossudecki"."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l").replace("đ", "d"))
    return "".join(c for c in plain if c.isalnum())
