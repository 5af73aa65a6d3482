"""Whether two names are one person's, spelt in two ways."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from worker.match.cities import city_countries
from worker.match.names import Name
from worker.match.reading import Reading
from worker.match.skeleton import fold

ALIKE = 0.6
"""Share of letters that two spellings of one word have in common, in order."""
_LEAST = 4
_MOST_WORDS = 3
_ENDING = 3
_WORD = re.compile(r"[a-z0-9']+")
_RESPELL = frozenset({"lv", "lt", "az", "sr", "bs", "sq", "uz", "tk"})
"""Languages in Latin script that write foreign names as they sound."""


def can_compare(one: Reading, other: Reading) -> bool:
    """Whether two texts have reason to spell a name alike: one language, or both in Latin script.

    Args:
        one: a text.
        other: another one.
    """
    if one.language == other.language:
        return True
    is_latin = one.name_index.is_latin and other.name_index.is_latin
    return is_latin and not {one.language, other.language} & _RESPELL


def is_other_spelling(one: Name, other: Name, *, is_one_language: bool) -> bool:
    """Whether of the last words of two names one is written otherwise, beyond its ending.

    Cities have other names in other languages and are none.

    Args:
        one: a name, maybe with an office in front of it.
        other: another one.
        is_one_language: both are of one language; else their first words may be an office that
            is translated ("Presiden Trump").
    """
    ours, theirs = _WORD.findall(one.folded), _WORD.findall(other.folded)
    number = min(len(ours), len(theirs), _MOST_WORDS)
    if number < 2:
        return False
    ours, theirs = ours[-number:], theirs[-number:]
    different = [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b]
    if len(different) != 1 or not _is_respelt(*different[0]):
        return False
    if ours[0] != theirs[0] and (number == _MOST_WORDS or not is_one_language):
        return False
    return not (_is_place(one, different[0][0]) or _is_place(other, different[0][1]))


def _is_place(name: Name, word: str) -> bool:
    """Whether a word of a name is one of a city's of several words: "Siem Reap"."""
    own = next((x for x in name.text.split() if word in fold(x)), "")
    rest = " ".join(x for x in name.text.split() if x != own)
    whole, without, alone = city_countries([name.text, rest, own])
    return whole != without and not alone


def _is_respelt(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    if shorter < _LEAST or one[-_ENDING:].isdigit():
        return False
    shared = next((n for n in range(shorter) if one[n] != other[n]), shorter)
    if shared >= shorter - 1 or (shared >= shorter - _ENDING and len(one) != len(other)):
        return False  # an ending
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE


def names_in(reading: Reading, text: str) -> Sequence[Name]:
    """The names of a text that stand in one of its passages."""
    return [name for name in reading.names if name.words > 1 and name.text in text]
