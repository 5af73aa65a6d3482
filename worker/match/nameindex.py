"""Which names of a seed occur in a text: in every script, through the consonant skeleton."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import product

from worker.match.names import CONNECTORS, ELIDED, Name
from worker.match.skeleton import (
    CAPITALS,
    LETTERS,
    fold,
    fold_long,
    is_plain_latin,
    skeleton,
    skeletons,
)

MIN_WORD_SKELETON = 4
"""Consonants from which one word's skeleton is telling against the words of another script."""
MIN_SURPRISE = 3.0
"""Chance matches of a skeleton: one in e**3 = 20 names or fewer."""
_NOT_LATIN = re.compile("[\u0250-\u1dff\u1f00-\U0010ffff]")
_BREAKS = str.maketrans({c: " " for c in map(chr, range(128)) if not c.isalnum() and c != "'"})
_UNIT = re.compile(r"[^\W_]+")
_LATIN = "0-9A-Za-z\u00c0-\u024f\u1e00-\u1eff"
_SCRIPT_CHANGE = re.compile(
    rf"(?<=[{_LATIN}])(?=[^\W\d_{_LATIN}])|(?<=[^\W\d_{_LATIN}])(?=[{_LATIN}])"
)
_NOT_LATIN_LETTER = re.compile(rf"[^\W\d_{_LATIN}]")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
# Not possessive: Python 3.11.2 goes on from the wrong place where such a group fails half way.
_CAPITALISED = (
    rf"(?=[{CAPITALS}]|[^\W\d_]['’][{CAPITALS}])[^\W\d_]+(?:['’.-][^\W\d_]+)*(?![^\W\d_])"
)
_SMALL = "|".join(sorted(map(re.escape, CONNECTORS), key=len, reverse=True))
_RUN = re.compile(
    rf"[{CAPITALS}](?<![^\W\d_].)[^\W\d_]*(?:['’.-][^\W\d_]+)*(?![^\W\d_])"
    rf"(?:\s*+(?:{_CAPITALISED}|\d{{1,4}}(?!\d)|(?i:{_SMALL})(?![^\W\d_])))+"
)
"""Words in a row of which names of several words may be made: at least what `find_names` takes.
The first one's capital comes first, which `re` looks for quickly; "l'" is no part of a name."""
_MIN_WORD = 4
"""Letters from which one word in small letters is telling."""
_LONG_ACRONYM = 4


def folded_words(folded: str) -> list[str]:
    """Return the words of a folded text (`skeleton.fold_long`), without quotation marks around."""
    spaced = folded.translate(_BREAKS)
    if "'" in spaced:
        spaced = f" {spaced} ".replace("''", "  ").replace(" '", "  ").replace("' ", "  ")
    return spaced.split()


class SoughtNames:
    """Names to be looked for in many texts, by what tells each: a text is asked for all at once.

    Args:
        names: a text answers with places in this sequence.
    """

    def __init__(self, names: Sequence[Name]) -> None:
        self.acronyms: dict[str, list[int]] = {}
        self.words: dict[str, list[int]] = {}
        self.phrases: dict[str, list[tuple[str, int]]] = {}
        self.bones: dict[str, list[int]] = {}
        self.bones_of_several: dict[str, list[int]] = {}
        for number, name in enumerate(names):
            is_word = name.words == 1
            if is_word and name.is_acronym:
                self.acronyms.setdefault(name.folded, []).append(number)
                continue
            if not is_word:
                first = name.folded.partition(" ")[0]
                self.phrases.setdefault(first, []).append((f" {name.folded} ", number))
            elif len(name.folded) >= _MIN_WORD:
                self.words.setdefault(name.folded, []).append(number)
            for bones in name.readings:
                if len(bones) >= MIN_WORD_SKELETON:
                    self.bones.setdefault(bones, []).append(number)
                    if not is_word:
                        self.bones_of_several.setdefault(bones, []).append(number)
        self.are_latin = 2 * sum(is_plain_latin(name.text) for name in names) >= len(names)
        """Whether half or more are in Latin script, so that texts in it write them as they are."""
        self.beginnings = frozenset(
            bones[:length] for bones in self.bones_of_several for length in range(1, len(bones) + 1)
        )
        """Of the skeletons of several words, each with all its letters too."""


