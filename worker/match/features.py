"""An article against a watch in a dozen numbers, general to every story.

Each has a direction that a person would expect ("more shared names: more related"); the model
only weighs them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from worker.domain import Vectors
from worker.match.align import Alignment, align
from worker.match.candidates import country_fit, foremost_countries, name_weight
from worker.match.encoders import normalised
from worker.match.figures import Date
from worker.match.nameindex import NameIndex
from worker.match.reading import Reading
from worker.match.vectorspace import Rows, Similarities
from worker.match.watchindex import WatchIndex

HEAD_TEXTS = 3
UNKNOWN_DAY = 0.3
MAX_ALIGNED = 8
MAX_SPAN = 0.4
UNCONTRASTED = 0.2
"""Taken for the lead of the best partner over the next where the seed has one passage only."""


@dataclass(frozen=True)
class Comparison:
    """One article beside one watch.

    Attributes:
        seed: index of the nearest seed. alignment: with that seed.
        margins: with all passages of all seeds. plain: cosines of vectors that are centred on their
            language and not whitened: what a person is shown.
        features: by name.
        near_seeds: indices of the seeds that were aligned.
        missing: names of the watch's aspects that the article does not have.
    """

    seed: int
    alignment: Alignment
    margins: Similarities
    plain: Similarities
    features: dict[str, float]
    shared_names: tuple[int, ...]
    missing: tuple[str, ...]
    near_seeds: tuple[int, ...]


@dataclass(frozen=True)
class Encoded:
    """An article's vectors in a watch's space.

    Attributes:
        title: centred vector of the title, shape (1, dimension); the lead's where there is none.
        body: centred vectors of the passages; the title's where there is no text.
        plain: the same rows as body, not whitened.
    """

    title: Vectors
    body: Vectors
    plain: Vectors


def _weights(reading: Reading) -> NDArray[np.float32]:
    return np.array([p.width for p in reading.passages] or [1], dtype=np.float32)


def compare(reading: Reading, encoded: Encoded, index: WatchIndex) -> Comparison:
    """Compare an article with a watch.

    Args:
        reading: the article.
        encoded: its vectors.
        index: the watch.
    """
    title, body = encoded.title, encoded.body
    widths = _weights(reading)
    plain: Similarities = encoded.plain @ index.plain.T
    common = index.space.commonness(body)
    raw: Similarities = body @ index.vectors.T
    margins = raw - 0.5 * (common[:, None] + index.commonness[None])
    own = Rows(body, widths, common, index.space)
    alignments = {}
    for number in _nearest_seeds(margins, widths, index):
        mine = index.owner == number
        joined = windowed_margins(own, index.rows_of(number))
        alignments[number] = align(margins[:, mine], np.maximum(margins[:, mine], joined), widths)
    nearest = max(
        alignments, key=lambda k: alignments[k].in_order + 0.1 * alignments[k].seed_covered
    )
    best = margins.max(axis=1)
    top = np.sort(best)[::-1]
    shared = tuple(index.named_in(reading.name_index))
    features = {
        "top3": float(top[:3].mean()),
        "top10": float(_largest(margins.ravel(), 10).mean()),
        "width": float(np.log(reading.width + len(reading.title) + 1)),
        **_core(title, body, widths, index),
        **aligned(alignments[nearest]),
        **same_text(plain[:, index.owner == nearest], widths),
        **same_facts(reading, index.readings[nearest]),
        **_names(reading, shared, index),
        **_countries(reading, index),
        **_figures(reading, index),
    }
    features["subject_gap"] = min(0.0, max(features["subject"], features["lead_subject"]) - 0.15)
    texts = np.concatenate([title, body])
    missing = tuple(a.name for a in index.aspects if not a.is_in(reading, texts, index.space))
    return Comparison(
        nearest,
        alignments[nearest],
        margins,
        plain,
        features,
        shared,
        missing,
        tuple(alignments),
    )


def _largest(values: Similarities, count: int) -> Similarities:
    """Return the largest of many values, ascending."""
    least = max(0, len(values) - count)
    found: Similarities = np.sort(np.partition(values, least)[least:])
    return found


def _nearest_seeds(
    margins: Similarities, widths: NDArray[np.float32], index: WatchIndex
) -> NDArray[np.int64]:
    """Return the seeds worth aligning: a watch may have hundreds, and the far ones never win."""
    if len(index.readings) <= MAX_ALIGNED:
        return np.arange(len(index.readings))
    starts = np.searchsorted(index.owner, np.arange(len(index.readings)))
    best = np.maximum.reduceat(margins, starts, axis=1)
    nearness = (np.maximum(best, 0.0) * widths[:, None]).sum(axis=0)
    return np.argsort(-nearness, kind="stable")[:MAX_ALIGNED]


def windowed_margins(one: Rows, other: Rows) -> Similarities:
    """Return margins of passages against pairs of neighbours, where two sentences became one."""
    one_to_two = one.vectors @ other.pairs.T
    one_to_two = one_to_two - 0.5 * (one.commonness[:, None] + other.pair_commonness[None])
    two_to_one = one.pairs @ other.vectors.T
    two_to_one = two_to_one - 0.5 * (one.pair_commonness[:, None] + other.commonness[None])
    previous = np.concatenate([np.full_like(two_to_one[:1], -1.0), two_to_one[:-1]])
    joined: Similarities = np.maximum(np.maximum(one_to_two, two_to_one), previous)
    return joined


def same_text(plain: Similarities, widths: NDArray[np.float32]) -> dict[str, float]:
    """Tell how near an article lies to one seed, passage by passage, and how steadily it follows.

    Args:
        plain: shape (passages of the article, passages of the seed).
        widths: of the article's passages.
    """
    shares = widths / widths.sum()
    best, places = plain.max(axis=1), plain.argmax(axis=1)
    second = np.partition(plain, -2, axis=1)[:, -2] if plain.shape[1] > 1 else best - UNCONTRASTED
    steps = np.diff(places)
    told = plain[:, places.min() : places.max() + 1].max(axis=0)
    return {
        "same_near": float((best * shares).sum()),
        "same_low": float(np.percentile(best, 25)),
        "same_contrast": float(((best - second) * shares).sum()),
        # a passage was left out, or two became one: both are steps of a translation
        "same_steps": float(((steps >= 0) & (steps <= 2)).mean()) if len(steps) else 0.5,
        # what the seed says from the first to the last passage that the article has: a report
        # leaves most of it out. More than this tells translations of far languages from near ones.
        "same_span": min(float(told.mean()), MAX_SPAN),
    }


def aligned(alignment: Alignment) -> dict[str, float]:
    """Tell how an article lies beside one seed; see `Alignment`."""
    return {
        "aligned": alignment.mean,
        "in_order": alignment.in_order,
        "covered": alignment.covered,
        "seed_covered": alignment.seed_covered,
        "order": alignment.order,
        "order_z": alignment.order_z,
    }


def _balance(shared: int, own: int) -> float:
    """Return shared against not shared, -1..1; 0 where there is nothing to compare."""
    return (2 * shared - own) / (own + 2)


def same_facts(reading: Reading, seed: Reading) -> dict[str, float]:
    """Tell whether the article's own names, numbers and countries are those of one seed.

    How many of its names the seed does not have is told where both are in Latin: between two
    scripts a name is missed too often to say so; similarities lie lower there, too.
    """
    numbers = sum(value in seed.numbers for value in reading.numbers)
    own = len(reading.names)
    names = sum(map(seed.name_index.has, reading.names))
    is_latin = reading.name_index.is_latin and seed.name_index.is_latin
    a, b = reading.countries, seed.countries
    lengths = math.hypot(*a.values()) * math.hypot(*b.values())
    cosine = sum(w * b.get(code, 0.0) for code, w in a.items()) / lengths if lengths else 0.5
    return {
        "number_hits": min(numbers, 4) / 4,
        "number_misses": (len(reading.numbers) - numbers) / (len(reading.numbers) + 2),
        "name_balance": _balance(names, own),
        "country_same": cosine,
        "strange_names": (own - names) / (own + 3) if is_latin else 0.0,
        "both_latin": float(is_latin),
    }


def _core(
    title: Vectors, body: Vectors, widths: NDArray[np.float32], index: WatchIndex
) -> dict[str, float]:
    space = index.space
    centre = normalised((body * (widths / widths.sum())[:, None]).sum(axis=0, keepdims=True))
    lead = normalised(np.concatenate([title, body[:2]]).mean(axis=0, keepdims=True))
    stacked = np.concatenate([centre, lead, title])
    common = space.commonness(stacked)
    core = (stacked @ index.core.T)[:, 0] - 0.5 * (common + index.core_commonness)
    subject = (stacked @ index.subject.T)[:, 0] - 0.5 * (common + index.subject_commonness)
    return {
        "core": float(core[0]),
        "lead_core": float(core[1]),
        "title_core": float(core[2]),
        "subject": float(subject[0]),
        "lead_subject": float(subject[1]),
    }


def _names(reading: Reading, shared: tuple[int, ...], index: WatchIndex) -> dict[str, float]:
    """Tell how many of the watch's names are in the article, and whether in focus or in passing."""
    weights = {i: name_weight(i, index) for i in shared}
    head = NameIndex(reading.texts[:HEAD_TEXTS])
    named_in_head = frozenset(index.named_in(head))
    in_head = [i for i in shared if i in named_in_head]
    telling = frozenset(i for i in shared if weights[i] >= 0.35)
    per_text = [NameIndex([text]) for text in reading.texts] if telling else []
    with_name = sum(not telling.isdisjoint(index.named_in(text)) for text in per_text)
    own = len({n.folded for n in reading.names})
    return {
        "names": float(np.log1p(sum(weights.values()))),
        "name_best": max(weights.values(), default=0.0),
        "name_head": float(np.log1p(sum(weights[i] for i in in_head))),
        "name_head_best": max((weights[i] for i in in_head), default=0.0),
        "name_cover": with_name / max(len(reading.texts), 1),
        "name_share": (min(len(shared), own) + 0.5) / (own + 1),
    }


