"""Quotations followed through a story: the same words in all languages, and what becomes of them.

Two quotations are one where they stand in passages that say the same; where one of the passages
has none, it tells the statement in words of its own. Who is named beside it is looked for in every
script, so that only another person is another speaker.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import combinations
from typing import Any

from worker.analysis.comparing import SAME_MATTER, SAYS_THE_SAME, aligned
from worker.analysis.stories import ReadStory, Telling
from worker.match.attributions import speaker_beside
from worker.match.nameindex import NameIndex
from worker.match.names import Name
from worker.match.pairs import TextRows
from worker.match.passages import width
from worker.match.quotations import Quotation, quotations
from worker.match.skeleton import fold
from worker.records import FollowedQuote, QuoteVersion, Saying

SHORTENED = 0.6
"""Share of the first version's width below which a version is a shortened one; translations of one
text differ by less."""
_MOSTLY = 0.5
"""Share of a passage from which a quotation is what the passage says."""
_LEAST_ALIKE = 0.2
"""Of two wordings of one quotation in one language."""
_WORD = re.compile(r"[a-z0-9']+")
_REMEMBERED = 3_000


@dataclass(frozen=True, eq=False)
class _Spot:
    """A statement in one text: a quotation, or a passage that tells it otherwise."""

    rows: TextRows
    passage: int
    quotation: Quotation | None = None

    @property
    def text(self) -> str:
        own = self.rows.reading.passages[self.passage].text
        return self.quotation.text if self.quotation is not None else own


def quotes_of(story: ReadStory) -> tuple[FollowedQuote, ...]:
    """Follow the quotations of a story.

    Args:
        story: with its texts.

    Returns:
        Those that two texts or more have, what most have first.
    """
    family = {key: family[0] for family in story.lineage.families for key in family}
    rows = [one.rows for one in story.tellings if one.rows is not None]
    parent: dict[_Spot, _Spot] = {}

    def root(spot: _Spot) -> _Spot:
        while parent.setdefault(spot, spot) is not spot:
            spot = parent[spot]
        return spot

    for one, other in combinations(rows, 2):
        if one.space is other.space:
            is_one_text = family.get(one.key, one.key) == family.get(other.key)
            for mine, its in _pairs(one, other, is_one_text):
                parent[root(its)] = root(mine)
    groups: defaultdict[_Spot, list[_Spot]] = defaultdict(list)
    for spot in list(parent):
        groups[root(spot)].append(spot)
    order = {key: place for place, key in enumerate(story.lineage.order)}
    found = [_followed(group, story.by_key, order, family) for group in groups.values()]
    kept = [one for one in found if one is not None]
    return tuple(sorted(kept, key=lambda one: (-one.independent, -len(one.versions))))


def as_record(story: ReadStory) -> dict[str, Any]:
    """The quotations as one JSON document; `docs/columns.md` explains the fields."""
    return {
        **story.head,
        "quotes": [asdict(one) for one in quotes_of(story)],
    }


@lru_cache(maxsize=_REMEMBERED)
def _spots(rows: TextRows) -> tuple[_Spot, ...]:
    return tuple(_Spot(rows, one.passage, one) for one in quotations(rows.reading))


@lru_cache(maxsize=_REMEMBERED * 10)
def _told(rows: TextRows, passage: int) -> _Spot:
    return _Spot(rows, passage)


@lru_cache(maxsize=20 * _REMEMBERED)
def _pairs(one: TextRows, other: TextRows, is_one_text: bool) -> tuple[tuple[_Spot, _Spot], ...]:
    """The statements that two texts share, each once."""
    found: dict[_Spot, _Spot] = {}
    ours, theirs = _spots(one), _spots(other)
    if not ours and not theirs:
        return ()
    for here, there in aligned(one, other, SAME_MATTER if is_one_text else SAYS_THE_SAME):
        mine = [x for x in ours if _covers(x, here) and x not in found]
        its = [x for x in theirs if _covers(x, there) and x not in found.values()]
        if len(mine) == len(its):
            found.update(pair for pair in zip(mine, its, strict=True) if _can_be_one(*pair))
        elif len(mine) == 1 and not its and _is_mostly(mine[0], here):
            found[mine[0]] = _told(other, there)
        elif len(its) == 1 and not mine and _is_mostly(its[0], there):
            found[_told(one, here)] = its[0]
    return tuple(found.items())


def _can_be_one(one: _Spot, other: _Spot) -> bool:
    """Whether two quotations of one language share words; of two languages nothing is known."""
    if one.rows.reading.language != other.rows.reading.language:
        return True
    return _alike(one.text, other.text) >= _LEAST_ALIKE


def _covers(spot: _Spot, passage: int) -> bool:
    quotation = spot.quotation
    return quotation is not None and quotation.passage <= passage <= quotation.last


def _is_mostly(spot: _Spot, passage: int) -> bool:
    quotation = spot.quotation
    if quotation is None:
        return False
    whole = spot.rows.reading.passages[passage].width
    return quotation.passage == quotation.last == passage and (
        width(quotation.text) >= _MOSTLY * whole
    )


def _followed(
    group: Sequence[_Spot],
    by_key: Mapping[str, Telling],
    order: Mapping[str, int],
    family: Mapping[str, str],
) -> FollowedQuote | None:
    once: dict[str, _Spot] = {}
    for spot in sorted(group, key=lambda x: (order[x.rows.key], x.quotation is None, x.passage)):
        once.setdefault(spot.rows.key, spot)
    spots = list(once.values())
    if len(spots) < 2:
        return None
    first = next((one for one in spots if one.quotation is not None), spots[0])
    spots.remove(first)
    spots.insert(0, first)
    names = [_speaker(one) for one in spots]
    known = [name for name in names if name is not None]
    versions = []
    for spot, name in zip(spots, names, strict=True):
        index = _index(spot.rows, spot.passage)
        own = name or next((one for one in known if index.has(one)), None)
        versions.append(_version(spot, first, own, names[0], by_key[spot.rows.key]))
    independent = len({family.get(one.rows.key, one.rows.key) for one in spots})
    return FollowedQuote(tuple(versions), independent)


def _version(
    spot: _Spot, first: _Spot, name: Name | None, first_name: Name | None, telling: Telling
) -> QuoteVersion:
    quotation = spot.quotation
    is_one_language = spot.rows.reading.language == first.rows.reading.language
    is_other = False
    if name is not None and first_name is not None and spot is not first:
        is_other = not (
            set(_WORD.findall(name.folded)) & set(_WORD.findall(first_name.folded))
            or spot.rows.reading.name_index.has(first_name)
            or first.rows.reading.name_index.has(name)
        )
    own = spot.rows.reading.passages[spot.passage].text
    saying = Saying(
        telling.article.match_id if telling.article is not None else None,
        telling.seed.id if telling.seed is not None else None,
        telling.told.title,
        telling.told.outlet,
        telling.told.language,
        spot.text,
        own,
        quotation.start if quotation is not None else 0,
        quotation.end if quotation is not None else len(own),
    )
    return QuoteVersion(
        saying,
        name.text if name is not None else _said_by(spot),
        quotation is not None,
        _alike(first.text, spot.text) if is_one_language else None,
        width(spot.text) < SHORTENED * width(first.text),
        is_other,
    )


def _alike(one: str, other: str) -> float:
    ours, theirs = _WORD.findall(fold(one)), _WORD.findall(fold(other))
    return round(SequenceMatcher(None, ours, theirs, autojunk=False).ratio(), 2)


def _speaker(spot: _Spot) -> Name | None:
    """Who is named nearest to a statement, in its passage or else in those beside it."""
    reading = spot.rows.reading
    for place in (spot.passage, spot.passage + 1, spot.passage - 1):
        if not 0 <= place < len(reading.passages):
            continue
        found = list(_named(spot, place))
        if found:
            return min(found, key=lambda one: one.distance).name
    return None


def _said_by(spot: _Spot) -> str:
    """Who is said to speak where letters tell no names; nobody compares it across languages."""
    quotation = spot.quotation
    if quotation is None:
        return ""
    reading = spot.rows.reading
    before = reading.passages[quotation.passage].text[: quotation.start]
    behind = reading.passages[quotation.last].text[quotation.stop :]
    return speaker_beside(before, behind, reading.language)


@dataclass(frozen=True, slots=True)
class _Named:
    """A name beside a statement, so many characters from it."""

    name: Name
    distance: int


def _named(spot: _Spot, place: int) -> Iterator[_Named]:
    """The names of a passage outside the statement; one word only if it is of a longer name."""
    text, quotation = spot.rows.reading.passages[place].text, spot.quotation
    start, end = (quotation.start, quotation.end) if quotation is not None else (0, 0)
    if place != spot.passage:
        start, end = (0, 0) if place > spot.passage else (len(text), len(text))
    long = {word for name in spot.rows.reading.names if name.words > 1
            for word in name.folded.split()}  # fmt: skip
    for name in spot.rows.reading.names:
        at = text.find(name.text)
        is_inside = start <= at < end and quotation is not None and place == spot.passage
        if at < 0 or is_inside or (name.words == 1 and name.folded not in long):
            continue
        yield _Named(name, at - end if at >= end else start - at)


@lru_cache(maxsize=_REMEMBERED)
def _index(rows: TextRows, passage: int) -> NameIndex:
    """A passage with those beside it, ready to look for names in."""
    beside = rows.reading.passages[max(0, passage - 1) : passage + 2]
    return NameIndex([one.text for one in beside])
