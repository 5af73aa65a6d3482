"""Whether two texts of one outlet are one article, published again under another address.

A headline is edited, and the item comes back with another id and another address: the text is the
same but for a word or two. What an outlet writes by rote (weather, markets, results) is alike as
well, but says other figures and names; so these have to be the same in both.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Final

import numpy as np

SHORTEST: Final = 400
"""Characters without white space; what is shorter may be a form with one word changed."""
ALIKE: Final = 0.9
"""Share of common runs of five characters (Jaccard) from which two texts are one."""
_RUN = 5
_BITS_OF_OCTETS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.int64)
_LONGEST = 20_000
_FIGURE = re.compile(r"\d+")
_SENTENCE_END = re.compile(r"[.!?:…。！？\n][\"'”’»)\]]*\s*$")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def fingerprint_of(text: str) -> int | None:
    """A number of 64 bits that differs in few of them for texts that are alike (Charikar 2002).

    Args:
        text: without its title.

    Returns:
        Signed, as databases keep it; None for a text that is too short to be compared.
    """
    signs = np.frombuffer(_folded(text).encode("utf-32-le", "replace"), dtype=np.uint32)
    if len(signs) < SHORTEST:
        return None
    runs = np.zeros(len(signs) - _RUN + 1, dtype=np.uint64)
    for at in range(_RUN):
        runs = runs * np.uint64(0x100000001B3) + signs[at : at + len(runs)]
    runs.sort()  # what is the same stands together: a twentieth of the time of `np.unique`
    runs = runs[np.append(runs[1:] != runs[:-1], True)]
    # the finalizer of SplitMix64: each bit of the result depends on each of the run
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        runs = (runs ^ (runs >> np.uint64(shift))) * np.uint64(factor)
    runs ^= runs >> np.uint64(31)
    # of each of the eight octets it is counted how many runs have which, and so each bit's ones
    octets = runs[:, None].view(np.uint8)
    counts = np.stack([np.bincount(octets[:, at], minlength=256) for at in range(octets.shape[1])])
    ones = (counts @ _BITS_OF_OCTETS).ravel()
    bits = np.packbits(2 * ones > len(runs))
    return int(bits.view(np.int64)[0])


def is_variant(text: str, other: str) -> bool:
    """Whether two texts, without their titles, are one but for a few words without weight."""
    if min(len(_folded(text)), len(_folded(other))) < SHORTEST:
        return False
    if Counter(_FIGURE.findall(text)) != Counter(_FIGURE.findall(other)):
        return False
    runs, others = _runs(text), _runs(other)
    if len(runs & others) < ALIKE * len(runs | others):
        return False
    return not (_names(text) - _all_words(other) or _names(other) - _all_words(text))


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text[:_LONGEST]).casefold().split())


def _runs(text: str) -> set[str]:
    folded = _folded(text)
    return {folded[at : at + _RUN] for at in range(len(folded) - _RUN + 1)}


def _names(text: str) -> set[str]:
    """Words with a capital that no sentence begins with."""
    return {
        found[0].casefold()
        for found in _WORD.finditer(text)
        if found[0][0].isupper()
        and found.start()
        and not _SENTENCE_END.search(text[max(0, found.start() - 6) : found.start()])
    }


def _all_words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}
