"""Whether two texts are the same article, seen twice or edited."""

from __future__ import annotations

SAME_ARTICLE = 0.3
"""Share of common character 5-grams from which two pages under one address count as one article.

An edited article keeps most of its text, while pages that merely declare the same wrong address
(a front page, a section) share little more than boilerplate, which extraction has removed.
"""
_GRAM = 5
_MAX_CHARACTERS = 20_000


def is_same_article(text: str, other: str) -> bool:
    """Whether two texts from pages that claim one address are versions of one article.

    Args:
        text: title and text of the one.
        other: title and text of the other.

    Returns:
        True if at least `SAME_ARTICLE` of the shorter one's character 5-grams occur in the other.
    """
    grams, others = _grams(text), _grams(other)
    if not grams or not others:
        return False
    return len(grams & others) / min(len(grams), len(others)) >= SAME_ARTICLE


def _grams(text: str) -> set[str]:
    folded = "".join(text[:_MAX_CHARACTERS].casefold().split())
    return {folded[n : n + _GRAM] for n in range(len(folded) - _GRAM + 1)}
