"""Cities in a text, by country: news names the city and leaves its country to the reader.

"Burbank", "Ninh Bình" and 浦項 say United States, Vietnam and Korea. The table holds the names of
the world's cities of 5,000 people and more in all scripts, from GeoNames (geonames.org, CC BY 4.0),
as hashes; bench/fit_cities.py makes it. A name that several cities have counts for the largest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker.match.skeleton import is_plain_latin

FILE = Path(__file__).parent / "data" / "cities.npz"
HASH_BYTES = 5
"""40 bits: of a million words that are no city, one is taken for one by chance of the hash."""
MAX_WORDS = 3
MAX_ENDING = 3
MIN_STEM = 4
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u064b-\u0652\u0900-\u0dff'’-](?=\w|$))*")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3400-\u9fff]+")
_LATIN_WORD = re.compile(r"([^\W\d_](?:[^\W\d_]|['’-](?=\w|$))*)")
_LATIN_LENGTH = 4
_DENSE = re.compile(r"[\u30a1-\u30fa\u3400-\u9fff\uac00-\ud7af]")
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]{2,}")
_CASELESS = re.compile(r"[\u0590-\u06ff\u0900-\u0dff\u10a0-\u10ff\u1200-\u137f\uac00-\ud7af]")
_CYRILLIC = re.compile(r"[\u0370-\u058f]")
# What Arabic, Hebrew and Amharic write before a name without a space: the, and, in, to, from, of.
_BEFORE = re.compile(r"^(?:[وف]?(?:بال|كال|ال|لل|ب|ل|و)|[ובלמהש]|[በየከለ])")


@dataclass(frozen=True)
class Table:
    """Hashes of names, ascending, and the index of each one's country in `codes`."""

    keys: NDArray[np.uint64]
    countries: NDArray[np.uint8]
    codes: tuple[str, ...]

    def find(self, names: list[str]) -> list[str | None]:
        """Return for each name the ISO 3166 code of its city's country, None if it is no city."""
        if not names:
            return []
        hashes = np.array([key_of(name) for name in names], dtype=np.uint64)
        places = np.minimum(np.searchsorted(self.keys, hashes), len(self.keys) - 1)
        known = self.keys[places] == hashes
        return [
            self.codes[self.countries[place]] if is_known else None
            for place, is_known in zip(places.tolist(), known.tolist(), strict=True)
        ]


@lru_cache(maxsize=16_384)
def key_of(name: str) -> int:
    """Return the hash of a name; case, hyphens and the form of apostrophes make no difference."""
    plain = name.casefold().replace("-", " ").replace("’", "'")
    digest = hashlib.blake2b(plain.encode("utf-8", "replace"), digest_size=HASH_BYTES)
    return int.from_bytes(digest.digest(), "big")


@lru_cache(maxsize=1)
def table() -> Table:
    """Return the table that is shipped."""
    with np.load(FILE, allow_pickle=False) as stored:
        keys = np.cumsum(stored["gaps"].astype(np.uint64))
        return Table(keys, stored["countries"], tuple(stored["codes"].tolist()))


def min_length(name: str) -> int:
    """Return how many characters a name of this script needs to be told from other words."""
    return 2 if _DENSE.search(name) else _LATIN_LENGTH


def city_countries(texts: Sequence[str]) -> list[dict[str, int]]:
    """Count the mentions of cities by their country's ISO 3166 code, for each text.

    Args:
        texts: title and passages, in any language.
    """
    # Candidates come in groups, one a place in the text, longest first: the first that is a city
    # counts. They are looked up all at once.
    groups = [
        [*_latin(text)] if is_plain_latin(text) else [*_spaced(text), *_unspaced(text)]
        for text in texts
    ]
    found = iter(table().find([name for each in groups for _, names in each for name in names]))
    return [_counted(each, found) for each in groups]


def _counted(
    groups: Sequence[tuple[int, list[str]]], found: Iterator[str | None]
) -> dict[str, int]:
    counts: dict[str, int] = {}
    taken_to = -1
    for start, names in groups:
        cities = [(name, code) for name in names if (code := next(found)) is not None]
        if cities and start >= taken_to:
            name, code = cities[0]
            counts[code] = counts.get(code, 0) + 1
            taken_to = start + len(name)
    return counts


def _latin(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the same as `_spaced` of a text in Latin letters, in half the time."""
    # between words at even places, words at odd ones
    parts = _LATIN_WORD.split(text)
    capitals = [place for place in range(1, len(parts), 2) if parts[place][0].isupper()]
    if not capitals:
        return
    are_capital = frozenset(capitals)
    starts = list(accumulate(map(len, parts), initial=0))
    for place in capitals:
        names = []
        for last in (place + 4, place + 2):
            if last in are_capital:
                name = "".join(parts[place : last + 1])
                if "\n" not in name and len(name) >= _LATIN_LENGTH:
                    names.append(name)
        if len(parts[place]) >= _LATIN_LENGTH:
            names.append(parts[place])
        yield starts[place], names


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
