"""A watch's seeds, read and encoded once: one matrix for all passages of all seeds."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from worker.domain import Encoder, Seed, Vectors, Watch
from worker.match.aspects import AspectIndex, index_aspects
from worker.match.encoders import KeepingEncoder, normalised
from worker.match.figures import Date
from worker.match.nameindex import NameIndex, SoughtNames
from worker.match.names import Name
from worker.match.passages import Passage
from worker.match.places import focus, without_places
from worker.match.reading import SEED_PASSAGES, Reading, read
from worker.match.skeleton import fold
from worker.match.skim import Skimmer
from worker.match.vectorspace import Rows, Space, space_of

MIN_FOCUS = 0.3
MIN_TELLING = 0.05
"""Share of the seeds that have a country in focus, from which it is the watch's: one of 20."""
MAX_SKIMMED, MIN_SKIMMED = 2_000, 4
"""Skimmed texts of a watch, and of one seed; each is compared with each article's first texts."""
FIRM = 0.9
"""How firmly a watch is about its two foremost countries, on average, from which whoever names none
of its countries and hardly one of its names is left out (`candidates.names_nothing`). No related
article of six stories is; of 1,584 translations of single documents that are as firm, 6, of two
seeds in Arabic and one in Japanese (4 if any name counted; from .8 on 15 of 1,728, and 58 of 2,304
if cities alone made a country firm: in Arabic some are none)."""
MAX_NAMES = 400
"""Names of a watch, however many seeds it has; two seeds of an event have about 50."""


@dataclass(frozen=True)
class WatchIndex:
    """What an article is compared with.

    Attributes:
        readings: one a seed.
        vectors: centred passages of all seeds, shape (passages, dimension).
        plain: the same passages centred but not whitened.
        owner: the seed's index of each row. widths, commonness: of each row (`Space.commonness`).
        leads: centred title or lead of each seed. centroids: of each seed.
        core: centroid over all seeds. core_commonness: its own.
        subject: centroid over all seeds with names, places and figures taken out of their texts;
            subject_commonness: its own.
        names: the seeds' foremost names, without countries; weight 0..1 by how much they are in
            focus. sought: the same, ready to be looked for.
        all_names: all of them, folded. shingles: of all seeds.
        units: of all seeds, and "" (`Reading.may_share_runs`).
        countries: ISO code -> 0..1, in focus of seeds and description.
        numbers (telling ones), all_numbers, dates: that any seed has.
        days: when the seeds were published, where known.
        aspects: that the watch names.
        skimmed: skimmed texts of all seeds, shape (texts, dimension); none where they cannot be.
        skimmed_core: their centroid, shape (1, dimension).
        renderings: of each name in other languages, as far as approved; none without any.
    """

    watch: Watch
    space: Space
    readings: tuple[Reading, ...]
    vectors: Vectors
    plain: Vectors
    owner: NDArray[np.int64]
    widths: NDArray[np.float32]
    commonness: NDArray[np.float32]
    leads: Vectors
    centroids: Vectors
    core: Vectors
    core_commonness: float
    subject: Vectors
    subject_commonness: float
    names: tuple[Name, ...]
    sought: SoughtNames
    name_weights: NDArray[np.float32]
    all_names: frozenset[str]
    shingles: frozenset[int]
    units: frozenset[str]
    countries: dict[str, float]
    numbers: frozenset[float]
    all_numbers: frozenset[float]
    dates: frozenset[Date]
    days: frozenset[date]
    aspects: tuple[AspectIndex, ...]
    skimmed: Vectors
    skimmed_core: Vectors
    renderings: tuple[tuple[str, ...], ...] = ()

    def rows_of(self, seed: int) -> Rows:
        """Return a seed's passages, always the same ones: they are compared with every article."""
        if seed not in self._rows:
            mine = self.owner == seed
            self._rows[seed] = Rows(
                self.vectors[mine], self.widths[mine], self.commonness[mine], self.space
            )
        return self._rows[seed]

    @cached_property
    def _rows(self) -> dict[int, Rows]:
        return {}

    @cached_property
    def passage_texts(self) -> tuple[str, ...]:
        """The passages of all seeds, one for each row of `vectors` of seeds that have some."""
        return tuple(p.text for reading in self.readings for p in reading.passages)

    @cached_property
    def codes(self) -> frozenset[str]:
        """The countries that the watch is about, ISO 3166."""
        return frozenset(self.countries)

    @cached_property
    def foremost(self) -> tuple[tuple[str, float], ...]:
        """The two countries that the watch is most about, and how firmly, 0..1.

        A country counts as much as it is in the seeds' own focus: a story of one workshop is not
        told by its country.
        """
        ranked = sorted(self.countries.items(), key=lambda pair: -pair[1])[:2]
        return tuple((code, min(1.0, max(0.0, (weight - 0.3) / 0.3))) for code, weight in ranked)

    @cached_property
    def is_about_two_countries(self) -> bool:
        """Whether it is firmly about two countries that its seeds name."""
        named = frozenset[str]().union(
            *(reading.named_countries or () for reading in self.readings)
        )
        firm = [firmness for code, firmness in self.foremost if code in named]
        return len(firm) == 2 and sum(firm) >= 2 * FIRM

    def named_in(self, text: NameIndex, *, is_quick: bool = False) -> list[int]:
        """Return the places of the names that a text has, ascending.

        It has them as the seeds write them, in another spelling or script, or as a person approved.

        Args:
            text: an article.
            is_quick: other spellings are not looked for in a text in Latin script if half of the
                names are in it, which takes half the time.
        """
        is_written = is_quick and text.is_latin and self.sought.are_latin
        found = text.written(self.sought) if is_written else text.which(self.sought)
        for number, renderings in enumerate(self.renderings):
            if number not in found and any(map(text.has_written, renderings)):
                found.add(number)
        return sorted(found)


