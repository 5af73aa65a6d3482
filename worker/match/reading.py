"""What matching reads out of one text: passages, names, numbers, dates, countries in focus."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import zip_longest

from worker.domain import UNDETERMINED
from worker.match.cities import city_countries
from worker.match.figures import Date, dates, is_telling, numbers
from worker.match.nameindex import NameIndex, folded_words
from worker.match.names import Name, find_names
from worker.match.noise import MAX_NOISE_CHARS
from worker.match.passages import MAX_WIDTH, Passage, Passages, clean
from worker.match.places import focus, named, names_any, names_none
from worker.match.skeleton import fold_long, is_plain_latin

ARTICLE_PASSAGES = 40
SEED_PASSAGES = 160
_GLANCED_CHARS = ARTICLE_PASSAGES * MAX_WIDTH
"""Of a body, looked at as they came: what all its passages have at the most."""
HEAD_PASSAGES = 6
"""What an article is about its first passages tell: six of every seven pages of other news need not
be read further (`candidates.is_candidate`)."""
_SHINGLE_WORDS = 5
_KNOWN_RUN = b"\1" * _SHINGLE_WORDS
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_CAPITAL_NOUNS = frozenset({"de", "lb", "nds", "gsw"})
_SCRIPTS = (
    ("ko", "\uac00", "\ud7af"), ("ja", "\u3040", "\u30ff"), ("zh", "\u4e00", "\u9fff"),
    ("th", "\u0e00", "\u0e7f"), ("ar", "\u0600", "\u06ff"), ("ru", "\u0400", "\u04ff"),
    ("hi", "\u0900", "\u097f"), ("km", "\u1780", "\u17ff"),
)  # fmt: skip


def script_language(text: str) -> str:
    """Return the largest language of a text's script, `und` for Latin and for unknown scripts."""
    sample = text[:3000]
    for language, first, last in _SCRIPTS:
        share = sum(first <= c <= last for c in sample)
        if share > 0.15 * len(sample):
            return language
    return UNDETERMINED


