"""Names across spellings and scripts: folding to ASCII, and a consonant skeleton.

"Ngô Phương Lan", "Нго Фыонг Лан", "نغو فونغ لان" and "โง เฟือง ลาน" have different letters and
vowels, but much the same consonants in the same order.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

# A word's letters with their vowel signs and marks, which \w leaves out in Indic and other scripts.
MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e\u0eb1-\u0ecd"
    "\u0f18-\u0fbc\u102b-\u103e\u1056-\u108f\u135d-\u135f\u17b4-\u17d3\u200c\u200d"
)
LETTERS = rf"(?:[^\W\d_][{MARKS}]*)+"

_DIGRAPHS = (
    ("ce", "se"),
    ("ci", "si"),
    ("cy", "si"),
    ("tch", "s"),
    ("sch", "s"),
    ("ph", "p"),
    ("kh", "k"),
    ("gh", "k"),
    ("ch", "s"),
    ("sh", "s"),
    ("zh", "s"),
    ("th", "t"),
    ("dh", "t"),
    ("bh", "b"),
    ("ts", "s"),
    ("tz", "s"),
    ("ck", "k"),
    ("qu", "k"),
    ("ng", "n"),
    ("x", "ks"),
)
_CLASSES = str.maketrans(
    {
        "b": "p", "d": "t", "g": "k", "q": "k", "j": "s", "z": "s", "c": "k",
        "v": "p", "f": "p", "l": "r", "m": "n",
        "a": "", "e": "", "i": "", "o": "", "u": "", "y": "", "w": "", "h": "",
    }
)  # fmt: skip
_NARROW = "cp1252"
"""One byte a character: the letters of western Europe, and the signs that news has anywhere."""
_WESTERN = bytes(range(0x80, 0x100)).decode(_NARROW, "ignore")
_IN_ASCII = {sign.encode(_NARROW): anyascii(sign).lower().encode() for sign in _WESTERN}
_WRITTEN_OUT = {sign: written for sign, written in _IN_ASCII.items() if len(written) != 1}
_ONE_FOR_ONE = {sign: written for sign, written in _IN_ASCII.items() if len(written) == 1}
_TABLE = bytes.maketrans(b"".join(_ONE_FOR_ONE), b"".join(_ONE_FOR_ONE.values()))
_BEYOND_WESTERN = re.compile(f"[^\x00-\x7f{_WESTERN}]+")
_KEPT_SIGNS = 16_384
_NOT_LETTER = re.compile(r"[^a-z]+")
_MAY_BE_DIGRAPH = re.compile(r"[a-z]h|c[eiky]|t[sz]|qu|ng|x")
_DOUBLED = tuple((2 * sound, sound) for sound in "ptksrn")
"""Of all that `_CLASSES` leaves."""


CAPITALS = "".join(c for c in map(chr, (*range(0x250), *range(0x1E00, 0x1F00))) if c.isupper())
"""All capitals of texts that are plain Latin, to stand in a pattern."""
_BEYOND_LATIN = re.compile(
    "[^\x00-\u024f\u1e00-\u1eff\u2000-\u200b\u200e-\u206f\u20a0-\u20bf"
    "\u2122\u2190-\u23ff\u2500-\u2775\u2794-\u2bff\ufe0f\U0001f300-\U0001faff]"
)


def is_plain_latin(text: str) -> bool:
    """Whether a text has Latin letters and usual signs only, no combining marks among them."""
    return text.isascii() or not _BEYOND_LATIN.search(text)


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Return lower-case ASCII: diacritics dropped, other scripts transliterated."""
    return fold_long(text)


def fold_long(text: str) -> str:
    """Return the same of a text that will not come again: it is not remembered."""
    if text.isascii():
        return text.lower()
    try:
        narrow = text.encode(_NARROW)
    except UnicodeEncodeError:
        # character by character: only what is not western is worth its time
        composed = unicodedata.normalize("NFC", text)
        narrow = _BEYOND_WESTERN.sub(_in_ascii, composed).encode(_NARROW)
    for sign, written in _WRITTEN_OUT.items():
        narrow = narrow.replace(sign, written)
    return narrow.translate(_TABLE).lower().decode("ascii")


def _in_ascii(run: re.Match[str]) -> str:
    return run[0].translate(_SIGNS)


class _Signs(dict[int, str]):
    """Signs in lower-case ASCII, by code point; each is asked of anyascii once."""

    def __missing__(self, code: int) -> str:
        if len(self) >= _KEPT_SIGNS:
            self.clear()
        self[code] = written = anyascii(chr(code)).lower()
        return written


_SIGNS = _Signs()


def word_skeleton(folded: str) -> str:
    """Return the consonant classes of one folded word; empty if it has none."""
    word = folded if folded.isalpha() else _NOT_LETTER.sub("", folded)
    if _MAY_BE_DIGRAPH.search(word):
        for long, short in _DIGRAPHS:
            word = word.replace(long, short)
    word = word.translate(_CLASSES)
    for doubled, sound in _DOUBLED:
        while doubled in word:
            word = word.replace(doubled, sound)
    return word


_kept_word_skeleton = lru_cache(maxsize=8192)(word_skeleton)


def skeletons(text: str) -> list[str]:
    """Return the skeletons of a text's words; words without one are left out."""
    return list(filter(None, map(word_skeleton, _WORDS.split(fold_long(text)))))


def skeleton(text: str) -> str:
    """Return the same, joined by spaces, of a text whose words come again."""
    return " ".join(filter(None, map(_kept_word_skeleton, _WORDS.split(fold(text)))))


_WORDS = re.compile(r"[^a-z0-9']+")
