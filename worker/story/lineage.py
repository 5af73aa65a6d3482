"""Who probably took it from whom: a pure rule over what is known of each text of a story.

Texts that are one text form a family: each of them is like each other one (complete linkage), for
two reports of one event are often as like as two bad translations, but the translations of the one
are not all like those of the other. Two that are both excerpts of a longer one need not be like
each other. In a family every text but the first goes back to one other:
to the one that it names or links to, else to an earlier one in its own language that it repeats
word for word, else to the earliest. Which of two came first is decided by what they say, or by
their times where these leave no doubt; otherwise it stays undecided. Nothing depends on the order
in which articles came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations

from worker.domain import (
    Clue,
    Confidence,
    Descent,
    Evidence,
    Likeness,
    Lineage,
    Told,
    Way,
)
from worker.story.credits import Declared, declared, same_slug

ONE_TEXT = 0.4
"""Probability from which two texts are one. On the labelled stories of this project .3 to .73 give
the same F1 within .01; on the development set .3 to .45 do, where three translations leave out most
of their source and reach .48 to .89."""
EXCERPT = 0.5
"""Length, as a share of another text's, up to which two texts can be excerpts of that one without
having a passage in common. With .67 reports of one event run together on one of the stories."""
WORD_FOR_WORD = 0.5
"""Share of runs of words from which a text of one language is a copy (`match.matcher`)."""
CLOCK_DOUBT = timedelta(minutes=10)
"""How far the clocks of two sites and the times that they print may be apart."""
SURE = 0.9
_EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


def lineage(texts: Iterable[Told], likenesses: Iterable[Likeness]) -> Lineage:
    """Conclude what seems to go back to what.

    Args:
        texts: of one story.
        likenesses: of those pairs that may be one text, in any order.
    """
    told = sorted(texts, key=_order)
    known = {one.key: number for number, one in enumerate(told)}
    like = {
        tuple(sorted((one.one, one.other), key=known.__getitem__)): one
        for one in likenesses
        if one.one in known and one.other in known
    }
    says = {one.key: declared(one) for one in told}
    keys = [one.key for one in told]
    families = _families(keys, like)
    view = _View({one.key: one for one in told}, says, like, known)
    found = [descent for family in families for descent in view.descents(family)]
    found += view.credits(families, {(one.text, one.source) for one in found})
    found.sort(key=lambda one: (known[one.text], known[one.source], one.way))
    return Lineage(
        tuple(keys), tuple(tuple(family) for family in families if len(family) > 1), tuple(found)
    )


def _families(keys: Sequence[str], like: Mapping[tuple[str, ...], Likeness]) -> list[list[str]]:
    """Complete linkage, the surest pair first; ties are broken by the order of the texts."""
    family = {key: [key] for key in keys}
    place = {key: number for number, key in enumerate(keys)}
    links = {pair: one.probability for pair, one in like.items() if one.probability >= ONE_TEXT}
    for pair, probability in _excerpts(like, place).items():
        links[pair] = max(links.get(pair, 0.0), probability)
    while links:
        first, second = min(links, key=lambda pair: (-links[pair], place[pair[0]], place[pair[1]]))
        family[first] = sorted(family[first] + family.pop(second), key=place.__getitem__)
        del links[first, second]
        for other in family:
            if other == first:
                continue
            old = [_pair(each, other, place) for each in (first, second)]
            values = [links.pop(pair, None) for pair in old]
            if None not in values:
                links[old[0]] = min(value for value in values if value is not None)
    return [family[key] for key in keys if key in family]


def _excerpts(
    like: Mapping[tuple[str, ...], Likeness], place: Mapping[str, int]
) -> dict[tuple[str, str], float]:
    """Pairs that are both excerpts of a longer text, with how probable the less probable one is."""
    of: dict[str, dict[str, float]] = {}
    for one in like.values():
        if one.probability < ONE_TEXT:
            continue
        if one.length_ratio <= EXCERPT:
            of.setdefault(one.other, {})[one.one] = one.probability
        elif one.length_ratio >= 1 / EXCERPT:
            of.setdefault(one.one, {})[one.other] = one.probability
    found: dict[tuple[str, str], float] = {}
    for probabilities in of.values():
        for first, second in combinations(probabilities, 2):
            pair = _pair(first, second, place)
            if pair in like:  # what is too far apart to be compared is not of one text
                least = min(probabilities[first], probabilities[second])
                found[pair] = max(found.get(pair, 0.0), least)
    return found


def _pair(one: str, other: str, place: Mapping[str, int]) -> tuple[str, str]:
    return (one, other) if place[one] < place[other] else (other, one)


@dataclass(frozen=True)
class _View:
    """All that is known, to look at pairs of texts."""

    told: Mapping[str, Told]
    says: Mapping[str, Declared]
    like: Mapping[tuple[str, ...], Likeness]
    place: Mapping[str, int]

    def descents(self, family: Sequence[str]) -> list[Descent]:
        """What each text of a family goes back to."""
        source_of: dict[str, str] = {}
        for key in family:
            named = [one for one in family if one != key and self._named(key, one)]
            for candidate in [*named, *self._before(key, family)]:
                if not _leads_to(candidate, key, source_of):
                    source_of[key] = candidate
                    break
        found = [self._descent(key, source) for key, source in source_of.items()]
        if len(found) == len(family):  # cannot be: no circle is ever closed
            found.pop()
        return found

    def credits(
        self, families: Sequence[Sequence[str]], known: set[tuple[str, str]]
    ) -> list[Descent]:
        """Texts of their own that name the outlet of another one as their source."""
        family_of = {key: number for number, family in enumerate(families) for key in family}
        found = []
        for key, one in self.told.items():
            named = [
                other
                for other, its in self.told.items()
                if family_of[other] != family_of[key]
                and _outlet(its) != _outlet(one)
                and not _is_before(one, its)
                and self._named(key, other)
            ]
            has_source = any(text == key for text, _ in known)
            if named and not has_source:
                found.append(self._credit(key, min(named, key=self._by_likeness(key))))
        return found

    def _by_likeness(self, key: str):  # type: ignore[no-untyped-def]
        def order(other: str) -> tuple[float, int]:
            like = self.like.get(_pair(key, other, self.place))
            return -(like.probability if like else 0.0), self.place[other]

        return order

    def _before(self, key: str, family: Sequence[str]) -> list[str]:
        """The texts of a family that this one may go back to, the likeliest first."""
        one = self.told[key]
        earlier = [
            other
            for other in family
            if self.place[other] < self.place[key]
            and self.like[_pair(key, other, self.place)].probability >= ONE_TEXT
        ]

        def order(other: str) -> tuple[bool, int]:
            its = self.told[other]
            is_copy = its.language == one.language and self._verbatim(key, other) >= WORD_FOR_WORD
            return not is_copy, self.place[other]

        return sorted(earlier, key=order)

    def _descent(self, key: str, source: str) -> Descent:
        one, other = self.told[key], self.told[source]
        like = self.like[_pair(key, source, self.place)]
        is_copy = one.language == other.language or like.verbatim >= WORD_FOR_WORD
        evidence = self._declared(key, source)
        if not is_copy and self.says[key].translated and not self.says[source].translated:
            evidence.append(Evidence(Clue.TRANSLATED, self.says[key].translated))
        is_named = bool(evidence)
        if is_copy and like.verbatim > 0:
            evidence.append(Evidence(Clue.VERBATIM, f"{like.verbatim:.2f}"))
        covered = like.covered if like.one == key else like.other_covered
        evidence.append(Evidence(Clue.ALIGNED, f"{covered:.2f}"))
        if like.in_order >= SURE:
            evidence.append(Evidence(Clue.IN_ORDER))
        slug = same_slug(one, other)
        if slug:
            evidence.append(Evidence(Clue.SAME_SLUG, slug))
        evidence += [
            Evidence(Clue.SAME_AGENCY, name)
            for name in sorted(self.says[key].agencies & self.says[source].agencies)
        ]
        time, is_timed = _timing(one, other, is_named)
        evidence.append(time)
        is_decided = (is_named or is_timed) and time.clue is not Clue.TIME_AGAINST
        points = (like.probability >= SURE) + is_named + is_timed + bool(slug)
        levels = [Confidence.POSSIBLE, Confidence.POSSIBLE, Confidence.LIKELY]
        confidence = levels[points] if points < len(levels) else Confidence.VERY_LIKELY
        return Descent(
            key,
            source,
            Way.COPY if is_copy else Way.TRANSLATION,
            is_decided,
            confidence,
            tuple(evidence),
        )

    def _credit(self, key: str, source: str) -> Descent:
        evidence = self._declared(key, source)
        time, is_timed = _timing(self.told[key], self.told[source], True)
        return Descent(
            key,
            source,
            Way.CREDIT,
            time.clue is not Clue.TIME_AGAINST,
            Confidence.LIKELY if is_timed else Confidence.POSSIBLE,
            (*evidence, time),
        )

    def _named(self, key: str, other: str) -> bool:
        """Whether a text names another one's outlet as its source, or links to it."""
        return bool(self._declared(key, other))

    def _declared(self, key: str, other: str) -> list[Evidence]:
        one, its = self.told[key], self.told[other]
        if _outlet(one) == _outlet(its):
            return []
        line, link = self.says[key].names(its), self.says[key].links_to(its)
        found = [Evidence(Clue.CREDITED, line)] if line else []
        return [*found, Evidence(Clue.LINKED, link)] if link else found

    def _verbatim(self, key: str, other: str) -> float:
        like = self.like.get(_pair(key, other, self.place))
        return like.verbatim if like else 0.0


