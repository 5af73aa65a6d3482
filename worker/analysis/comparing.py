"""Two texts of a story beside each other: where their passages say the same and their facts not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from worker.domain import Measure
from worker.match.figures import is_telling
from worker.match.names import Name
from worker.match.offices import Office
from worker.match.organisations import Organisation
from worker.match.pairs import TextRows
from worker.match.quantities import Quantity, quantities
from worker.match.reading import UNSPACED, Reading
from worker.match.skeleton import fold
from worker.match.spellings import can_compare, is_other_spelling, names_in

SAYS_THE_SAME = 0.5
"""Plain similarity from which two passages say the same; see `worker.analysis.brief`."""
_NEAR, _NEAR_COUNT, _NEAR_SAME_WORD = 1.7, 1.3, 3.0
"""How many times as large one value may be as the other, where two texts are their authors' own:
what is farther off is mostly another thing. Counts of two languages are told apart by nothing but
their size, those of one language by the word that they count."""
SAME_MATTER, _LARGE_COUNT = 0.25, 100
"""Similarity of passages, and size of counts, from which swapped digits are no chance; and the
similarity from which passages of one text are each other's counterpart if none is nearer."""
_MOST_DAYS = 20
"""Between two articles that name a day without its month."""
_DATELINE = re.compile(r"\s?(?:\([^)\n]{1,40}\))?\s?[–—:-]")
_DATELINE_CHARS = 80
_REMEMBERED = 3_000


