"""Bodies side by side: how the texts of a story render in full what has one acronym.

"VFDA" is the Vietnam Film Development Association in one text and an agency for food and drugs in
another: two texts contradict each other where what the two bodies are for has nothing to do with
each other, or where one language has other words for the same initials.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations

from worker.analysis.comparing import Comparison, Spot
from worker.match.acronyms import bodies
from worker.match.bodies import is_part_of_world
from worker.match.pairs import TextRows

_REMEMBERED = 3_000


def compare_bodies(rows: Sequence[TextRows]) -> Comparison:
    """Compare how the texts of a story render the bodies whose acronym they give.

    Args:
        rows: the texts.
    """
    agreements: list[tuple[Spot, Spot]] = []
    conflicts: list[tuple[Spot, Spot]] = []
    by_acronym: defaultdict[str, dict[str, list[Spot]]] = defaultdict(dict)
    for text in rows:
        for spot in _bodies_of(text):
            if spot.body is not None:
                by_acronym[spot.body.acronym].setdefault(text.key, []).append(spot)
    for by_text in by_acronym.values():
        pairs = [
            (one, other)
            for ours, theirs in combinations(by_text.values(), 2)
            for one, other in _paired(ours, theirs)
        ]
        known = _told_places(by_text.values())
        apart = [pair for pair in pairs if _are_apart(*pair, known)]
        conflicts += apart
        agreements += [
            (one, other)
            for one, other in pairs
            if one.agrees_with(other) and not _is_open(one, other, apart)
        ]
    return Comparison(tuple(agreements), tuple(conflicts))


def _paired(ours: Sequence[Spot], theirs: Sequence[Spot]) -> Iterator[tuple[Spot, Spot]]:
    """What two texts have for one acronym; where they have the same once, nothing contradicts."""
    pairs = [(one, other) for one in ours for other in theirs]
    same = [pair for pair in pairs if pair[0].agrees_with(pair[1])]
    yield from same or pairs[:1]


def _told_places(texts: Iterable[Sequence[Spot]]) -> frozenset[str]:
    """The places that two languages or more have in a body's name, and all parts of the world.

    A country alone may be a word that only looks like its name.
    """
    languages: defaultdict[str, set[str]] = defaultdict(set)
    for spots in texts:
        for spot in spots:
            for place in spot.body.places if spot.body is not None else ():
                languages[place].add(spot.rows.reading.language)
    return frozenset(
        place for place, told in languages.items() if len(told) > 1 or is_part_of_world(place)
    )


def _are_apart(one: Spot, other: Spot, known: frozenset[str]) -> bool:
    """Whether two names contradict each other, in what the bodies are for or in where they are."""
    if one.body is None or other.body is None:
        return False
    if not one.body.has_same_aims(other.body):
        return True
    is_known = bool(one.body.places & known) and bool(other.body.places & known)
    return is_known and one.body.is_elsewhere(other.body)


def _is_open(one: Spot, other: Spot, apart: Sequence[tuple[Spot, Spot]]) -> bool:
    """Whether nothing tells that two names are of one body, where others contradict each other."""
    if one.body is None or other.body is None:
        return True
    is_by_place = any(
        x.body is not None and y.body is not None and x.body.has_same_aims(y.body) for x, y in apart
    )
    if is_by_place:
        return not one.body.places & other.body.places
    return bool(apart) and not one.body.is_surely(other.body)


@lru_cache(maxsize=_REMEMBERED)
def _bodies_of(rows: TextRows) -> tuple[Spot, ...]:
    """The bodies of a text, each rendering once."""
    found: list[Spot] = []
    for place, passage in enumerate(rows.reading.passages):
        for body in bodies(passage.text, rows.reading.language):
            if not any(
                spot.body is not None
                and spot.body.acronym == body.acronym
                and spot.body.is_same(body)
                for spot in found
            ):
                found.append(Spot(rows, place, body.start, body.end, body=body))
    return tuple(found)
