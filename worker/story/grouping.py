"""Which matches of a watch tell one story: a pure rule over what is known of each article alone.

Two articles are linked if both tell the event of one seed, or if they were told within a week of
each other and say much the same, in whatever languages. What hangs together by links is a
component. A person's word comes before links: what they put on one side stays together, what
they put on two sides stays apart. A component with several sides is cut at its weakest links
(the strongest come first, as in Kruskal's algorithm, and none is taken that would join two
sides), so that every article stays with those that it is most like. Nothing depends on the order
in which articles came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from worker.domain import Kind
from worker.records import Placed, StoryLink, StoryMember

WINDOW = timedelta(days=7)
"""Reports of one event come within days. On the labelled stories 5 to 10 days give the same
groups; without a limit the follow-ups of a whole year run together (B-cubed F1 .70)."""
SAME_STORY = 0.55
"""Cosine of two articles' vectors from which they tell one story. On the labelled stories .52 to
.60 give the same groups; 95% of the pairs on one event of the text itself lie above, of pairs on
two events of one topic 10%, nearly all of them further apart than the window."""
TRANSLATED = 0.68
"""Cosine from which two articles in two languages are one text. Of articles that are no copy of a
seed, 11 of 14 translations and copies lie above, of 114 pairs on one event none (largest .66)."""
COPIED = 0.8
"""The same in one language: copies start at .91, other reports on one event end at .66."""
_ANCHOR_ONLY = -2.0
"""Added to the weight of two that only share a seed's event: weaker than any other link."""
_ONE_SIDE = 4.0
_RANK = {Kind.COPY: 2, Kind.TRANSLATION: 1}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Table:
    """Members as columns, in the order of their keys."""

    members: tuple[StoryMember, ...]
    vectors: NDArray[np.float32]
    lengths: Floats
    times: Floats
    spaces: NDArray[np.int64]
    anchors: NDArray[np.int64]
    sides: NDArray[np.int64]

    def cosines(self, other: _Table, row: int) -> Floats:
        """The cosines of this table's members with a row of another one, exact and symmetric.

        The sums are of whole numbers below 2**24, which float32 adds without rounding.
        """
        dots = (self.vectors @ other.vectors[row]).astype(np.float64)
        lengths: Floats = self.lengths * other.lengths[row]
        return np.where(self.spaces == other.spaces[row], dots / lengths, 0.0)

    def is_near(self, other: _Table, row: int) -> NDArray[np.bool_]:
        """Which members were told within the window of a row of another table."""
        near: NDArray[np.bool_] = np.abs(self.times - other.times[row]) <= WINDOW.total_seconds()
        return near


class Grouping:
    """The rule, as the store asks it (`worker.records.StoryRule`)."""

    window = WINDOW

    def links(self, new: Sequence[StoryMember], known: Sequence[StoryMember]) -> list[StoryLink]:
        """The links of each new match with the known ones, and of the new ones among each other."""
        everybody = [*new, *known]
        codes = _Codes(everybody)
        rows, others = codes.table(new), codes.table(everybody)
        found = []
        for number, one in enumerate(rows.members):
            cosines, is_near = others.cosines(rows, number), others.is_near(rows, number)
            is_linked = _weights(others, rows, number, cosines, is_near) > -np.inf
            for place in np.flatnonzero(is_linked).tolist():
                other = others.members[place]
                if other.id != one.id:
                    is_same = bool(is_near[place]) and _is_same_text(one, other, cosines[place])
                    found.append(StoryLink(one, other, is_same))
        return found

    def kind(self, member: StoryMember, links: Sequence[StoryLink]) -> Kind:
        """What a match is to its story: a copy or translation, if an earlier one has its text."""
        kinds = [member.kind]
        for link in links:
            other = link.other if link.one.id == member.id else link.one
            is_earlier = (other.told_at, other.key) < (member.told_at, member.key)
            if link.is_same_text and is_earlier and member.id in (link.one.id, link.other.id):
                is_copy = other.language == member.language
                kinds.append(Kind.COPY if is_copy else Kind.TRANSLATION)
        return max(kinds, key=lambda kind: _RANK.get(kind, 0))

    def partition(self, members: Sequence[StoryMember]) -> Mapping[int, Placed]:
        """Group matches anew; a story and a component are named by their smallest id."""
        table = _Codes(members).table(members)
        edges = _forest(table)
        components = _Groups(len(table.members))
        for _, one, other in edges:
            components.join(one, other)
        stories = _Groups(len(table.members), table.sides.tolist())
        for _, one, other in sorted(edges, key=lambda edge: (-edge[0], *edge[1:])):
            stories.join(one, other)
        ids = [member.id for member in table.members]
        kinds = self._kinds(table)
        of_component, of_story = components.names(ids), stories.names(ids)
        return {
            own: Placed(of_component[number], of_story[number], kinds[number])
            for number, own in enumerate(ids)
        }

    def _kinds(self, table: _Table) -> list[Kind]:
        kinds = []
        for number, member in enumerate(table.members):
            cosines, is_near = table.cosines(table, number), table.is_near(table, number)
            likely = np.flatnonzero(is_near & (cosines >= TRANSLATED)).tolist()
            links = [
                StoryLink(member, other, _is_same_text(member, other, cosines[place]))
                for place in likely
                if (other := table.members[place]).id != member.id
            ]
            kinds.append(self.kind(replace(member, kind=member.base_kind), links))
        return kinds