_sought_name = lru_cache(maxsize=4096)(lambda name: SoughtNames((name,)))


class NameIndex:
    """A text in which the names of other texts can be looked for.

    Args:
        texts: title and passages.
        names: gives the text's own names; other spellings in Latin script are looked for among
            them. They are only asked for where one of them may be such a spelling.
        words: of the texts, folded (`folded_words`), if these are known.
        is_plain: whether all of them are plain Latin (`is_plain_latin`), if that is known.
    """

    def __init__(
        self,
        texts: Sequence[str],
        names: Callable[[], Sequence[Name]] = tuple[Name, ...],
        words: Sequence[str] | None = None,
        *,
        is_plain: bool | None = None,
    ) -> None:
        self._joined = joined = "\n".join(texts)
        self._is_plain = is_plain_latin(joined) if is_plain is None else is_plain
        if not self._is_plain and _NOT_LATIN_LETTER.search(joined):
            joined, words = _SCRIPT_CHANGE.sub(" ", joined), None
        if words is None:
            words = folded_words(fold_long(joined))
        self._folded = f" {' '.join(words)} "
        self._words = frozenset(words)
        self._spaced = joined
        self.is_latin = self._is_plain or _latin_share(joined) > 0.8
        self._names = names
        if self.is_latin:
            self._skeleton, self._bones = "", frozenset[str]()
        else:
            self._skeleton = skeleton(joined).replace(" ", "")
            bones = (skeleton(word).replace(" ", "") for word in re.findall(LETTERS, joined))
            self._bones = frozenset(bone for bone in bones if len(bone) >= MIN_WORD_SKELETON)
        classes = Counter(self._skeleton)
        total = sum(classes.values()) + 8
        self._cost = {c: math.log(total / (n + 1)) for c, n in classes.items()}

    @cached_property
    def _written(self) -> str:
        return self._joined.casefold()

    @cached_property
    def _parted(self) -> frozenset[str]:
        """What stands before and behind apostrophes."""
        words = [word for word in self._words if "'" in word] if "'" in self._folded else ()
        return frozenset(part for word in words for part in word.split("'"))

    @cached_property
    def _acronyms(self) -> frozenset[str]:
        units = [u for u in set(_UNIT.findall(self._spaced)) if len(u) == 1 or not u.islower()]
        return frozenset(map(fold, filter(_is_loud, units)))

    @cached_property
    def _names_in_bones(self) -> frozenset[str]:
        """What the words are names of, give or take an article in front or an ending."""
        return frozenset(
            name for word in self._bones for name in (word, word[:-1], word[:-2], word[1:])
        )

    @cached_property
    def _own(self) -> frozenset[str]:
        """The skeletons of the text's own names of several words."""
        return frozenset(n.skeleton.replace(" ", "") for n in self._names() if n.words > 1)

    @cached_property
    def _runs(self) -> Sequence[Sequence[str]] | None:
        return runs_of_skeletons(self._joined) if self._is_plain else None

    def has(self, name: Name) -> bool:
        """Whether a name occurs, in this or another spelling or script."""
        return bool(self.which(_sought_name(name)))

    def which(self, sought: SoughtNames) -> set[int]:
        """Return the places of those names that occur, in this or another spelling or script."""
        found = self.written(sought)
        if self.is_latin:
            for bones in self._own_among(sought):
                found.update(sought.bones_of_several[bones])
        else:
            for bones, numbers in sought.bones.items():
                if not found.issuperset(numbers) and self._has_bones(bones):
                    found.update(numbers)
        return found

    def written(self, sought: SoughtNames) -> set[int]:
        """Return the places of those that occur as they are written but for diacritics, case."""
        found: set[int] = set()
        if any(map(self._may_have, sought.acronyms)):
            for folded in sought.acronyms.keys() & self._acronyms:
                found.update(sought.acronyms[folded])
        for folded in sought.words.keys() & self._words:
            found.update(sought.words[folded])
        for first in sought.phrases.keys() & self._words:
            found.update(number for text, number in sought.phrases[first] if text in self._folded)
        return found

    def _may_have(self, acronym: str) -> bool:
        """Whether an acronym may occur: texts without any need no list of theirs."""
        if not self._is_plain or len(acronym) >= _LONG_ACRONYM:
            return not self._is_plain or acronym in self._folded
        return (acronym in self._words or acronym in self._parted) and any(
            form in self._joined for form in _loud_forms(acronym)
        )

    def _own_among(self, sought: SoughtNames) -> Iterable[str]:
        """Return the skeletons of several words that are those of names of the text's own.

        Its names are read only if one of them may be.
        """
        wanted = sought.bones_of_several
        if self._runs is not None and not any(skeletons_in(self._runs, sought)):
            return ()
        return wanted.keys() & self._own if wanted else ()

    def has_written(self, text: str) -> bool:
        """Whether a name occurs letter by letter; in scripts with spaces, where a word begins."""
        wanted = text.casefold()
        place = self._written.find(wanted)
        while place >= 0:
            if _UNSPACED.match(wanted) or not self._written[place - 1 : place].isalpha():
                return True
            place = self._written.find(wanted, place + 1)
        return False

    def has_folded(self, name: Name) -> bool:
        """Whether a name occurs in this spelling, but for diacritics and capitals."""
        return f" {' '.join(folded_words(name.folded))} " in self._folded

    def has_start(self, folded: str) -> bool:
        """Whether a word, or a run of words, begins with a folded term ("film": "Filmpark")."""
        return f" {folded}" in self._folded

    def _has_bones(self, bones: str) -> bool:
        """Whether a skeleton stands in a text of another script, and not by chance."""
        if len(bones) < MIN_WORD_SKELETON:
            return False
        in_text = bones in self._skeleton and self._is_telling(bones, len(self._skeleton))
        return in_text or (
            bones in self._names_in_bones and self._is_telling(bones, len(self._bones))
        )

    def _is_telling(self, bones: str, places: int) -> bool:
        """Whether these consonants would hardly stand at one of so many places by chance."""
        return sum(self._cost.get(c, 8.0) for c in bones) > math.log(places + 1) + MIN_SURPRISE


