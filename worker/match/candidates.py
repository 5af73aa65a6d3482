"""Cheap signals first: is an article worth encoding for a watch?

An article that has hardly a name of a watch, and is not about its countries where it is about two,
is left out at once: nine of ten. Of the others names, numbers, countries and runs of words
shared with the seeds, and how near the skimmed text lies to them, go into two small logistic models
(bench/fit_gate.py): one looks for news of the story, one for translations, which may share no fact
that can be found in another script. Either lets pass. Of a long article they see the head first,
and the rest only if that leaves hope.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from worker.domain import Vectors
from worker.match.encoders import normalised
from worker.match.model import Logistic, logistic_of
from worker.match.places import world_cities
from worker.match.reading import Reading
from worker.match.skim import Skimmer
from worker.match.watchindex import WatchIndex

_FILE = Path(__file__).parent / "data" / "gate.json"
MIN_STORY = 0.03
"""Probability of belonging to the story from which an article is encoded. With each of six stories
left out of the fit, none of their related articles lies below .1 (bench/fit_gate.py)."""
MIN_TRANSLATION = 0.05
"""The same for being a translation: 99.7% of translated news in 17 languages pass, and 99.6% of its
first 40%; of other news 2 to 6% do."""
HEAD_SHARE = 0.5
"""Share of these probabilities from which an article is read on behind its head: with it, 9 of
2,160 translations are missed and no related article of six stories, each left out of the fit; of
1,288 pages of other news 35 are read on."""
LEAST_NAMED = 0.4
"""Weight of a watch's names in an article that names none of its countries, from which it is looked
at more closely: more than a city or one word that a seed has once. The seven related articles of
six stories that name none have 1.4 or more."""
QUOTED_RUNS = 3
"""Runs of five words of a seed from which an article is encoded whatever it is about: seven words
of the seed. Of 1,288 pages of other news 4 share one run with one of two seeds, none shares two."""
SKIMMED_TEXTS, SKIMMED_OF_HEAD, LEAD_TEXTS = 8, 4, 3
"""Of the whole and of the head, the first of title and passages that are skimmed."""


class Country(NamedTuple):
    """How much a country is in focus, 0..1: of a watch's seeds, and of an article."""

    strength: float
    share: float


def is_candidate(reading: Reading, index: WatchIndex, skimmer: Skimmer) -> bool:
    """Whether an article is worth encoding for a watch."""
    if not index.readings:
        return False
    may_share = reading.may_share_runs(index.units, index.shingles)
    if may_share and len(reading.shingles & index.shingles) >= QUOTED_RUNS:
        return True
    if names_nothing(reading, index):
        return False
    for part, texts, share in parts(reading):
        skimmed = skimmer.skim(texts, reading.language)
        if skimmed is None or not len(index.skimmed):
            return True  # nothing to go by
        if not passes(signals(reading, part, skimmed, index), share):
            return False
    return True


def names_nothing(reading: Reading, index: WatchIndex) -> bool:
    """Whether an article has hardly a name of a watch, and is not about its countries either.

    It names none of them in its head, or in a longer text one of the two foremost nowhere, not even
    a city of it. Of a watch that is not about two countries that tells nothing. Its names are
    looked for as they are written, in the text as it came; in another script, as they sound.
    """
    if not index.is_about_two_countries:
        return False
    is_named = reading.head_names_any(index.codes)
    if is_named is None or shared_name_weight(reading, index, is_quick=True) >= LEAST_NAMED:
        return False
    return not is_named or _lacks_country(reading, index)


def _lacks_country(reading: Reading, index: WatchIndex) -> bool:
    """Whether a text of more than a head has neither name nor city of one of the two countries.

    Of 160 related articles of six stories 12 are so, and have a weight of .6 in names or more.
    Short ones may leave a country out (of the first 40% of translations 1.5%), and in scripts
    other than Latin its name and cities are missed too often.
    """
    is_telling = reading.head is not reading and reading.at_a_glance.is_latin
    return is_telling and not all(reading.tells_of(code) for code, _ in index.foremost)


def parts(reading: Reading) -> Iterator[tuple[Reading, tuple[str, ...], float]]:
    """Yield what of an article is weighed one after the other: the head of a long one, and all.

    With each go the texts to be skimmed, and the share of the probabilities from which it passes.
    """
    if len(reading.first_texts(SKIMMED_OF_HEAD + 1)) > SKIMMED_OF_HEAD:
        yield reading.head, reading.first_texts(SKIMMED_OF_HEAD), HEAD_SHARE
    yield reading, reading.first_texts(SKIMMED_TEXTS), 1.0


