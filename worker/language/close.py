"""Pairs and groups of languages so close that only a few words tell them apart.

The statistical detectors lean to the bigger one (Malay becomes Indonesian, Bosnian Croatian). Here
the words that only one of them writes decide, if any occur; otherwise the detectors' answer
stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

_SOURCE = "close_words.txt"


class Group(NamedTuple):
    """What counts for each language of a group: whole words, and beginnings of words.

    A word that all of the group have counts nothing, one that two of three have half for each.
    """

    words: Mapping[str, Mapping[str, float]]
    starts: Mapping[str, Mapping[str, float]]


@lru_cache(maxsize=1)
def _groups() -> Mapping[str, Group]:
    """Return the group of each language that has one."""
    groups = {}
    blocks = files(__package__).joinpath(_SOURCE).read_text("utf-8").strip().split("\n\n")[1:]
    for block in blocks:
        lines = [line.partition(":") for line in block.splitlines()]
        entries = {code: set(listed.split()) for code, _, listed in lines}
        words: dict[str, dict[str, float]] = {code: {} for code in entries}
        starts: dict[str, dict[str, float]] = {code: {} for code in entries}
        for code, own in entries.items():
            for word in own:
                having = sum(word in other for other in entries.values())
                if having < len(entries):
                    table = starts if word.endswith("*") else words
                    table[code][word.rstrip("*")] = 1.0 / having
        groups.update(dict.fromkeys(entries, Group(words, starts)))
    return groups


def has_kin(code: str) -> bool:
    """Whether there are languages that words alone tell from this one."""
    return code in _groups()


def closest(code: str, tokens: Sequence[str]) -> tuple[str, float]:
    """Choose among a language and its close kin by the words that only some of them have.

    Args:
        code: what the detectors say.
        tokens: the text's words, folded.

    Returns:
        The language, and how clearly it leads (0 = no such word, 1 = only its own words occur).
    """
    group = _groups().get(code)
    if group is None:
        return code, 0.0
    hits = dict.fromkeys(group.words, 0.0)
    for token in tokens:
        for kin in hits:
            begun = [v for start, v in group.starts[kin].items() if token.startswith(start)]
            hits[kin] += group.words[kin].get(token, 0.0) + max(begun, default=0.0)
    total = sum(hits.values())
    if not total:
        return code, 0.0
    best = max(hits, key=lambda kin: (hits[kin], kin == code))
    return best, (hits[best] - max(hits[kin] for kin in hits if kin != best)) / total
