"""The names of a story in all languages: how a seed's name is written elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from worker.domain.matching import AlignedPassage


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A relevant match: the language of its article, that of its seed, and what was aligned."""

    language: str
    seed_language: str
    passages: tuple[AlignedPassage, ...]


@dataclass(frozen=True, slots=True)
class Rendering:
    """A name as another text writes it.

    Attributes:
        name: as a seed writes it. text: as articles in `language` do.
        articles: how many relevant ones have it where the seed has the name.
        sample: a passage with it.
    """

    name: str
    language: str
    text: str
    articles: int = 0
    sample: str = ""
