"""Two articles of one story beside each other: whether they are one text, copied or translated.

The weights and rules are those by which an article is called a copy or translation of a seed; each
of the two is tried as the article, for either may be the shorter one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from worker.domain import Likeness, Vectors
from worker.match.align import STRONG, align
from worker.match.encoders import normalised
from worker.match.features import (
    aligned,
    same_facts,
    same_text,
    windowed_margins,
)
from worker.match.matcher import COPY_SHINGLES, MIN_COPY_SHINGLES, MIN_SHARE, shared_text
from worker.match.model import Model, shipped_model
from worker.match.reading import Reading
from worker.match.vectorspace import Rows, Space

NEAR_ENOUGH = 0.42
"""Cosine of two texts' means below which they are not compared passage by passage; of 166 pairs of
one text on the labelled stories the farthest has .43, of all other pairs a third has more."""
NEAR_PASSAGES = 0.33
"""The same for the mean similarity of passages to their nearest ones; the farthest has .37."""


@dataclass(frozen=True, eq=False)
class TextRows:
    """A text and the vectors of its passages.

    Attributes:
        plain: of its title, if any, and passages; centred on its language, not whitened.
    """

    key: str
    reading: Reading
    plain: Vectors
    space: Space

    @cached_property
    def body(self) -> Vectors:
        """The passages' own rows."""
        has_title = bool(self.reading.title) and len(self.plain) > 1
        return self.plain[1:] if has_title else self.plain

    @cached_property
    def widths(self) -> NDArray[np.float32]:
        """Of the passages."""
        found = [p.width for p in self.reading.passages] or [1]
        return np.array(found, dtype=np.float32)

    @cached_property
    def rows(self) -> Rows:
        """The passages, ready to be aligned."""
        centred = normalised((self.body @ self.space.whitening).astype(np.float32))
        return Rows(centred, self.widths, self.space.commonness(centred), self.space)

    @cached_property
    def mean(self) -> Vectors:
        """The text as a whole, shape (1, dimension)."""
        return normalised((self.body * self.widths[:, None]).sum(axis=0, keepdims=True))


def likeness(one: TextRows, other: TextRows, model: Model | None = None) -> Likeness | None:
    """Compare two texts; the same whichever comes first, but for the names of its fields.

    Args:
        one: a text.
        other: another one, encoded by the same encoder.
        model: the weights; the shipped ones unless a measurement brings its own.

    Returns:
        None where they are so far apart that they are certainly two texts.
    """
    if float((one.mean @ other.mean.T)[0, 0]) < NEAR_ENOUGH:
        return None
    plain = one.body @ other.body.T
    nearness = max(_near(plain, one.widths), _near(plain.T, other.widths))
    if nearness < NEAR_PASSAGES:
        return None
    there, back = _directed(one, other, plain), _directed(other, one, plain.T)
    weights = (model or shipped_model()).same_text
    probability = max(
        _probability(a, b, weights.probability(features))
        for a, b, features in ((one, other, there), (other, one, back))
    )
    return Likeness(
        one=one.key,
        other=other.key,
        probability=probability,
        verbatim=max(
            shared_text(one.reading, other.reading), shared_text(other.reading, one.reading)
        ),
        covered=there["covered"],
        other_covered=back["covered"],
        in_order=max(x["in_order"] / max(x["aligned"], 1e-6) for x in (there, back)),
        length_ratio=max(one.reading.width, 1) / max(other.reading.width, 1),
    )


def _near(plain: NDArray[np.float32], widths: NDArray[np.float32]) -> float:
    return float((plain.max(axis=1) * widths).sum() / widths.sum())


def _directed(one: TextRows, other: TextRows, plain: NDArray[np.float32]) -> dict[str, float]:
    common, theirs = one.rows.commonness, other.rows.commonness
    margins = one.rows.vectors @ other.rows.vectors.T - 0.5 * (common[:, None] + theirs[None])
    joined = np.maximum(margins, windowed_margins(one.rows, other.rows))
    found = align(margins, joined, one.widths)
    reach = joined.max(axis=1) >= STRONG
    return {
        **aligned(found),
        **same_text(plain, one.widths),
        **same_facts(one.reading, other.reading),
        "covered": float(one.widths[reach].sum() / one.widths.sum()),
    }


def _probability(one: TextRows, other: TextRows, given: float) -> float:
    """What the weights say, where the rules for copies of a seed leave it to them."""
    verbatim = shared_text(one.reading, other.reading)
    if verbatim >= COPY_SHINGLES:
        return max(given, verbatim)
    if one.reading.width < MIN_SHARE * other.reading.width:
        return 0.0  # a brief
    if one.reading.language == other.reading.language and verbatim < MIN_COPY_SHINGLES:
        return 0.0  # a report of its own
    return given