def passes(found: Mapping[str, float], share: float = 1.0) -> bool:
    """Whether signals let an article pass, from a share of the probabilities."""
    story, translation = shipped_gate()
    return (
        story.probability(found) >= share * MIN_STORY
        or translation.probability(found) >= share * MIN_TRANSLATION
    )


def signals(
    reading: Reading, part: Reading, skimmed: Vectors, index: WatchIndex
) -> dict[str, float]:
    """Return what the gate weighs.

    Args:
        reading: the article, in all of which the watch's names are looked for.
        part: what else is looked at, one of `parts`.
        skimmed: its first texts, shape (texts, dimension).
        index: the watch.
    """
    shares = part.countries_by_name
    countries = [shares.get(code, 0.0) for code in index.countries]
    known = sum(value in index.numbers for value in part.numbers)
    stacked = normalised(
        np.stack([skimmed.mean(axis=0), skimmed[:LEAD_TEXTS].mean(axis=0)]).astype(np.float32)
    )
    near = (stacked @ index.skimmed_core.T)[:, 0]
    return {
        "names": math.log1p(shared_name_weight(reading, index)),
        "numbers": float(min(3, known)),
        "number_share": (known + 0.5) / (len(part.numbers) + 1),
        "countries": sum(countries),
        "country_same": country_same(shares, index),
        "country_least": min(countries[:2], default=0.0),
        "country_fit": country_fit(shares, index),
        "width": math.log1p(len(part.title) + part.width),
        "other_script": float(not reading.name_index.is_latin),
        "skim": float(near[0]),
        "skim_lead": float(near[1]),
        "skim_rows": float((skimmed @ index.skimmed.T).max(axis=1).mean()),
    }


def foremost_countries(shares: Mapping[str, float], index: WatchIndex) -> list[Country]:
    """Return the two countries that a watch is most about, and how far an article has them.

    Args:
        shares: how much the article is about each country, 0..1.
        index: the watch.
    """
    return [
        Country(firmness, min(1.0, shares.get(code, 0.0) / 0.5))
        for code, firmness in index.foremost
    ]


def country_fit(shares: Mapping[str, float], index: WatchIndex) -> float:
    """Tell whether the watch's countries are the article's: -0.5 not at all, 0.5 both."""
    return sum(one.strength * (one.share - 0.5) for one in foremost_countries(shares, index)) / 2


def country_same(shares: Mapping[str, float], index: WatchIndex) -> float:
    """Return the cosine of an article's countries to the two that a watch is most about.

    It tells two countries side by side from one of them among others. It is drawn to 0.5 as far as
    the watch is not firmly about them, and is 0.5 where the article has no country.
    """
    foremost = {code: index.countries[code] for code, _ in index.foremost}
    lengths = math.hypot(*foremost.values()) * math.hypot(*shares.values())
    if not lengths:
        return 0.5
    cosine = sum(weight * shares.get(code, 0.0) for code, weight in foremost.items()) / lengths
    firmness = sum(strength for _, strength in index.foremost) / 2
    return 0.5 + firmness * (cosine - 0.5)


@lru_cache(maxsize=1)
def shipped_gate() -> tuple[Logistic, Logistic]:
    """Return the models in data/gate.json: of the story, and of translations."""
    stored = json.loads(_FILE.read_text(encoding="utf-8"))
    return logistic_of(stored["story"]), logistic_of(stored["translation"])


def shared_name_weight(reading: Reading, index: WatchIndex, *, is_quick: bool = False) -> float:
    """Return the summed weight of the watch's names that are in the article.

    Args:
        reading: the article.
        index: the watch.
        is_quick: they are looked for at a glance, in half the time or less: see
            `WatchIndex.named_in` and `Reading.at_a_glance`.
    """
    key = id(index), is_quick
    if key not in reading.weighed:
        text = reading.at_a_glance if is_quick else reading.name_index
        named = index.named_in(text, is_quick=is_quick)
        weight = sum((name_weight(number, index) for number in named), 0.0)
        reading.weighed[key] = (index, weight)
    return reading.weighed[key][1]


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
