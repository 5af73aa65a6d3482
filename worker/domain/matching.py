"""Articles against seeds, and the Protocols of encoding and matching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeAlias

from worker.domain.reading import UNDETERMINED
from worker.domain.words import Kind, Relation

if TYPE_CHECKING:  # every command imports this module, and few of them need numpy
    import numpy as np
    from numpy.typing import NDArray

# --- match ------------------------------------------------------------------------------------

Vectors: TypeAlias = "NDArray[np.float32]"
"""Unit vectors, one a row: shape (texts, dimension), float32."""


class Encoder(Protocol):
    """Texts -> unit vectors in one space for all languages."""

    @property
    def name(self) -> str:
        """What `doctor` shows and a match stores: engine, model and version."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts; shape (len(texts), dimension), rows of length 1.

        Raises:
            EncoderError: the engine failed.
        """
        ...


@dataclass(frozen=True, slots=True)
class ArticleText:
    """What matching sees of an article. Paragraphs of `text` are separated by a blank line."""

    title: str
    text: str
    language: str = UNDETERMINED
    published_at: datetime | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class AlignedPassage:
    """A passage of the article beside the seed's passage that says the same; similarity 0..1."""

    article: str
    seed: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Match:
    """How one article relates to one watch, with the evidence a person can check.

    Attributes:
        score: the calibrated probability (0..1) that the article is related at all.
        seed: the id of the nearest seed, also where the relation is unrelated.
        evidence: aligned passages, best first.
        adds: passages, names, figures and dates without a counterpart in any seed.
        shared_names, shared_numbers, shared_dates: as written in the article.
        reasons: the features that decided, in plain words, most important first.
        features: the numbers behind them, by name.
        is_suggestion: too little text to go on (a title alone): shown, never more than suggested.
    """

    watch: str
    seed: str
    relation: Relation
    score: float
    evidence: tuple[AlignedPassage, ...] = ()
    adds: tuple[str, ...] = ()
    shared_names: tuple[str, ...] = ()
    shared_numbers: tuple[str, ...] = ()
    shared_dates: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)
    is_suggestion: bool = False
    matcher_version: str = ""
    encoder: str = ""


class Matcher(Protocol):
    """Articles against the seeds of one or more watches."""

    @property
    def version(self) -> str:
        """Changes whenever the same article could get another answer."""
        ...

    def match(self, articles: Sequence[ArticleText]) -> list[tuple[Match, ...]]:
        """Match a batch: for each article, in order, one `Match` a watch (unrelated ones too).

        Never raises on any text; time and memory are bounded by the caps of the room.
        """
        ...


# --- story ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where a match belongs by what is known of its own article alone.

    Attributes:
        anchor: the seed whose event the article tells; all that have one anchor are one story.
            None where it tells another event.
        kind: as far as the seeds say; a text that other articles have too makes it a copy or a
            translation.
    """

    anchor: str | None
    kind: Kind


@dataclass(frozen=True, slots=True)
class SeedRows:
    """What is kept of a seed to compare articles with: as `Sketch.rows`.

    Attributes:
        text_hash: `text_hash_of` the seed; of another text the rows say nothing.
    """

    watch: str
    seed: str
    text_hash: str
    rows: bytes


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is kept of an article to find its story by, and to compare it with the others there.

    Attributes:
        places: by the watch's name.
        vector: the mean of its passages, centred on its language, one signed byte a dimension;
            None where the encoder's space is not known well enough to compare articles.
        encoder: what gave the vector; those of different encoders are never compared.
        rows: the vectors of its title, if any, and its passages, each as `vector`; None as there.
        seeds: of the watches in `places`.
    """

    places: Mapping[str, Place]
    vector: bytes | None = None
    encoder: str = ""
    rows: bytes | None = None
    seeds: tuple[SeedRows, ...] = ()


class Sketcher(Protocol):
    """Articles that were matched -> what their stories are found by."""

    def sketch(self, article: ArticleText, matches: Sequence[Match]) -> Sketch:
        """Sketch an article; cheap right after it was matched.

        Args:
            article: as it was matched.
            matches: its answers.
        """
        ...
