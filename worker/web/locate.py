"""Finding a passage in a text by its letters and digits alone.

Matching collapses white space, joins short lines to what follows and takes noise out, so the
passages that it quotes rarely stand in the stored text letter for letter.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_SHOWN = 60_000
"""Characters of a text that are shown; the longest real articles have about that many."""
_PROBE = 32
"""Letters by which the two ends of a passage are known."""

_OPENERS = ("Ps", "Pi")
"""Unicode's categories of opening brackets and quotation marks."""
_FRENCH_OPEN = re.compile("«[ \u00a0\u202f]")
_FRENCH_CLOSE = re.compile("[ \u00a0\u202f]»[.,;!?]?")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a text, from one place up to another."""

    start: int
    end: int

    def clashes(self, other: Span) -> bool:
        """Whether two spans overlap without being the same."""
        return self != other and self.start < other.end and other.start < self.end


class SearchableText:
    """A text in which passages are found; a title that the body does not repeat comes first.

    Attributes:
        shown: what is shown, NFC; spans count its characters.
    """

    def __init__(self, title: str, body: str) -> None:
        body = unicodedata.normalize("NFC", body[:MAX_SHOWN])
        title = unicodedata.normalize("NFC", " ".join(title.split()))
        self.shown = body
        self.has_title = bool(title) and not letters(body).startswith(letters(title))
        if self.has_title:
            self.shown = f"{title}\n{body}"
        self._places = [n for n, char in enumerate(self.shown) if char.isalnum()]
        self._letters = "".join(self.shown[n] for n in self._places)

    def find(self, passage: str) -> Span | None:
        """Where a passage stands; None if it does not."""
        wanted = letters(unicodedata.normalize("NFC", passage))
        if not wanted:
            return None
        first = self._letters.find(wanted)
        last = first + len(wanted)
        if first < 0:
            first, last = self._find_by_ends(wanted)
        if first < 0:
            return None
        return self._widened(self._places[first], self._places[last - 1] + 1)

    def _find_by_ends(self, wanted: str) -> tuple[int, int]:
        """A passage from whose middle something was left out, by how it begins and ends."""
        if len(wanted) < 2 * _PROBE:
            return -1, -1
        first = self._letters.find(wanted[:_PROBE])
        last = self._letters.find(wanted[-_PROBE:], first + _PROBE) + _PROBE
        is_near = first >= 0 and first + _PROBE < last <= first + 2 * len(wanted)
        return (first, last) if is_near else (-1, -1)

    def _widened(self, start: int, end: int) -> Span:
        """A span with the marks that follow its last letter and the quotes around it."""
        text = self.shown
        while end < len(text) and not text[end].isspace() and not text[end].isalnum():
            if unicodedata.category(text[end]) in _OPENERS:
                break
            end += 1
        end += len(match[0]) if (match := _FRENCH_CLOSE.match(text, end)) else 0
        while start and self._opens(start - 1):
            start -= 1
        start -= 2 if _FRENCH_OPEN.match(text, max(start - 2, 0)) and start > 1 else 0
        return Span(start, end)

    def _opens(self, place: int) -> bool:
        """Whether a quotation or bracket opens here; a straight quote does after white space."""
        text = self.shown
        if text[place] in "\"'":
            return place == 0 or text[place - 1].isspace()
        return unicodedata.category(text[place]) in _OPENERS


def letters(text: str) -> str:
    """The letters and digits of a text."""
    return "".join(char for char in text if char.isalnum())
