"""The aspects that a watch names: what an article must have, all of it together.

A topic is a combination: film, Vietnam and the United States. The seeds give the countries and the
subject as features; who writes `[[aspect]]` into watch.toml says it outright, and an article
without one of them is a near miss at most. An aspect is there if one of its terms is, in any
spelling, if a country that its terms name is in the article, or if a passage lies near to what the
terms mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.domain import Aspect, Encoder, Vectors
from worker.match.cities import city_countries
from worker.match.encoders import normalised
from worker.match.places import mentions
from worker.match.reading import UNSPACED, Reading
from worker.match.skeleton import fold
from worker.match.vectorspace import Space

NEAR = 0.10
"""Similarity of a passage to an aspect's terms, over what all news has, from which the aspect is
there though none of its words is: of the development set's articles that name "Vietnam" or "film"
90% and 95% reach it, of those that do not 5%."""


@dataclass(frozen=True)
class AspectIndex:
    """An aspect, ready to be looked for.

    Attributes:
        words: folded terms, looked for at the beginning of words.
        marks: terms in scripts without spaces, looked for anywhere.
        countries: ISO 3166 codes that the terms name.
        vector: centred mean of the terms, shape (1, dimension).
    """

    name: str
    words: tuple[str, ...]
    marks: tuple[str, ...]
    countries: frozenset[str]
    vector: Vectors

    def is_in(self, reading: Reading, vectors: Vectors, space: Space) -> bool:
        """Whether an article has the aspect.

        Args:
            reading: the article.
            vectors: centred, of its texts; shape (texts, dimension).
            space: that the vectors are in.
        """
        if any(reading.name_index.has_start(word) for word in self.words):
            return True
        if any(mark in text for mark in self.marks for text in reading.texts):
            return True
        if not self.countries.isdisjoint(reading.countries):
            return True
        if not len(vectors):
            return False
        near = (vectors @ self.vector.T)[:, 0] - 0.5 * space.commonness(vectors)
        return bool(np.max(near) >= NEAR)


def index_aspects(
    aspects: Sequence[Aspect], encoder: Encoder, space: Space
) -> tuple[AspectIndex, ...]:
    """Make a watch's aspects ready; one without terms is left out."""
    return tuple(_index(aspect, encoder, space) for aspect in aspects if any(aspect.terms))


def _index(aspect: Aspect, encoder: Encoder, space: Space) -> AspectIndex:
    terms = [term for term in aspect.terms if term.strip()]
    unspaced = [term for term in terms if UNSPACED.search(term)]
    named = [code for term in terms for code in mentions(term, "en") | city_countries([term])[0]]
    return AspectIndex(
        aspect.name,
        tuple(fold(term) for term in terms if term not in unspaced),
        tuple(unspaced),
        frozenset(named),
        normalised(space.centre(encoder.encode(terms), "en").mean(axis=0, keepdims=True)),
    )
