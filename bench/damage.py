"""Copies of a text with 30% of its sentences cut, moved or reworded, always the same ones."""

from __future__ import annotations

import random

from worker.match.passages import paragraphs, sentences

SHARE = 0.3


def damaged(text: str, how: str) -> str:
    """A copy with about 30% of its sentences changed.

    Args:
        how: "cut", "reorder" or "reword" (every third word left out).
    """
    chance = random.Random(11)
    found = [s for paragraph in paragraphs(text) for s in sentences(paragraph)]
    chosen = set(chance.sample(range(len(found)), round(SHARE * len(found))))
    if how == "cut":
        kept = [s for i, s in enumerate(found) if i not in chosen]
    elif how == "reorder":
        places = sorted(chosen)
        moved = dict(zip(places, chance.sample(places, len(places)), strict=True))
        kept = [found[moved.get(i, i)] for i in range(len(found))]
    else:
        kept = [_reworded(s) if i in chosen else s for i, s in enumerate(found)]
    return "\n\n".join(kept)


def _reworded(sentence: str) -> str:
    words = sentence.split(" ")
    if len(words) < 4:  # no spaces between words: every third character
        return "".join(c for i, c in enumerate(sentence) if i % 3 != 2)
    return " ".join(w for i, w in enumerate(words) if i % 3 != 2)
