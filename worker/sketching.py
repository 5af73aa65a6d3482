"""What is kept of a matched article to find its story by: one small vector, and its seed."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from worker.domain import (
    ArticleText,
    Encoder,
    Kind,
    Match,
    Place,
    Relation,
    Seed,
    SeedRows,
    Sketch,
    Watch,
)
from worker.match.encoders import normalised
from worker.match.matcher import read_article
from worker.match.vectorspace import pack, space_of
from worker.story.grouping import SAME_STORY

_BY_RELATION = {
    Relation.COPY: Kind.COPY,
    Relation.TRANSLATION: Kind.TRANSLATION,
    Relation.SAME_EVENT: Kind.SAME_EVENT,
}


class ArticleSketcher:
    """Sketches articles with the encoder that has just matched them and still has their vectors.

    Args:
        watches: whose seeds are the events that articles tell.
        encoder: the matcher's own.
    """

    def __init__(self, watches: Sequence[Watch], encoder: Encoder) -> None:
        self._watches = {watch.name: watch for watch in watches}
        self._encoder = encoder
        self._anchors: dict[str, Mapping[str, str]] = {}
        self._seeds: dict[str, tuple[SeedRows, ...]] = {}
        self._lock = threading.Lock()

    def sketch(self, article: ArticleText, matches: Sequence[Match]) -> Sketch:
        """Sketch an article; see `worker.domain.Sketcher`."""
        related = [match for match in matches if match.relation.is_related]
        if not related:
            return Sketch({})
        places = {match.watch: self._place(article, match) for match in related}
        seeds = tuple(one for name in places for one in self._seeds_of(name))
        return Sketch(places, self._vector(article), self._encoder.name, self._rows(article), seeds)

    def _place(self, article: ArticleText, match: Match) -> Place:
        kind = _BY_RELATION.get(match.relation)
        if kind is not None:
            return Place(self._anchors_of(match.watch).get(match.seed, match.seed), kind)
        watch = self._watches.get(match.watch)
        began_at = _first_told(watch.seeds if watch else ())
        is_later = began_at and article.published_at and article.published_at > began_at
        return Place(None, Kind.FOLLOW_UP if is_later else Kind.SAME_TOPIC)

    def _anchors_of(self, name: str) -> Mapping[str, str]:
        """Of each seed of a watch, the first one that tells the same event."""
        with self._lock:
            if name not in self._anchors:
                watch = self._watches.get(name)
                self._anchors[name] = self._one_event(watch.seeds if watch else ())
            return self._anchors[name]

    def _seeds_of(self, name: str) -> tuple[SeedRows, ...]:
        """The vectors of a watch's seeds; worked out once, at its first match."""
        with self._lock:
            if name not in self._seeds:
                watch = self._watches.get(name)
                seeds = watch.seeds if watch else ()
                found = [(seed, self._rows(as_article(seed))) for seed in seeds]
                self._seeds[name] = tuple(
                    SeedRows(name, seed.id, text_hash_of(seed), rows)
                    for seed, rows in found
                    if rows
                )
            return self._seeds[name]

    def _rows(self, article: ArticleText) -> bytes | None:
        space = space_of(self._encoder.name)
        reading = read_article(article)
        if not space.means or not reading.texts:
            return None
        return pack(space.plain(self._encoder.encode(list(reading.texts)), reading.language))

    def _one_event(self, seeds: Sequence[Seed]) -> Mapping[str, str]:
        vectors = [self._vector(as_article(seed)) for seed in seeds]
        anchors = {seed.id: seed.id for seed in seeds}
        for number, seed in enumerate(seeds):
            for other, vector in zip(seeds[:number], vectors, strict=False):
                if _cosine(vectors[number], vector) >= SAME_STORY:
                    old, new = anchors[seed.id], anchors[other.id]
                    anchors = {one: new if at == old else at for one, at in anchors.items()}
        return anchors

    def _vector(self, article: ArticleText) -> bytes | None:
        space = space_of(self._encoder.name)
        reading = read_article(article)
        if not space.means or not reading.texts:
            return None  # cosines of a space that nobody measured would say nothing
        rows = space.plain(self._encoder.encode(list(reading.texts)), reading.language)
        body = rows[1:] if reading.title and len(rows) > 1 else rows
        widths = np.array([one.width for one in reading.passages] or [1], dtype=np.float32)
        mean = normalised((body * widths[:, None]).sum(axis=0, keepdims=True))[0]
        largest = float(np.abs(mean).max())
        return np.rint(mean * (127 / largest)).astype(np.int8).tobytes() if largest else None


def text_hash_of(seed: Seed) -> str:
    """By what a seed's text is known again."""
    text = "\0".join((seed.title, seed.text, seed.language))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def as_article(seed: Seed) -> ArticleText:
    """A seed as if it were an article."""
    return ArticleText(seed.title, seed.text, seed.language, seed.published_at, seed.url)


def _first_told(seeds: Sequence[Seed]) -> datetime | None:
    return min((seed.published_at for seed in seeds if seed.published_at), default=None)


def _cosine(one: bytes | None, other: bytes | None) -> float:
    if one is None or other is None:
        return 0.0
    left, right = (np.frombuffer(each, dtype=np.int8).astype(np.float64) for each in (one, other))
    return float(left @ right / (np.linalg.norm(left) * np.linalg.norm(right)))
