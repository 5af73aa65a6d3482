"""Facts side by side: what the texts of a story say in numbers and names, with contradictions.

Only passages that say the same are compared, and in them only values of one kind and unit. Two
values contradict each other where neither text has the other's value anywhere and it is plain
enough that they stand for the same thing. What is missing is no contradiction, nor is what is
rounded or written otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from typing import Any

from worker.analysis.comparing import (
    SAME_MATTER,
    SAYS_THE_SAME,
    Comparison,
    Spot,
    compare,
    similarity,
)
from worker.analysis.offices import compare_offices
from worker.analysis.organisations import compare_organisations
from worker.analysis.stories import ReadStory, Telling
from worker.domain import Measure
from worker.match.pairs import TextRows
from worker.records import Saying, SharedFact, Version

NOTE = (
    "Compared are values of one kind and unit in passages that say the same, and what one acronym "
    "stands for; `is_conflict` says that two of them contradict each other as far as can be told."
)
_ORDER = list(Measure)
_CLOSE = (
    frozenset({"ca", "es", "gl", "it", "oc", "pt"}),
    frozenset({"id", "ms"}),
    frozenset({"da", "no", "sv"}),
    frozenset({"bs", "hr", "sl", "sr"}),
    frozenset({"cs", "sk"}),
)
"""Languages whose common words are so alike that they look like misspelt names."""


def facts_of(story: ReadStory) -> tuple[SharedFact, ...]:
    """Lay the facts of a story side by side.

    Args:
        story: with its texts.

    Returns:
        What several texts say; contradictions first, then what most say.
    """
    rows = [one.rows for one in story.tellings if one.rows is not None]
    family = {key: family[0] for family in story.lineage.families for key in family}
    found = [
        compare(one, other, is_one_text=family.get(one.key, one.key) == family.get(other.key))
        for one, other in combinations(rows, 2)
        if one.space is other.space
    ]
    found = [_without_translated(one, rows, family) for one in found]
    found.append(compare_offices(rows, family))
    found.append(compare_organisations(rows, story.renderings))
    facts = [_fact(group, story, family) for group in _groups(found)]
    return tuple(sorted((one for one in facts if one is not None), key=_rank))


def as_record(story: ReadStory) -> dict[str, Any]:
    """The facts as one JSON document; `docs/columns.md` explains the fields."""
    return {
        **story.head,
        "note": NOTE,
        "facts": [asdict(one) for one in facts_of(story)],
    }


def _rank(fact: SharedFact) -> tuple[bool, int, int]:
    said_by = sum(one.independent for one in fact.versions)
    return not fact.is_conflict, -said_by, _ORDER.index(fact.kind)


def _without_translated(
    found: Comparison, rows: Sequence[TextRows], family: Mapping[str, str]
) -> Comparison:
    """Leave out what two close languages call otherwise: "Casa Blanca", "Casa Branca".

    That is so where the text is told in a third language too, with neither of them.
    """
    kept = [
        (one, other)
        for one, other in found.conflicts
        if not (one.name is not None and _is_translated(one, other, rows, family))
    ]
    return Comparison(found.agreements, tuple(kept))


def _is_translated(
    one: Spot, other: Spot, rows: Sequence[TextRows], family: Mapping[str, str]
) -> bool:
    languages = {one.rows.reading.language, other.rows.reading.language}
    own = family.get(one.rows.key)
    is_close = len(languages) == 2 and any(languages <= close for close in _CLOSE)
    if not is_close or own is None or family.get(other.rows.key) != own:
        return False
    third = [
        text.reading.name_index
        for text in rows
        if family.get(text.key) == own
        and text.reading.language not in languages
        and text.reading.name_index.is_latin
    ]
    names = [spot.name for spot in (one, other) if spot.name is not None]
    return bool(third) and not any(index.has_folded(name) for index in third for name in names)


class _Group:
    """Spots that are about one thing."""

    def __init__(self) -> None:
        self.spots: dict[Spot, None] = {}
        self.conflicts: list[tuple[Spot, Spot]] = []


def _groups(comparisons: Iterable[Comparison]) -> list[_Group]:
    """What agrees, directly or through others, is one thing; so is what contradicts it."""
    parent: dict[Spot, Spot] = {}

    def root(spot: Spot) -> Spot:
        while parent.setdefault(spot, spot) is not spot:
            parent[spot] = parent[parent[spot]]
            spot = parent[spot]
        return spot

    conflicts: list[tuple[Spot, Spot]] = []
    for comparison in comparisons:
        for one, other in (*comparison.agreements, *comparison.conflicts):
            parent[root(other)] = root(one)
        conflicts += comparison.conflicts
    found: defaultdict[Spot, _Group] = defaultdict(_Group)
    for spot in list(parent):
        found[root(spot)].spots[spot] = None
    for pair in conflicts:
        found[root(pair[0])].conflicts.append(pair)
    return _without_doubles(list(found.values()))


def _without_doubles(groups: Sequence[_Group]) -> list[_Group]:
    """Put groups together that tell one value of the same matter in passages that no pair joined.

    That happens where a story has two texts that others go back to, and where one text says it
    twice. A day and a sum of money are telling enough; what else is alike may be another thing.
    """
    kept: list[_Group] = []
    for group in groups:
        same = next((one for one in kept if _is_double(one, group)), None)
        if same is None:
            kept.append(group)
        else:
            same.spots.update(group.spots)
            same.conflicts += group.conflicts
    return kept


def _is_double(one: _Group, other: _Group) -> bool:
    if one.conflicts and other.conflicts:
        return False
    mine, its = next(iter(one.spots)), next(iter(other.spots))
    if mine.quantity is None or (mine.kind, mine.unit) != (its.kind, its.unit):
        return False
    pairs = [(x, y) for x in one.spots for y in other.spots if x.agrees_with(y)]
    if mine.kind is Measure.AMOUNT or (mine.quantity.date and mine.quantity.date.month):
        return bool(pairs)
    least = SAYS_THE_SAME if mine.kind is Measure.COUNT else SAME_MATTER
    return any(similarity(x, y) >= least for x, y in pairs)


def _fact(group: _Group, story: ReadStory, family: dict[str, str]) -> SharedFact | None:
    order = {key: place for place, key in enumerate(story.lineage.order)}
    spots = sorted(group.spots, key=lambda one: (order[one.rows.key], one.passage, one.start))
    versions: list[list[Spot]] = []
    for spot in spots:
        same = next((one for one in versions if spot.agrees_with(one[0])), None)
        if same is None:
            versions.append([spot])
        elif all(spot.rows.key != one.rows.key for one in same):
            same.append(spot)
    if group.conflicts:
        wanted = {id(one) for pair in group.conflicts for one in pair}
        versions = [one for one in versions if any(id(spot) in wanted for spot in one)]
    by_key = story.by_key
    told = [_version(one, by_key, family) for one in versions]
    if len({one.rows.key for version in versions for one in version}) < 2:
        return None
    told.sort(key=lambda one: (-one.independent, -len(one.sayings)))
    first = spots[0]
    return SharedFact(first.kind, first.unit, tuple(told), bool(group.conflicts))


def _version(spots: Sequence[Spot], by_key: dict[str, Telling], family: dict[str, str]) -> Version:
    sayings = tuple(_saying(one, by_key[one.rows.key]) for one in spots)
    own = {family.get(one.rows.key, one.rows.key) for one in spots}
    fullest = max(spots, key=_fullness)
    return Version(fullest.value, len(own), sayings)


def _fullness(spot: Spot) -> tuple[bool, int]:
    """How well a value stands for those of a version: an own name before a translated one."""
    return spot.organisation is not None and spot.organisation.is_spelt, len(spot.value)


def _saying(spot: Spot, telling: Telling) -> Saying:
    article, seed = telling.article, telling.seed
    return Saying(
        article.match_id if article is not None else None,
        seed.id if seed is not None else None,
        telling.told.title,
        telling.told.outlet,
        telling.told.language,
        spot.written,
        spot.text,
        spot.start,
        spot.end,
    )