def _encode_kept(encoder: Encoder, texts: list[str]) -> Vectors:
    kept = isinstance(encoder, KeepingEncoder)
    return encoder.encode_kept(texts) if kept else encoder.encode(texts)  # type: ignore[attr-defined]


def without_facts(reading: Reading, limit: int = 40) -> list[str]:
    """Return a seed's texts without names, places and figures: what is left is its subject."""
    names = sorted((n.text for n in reading.names), key=len, reverse=True)
    left = []
    for text in reading.texts[:limit]:
        for name in names:
            text = text.replace(name, " ")  # noqa: PLW2901
        text = re.sub(r"\d[\d.,]*", " ", without_places(text, reading.language))  # noqa: PLW2901
        left.append(re.sub(r"\s+", " ", text).strip() or reading.texts[0])
    return left


def _names(readings: tuple[Reading, ...]) -> tuple[tuple[Name, ...], NDArray[np.float32]]:
    """Return the seeds' names, each folding once, and their weights."""
    found: dict[str, Name] = {}
    weights: dict[str, float] = {}
    for reading in readings:
        head = " ".join(reading.texts[:2])
        for name in reading.names:
            in_head = name.text in head
            weight = 1.0 if in_head else min(1.0, 0.4 + 0.2 * name.count)
            if found.setdefault(name.folded, name).count < name.count:
                found[name.folded] = name
            known = weights.get(name.folded)
            weights[name.folded] = weight if known is None else min(1.0, max(known, weight) + 0.3)
    # Each is looked for in each article: of hundreds of seeds those that they share tell the story.
    ranked = sorted(found, key=lambda k: (-weights[k], -found[k].words, -found[k].count))
    foremost = frozenset(ranked[:MAX_NAMES])
    kept = [folded for folded in found if folded in foremost]
    names = tuple(found[folded] for folded in kept)
    return names, np.array([weights[folded] for folded in kept], dtype=np.float32)


