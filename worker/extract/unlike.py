"""Pages that are not the article that their feed tells of: walls, scrambled teasers, front pages.

A page that answers 200 may hold anything. What its feed says of the article shares words with the
article, also where the summary is another's than the lead; with a consent text or a front page it
shares next to none. Only what can be compared is judged: texts of one language, a title and summary
of some length.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

UNLIKE: Final = 0.1
"""Share of a summary's words below which a page's text has nothing of it: docs/design.md."""
TOLD_BY_FEED: Final = 0.5
"""Share of a feed's words from which a page's text is surely the article that it tells of."""
MIN_WORDS: Final = 5
"""Of the title and summary together; with fewer, chance decides."""
_ENOUGH_WORDS = 10
"""With fewer it is not said that nothing is shared: a headline may be a pun."""
_BEGINNING_CHARS = 1_500
"""Of a text that are looked at first: most articles say there what their feed says of them."""
_PREFIX: Final = 5
_SHORTEST: Final = 4
# Scripts without spaces between words: Thai, Lao, Burmese, Khmer, kana, Chinese characters.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_WORD = re.compile(r"[^\W_]+")
_START = re.compile(rf"([^\W_]{{{_SHORTEST},{_PREFIX}}})[^\W_]*")
_MARKS = re.compile(r"[^\w\s\x00-\x7f]+")
"""Accents are among what is neither letter nor digit nor space: few signs have to be looked at."""


def is_told(title: str, summary: str, text: str) -> bool:
    """Whether a page's text is surely the article that its feed tells of.

    Args:
        title: the entry's.
        summary: the entry's, or its whole text.
        text: the page's.
    """
    told = _words(f"{title}\n{summary}")
    return len(told) >= MIN_WORDS and _share_reaches(TOLD_BY_FEED, told, text)


def is_unlike(title: str, summary: str, text: str) -> bool:
    """Whether a page's text has next to nothing of what its feed says; arguments as above."""
    told = _words(f"{title}\n{summary}")
    if len(told) < _ENOUGH_WORDS:
        return False
    if _share_reaches(UNLIKE, told, text):
        return False
    named = {word for word in _words(title) if len(word) == _PREFIX}
    return not named & _words_of_page(text)


def _share_reaches(share: float, told: set[str], text: str) -> bool:
    """Whether a text has this share of a feed's words, by as little of it as will do."""
    beginning = text[:_BEGINNING_CHARS]
    if len(text) > len(beginning):  # no word is cut
        beginning = beginning[: beginning.rfind(" ") + 1]
    return any(len(told & _words_of_page(part)) >= share * len(told) for part in (beginning, text))


@lru_cache(maxsize=32)
def _words_of_page(text: str) -> frozenset[str]:
    """The words of a page's text, which is asked about twice while it is read and matched."""
    return frozenset(_words(text))


def _words(text: str) -> set[str]:
    """Words of four letters and more by their first five, without accents; else pairs of signs."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    folded = _without_accents(decomposed)
    if not _UNSPACED.search(folded):
        return set(_START.findall(folded))
    found: set[str] = set()
    for word in _WORD.findall(folded):
        if _UNSPACED.search(word):
            found.update(word[at : at + 2] for at in range(len(word) - 1))
        elif len(word) >= _SHORTEST:
            found.add(word[:_PREFIX])
    return found


def _without_accents(decomposed: str) -> str:
    if not decomposed.isascii():
        for sign in set("".join(_MARKS.findall(decomposed))):  # few, and each many times
            if unicodedata.combining(sign):
                decomposed = decomposed.replace(sign, "")
    return decomposed