def runs_of_skeletons(text: str) -> list[list[str]] | None:
    """Return the skeletons of the words of which a text's names of several words are made.

    Each such name is some neighbours of one run: these are found in a fifth of the time of names.

    Args:
        text: of which `is_plain_latin` is true.

    Returns:
        None where names may begin within a word.
    """
    if "_" in text:
        return None
    found = []
    for run in _RUN.findall(text):
        words = run.split()
        if "'" in run or "’" in run:
            if "&" in run:
                return None
            words = [ELIDED.sub("", word) for word in words]
        parts = [part for word in words for part in _parts(word)]
        found.append(parts)
    return found


def skeletons_in(runs: Iterable[Sequence[str]], sought: SoughtNames) -> Iterator[str]:
    """Yield the skeletons of several words that neighbours in a run come to."""
    for parts in runs:
        for first, bones in enumerate(parts):
            following = first
            while bones in sought.beginnings:
                if bones in sought.bones_of_several:
                    yield bones
                following += 1
                if following == len(parts):
                    break
                bones += parts[following]  # noqa: PLW2901


@lru_cache(maxsize=8192)
def _parts(word: str) -> tuple[str, ...]:
    """Return the skeletons of what a word is made of: "Jean-Marie" has two."""
    return tuple(skeletons(word))


@lru_cache(maxsize=4096)
def _loud_forms(acronym: str) -> tuple[str, ...]:
    """Return how a short acronym may be written so that it is loud: "MIT", "miT", "MiT" ..."""
    forms = map("".join, product(*zip(acronym, acronym.upper(), strict=True)))
    return tuple(dict.fromkeys(filter(_is_loud, forms)))


def _is_loud(word: str) -> bool:
    """Whether a word may be an acronym: with a capital inside, or in letters without case.

    "MIT" is a university, and "mit" the commonest word of German; words of small letters alone are
    not asked about.
    """
    return word[1:] != word[1:].lower() or (word.lower() == word.upper() and word.isalpha())


def _latin_share(text: str) -> float:
    sample = text[:2000]
    if not _NOT_LATIN.search(sample):
        return float(any(map(str.isalpha, sample)))
    letters = sum(map(str.isalpha, sample))
    others = sum(map(str.isalpha, _NOT_LATIN.findall(sample)))
    return (letters - others) / max(letters, 1)