class _Codes:
    """Members as columns; texts become small numbers, the same for the same text, -1 for none.

    Args:
        everybody: all that will be compared; gives the width of the vectors.
    """

    def __init__(self, everybody: Iterable[StoryMember]) -> None:
        self._known: dict[str, int] = {}
        self._width = max((len(one.vector) for one in everybody if one.vector), default=1)

    def table(self, members: Iterable[StoryMember]) -> _Table:
        """Members as columns, in the order of their keys; twice the same match is one."""
        rows = sorted({member.id: member for member in members}.values(), key=_order)
        vectors = np.zeros((len(rows), self._width), dtype=np.float32)
        spaces = np.full(len(rows), -1, dtype=np.int64)
        for number, row in enumerate(rows):
            if row.vector:
                vectors[number, : len(row.vector)] = np.frombuffer(row.vector, dtype=np.int8)
                spaces[number] = self._code(row.encoder)
        # those without a vector are near nobody, not even each other
        lengths = np.maximum(np.linalg.norm(vectors.astype(np.float64), axis=1), 1e-9)
        return _Table(
            tuple(rows),
            vectors,
            lengths,
            np.array([row.told_at.timestamp() for row in rows], dtype=np.float64),
            spaces,
            np.array([self._code(row.anchor) for row in rows], dtype=np.int64),
            np.array([-1 if row.side is None else row.side for row in rows], dtype=np.int64),
        )

    def _code(self, text: str | None) -> int:
        return -1 if text is None else self._known.setdefault(text, len(self._known))


class _Groups:
    """Union and find; two groups on different sides are never joined.

    Args:
        size: so many things, each alone at first.
        sides: of each, -1 for none; those of one side are joined at once.
    """

    def __init__(self, size: int, sides: Sequence[int] | None = None) -> None:
        self._parent = list(range(size))
        self._side = list(sides) if sides is not None else [-1] * size
        first: dict[int, int] = {}
        for number, side in enumerate(self._side):
            if side >= 0:
                self.join(first.setdefault(side, number), number)

    def join(self, one: int, other: int) -> None:
        one, other = sorted((self._root(one), self._root(other)))
        sides = {self._side[one], self._side[other]} - {-1}
        if one == other or len(sides) > 1:
            return
        self._parent[other] = one
        self._side[one] = max(self._side[one], self._side[other])

    def names(self, ids: Sequence[int]) -> list[int]:
        """Of each thing, the smallest of the ids of its group."""
        roots = [self._root(number) for number in range(len(ids))]
        smallest: dict[int, int] = {}
        for root, own in zip(roots, ids, strict=True):
            smallest[root] = min(own, smallest.get(root, own))
        return [smallest[root] for root in roots]

    def _root(self, number: int) -> int:
        while self._parent[number] != number:
            self._parent[number] = self._parent[self._parent[number]]
            number = self._parent[number]
        return number


def _forest(table: _Table) -> list[tuple[float, int, int]]:
    """The strongest links that hang everything together that hangs together (Prim's algorithm).

    A link that is left out closes a circle of stronger ones, so that it could change neither the
    components nor how they are cut.
    """
    count = len(table.members)
    best, partner = np.full(count, -np.inf), np.zeros(count, dtype=np.int64)
    is_left = np.ones(count, dtype=np.bool_)
    edges = []
    for _ in range(count):
        number = int(np.where(is_left, best, -np.inf).argmax())
        if not is_left[number] or best[number] == -np.inf:
            number = int(is_left.argmax())  # nothing hangs on what was reached: begin anew
        else:
            other = int(partner[number])
            edges.append((float(best[number]), min(number, other), max(number, other)))
        is_left[number] = False
        weights = _weights(
            table, table, number, table.cosines(table, number), table.is_near(table, number)
        )
        is_better = is_left & (weights > best)
        best[is_better], partner[is_better] = weights[is_better], number
    return edges


def _weights(
    table: _Table, other: _Table, row: int, cosines: Floats, is_near: NDArray[np.bool_]
) -> Floats:
    """How strongly each member is linked with a row of another table; -inf where it is not."""
    anchor, side = other.anchors[row], other.sides[row]
    weights = np.where(is_near & (cosines >= SAME_STORY), cosines, -np.inf)
    if anchor >= 0:
        shared = (table.anchors == anchor) & (weights == -np.inf)
        weights = np.where(shared, cosines + _ANCHOR_ONLY, weights)
    if side >= 0:
        weights = np.where(table.sides == side, _ONE_SIDE, weights)
    return weights


def _is_same_text(one: StoryMember, other: StoryMember, cosine: float) -> bool:
    return cosine >= (COPIED if one.language == other.language else TRANSLATED)


def _order(member: StoryMember) -> tuple[str, int]:
    return member.key, member.id