def _leads_to(start: str, key: str, source_of: Mapping[str, str]) -> bool:
    """Whether following sources from a text leads to another one."""
    while start in source_of and start != key:
        start = source_of[start]
    return start == key


def _timing(one: Told, source: Told, is_named: bool) -> tuple[Evidence, bool]:
    """What the times say of a text and its source, and whether they leave no doubt."""
    if _is_before(source, one):
        gap = _span(one)[0] - _span(source)[1]
        return Evidence(Clue.EARLIER, f"{gap.total_seconds() / 3600:.1f}"), True
    if is_named and _is_before(one, source):
        return Evidence(Clue.TIME_AGAINST), False
    return Evidence(Clue.TIME_OPEN), False


def _is_before(one: Told, other: Told) -> bool:
    """Whether a text was certainly told before another one."""
    return _span(one)[1] < _span(other)[0]


def _span(told: Told) -> tuple[datetime, datetime]:
    """Between which times a text was told.

    A day alone is a day in some time zone of the world. What was seen was told before; what says
    that it was published after it was seen says something wrong, and only the sight counts.
    """
    seen = told.seen_at or _LATEST
    if told.published_at is None or told.published_at > seen + CLOCK_DOUBT:
        return _EARLIEST, seen
    if told.is_day_only:
        start = told.published_at - timedelta(hours=14)
        return start, min(told.published_at + timedelta(hours=36), seen)
    return told.published_at - CLOCK_DOUBT / 2, min(told.published_at + CLOCK_DOUBT / 2, seen)


def _order(told: Told) -> tuple[datetime, str]:
    first, last = _span(told)
    is_open = first == _EARLIEST and last != _LATEST  # first seen some time after it was told
    return (last if is_open else first), told.key


def _outlet(told: Told) -> str:
    return told.outlet.casefold() or told.key
