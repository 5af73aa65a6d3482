"""Organisations side by side: how the texts of a story render in full what has one acronym.

"VFDA" is the Vietnam Film Development Association in one text and an agency for food and drugs in
another: two texts contradict each other where what the two organisations are for has nothing to do
with each other, or where one language has other words for the same initials.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations

from worker.analysis.comparing import Comparison, Spot
from worker.domain import Rendering
from worker.match.acronyms import organisations
from worker.match.organisations import is_part_of_world, normal
from worker.match.pairs import TextRows

_REMEMBERED = 3_000
_MOST_OF_IT = 0.8
"""Share of an organisation's name that an approved rendering has, where it begins later."""


def compare_organisations(
    rows: Sequence[TextRows], renderings: Sequence[Rendering] = ()
) -> Comparison:
    """Compare how the texts of a story render the organisations whose acronym they give.

    Args:
        rows: the texts.
        renderings: of names, as far as a person approved them; what is approved is right.
    """
    agreements: list[tuple[Spot, Spot]] = []
    conflicts: list[tuple[Spot, Spot]] = []
    by_acronym: defaultdict[str, dict[str, list[Spot]]] = defaultdict(dict)
    for text in rows:
        for spot in _organisations_of(text):
            if spot.organisation is not None:
                by_acronym[spot.organisation.acronym].setdefault(text.key, []).append(spot)
    approved = _approved(renderings)
    for by_text in by_acronym.values():
        pairs = [
            (one, other)
            for ours, theirs in combinations(by_text.values(), 2)
            for one, other in _paired(ours, theirs)
        ]
        known = _told_places(by_text.values())
        apart = [
            pair
            for pair in pairs
            if _are_apart(*pair, known) and not any(_has_both(*pair, one) for one in approved)
        ]
        is_by_place = any(_have_same_aims(*pair) for pair in apart)
        conflicts += apart
        agreements += [
            pair
            for pair in pairs
            if pair[0].agrees_with(pair[1])
            and not (apart and (_share_no_place(*pair) if is_by_place else _is_open(*pair)))
        ]
    return Comparison(tuple(agreements), tuple(conflicts))


def _paired(ours: Sequence[Spot], theirs: Sequence[Spot]) -> Iterator[tuple[Spot, Spot]]:
    """What two texts have for one acronym; where they have the same once, nothing contradicts."""
    pairs = [(one, other) for one in ours for other in theirs]
    same = [pair for pair in pairs if pair[0].agrees_with(pair[1])]
    yield from same or pairs[:1]


def _approved(renderings: Iterable[Rendering]) -> list[frozenset[str]]:
    """Of each name of a seed, all its renderings that a person approved, and itself."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for one in renderings:
        found[one.name] |= {normal(one.name), normal(one.text)}
    return [frozenset(names) for names in found.values()]


def _has_both(one: Spot, other: Spot, names: frozenset[str]) -> bool:
    """Whether two names render one name, give or take a word at the beginning."""
    written = [
        normal(spot.organisation.name) for spot in (one, other) if spot.organisation is not None
    ]
    return all(
        any(text.endswith(name) and len(name) >= _MOST_OF_IT * len(text) for name in names)
        for text in written
    )


def _told_places(texts: Iterable[Sequence[Spot]]) -> frozenset[str]:
    """The places that two languages or more have in a name, and all parts of the world.

    A country alone may be a word that only looks like its name.
    """
    languages: defaultdict[str, set[str]] = defaultdict(set)
    for spots in texts:
        for spot in spots:
            for place in spot.organisation.places if spot.organisation is not None else ():
                languages[place].add(spot.rows.reading.language)
    return frozenset(
        place for place, told in languages.items() if len(told) > 1 or is_part_of_world(place)
    )


def _are_apart(one: Spot, other: Spot, known: frozenset[str]) -> bool:
    """Whether two names contradict each other, in what they are for or in where they are."""
    if one.organisation is None or other.organisation is None:
        return False
    if not one.organisation.has_same_aims(other.organisation):
        return True
    is_known = bool(one.organisation.places & known) and bool(other.organisation.places & known)
    return is_known and one.organisation.is_elsewhere(other.organisation)


def _have_same_aims(one: Spot, other: Spot) -> bool:
    return (
        one.organisation is not None
        and other.organisation is not None
        and one.organisation.has_same_aims(other.organisation)
    )


def _share_no_place(one: Spot, other: Spot) -> bool:
    return (
        one.organisation is None
        or other.organisation is None
        or not one.organisation.places & other.organisation.places
    )


def _is_open(one: Spot, other: Spot) -> bool:
    """Whether nothing tells that two names are of one organisation."""
    return (
        one.organisation is None
        or other.organisation is None
        or not one.organisation.is_surely(other.organisation)
    )


@lru_cache(maxsize=_REMEMBERED)
def _organisations_of(rows: TextRows) -> tuple[Spot, ...]:
    """The organisations of a text, each rendering once."""
    found: list[Spot] = []
    for place, passage in enumerate(rows.reading.passages):
        for organisation in organisations(passage.text, rows.reading.language):
            if not any(
                spot.organisation is not None
                and spot.organisation.acronym == organisation.acronym
                and spot.organisation.is_same(organisation)
                for spot in found
            ):
                found.append(
                    Spot(
                        rows, place, organisation.start, organisation.end, organisation=organisation
                    )
                )
    return tuple(found)
