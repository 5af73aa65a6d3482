"""Texts as search sees them: what a reader takes for the same word is the same token.

Folded away are capitals, width, accents of alphabets (also the hamza and vowel signs of Arabic),
its article, and invisible characters. Vowel signs of Thai, Hindi and their kin are letters and
stay. Scripts that are written without spaces are cut into overlapping pairs ("映画祭" gives 映画,
画祭 and 祭), which needs no dictionary and finds any part of a word.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

MAX_TEXT = 60_000
"""Characters of a text that can be found; the longest real articles have about that many."""
_MAX_WORD = 40
_LAST_ALPHABET = 0x0700
"""Up to here (Latin, Greek, Cyrillic, Hebrew, Arabic) a combining mark only modifies a letter."""

_SPACELESS = (
    (0x0E00, 0x0FFF),  # Thai, Lao, Tibetan
    (0x1000, 0x109F),  # Burmese
    (0x1100, 0x11FF),  # Hangul, decomposed
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),
    (0x3040, 0x31FF),  # kana, Bopomofo
    (0x3400, 0x9FFF),  # Han
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),  # Hangul
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
_SAME = {
    "đ": "d", "ð": "d", "ł": "l", "ø": "o", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe",
    "þ": "th", "ƒ": "f", "ŋ": "n", "ə": "e",
    "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ة": "ه", "ە": "ه", "ہ": "ه", "ک": "ك", "ـ": "",
}  # fmt: skip
_ARABIC_ARTICLES = ("وال", "بال", "فال", "كال", "ال", "لل")


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, or a stretch of a script without spaces."""

    text: str
    is_run: bool

    def tokens(self) -> list[str]:
        """What is stored of it, in order."""
        if not self.is_run:
            return [self.text]
        last = len(self.text) - 1
        return [self.text[n : n + 2] for n in range(last)] + [self.text[last]]


def tokens_of(title: str, text: str) -> str:
    """What is stored of an article: its tokens in order, one space between two."""
    whole = f"{title}\n{text[:MAX_TEXT]}"
    return " ".join(token for piece in pieces_of(whole) for token in piece.tokens())


def pieces_of(text: str) -> Iterator[Piece]:
    """Fold a text and cut it into words and stretches of scripts without spaces."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    held: list[str] = []
    is_run = False
    is_alphabet = False
    for char in folded:
        kind = _kind(char)
        if kind == "drop" or (kind == "mark" and (is_alphabet or not held)):
            continue
        if kind == "mark":
            held.append(_same(char))
            continue
        if held and (kind == "cut" or is_run != (kind == "run")):
            yield from _finished(held, is_run)
            held = []
        is_alphabet = ord(char) < _LAST_ALPHABET
        if kind != "cut":
            is_run = kind == "run"
            held.append(_same(char))
    yield from _finished(held, is_run)


def _finished(held: list[str], is_run: bool) -> Iterator[Piece]:
    text = unicodedata.normalize("NFC", "".join(held))
    if not is_run:
        text = _without_article(text)[:_MAX_WORD]
    if text:
        yield Piece(text, is_run)


def _without_article(word: str) -> str:
    for article in _ARABIC_ARTICLES:
        if word.startswith(article) and len(word) >= len(article) + 3:
            return word[len(article) :]
    return word


@lru_cache(maxsize=8192)
def _kind(char: str) -> str:
    """What a character is: cut, drop, mark, word or run."""
    category = unicodedata.category(char)
    if category == "Cf":
        return "drop"  # joiners, soft hyphens, marks of direction
    if category[0] == "M":
        return "mark"
    if category[0] not in "LN":
        return "cut"
    code = ord(char)
    return "run" if any(first <= code <= last for first, last in _SPACELESS) else "word"


@lru_cache(maxsize=8192)
def _same(char: str) -> str:
    """The character that stands for all that are taken for the same."""
    if char in _SAME:
        return _SAME[char]
    digit = unicodedata.decimal(char, None)
    return char if digit is None else str(digit)
