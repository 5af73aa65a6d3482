"""Offices side by side: what the texts of a story call one person, in all languages.

A person is whose name stands beside an office where letters have cases; elsewhere such persons are
looked for around the offices, by the sound of their names. Two texts contradict each other where
one calls somebody the deputy of what the other does, and neither has both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from worker.analysis.comparing import SAYS_THE_SAME, Comparison, Spot, similarity
from worker.match.cities import city_countries
from worker.match.nameindex import NameIndex
from worker.match.names import Name
from worker.match.offices import UNCUT, Office, offices
from worker.match.pairs import TextRows
from worker.match.skeleton import fold

_NEAR = 60
"""Characters between an office and who has it, at most."""
_APPOSED = 25
"""The same where the name comes first: "Ann Lee, the minister"."""
_WINDOWS = (12, 24)
"""Characters around an office in which a name is looked for that capitals do not tell."""
_SENTENCE_ENDS = re.compile(r"[!?;\n。！？।]|\.\s")
_APPOSITION = re.compile(r"\s?[,(–—-]")
_NAME_FIRST = frozenset({"hu"})
"""Languages in Latin script that put the office behind the name without a comma."""
_SHORT = 3
_REMEMBERED = 3_000


@dataclass(frozen=True, slots=True)
class _Named:
    """A person where the name stands."""

    start: int
    end: int
    name: Name


@dataclass(frozen=True, eq=False, slots=True)
class _Beside:
    """An office in a text, and who stands beside it.

    Attributes:
        person: where capitals tell.
        is_sure: it is no body whose office this is: "president of the company Blue Mill".
    """

    spot: Spot
    office: Office
    person: Name | None
    is_sure: bool


def compare_offices(rows: Sequence[TextRows], family: Mapping[str, str]) -> Comparison:
    """Compare what the texts of a story call the people in it.

    Args:
        rows: the texts.
        family: text -> the text that stands for all that are one with it.
    """
    agreements: list[tuple[Spot, Spot]] = []
    conflicts: list[tuple[Spot, Spot]] = []
    persons = {one.person.folded: one.person for text in rows for one in _beside(text)
               if one.person is not None}  # fmt: skip
    for person in persons.values():
        held = [found for text in rows if (found := _offices_of(text, person))]
        for ours, theirs in combinations(held, 2):
            same = [(x.spot, y.spot) for x in ours for y in theirs if x.office.is_same(y.office)]
            agreements += same
            if not same:
                conflicts += _contradicting(ours, theirs, family)
    return Comparison(tuple(agreements), tuple(conflicts))


def _contradicting(
    ours: Sequence[_Beside], theirs: Sequence[_Beside], family: Mapping[str, str]
) -> Iterator[tuple[Spot, Spot]]:
    """The first two offices that contradict each other."""
    one, other = ours[0].spot.rows.key, theirs[0].spot.rows.key
    is_one_text = family.get(one, one) == family.get(other, other)
    for mine in ours:
        for its in theirs:
            is_sure = mine.is_sure and its.is_sure
            is_rank = mine.office.is_other_rank(its.office)
            is_matter = is_one_text or similarity(mine.spot, its.spot) >= SAYS_THE_SAME
            if (is_sure and (is_rank or mine.office.never_is(its.office))) or (
                is_matter and (is_rank or (is_sure and mine.office.excludes(its.office)))
            ):
                yield mine.spot, its.spot
                return


@lru_cache(maxsize=10 * _REMEMBERED)
def _offices_of(rows: TextRows, person: Name) -> tuple[_Beside, ...]:
    """What a text calls a person, each office once."""
    found = [
        one
        for one in _beside(rows)
        if one.person is not None
        and (one.person.folded == person.folded or _index(one.person.text).has(person))
    ]
    if not found and not rows.reading.name_index.is_latin and rows.reading.name_index.has(person):
        found += _around(rows, person)
    distinct: list[_Beside] = []
    for one in found:
        if not any(one.office.is_same(x.office) for x in distinct):
            distinct.append(one)
    return tuple(distinct)


def _around(rows: TextRows, person: Name) -> list[_Beside]:
    """The offices nearest to a name that is known by its sound."""
    for width in _WINDOWS:
        found = [
            one
            for one in _beside(rows)
            if one.person is None
            and _index(_window(one.spot.text, one.spot.start, one.spot.end, width)).has(person)
        ]
        if found:
            return found
    return []


def _window(text: str, start: int, end: int, width: int) -> str:
    before = _SENTENCE_ENDS.split(text[max(0, start - width) : start])[-1]
    after = _SENTENCE_ENDS.split(text[end : end + width], maxsplit=1)[0]
    return f"{before} {after}"


@lru_cache(maxsize=_REMEMBERED)
def _index(text: str) -> NameIndex:
    return NameIndex([text])


@lru_cache(maxsize=_REMEMBERED)
def _beside(rows: TextRows) -> tuple[_Beside, ...]:
    """The offices of a text with who stands beside them; each person by the nearest one."""
    found: list[_Beside] = []
    reading = rows.reading
    for place, passage in enumerate(reading.passages):
        people = list(_names(rows, passage.text)) if reading.language not in UNCUT else []
        held = offices(passage.text, reading.language)
        reach = sorted(
            (
                (distance, office.start, named)
                for office in held
                for named in people
                if (distance := _distance(passage.text, office, named, reading.language))
                is not None
            ),
            key=lambda one: one[:2],
        )
        having: dict[int, _Named] = {}
        for _, at, named in reach:
            if at not in having and named not in having.values():
                having[at] = named
        for office in held:
            person = having.get(office.start)
            start, end = office.start, office.end
            if person is not None:
                start, end = min(start, person.start), max(end, person.end)
            spot = Spot(rows, place, start, end, office=office)
            if not office.is_known:
                continue
            is_sure = person is not None and _is_person(passage.text, office, person)
            found.append(_Beside(spot, office, person.name if person else None, is_sure))
    return tuple(found)


def _is_person(text: str, office: Office, person: _Named) -> bool:
    """Whether a name stands right beside an office, or with a comma and no other name between."""
    gap = text[office.end : person.start].strip() if person.start >= office.end else ","
    return not gap or (gap[-1] in ",(:–—" and gap == gap.lower())


def _distance(text: str, office: Office, person: _Named, language: str) -> int | None:
    """How far a person stands from an office; None where it is somebody else's, or no person."""
    if person.start >= office.end:
        gap, is_first = text[office.end : person.start], True
    elif person.end <= office.start:
        gap, is_first = text[person.end : office.start], False
    else:
        return None
    if len(gap) > (_NEAR if is_first else _APPOSED) or _SENTENCE_ENDS.search(gap):
        return None
    if is_first:
        words = gap.replace(",", " , ").split()
        is_complement = bool(words) and len(words[-1]) <= _SHORT and words[-1][-1:].isalpha()
        return None if is_complement else len(gap)
    if _APPOSITION.match(gap) or language in _NAME_FIRST:
        return len(gap) + _APPOSED
    return None


def _names(rows: TextRows, text: str) -> Iterator[_Named]:
    """Where the people of a text stand in a passage, without the office that is part of a name."""
    language = rows.reading.language
    for name in rows.reading.names:
        at = text.find(name.text) if name.words > 1 else -1
        if at < 0:
            continue
        person = _without_office(name.text, language)
        if person is None:
            continue
        start = text.index(person, at)
        yield _Named(start, start + len(person), _person(person))


@lru_cache(maxsize=_REMEMBERED)
def _without_office(name: str, language: str) -> str | None:
    """A person's own name; None where it is a city's, or that of what the office is for."""
    start = max((one.end for one in offices(name, language)), default=0)
    words = name[start:].split()
    if len(words) < 2 or (start and words[0].islower()) or any(x.isupper() for x in words[-2:]):
        return None
    own = " ".join(words)
    return None if sum(city_countries([own])[0].values()) else own


@lru_cache(maxsize=_REMEMBERED)
def _person(text: str) -> Name:
    return Name(text, fold(text), 1)