@dataclass(frozen=True, eq=False, slots=True)
class Spot:
    """A value where it stands: a quantity, a name, an organisation, an office with who has it."""

    rows: TextRows
    passage: int
    start: int
    end: int
    quantity: Quantity | None = None
    name: Name | None = None
    office: Office | None = None
    organisation: Organisation | None = None

    @property
    def text(self) -> str:
        """Its passage."""
        return self.rows.reading.passages[self.passage].text

    @property
    def written(self) -> str:
        """As it stands there."""
        return self.text[self.start : self.end]

    @property
    def kind(self) -> Measure:
        """What it is."""
        if self.office is not None:
            return Measure.TITLE
        if self.organisation is not None:
            return Measure.ORGANISATION
        return self.quantity.kind if self.quantity is not None else Measure.NAME

    @property
    def unit(self) -> str:
        """Of a quantity."""
        return self.quantity.unit if self.quantity is not None else ""

    @property
    def value(self) -> str:
        """Without the ways of a language."""
        if self.quantity is not None:
            return self.quantity.as_text
        if self.office is not None:
            return self.office.as_text
        if self.organisation is not None:
            return self.organisation.as_text
        return self.name.text if self.name is not None else self.written

    def agrees_with(self, other: Spot) -> bool:
        """Whether both can say the same."""
        if self.quantity is not None and other.quantity is not None:
            return self.quantity.is_comparable(other.quantity) and self.quantity.agrees_with(
                other.quantity
            )
        if self.name is not None and other.name is not None:
            return self.name.folded == other.name.folded
        if self.office is not None and other.office is not None:
            return self.office.is_same(other.office)
        if self.organisation is not None and other.organisation is not None:
            return self.organisation.is_same(other.organisation)
        return False


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two texts both say, and what they say otherwise."""

    agreements: tuple[tuple[Spot, Spot], ...]
    conflicts: tuple[tuple[Spot, Spot], ...]


@lru_cache(maxsize=20 * _REMEMBERED)
def compare(one: TextRows, other: TextRows, *, is_one_text: bool) -> Comparison:
    """Compare two texts.

    Args:
        one: a text.
        other: another one, encoded by the same encoder.
        is_one_text: one is a copy or a translation of the other, or both are of a third.
    """
    agreements: list[tuple[Spot, Spot]] = []
    conflicts: list[tuple[Spot, Spot]] = []
    ours, theirs = spots_of(one), spots_of(other)
    all_ours = [spot for found in ours for spot in found]
    all_theirs = [spot for found in theirs for spot in found]
    for here, there in aligned(one, other, SAME_MATTER if is_one_text else SAYS_THE_SAME):
        agreements += _agreements(ours[here], theirs[there])
        beside = range(max(0, there - 1), min(len(theirs), there + 2)) if is_one_text else [there]
        left = _distinct(x for x in ours[here] if not _is_known(x, all_theirs, is_one_text))
        right = _distinct(
            x for place in beside for x in theirs[place] if not _is_known(x, all_ours, is_one_text)
        )
        conflicts += _conflicts(left, right, is_one_text)
        conflicts += _spellings(one, here, other, there)
    known = {frozenset(pair) for pair in conflicts}
    conflicts += [pair for pair in _slips(one, other) if frozenset(pair) not in known]
    return Comparison(tuple(agreements), tuple(conflicts))


def similarity(one: Spot, other: Spot) -> float:
    """How near the passages of two values are, 0 where their texts cannot be compared."""
    if one.rows.space is not other.rows.space:
        return 0.0
    return float(one.rows.body[one.passage] @ other.rows.body[other.passage])


def aligned(one: TextRows, other: TextRows, least: float) -> Iterator[tuple[int, int]]:
    """Yield the passages of two texts that are each other's nearest.

    Args:
        one: a text.
        other: another one, encoded by the same encoder.
        least: plain similarity of two passages that are near.
    """
    near = one.body @ other.body.T
    if near.shape != (len(one.reading.passages), len(other.reading.passages)):
        return
    back = near.argmax(axis=0)
    for place, partner in enumerate(near.argmax(axis=1).tolist()):
        if back[partner] == place and near[place, partner] >= least:
            yield place, partner


@lru_cache(maxsize=_REMEMBERED)
def spots_of(rows: TextRows) -> tuple[tuple[Spot, ...], ...]:
    """The quantities of a text, by passage."""
    reading = rows.reading
    return tuple(
        tuple(
            Spot(rows, place, one.start, _with_word(passage.text, one), one)
            for one in quantities(passage.text, reading.language)
            if not _is_dateline(place, passage.text, one)
        )
        for place, passage in enumerate(reading.passages)
    )


def _with_word(text: str, one: Quantity) -> int:
    """Where a count ends with the word that it counts; words that are not set apart stay out."""
    word = one.around.split(maxsplit=1)[0] if one.around else ""
    if one.kind is not Measure.COUNT or not word or UNSPACED.search(word):
        return one.end
    place = text.find(word, one.end, one.end + len(word) + 2)
    return place + len(word) if place >= 0 else one.end


def _is_dateline(place: int, text: str, one: Quantity) -> bool:
    """Whether a day is that of the report: "Prague, 18 September (Labe) - ..."."""
    is_at_start = place == 0 and one.kind is Measure.DATE and one.end <= _DATELINE_CHARS
    return is_at_start and _DATELINE.match(text, one.end) is not None


def _agreements(left: Sequence[Spot], right: Sequence[Spot]) -> Iterator[tuple[Spot, Spot]]:
    for one in left:
        for other in right:
            if one.agrees_with(other) and (_is_rare(one) or _counts_the_same(one, other)):
                yield one, other


def _is_rare(spot: Spot) -> bool:
    quantity = spot.quantity
    if quantity is None or quantity.kind is not Measure.COUNT:
        return True
    return is_telling(quantity.value)


def _distinct(spots: Iterable[Spot]) -> list[Spot]:
    found: list[Spot] = []
    for spot in spots:
        if not any(spot.agrees_with(one) for one in found):
            found.append(spot)
    return found


def _is_known(spot: Spot, others: Iterable[Spot], is_one_text: bool) -> bool:
    """Whether another text has a value anywhere, whatever its unit: that may be left out.

    Who copies or translates does not round.
    """
    own = spot.quantity
    return own is not None and any(
        one.quantity is not None
        and own.agrees_with(one.quantity)
        and (own.value == one.quantity.value or not is_one_text)
        for one in others
    )


def _conflicts(
    left: Sequence[Spot], right: Sequence[Spot], is_one_text: bool
) -> list[tuple[Spot, Spot]]:
    """Pair what only one text says with what only the other does, where it is plain."""
    found: list[tuple[Spot, Spot]] = []
    for kind in dict.fromkeys((x.kind, x.unit) for x in left):
        mine = [x for x in left if (x.kind, x.unit) == kind]
        its = [x for x in right if (x.kind, x.unit) == kind]
        found += _paired(mine, its, is_one_text)
    if is_one_text and not found and len(left) == len(right) == 1:
        one, other = left[0].quantity, right[0].quantity
        if one is not None and other is not None and Measure.COUNT in (one.kind, other.kind):
            kinds = {one.kind, other.kind}
            if not kinds & {Measure.DATE, Measure.YEAR} and _is_near(one, other, _NEAR):
                found.append((left[0], right[0]))  # whose unit one leaves out
    return found


def _paired(
    mine: Sequence[Spot], its: Sequence[Spot], is_one_text: bool
) -> Iterator[tuple[Spot, Spot]]:
    """The same for values of one kind and unit."""
    if len(mine) == len(its) == 1:
        if _is_plain(mine[0], its[0], is_one_text):
            yield mine[0], its[0]
    elif is_one_text and len(mine) == len(its):
        pairs = zip(mine, its, strict=True)
        yield from ((one, other) for one, other in pairs if _is_plain(one, other, False))
    else:
        for one in mine:
            same = [x for x in its if _counts_the_same(one, x) and _is_plain(one, x, False)]
            if len(same) == 1:
                yield one, same[0]


def _is_plain(one: Spot, other: Spot, is_one_text: bool) -> bool:
    """Whether two values that differ are of the same thing, as far as can be told."""
    mine, its = one.quantity, other.quantity
    if mine is None or its is None:
        return False
    if mine.date is not None and its.date is not None:
        is_open = 0 in (mine.date.month, its.date.month)
        return not is_open or _are_near(one.rows.reading, other.rows.reading)
    if mine.kind is Measure.YEAR:
        return is_one_text
    if mine.kind is not Measure.COUNT:
        return is_one_text or _is_near(mine, its, _NEAR)
    if one.rows.reading.language == other.rows.reading.language:
        is_same = _counts_the_same(one, other) and _is_near(mine, its, _NEAR_SAME_WORD)
        return is_same or (is_one_text and _is_near(mine, its, _NEAR))
    return _is_near(mine, its, _NEAR_SAME_WORD if is_one_text else _NEAR_COUNT)


def _is_near(one: Quantity, other: Quantity, times: float) -> bool:
    """Whether two numbers are so near that they may stand for one thing."""
    ratio = max(one.value, other.value) / max(min(one.value, other.value), 1e-9)
    return ratio <= times or _is_slip(one, other)


def _are_near(one: Reading, other: Reading) -> bool:
    """Whether a day without its month is of the same month in both."""
    if one.published is None or other.published is None:
        return False
    return abs((one.published - other.published).days) <= _MOST_DAYS


def _digits(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".").replace(".", "")


def _is_slip(one: Quantity, other: Quantity) -> bool:
    """Whether two numbers have the same digits in another order: 240 and 204 million."""
    mine, its = _digits(one.value), _digits(other.value)
    return mine != its and sorted(mine) == sorted(its)


def _slips(one: TextRows, other: TextRows) -> Iterator[tuple[Spot, Spot]]:
    """Swapped digits in passages that need not say quite the same: chance hardly makes them."""
    ours = [spot for found in spots_of(one) for spot in found]
    theirs = [spot for found in spots_of(other) for spot in found]
    near = one.body @ other.body.T
    if near.shape != (len(one.reading.passages), len(other.reading.passages)):
        return
    for mine in ours:
        for its in theirs:
            if mine.quantity is None or its.quantity is None or mine.quantity.date is not None:
                continue
            if (
                mine.quantity.is_comparable(its.quantity)
                and mine.kind is not Measure.YEAR
                and (mine.kind is not Measure.COUNT or mine.quantity.value >= _LARGE_COUNT)
                and _is_slip(mine.quantity, its.quantity)
                and near[mine.passage, its.passage] >= SAME_MATTER
                and not (_is_known(mine, theirs, False) or _is_known(its, ours, False))
            ):
                yield mine, its


def _counts_the_same(one: Spot, other: Spot) -> bool:
    """Whether two counts of one language stand before the same word, give or take its ending."""
    if one.rows.reading.language != other.rows.reading.language:
        return False
    if one.quantity is None or other.quantity is None:
        return False
    stem = _stem(one.quantity.around)
    return bool(stem) and stem == _stem(other.quantity.around)


def _stem(around: str) -> str:
    if UNSPACED.search(around):
        return around[:2]
    return fold(around.split(maxsplit=1)[0])[:5] if around else ""


def _spellings(
    one: TextRows, here: int, other: TextRows, there: int
) -> Iterator[tuple[Spot, Spot]]:
    """Names that both passages have in two spellings, neither of which the other text has."""
    if not can_compare(one.reading, other.reading):
        return
    is_one_language = one.reading.language == other.reading.language
    for name in _own_names(one, here, other):
        for its in _own_names(other, there, one):
            if is_other_spelling(name, its, is_one_language=is_one_language):
                yield _name_spot(one, here, name), _name_spot(other, there, its)


def _own_names(rows: TextRows, place: int, other: TextRows) -> list[Name]:
    text = rows.reading.passages[place].text
    return [x for x in names_in(rows.reading, text) if not other.reading.name_index.has_folded(x)]


@lru_cache(maxsize=_REMEMBERED)
def _name_spot(rows: TextRows, place: int, name: Name) -> Spot:
    start = rows.reading.passages[place].text.index(name.text)
    return Spot(rows, place, start, start + len(name.text), name=name)