@dataclass(frozen=True)
class Reading:
    """One text as matching sees it; the costlier parts are worked out when first asked for.

    Attributes:
        language: ISO 639-1, as detected or else guessed from the script.
        passages: the body's passages.
        body: as it came, lines that are no prose among them; empty in a part of a text.
    """

    title: str
    language: str
    passages: Sequence[Passage]
    published: date | None = None
    body: str = field(default="", repr=False)
    weighed: dict[tuple[int, bool], tuple[object, float]] = field(
        init=False, default_factory=dict, compare=False, repr=False
    )
    """Weight of the names that it shares with a watch's index, by the index's id and whether it was
    looked at a glance, beside the index."""

    @property
    def is_empty(self) -> bool:
        """Whether there is neither a title nor a passage."""
        return not self.title and not self.passages[:1]

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Title (if any) and passages."""
        body = tuple(p.text for p in self.passages)
        return (self.title, *body) if self.title else body

    def first_texts(self, number: int) -> tuple[str, ...]:
        """The first of `texts`: of the passages no more are made than are asked for."""
        body = tuple(p.text for p in self.passages[:number])
        return (self.title, *body)[:number] if self.title else body

    @property
    def width(self) -> int:
        """The visual length of the body."""
        return sum(p.width for p in self.passages)

    @cached_property
    def names(self) -> tuple[Name, ...]:
        """The names that the script tells."""
        found = find_names(
            self.texts, self.language, nouns_have_capitals=self.language in _CAPITAL_NOUNS
        )
        return tuple(found)

    @cached_property
    def name_index(self) -> NameIndex:
        """The text, ready to look for names in."""
        words = folded_words(fold_long(self.title)) + self._words
        return NameIndex(self.texts, lambda: self.names, words)

    @cached_property
    def at_a_glance(self) -> NameIndex:
        """Title and body as they came, to look for names in.

        Where a glance is not enough it is the text as it is read.
        """
        if not self._glanced:
            return self.name_index
        words = self._glanced_words
        return NameIndex((self._glanced,), lambda: self.names, words, is_plain=True)

    @cached_property
    def _glanced(self) -> str:
        """Title and body as they came, of a long one the start; nothing where that is not enough.

        That is in other scripts than Latin. Behind the start a few passages are read at most.
        """
        start = f"{self.title}\n{self.body[:_GLANCED_CHARS]}"
        return start if self.body and is_plain_latin(start) else ""

    @cached_property
    def _glanced_words(self) -> list[str]:
        return folded_words(fold_long(self._glanced))

    @cached_property
    def _glanced_cities(self) -> dict[str, int]:
        return city_countries([self._glanced])[0]

    @cached_property
    def all_numbers(self) -> dict[float, str]:
        """All numbers: value -> as written."""
        return numbers("\n".join(self.texts), self.language)

    @cached_property
    def numbers(self) -> dict[float, str]:
        """Telling numbers: value -> as written."""
        return {value: text for value, text in self.all_numbers.items() if is_telling(value)}

    @cached_property
    def dates(self) -> dict[Date, str]:
        """Days named: date -> as written."""
        return dates("\n".join(self.texts), self.language)

    @cached_property
    def countries(self) -> dict[str, float]:
        """Countries in focus: ISO 3166 code -> 0..1."""
        return focus(self.title, [p.text for p in self.passages], self.language)

    @cached_property
    def countries_by_name(self) -> dict[str, float]:
        """The same without the cities."""
        told = [p.text for p in self.passages]
        return focus(self.title, told, self.language, with_cities=False)

    @cached_property
    def named_countries(self) -> frozenset[str] | None:
        """Countries that are named at all; None where their names are not known in its language."""
        return named("\n".join(self.texts), self.language)

    def names_any(self, countries: frozenset[str]) -> bool | None:
        """Whether one of these countries is named; None where that cannot be told."""
        return names_any("\n".join(self.texts), self.language, countries)

    def head_names_any(self, countries: frozenset[str]) -> bool | None:
        """Whether the head names one of these countries; None where that cannot be told.

        Three texts of four certainly name none at all, and their head need not be made.
        """
        if self._glanced and names_none(self._glanced, self.language, countries):
            return False
        return self.head.names_any(countries)

    def tells_of(self, country: str) -> bool:
        """Whether a country may be named, or a city of it is: looked for in the text as it came."""
        if not self._glanced:
            return country in self.countries
        is_named = not names_none(self._glanced, self.language, frozenset({country}))
        return is_named or country in self._glanced_cities

    def has_width(self, least: int) -> bool:
        """Whether the head is at least so wide; 220 at most, for a line of prose has that alone."""
        lines = self.body.split("\n")
        return max(map(len, lines)) > MAX_NOISE_CHARS or self.head.width >= least

    @cached_property
    def head(self) -> Reading:
        """Title and first passages; itself if it has no more."""
        if len(self.passages[: HEAD_PASSAGES + 1]) <= HEAD_PASSAGES:
            return self
        return self.part(self.passages[:HEAD_PASSAGES])

    def part(self, passages: Sequence[Passage], *, with_title: bool = True) -> Reading:
        """Return some passages alone, or with the title."""
        return Reading(self.title if with_title else "", self.language, passages, self.published)

    @cached_property
    def _words(self) -> list[str]:
        """The words of the passages, folded."""
        return folded_words(fold_long("\n".join(p.text for p in self.passages)))

    @cached_property
    def units(self) -> list[str]:
        """What runs of words consist of: folded words; where words are not spaced, characters."""
        units = _units(self._words)
        if UNSPACED.search(self.title + (self.passages[0].text if self.passages else "")):
            joined = "".join(units)
            return [joined[i : i + 3] for i in range(0, len(joined), 3)]
        return units

    @cached_property
    def shingles(self) -> frozenset[int]:
        """Hashes of runs of units, of this process."""
        runs = zip_longest(*(self.units[i:] for i in range(_SHINGLE_WORDS)), fillvalue="")
        return frozenset(map(hash, runs))

    def may_share_runs(self, units: frozenset[str], shingles: frozenset[int]) -> bool:
        """Whether it has a run of units of other texts, at a glance.

        Each run has one of every fifth in it: mostly these alone are looked up.

        Args:
            units: of the others, and "", which fills up a run behind the last unit.
            shingles: of the others.
        """
        own = _units(self._glanced_words) if self._glanced else self.units
        filled = [*own, *[""] * (_SHINGLE_WORDS - 1)]
        for place in range(_SHINGLE_WORDS - 1, len(filled), _SHINGLE_WORDS):
            if filled[place] in units:
                near = filled[place - _SHINGLE_WORDS + 1 : place + _SHINGLE_WORDS]
                known = bytes(map(units.__contains__, near))
                start = known.find(_KNOWN_RUN)
                while start >= 0:
                    if hash(tuple(near[start : start + _SHINGLE_WORDS])) in shingles:
                        return True
                    start = known.find(_KNOWN_RUN, start + 1)
        return False


def _units(words: Sequence[str]) -> list[str]:
    joined = " ".join(words)
    return joined.replace("'", " ").split() if "'" in joined else list(words)


def read(
    title: str, text: str, language: str, *, limit: int, published_at: datetime | None = None
) -> Reading:
    """Read a text.

    Args:
        title: may be empty.
        text: of any length; `passages.MAX_CHARS` of it count.
        language: ISO 639-1 as detected, or `und`.
        limit: the most passages that count.
        published_at: gives the day; none is taken from the text.
    """
    title = re.sub(r"\s+", " ", clean(title[:1000])).strip()[:300]
    found = Passages(text, limit=limit)
    code = language.partition("-")[0].lower() if language else UNDETERMINED
    if code in ("", UNDETERMINED):
        code = script_language(" ".join([title, *(one.text for one in found[:1])]))
    day = published_at.date() if published_at else None
    return Reading(title, code, found, day, found.text)
