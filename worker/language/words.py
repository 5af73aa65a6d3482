"""The commonest small words of languages whose scripts are shared: a third witness.

Neither detector knows Hausa, Igbo, Zulu or Kinyarwanda, and both waver between close languages.
Small words do not: a third of any running text is made of forty of them. What counts for a
language is the share of its words among the text's words, where a word that several languages
have counts less for each of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

_TOKEN = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f'’ʼ‘ʻ\u0900-\u0dff-]+[^\W\d_]*)*")
_MARKS = re.compile(r"[’ʼ‘ʻ]")
_SOURCE = "small_words.txt"
_DOUBT = 1.0
"""Words without any language that are added to a text: one hit in three words is no proof."""
_PIECE = 0.5
_LONG_ENOUGH = 5
"""Characters from which a word's beginning and end are looked at."""


class SmallWords(NamedTuple):
    """What counts for which language, and how much: whole words, and pieces of longer words.

    Attributes:
        inside_by_letter: the pieces that may stand anywhere, by their first letter.
    """

    words: Mapping[str, Mapping[str, float]]
    starts: Mapping[str, Mapping[str, float]]
    ends: Mapping[str, Mapping[str, float]]
    inside: Mapping[str, Mapping[str, float]]
    inside_by_letter: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def small_words() -> SmallWords:
    """Return the small words and telling pieces, with the languages that have them."""
    tables: tuple[dict[str, set[str]], ...] = ({}, {}, {}, {})
    for line in files(__package__).joinpath(_SOURCE).read_text("utf-8").splitlines():
        code, _, words = line.partition(":")
        if line.startswith("#"):
            continue
        for word in words.split():
            table = tables[1 if word[-1] == "-" else 2 if word[0] == "-" else 3 * (word[0] == "~")]
            table.setdefault(fold(word).strip("-~"), set()).add(code.partition("-")[0])
    by_letter: dict[str, tuple[str, ...]] = {}
    for piece in tables[3]:
        by_letter[piece[0]] = (*by_letter.get(piece[0], ()), piece)
    whole, starts, ends, inside = (
        {word: dict.fromkeys(codes, 1.0 / len(codes) ** 0.5) for word, codes in table.items()}
        for table in tables
    )
    return SmallWords(whole, starts, ends, inside, by_letter)


@lru_cache(maxsize=1)
def languages_with_words() -> frozenset[str]:
    """Return the languages that have a list of small words."""
    return frozenset(code for codes in small_words().words.values() for code in codes)


def fold(text: str) -> str:
    """Return text as small words are compared: NFC, lower case, one kind of apostrophe."""
    return _MARKS.sub("'", unicodedata.normalize("NFC", text).lower())


def tokens(text: str) -> list[str]:
    """Return the words of a text, folded."""
    return _TOKEN.findall(fold(text))


def word_shares(text: str) -> dict[str, float]:
    """Return each language's share (0..1) of small words in a text, the languages without left out.

    Args:
        text: of any length; the caller cuts it.
    """
    found = tokens(text)
    shares: dict[str, float] = {}
    for token in found:
        for code, weight in _counted(token):
            shares[code] = shares.get(code, 0.0) + weight
    total = len(found) + _DOUBT
    return {code: share / total for code, share in shares.items()}


@lru_cache(maxsize=20_000)
def _counted(token: str) -> tuple[tuple[str, float], ...]:
    """Return what a word counts for which languages; a piece counts `_PIECE`, the best one only."""
    known = small_words()
    if whole := known.words.get(token):
        return tuple(whole.items())
    best: dict[str, float] = {}
    length = len(token)
    pieces = [
        known.inside[piece]
        for at, letter in enumerate(token)
        for piece in known.inside_by_letter.get(letter, ())
        if token.startswith(piece, at)
    ]
    if length >= _LONG_ENOUGH:
        cuts = range(1, min(6, length - 1))
        pieces += [known.starts.get(token[:cut], {}) for cut in cuts]
        pieces += [known.ends.get(token[-cut:], {}) for cut in cuts]
    for codes in pieces:
        for code, weight in codes.items():
            best[code] = max(best.get(code, 0.0), weight * _PIECE)
    return tuple(best.items())
