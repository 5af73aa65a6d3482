"""The blind sample below the threshold: which articles a person is asked about, by chance alone."""

from __future__ import annotations

import random
from collections.abc import Sequence

NEAR_AT_ONCE = 3
"""Near misses in one draw. Together with the far one a few minutes of reading a day."""
FAR_AT_ONCE = 1
"""Articles in one draw that were nowhere near: mostly unrelated, but most of what there is."""


def chosen(ids: Sequence[int], size: int, chance: random.Random) -> tuple[int, ...]:
    """Choose some of the articles, each set of that size as likely as any other.

    Args:
        ids: of all articles of a stratum.
        size: how many; all of them where there are not more.
        chance: the source of randomness.
    """
    return tuple(sorted(chance.sample(list(ids), min(size, len(ids)))))
