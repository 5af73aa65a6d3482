"""Cheap signals first: does it take the encoder to say that an article is unrelated?

Names, numbers, countries and runs of words shared with a watch's seeds cost a tenth of a
millisecond and leave out most news. Where they say nothing because names do not fold to ASCII
(Chinese, Japanese) or the watch is about no country, title and lead alone are encoded first.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from worker.domain import Vectors
from worker.match.places import world_cities
from worker.match.reading import Reading
from worker.match.watchindex import WatchIndex

MIN_NAMES = 1.2
"""Weight of shared names that is enough by itself: one long name of the seeds' leads and a word."""
MIN_NAMES_AND_COUNTRY = 0.3
TRACE_OF_COUNTRY = 0.15
MIN_SEED_NAMES = 4
MIN_COUNTRY = 0.3
MIN_COUNTRIES = 0.85
MIN_NUMBERS = 2
MIN_LEAD = 0.05
"""Similarity of title and lead to a watch's core, over what all news has, to go on after them."""

MIN_LEAD_TO_SEED = 0.04
"""The same to the nearest passage of a seed: of unrelated parallel news 2% reach it, of
translations 96%."""
FEW_FACTS = 4
"""An article with fewer names and figures of its own may tell the story and share none of them."""


class Effort(IntEnum):
    """How much of an article is worth encoding for a watch."""

    NONE = 0
    LEAD = 1
    ALL = 2


def effort_for(reading: Reading, index: WatchIndex) -> Effort:
    """Return how much of an article is worth encoding."""
    if not index.readings:
        return Effort.NONE
    names = shared_name_weight(reading, index)
    of_article = reading.countries
    countries = [of_article.get(code, 0.0) for code in index.countries]
    together = sum(countries)
    numbers = sum(value in index.numbers for value in reading.numbers)
    is_likely = (
        names >= MIN_NAMES
        or numbers >= MIN_NUMBERS
        or together >= MIN_COUNTRIES
        or (together >= MIN_COUNTRY and (names >= MIN_NAMES_AND_COUNTRY or numbers > 0))
        or any(reading.shingles & seed.shingles for seed in index.readings)
    )
    if is_likely:
        return Effort.ALL
    has_trace = names >= MIN_NAMES_AND_COUNTRY or numbers or together >= TRACE_OF_COUNTRY
    # A script without capitals gives few names to look for, in seeds and in articles.
    is_blind = (
        len(index.names) < MIN_SEED_NAMES
        or len(reading.names) + len(reading.numbers) < FEW_FACTS
        or (not reading.name_index.is_latin and not (of_article and index.countries))
    )
    return Effort.LEAD if has_trace or is_blind else Effort.NONE


def shared_name_weight(reading: Reading, index: WatchIndex) -> float:
    """Return the summed weight of the watch's names that are in the article."""
    found = (
        name_weight(number, index)
        for number, name in enumerate(index.names)
        if reading.name_index.has(name)
    )
    return float(np.sum(list(found)))


def name_weight(number: int, index: WatchIndex) -> float:
    """Weigh a name by its form and by how much it is in the seeds' focus.

    Long names and acronyms are telling; a single word is where a seed repeats it, and the cities
    that everybody knows ("Paris") hardly are.
    """
    name = index.names[number]
    if name.folded in world_cities():
        kind = 0.3
    elif name.words >= 2:
        kind = 1.0
    elif name.is_acronym and len(name.text) > 2:
        kind = 0.8
    else:
        kind = 0.8 if name.count >= 3 else 0.6 if name.count == 2 else 0.35
    return kind * float(index.name_weights[number])


def lead_is_near(lead: Vectors, index: WatchIndex) -> bool:
    """Whether title and lead are near enough to a watch to encode the rest.

    Args:
        lead: centred vectors, shape (texts, dimension).
        index: the watch.
    """
    common = index.space.commonness(lead)
    nearest = (lead @ index.vectors.T).max(axis=1) if len(index.vectors) else common
    to_core = (lead @ index.core.T)[:, 0]
    to_seed = nearest - 0.5 * common
    return bool((to_core - 0.5 * (common + index.core_commonness)).max() >= MIN_LEAD) or bool(
        to_seed.max() >= MIN_LEAD_TO_SEED
    )