def _countries(reading: Reading, index: WatchIndex) -> dict[str, float]:
    """Tell whether the watch's countries are the article's, and whether others are."""
    foremost = foremost_countries(reading.countries, index)
    lacking = [(1 - one.share) * one.strength for one in foremost]
    others = [w for code, w in reading.countries.items() if code not in index.countries]
    return {
        "country_fit": country_fit(reading.countries, index),
        "country_gap": -min(lacking, default=0.0),
        "country_worst": -max(lacking, default=0.0),
        "country_other": max(others, default=0.0)
        * max((one.strength for one in foremost), default=0.0),
    }


def _figures(reading: Reading, index: WatchIndex) -> dict[str, float]:
    """Tell how many telling numbers and days are shared, and which share of the article's own."""
    shared = sum(value in index.numbers for value in reading.numbers)
    days = sum(any(d.agrees_with(s) for s in index.dates) for d in reading.dates)
    return {
        "numbers": float(np.log1p(shared)),
        "number_share": (shared + 0.5) / (len(reading.numbers) + 1),
        "dates": float(min(days, 2)),
        "other_days": float(bool(reading.dates) and not days),
        "near_date": _nearness(reading, index),
    }


def _nearness(reading: Reading, index: WatchIndex) -> float:
    """Tell how near an article's day is to a seed's: 1 the same day, 1/e ten days, 0.3 unknown."""
    if reading.published is None:
        return UNKNOWN_DAY
    gaps = [abs((reading.published - day).days) for day in index.days]
    if not index.days:
        gaps = [_gap_in_year(reading.published, day) for day in index.dates]
    return math.exp(-min(gaps) / 10) if gaps else UNKNOWN_DAY


def _gap_in_year(day: date, other: Date) -> int:
    """Return the days between two days of the year, the shorter way round."""
    gap = abs((day.month - other.month) * 30.4 + day.day - other.day)
    return round(min(gap, 365 - gap))
