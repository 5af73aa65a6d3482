"""The commonest small words of languages whose scripts are shared: a third witness.

Neither detector knows Hausa, Igbo, Zulu or Kinyarwanda, and both waver between close languages.
Small words do not: a third of any running text is made of forty of them. What counts for a
language is the share of its words among the text's words, where a word that several languages
have counts less for each of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

_TOKEN = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f'’ʼ‘ʻ\u0900-\u0dff-]+[^\W\d_]*)*")
_MARKS = re.compile(r"[’ʼ‘ʻ]")
_SOURCE = "small_words.txt"
_DOUBT = 1.0
"""Words without any language that are added to a text: one hit in three words is no proof."""
_OWN, _OWN_SHARE = 2, 0.1
"""Words that no other language has, and their share, by which a paragraph is surely in a language:
so are six of ten, and none of 13,000 of another, its close kin aside."""
_PIECE = 0.5
_LONG_ENOUGH = 5
"""Characters from which a word's beginning and end are looked at."""

Weights = Mapping[str, float]
"""How much a word or a piece of one counts, by language."""


class SmallWords(NamedTuple):
    """What counts for which language, and how much: whole words, and pieces of longer words.

    Attributes:
        words: by word.
        starts: by their first two letters (or their only one), with what they begin.
        ends: by their last two.
        inside: the pieces that may stand anywhere.
        any_inside: finds one of these.
        own: the words that one language alone has, by its code.
    """

    words: Mapping[str, Weights]
    starts: Mapping[str, Sequence[tuple[str, Weights]]]
    ends: Mapping[str, Sequence[tuple[str, Weights]]]
    inside: Mapping[str, Weights]
    any_inside: re.Pattern[str]
    own: Mapping[str, frozenset[str]]


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
    whole, starts, ends, inside = (
        {
            word: dict.fromkeys(sorted(codes), 1.0 / len(codes) ** 0.5)
            for word, codes in each.items()
        }
        for each in tables
    )
    own: dict[str, set[str]] = {}
    for word, codes in whole.items():
        if len(codes) == 1:
            own.setdefault(next(iter(codes)), set()).add(word)
    return SmallWords(
        whole,
        _by_letters(starts, slice(2)),
        _by_letters(ends, slice(-2, None)),
        inside,
        _any_of(inside),
        {code: frozenset(listed) for code, listed in own.items()},
    )


def _by_letters(
    pieces: Mapping[str, Weights], letters: slice
) -> Mapping[str, Sequence[tuple[str, Weights]]]:
    """Pieces by some of their letters, each with what it counts."""
    found: dict[str, list[tuple[str, Weights]]] = {}
    for piece, codes in pieces.items():
        found.setdefault(piece[letters], []).append((piece, codes))
    return found


def _any_of(pieces: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds any of some pieces, single letters by one class: that is quicker."""
    letters = "".join(piece for piece in pieces if len(piece) == 1)
    longer = (re.escape(piece) for piece in pieces if len(piece) > 1)
    return re.compile("|".join([f"[{re.escape(letters)}]", *longer]))


@lru_cache(maxsize=1)
def languages_with_words() -> frozenset[str]:
    """Return the languages that have a list of small words."""
    return frozenset(code for codes in small_words().words.values() for code in codes)


def has_own_words(text: str, code: str) -> bool:
    """Whether a text has so many small words that no other language has as to be in this one."""
    own = small_words().own.get(code, frozenset())
    found = text.lower().split()
    return sum(map(own.__contains__, found)) >= max(_OWN, _OWN_SHARE * len(found))


def fold(text: str) -> str:
    """Return text as small words are compared: NFC, lower case, one kind of apostrophe."""
    return _MARKS.sub("'", unicodedata.normalize("NFC", text).lower())


def tokens(text: str) -> list[str]:
    """Return the words of a text, folded."""
    return _TOKEN.findall(fold(text))


def word_shares(found: Sequence[str]) -> dict[str, float]:
    """Return each language's share (0..1) of small words in a text, the languages without left out.

    Args:
        found: the text's words, of any number; the caller cuts it.
    """
    shares: dict[str, float] = {}
    for token, number in Counter(found).items():
        for code, weight in _counted(token):
            shares[code] = shares.get(code, 0.0) + number * weight
    total = len(found) + _DOUBT
    return {code: share / total for code, share in shares.items()}


@lru_cache(maxsize=20_000)
def _counted(token: str) -> tuple[tuple[str, float], ...]:
    """Return what a word counts for which languages; a piece counts `_PIECE`, the best one only."""
    known = small_words()
    if whole := known.words.get(token):
        return tuple(whole.items())
    pieces: list[Weights] = []
    if known.any_inside.search(token):
        pieces += [codes for piece, codes in known.inside.items() if piece in token]
    if len(token) >= _LONG_ENOUGH:
        longest = len(token) - 2
        for head in (token[:2], token[0]):
            pieces += [codes for piece, codes in known.starts.get(head, ())
                       if len(piece) <= longest and token.startswith(piece)]  # fmt: skip
        for tail in (token[-2:], token[-1]):
            pieces += [codes for piece, codes in known.ends.get(tail, ())
                       if len(piece) <= longest and token.endswith(piece)]  # fmt: skip
    best: dict[str, float] = {}
    for codes in pieces:
        for code, weight in codes.items():
            best[code] = max(best.get(code, 0.0), weight * _PIECE)
    return tuple(best.items())