def _renderings(watch: Watch, names: tuple[Name, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the approved renderings of each name; nothing at all where there are none."""
    found: dict[str, list[str]] = {}
    for one in watch.renderings:
        found.setdefault(fold(one.name), []).append(one.text)
    return tuple(tuple(found.get(name.folded, ())) for name in names) if found else ()


def _countries(watch: Watch, readings: tuple[Reading, ...]) -> dict[str, float]:
    """Return the countries in focus of at least one seed or the description, foremost first.

    Of hundreds of seeds some are about each country of the world: there it takes a few.
    """
    found = [reading.countries for reading in readings]
    if watch.description:
        found.append(focus(watch.title, [watch.description], "en"))
    least = MIN_TELLING * len(readings)
    told = Counter(code for each in found for code, share in each.items() if share >= MIN_FOCUS)
    codes = {code for code, count in told.items() if count >= least}
    best = {code: max(each.get(code, 0.0) for each in found) for code in codes}
    mean = {code: sum(each.get(code, 0.0) for each in found) / len(found) for code in codes}
    focus_of = {code: (best[code] + mean[code]) / 2 for code in codes}
    return dict(sorted(focus_of.items(), key=lambda pair: (-pair[1], pair[0])))


def _read_seed(seed: Seed) -> Reading:
    return read(
        seed.title,
        seed.text,
        seed.language,
        limit=SEED_PASSAGES,
        published_at=seed.published_at,
    )


def _skimmed(readings: tuple[Reading, ...], skimmer: Skimmer | None) -> Vectors:
    """Return the seeds' skimmed texts, of hundreds of seeds the first few of each.

    None if one of them cannot be skimmed.
    """
    most = max(MIN_SKIMMED, MAX_SKIMMED // max(1, len(readings)))
    found = [skimmer.skim(r.texts[:most], r.language) if skimmer else None for r in readings]
    blocks = [block for block in found if block is not None]
    whole = blocks and len(blocks) == len(readings)
    return np.concatenate(blocks) if whole else np.zeros((0, 0), dtype=np.float32)


def build_index(watch: Watch, encoder: Encoder, skimmer: Skimmer | None = None) -> WatchIndex:
    """Read and encode a watch's seeds, and skim them for the gate where there is a skimmer."""
    space = space_of(encoder.name)
    readings = tuple(_read_seed(seed) for seed in watch.seeds)
    blocks, plain, leads, owner, subjects = [], [], [], [], []
    for number, reading in enumerate(readings):
        body = [p.text for p in reading.passages] or [reading.title or watch.title or watch.name]
        raw = _encode_kept(encoder, [reading.title or body[0], *body])
        centred = space.centre(raw, reading.language)
        leads.append(centred[0])
        blocks.append(centred[1:])
        plain.append(space.plain(raw, reading.language)[1:])
        owner.extend([number] * len(body))
        bare = _encode_kept(encoder, without_facts(reading) or body)
        subjects.append(space.centre(bare, reading.language).mean(axis=0))
    vectors = np.concatenate(blocks) if blocks else encoder.encode([])
    centroids = normalised(np.stack([b.mean(axis=0) for b in blocks])) if blocks else vectors
    core = normalised(centroids.mean(axis=0, keepdims=True)) if blocks else vectors
    subject = normalised(np.stack(subjects).mean(axis=0, keepdims=True)) if subjects else vectors
    names, name_weights = _names(readings)
    skimmed = _skimmed(readings, skimmer)
    skimmed_core = normalised(skimmed.mean(axis=0, keepdims=True)) if len(skimmed) else skimmed
    return WatchIndex(
        watch=watch,
        space=space,
        readings=readings,
        vectors=vectors,
        plain=np.concatenate(plain) if plain else vectors,
        owner=np.array(owner, dtype=np.int64),
        widths=np.array(
            [p.width for r in readings for p in r.passages or (Passage("", 0, 1),)],
            dtype=np.float32,
        ),
        commonness=space.commonness(vectors),
        leads=np.stack(leads) if leads else vectors,
        centroids=centroids,
        core=core,
        core_commonness=float(space.commonness(core)[0]) if blocks else 0.0,
        subject=subject,
        subject_commonness=float(space.commonness(subject)[0]) if blocks else 0.0,
        names=names,
        sought=SoughtNames(names),
        name_weights=name_weights,
        all_names=frozenset(name.folded for reading in readings for name in reading.names),
        shingles=frozenset().union(*(reading.shingles for reading in readings)),
        units=frozenset({""}).union(*(reading.units for reading in readings)),
        countries=_countries(watch, readings),
        numbers=frozenset(value for reading in readings for value in reading.numbers),
        days=frozenset(r.published for r in readings if r.published is not None),
        all_numbers=frozenset(value for reading in readings for value in reading.all_numbers),
        dates=frozenset(day for reading in readings for day in reading.dates),
        aspects=index_aspects(watch.aspects, encoder, space),
        skimmed=skimmed,
        skimmed_core=skimmed_core,
        renderings=_renderings(watch, names),
    )
