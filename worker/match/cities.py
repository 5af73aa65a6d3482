"""Cities in a text, by country: news names the city and leaves its country to the reader.

"Burbank", "Ninh Bình" and 釜山 say United States, Vietnam and Korea. The table holds the names of
the world's cities of 5,000 people and more in all scripts, from GeoNames (geonames.org, CC BY 4.0),
as hashes; bench/fit_cities.py makes it. A name that several cities have counts for the largest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from worker.match.skeleton import CAPITALS, is_plain_latin

FILE = Path(__file__).parent / "data" / "cities.npz"
HASH_BYTES = 5
"""40 bits: of a million words that are no city, one is taken for one by chance of the hash."""
MAX_WORDS = 3
MAX_ENDING = 3
MIN_STEM = 4
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u064b-\u0652\u0900-\u0dff'’-](?=\w|$))*")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3400-\u9fff]+")
LATIN_WORD = r"[^\W\d_](?:[^\W\d_]|['’-](?=\w|$))*"
CAPITALISED = re.compile(
    rf"[{CAPITALS}](?<![^\W\d_].)(?<![^\W\d_]['’-].)(?:[^\W\d_]|['’-](?=\w|$))*"
)
"""Words of a text that is plain Latin, those that begin with a capital. The capital comes first,
which `re` looks for quickly; what must not stand before it is looked at then."""
_SIGNS = "[ .:·_'’‘´”‑–-]*"
_GAP = re.compile(rf"{_SIGNS}(?:({LATIN_WORD}){_SIGNS})?")
"""All that stands between two words of a name in the table, but for ten names of 227,872."""
_FAR = 2
_LETTERS = re.compile(r"[^\W\d_]+")
_KEPT_NAMES = 16_384
_T = TypeVar("_T")
_LONGEST_GAP = 26
"""Of all those names."""
_LATIN_LENGTH = 4
_DENSE = re.compile(r"[\u30a1-\u30fa\u3400-\u9fff\uac00-\ud7af]")
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]{2,}")
_CASELESS = re.compile(r"[\u0590-\u06ff\u0900-\u0dff\u10a0-\u10ff\u1200-\u137f\uac00-\ud7af]")
_CYRILLIC = re.compile(r"[\u0370-\u058f]")
# What Arabic, Hebrew and Amharic write before a name without a space: the, and, in, to, from, of.
_BEFORE = re.compile(r"^(?:[وف]?(?:بال|كال|ال|لل|ب|ل|و)|[ובלמהש]|[በየከለ])")


@dataclass(frozen=True)
class Table:
    """Hashes of names, ascending, and the index of each one's country in `codes`.

    Attributes:
        openings: hashes of what names of several words in Latin letters begin with, ascending.
    """

    keys: NDArray[np.uint64]
    countries: NDArray[np.uint8]
    codes: tuple[str, ...]
    openings: NDArray[np.uint64]
    _found: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    _opening: dict[str, bool] = field(default_factory=dict, repr=False, compare=False)

    def find(self, names: Sequence[str]) -> list[str]:
        """Return for each name the ISO 3166 code of its city's country, "" if it is no city."""
        return _remembered(self._found, names, self._look_up)

    def open_names(self, words: Sequence[str]) -> list[bool]:
        """Return for each word in Latin letters whether names of several words begin with it."""
        return _remembered(self._opening, words, self._look_up_openings)

    def _look_up(self, names: Sequence[str]) -> list[str]:
        return self._codes_of([key_of(name) for name in names])

    def _look_up_openings(self, words: Sequence[str]) -> list[bool]:
        keys = [key_of(word) for word in words]
        # the same words are asked about as names next
        self._found.update(zip(words, self._codes_of(keys), strict=True))
        openings = [
            key if word.isalpha() else opening_key_of(word)
            for word, key in zip(words, keys, strict=True)
        ]
        return [place >= 0 for place in _places(self.openings, openings)]

    def _codes_of(self, keys: Sequence[int]) -> list[str]:
        return [
            self.codes[self.countries[place]] if place >= 0 else ""
            for place in _places(self.keys, keys)
        ]


def _places(keys: NDArray[np.uint64], wanted: Sequence[int]) -> list[int]:
    """Return where in ascending keys each wanted one is, -1 where it is not."""
    hashes = np.array(wanted, dtype=np.uint64)
    places = np.minimum(np.searchsorted(keys, hashes), len(keys) - 1)
    found: list[int] = np.where(keys[places] == hashes, places, -1).tolist()
    return found


def _remembered(
    kept: dict[str, _T], names: Sequence[str], look_up: Callable[[Sequence[str]], Sequence[_T]]
) -> list[_T]:
    """Return what is looked up for each name; of lately it is remembered."""
    known = list(map(kept.get, names))
    fresh = list({name: 0 for name, one in zip(names, known, strict=True) if one is None})
    found = dict(zip(fresh, look_up(fresh), strict=True)) if fresh else {}
    if len(kept) > _KEPT_NAMES:
        kept.clear()
    kept.update(found)
    return [found[name] if one is None else one for name, one in zip(names, known, strict=True)]


def key_of(name: str) -> int:
    """Return the hash of a name; case, hyphens and the form of apostrophes make no difference."""
    plain = name.casefold().replace("-", " ").replace("’", "'")
    digest = hashlib.blake2b(plain.encode("utf-8", "replace"), digest_size=HASH_BYTES)
    return int.from_bytes(digest.digest(), "big")


