"""Words of a list in a text, by their beginnings, with what each of them stands for.

Looked up letter by letter in a table: an expression of all the words of a language takes 10 ms to
compile, and a page asks for a dozen languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from worker.match.skeleton import MARKS

_START = re.compile(rf"(?<![\w{MARKS}])[^\W\d_]")
_LETTER = re.compile(rf"[\w{MARKS}]")
_LONG, _MOST_JOINED = 4, 3


class Within(Enum):
    """Where a word of the list may stand."""

    NOWHERE = "nowhere"
    """At the beginning of a word only."""
    LONG = "long"
    """Within a word too if it has four letters, and ! does not stand behind it."""
    END = "end"
    """Within a word too."""
    ANYWHERE = "anywhere"
    """The same where words are not set apart; ! says nothing there."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A word of the list where it stands.

    Attributes:
        start: with what is joined to its front (an article).
        end: of its beginning as the list has it; the word may go on.
        means: what it stands for.
    """

    start: int
    end: int
    means: frozenset[str]


class WordList:
    """A list of words.

    Args:
        words: in small letters -> what they stand for; ! behind one stands for the end of the word.
        within: where they may stand.
        prefix: an expression for what may be joined to the front of a word.
    """

    def __init__(
        self,
        words: Mapping[str, Iterable[str]],
        within: Within = Within.NOWHERE,
        prefix: str = "",
    ) -> None:
        self._open: dict[str, frozenset[str]] = {}
        self._whole: dict[str, frozenset[str]] = {}
        for word, means in words.items():
            table = self._whole if word.endswith("!") else self._open
            plain = word.removesuffix("!")
            table[plain] = table.get(plain, frozenset()) | frozenset(means)
        self._sizes = sorted({len(word) for word in (*self._open, *self._whole)}, reverse=True)
        self._within = within
        self._prefix = re.compile(prefix) if prefix else None

    def find(self, text: str) -> list[Hit]:
        """Find the words, those that are longer first; none within another.

        Args:
            text: in small letters.
        """
        starts = {match.start() for match in _START.finditer(text)}
        places = sorted(starts) if self._within is Within.NOWHERE else range(len(text))
        hits: list[Hit] = []
        after = 0
        for place in places:
            if place >= after and (hit := self._at(text, place, place in starts)) is not None:
                hits.append(hit)
                after = hit.end
        return hits

    def begins(self, text: str) -> bool:
        """Whether a text begins with a word of the list."""
        return bool(text) and self._at(text, 0, is_start=True) is not None

    def _at(self, text: str, place: int, is_start: bool) -> Hit | None:
        for begin in self._begins(text, place) if is_start else (place,):
            for size in self._sizes:
                means = self._means(text[begin : begin + size], text, begin + size, is_start)
                if means:
                    return Hit(place, begin + size, means)
        return None

    def _begins(self, text: str, place: int) -> list[int]:
        """Where a word begins that something may be joined to, the most of it first."""
        if self._prefix is None:
            return [place]
        ends = range(min(place + _MOST_JOINED, len(text)), place - 1, -1)
        return [end for end in ends if self._prefix.fullmatch(text, place, end)]

    def _means(self, word: str, text: str, end: int, is_start: bool) -> frozenset[str]:
        found = frozenset[str]()
        if end > len(text):
            return found
        if word in self._open and (
            is_start or self._within is not Within.LONG or len(word) >= _LONG
        ):
            found |= self._open[word]
        is_whole = self._within is Within.ANYWHERE or _LETTER.match(text, end) is None
        if word in self._whole and is_whole and (is_start or self._within is not Within.LONG):
            found |= self._whole[word]
        return found