def opening_key_of(name: str) -> int:
    """Return the hash of what a name in Latin letters begins with, to its first other sign."""
    letters = _LETTERS.match(name)
    return key_of(letters[0] if letters else name)


@lru_cache(maxsize=1)
def table() -> Table:
    """Return the table that is shipped."""
    with np.load(FILE, allow_pickle=False) as stored:
        keys = np.cumsum(stored["gaps"].astype(np.uint64))
        openings = np.cumsum(stored["opening_gaps"].astype(np.uint64))
        return Table(keys, stored["countries"], tuple(stored["codes"].tolist()), openings)


def min_length(name: str) -> int:
    """Return how many characters a name of this script needs to be told from other words."""
    return 2 if _DENSE.search(name) else _LATIN_LENGTH


def city_countries(texts: Sequence[str]) -> list[dict[str, int]]:
    """Count the mentions of cities by their country's ISO 3166 code, for each text.

    Args:
        texts: title and passages, in any language.
    """
    # Candidates come in groups, one a place in the text, longest first: the first that is a city
    # counts. They are looked up all at once, of all texts.
    are_latin = [True] * len(texts)
    if not is_plain_latin("".join(texts)):
        are_latin = list(map(is_plain_latin, texts))
    capitalised = [
        list(CAPITALISED.finditer(text)) if is_latin else []
        for text, is_latin in zip(texts, are_latin, strict=True)
    ]
    opening = iter(table().open_names([word[0] for each in capitalised for word in each]))
    groups = [
        _latin(text, words, opening) if is_latin else [*_spaced(text), *_unspaced(text)]
        for text, words, is_latin in zip(texts, capitalised, are_latin, strict=True)
    ]
    found = iter(table().find([name for each in groups for _, names in each for name in names]))
    return [_counted(each, found) for each in groups]


def _counted(groups: Sequence[tuple[int, list[str]]], found: Iterator[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    taken_to = -1
    for start, names in groups:
        cities = [(name, code) for name in names if (code := next(found))]
        if cities and start >= taken_to:
            name, code = cities[0]
            counts[code] = counts.get(code, 0) + 1
            taken_to = start + len(name)
    return counts


def _latin(
    text: str, words: Sequence[re.Match[str]], opening: Iterator[bool]
) -> list[tuple[int, list[str]]]:
    """Return the same as `_spaced` of a text in Latin letters, but for most that is no city.

    Args:
        text: in which the words are.
        words: those with a capital.
        opening: tells for each of them whether names of several words begin with it.
    """
    groups = []
    for place, word in enumerate(words):
        names = [word[0]] if len(word[0]) >= _LATIN_LENGTH else []
        if next(opening):
            names = [*_longer(text, words[place : place + MAX_WORDS]), *names]
        if names:
            groups.append((word.start(), names))
    return groups


def _longer(text: str, words: Sequence[re.Match[str]]) -> list[str]:
    """Return the names of several words that a text may have where the first of some words is."""
    start = words[0].start()
    between = [_between(text[one.end() : other.start()]) for one, other in pairwise(words)]
    names = []
    if between[:2] == [0, 0]:
        names.append(text[start : words[2].end()])
    if between and between[0] < _FAR:
        names.append(text[start : words[1].end()])
    return [name for name in names if len(name) >= _LATIN_LENGTH]


def _between(gap: str) -> int:
    """Return how many words stand between two words, `_FAR` where both are of no one name."""
    if gap == " ":
        return 0
    if len(gap) > _LONGEST_GAP or not (found := _GAP.fullmatch(gap)):
        return _FAR
    return 0 if found[1] is None else 1


def _spaced(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the places where a city's name may begin in spaced text, and what may be its name."""
    words = list(_WORD.finditer(text))
    if _UNSPACED.search(text):
        words = [word for word in words if not _UNSPACED.match(word[0])]
    for number, word in enumerate(words):
        written = word[0]
        is_caseless = not written.isascii() and bool(_CASELESS.match(written))
        if not (is_caseless or written[0].isupper()):
            continue
        names = []
        for count in range(min(MAX_WORDS, len(words) - number), 0, -1):
            last = words[number + count - 1]
            name = text[word.start() : last.end()]
            is_whole = is_caseless or last[0][0].isupper()  # "La réunion" is not La Réunion
            if is_whole and len(name) >= min_length(name) and "\n" not in name:
                names.append(name)
        if is_caseless or _CYRILLIC.match(written):
            names.extend(_stems(written))
        yield word.start(), names


def _stems(word: str) -> Iterator[str]:
    """Yield a word without endings, and without what is written before it."""
    bare = _BEFORE.sub("", word, count=1)
    for form in (word, bare) if bare != word else (word,):
        if form != word and len(form) >= min_length(form):
            yield form
        shortest = max(min_length(form), len(form) - MAX_ENDING)
        yield from (form[:length] for length in range(len(form) - 1, shortest - 1, -1))


def _unspaced(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the same for scripts that write no spaces."""
    for word in _KATAKANA.finditer(text):
        yield word.start(), [word[0]]
    for run in _UNSPACED.finditer(text):
        written = run[0]
        longest, shortest = (5, 2) if written[0] >= "\u3400" else (14, 4)
        for start in range(len(written) - shortest + 1):
            ends = range(min(start + longest, len(written)), start + shortest - 1, -1)
            yield run.start() + start, [written[start:end] for end in ends]
