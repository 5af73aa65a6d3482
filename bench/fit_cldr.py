"""Take what matching needs of CLDR out of Babel (worker/match/data/cldr.npz).

Usage: python -m bench.fit_cldr      (to be run when Babel brings another CLDR)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain

import babel
import numpy as np
from babel import Locale, localedata
from babel.core import get_global

from worker.match.cldr import FILE, Facts
from worker.match.countrynames import MIN_STEM, UNSPACED, WORD
from worker.match.figures import ALSO_MONTHS

ZONE_LANGUAGES = ("en", "fr", "de", "es", "id", "vi", "it", "pt", "nl", "pl", "tr")
NO_COUNTRIES = ("ZZ", "XA", "XB", "EU", "UN", "EZ")
NATIONAL = (
    "fr", "de", "ja", "ko", "vi", "it", "th", "id", "ms", "km", "lo", "my", "tr", "ru", "uk",
    "pl", "cs", "sk", "hu", "ro", "bg", "el", "he", "fa", "sv", "da", "fi", "nb", "is", "nl",
    "hi", "bn", "ur", "si", "ne", "ka", "hy", "az", "kk", "uz", "mn", "am", "so", "zh", "sq",
    "mk", "sr", "hr", "sl", "et", "lv", "lt", "be", "ga", "mt",
)  # fmt: skip
"""Languages that are those of one country: where CLDR's "likely subtags" have them at home."""
REGIONAL = ("en_US", "en_GB", "en_AU", "fr_CA", "es_MX", "pt_BR", "zh_Hans_CN")


def countries(locale: Locale) -> Iterator[tuple[str, str]]:
    for code, name in locale.territories.items():
        if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES:
            yield name, code


def adjectives(locale: Locale) -> Iterator[tuple[str, str]]:
    likely = get_global("likely_subtags")
    for language in NATIONAL:
        demonym = locale.languages.get(language)
        home = likely.get(language, "").rpartition("_")[2]
        if demonym and len(home) == 2 and " " not in demonym and not UNSPACED.search(demonym):
            yield demonym, home
    base = {locale.languages.get(code, "").casefold() for code in ("en", "fr", "es", "pt")}
    for regional in REGIONAL:
        for word in WORD.findall(locale.languages.get(regional, "")):
            if word.casefold() not in base and len(word) > MIN_STEM:
                yield word, regional[-2:]


def months(locale: Locale) -> dict[str, int]:
    names: dict[str, int] = {}
    for context in locale.months.values():
        for kind in ("wide", "abbreviated"):
            for month, name in context.get(kind, {}).items():
                key = name.casefold().strip(". ")
                if len(key) >= 3 and not key[0].isdigit():
                    names[key] = month
    return names


def days(locale: Locale) -> Iterator[str]:
    for context in locale.days.values():
        for kind in ("wide", "abbreviated"):
            yield from (name.casefold().strip(".") for name in context.get(kind, {}).values())


def scales(locale: Locale) -> dict[str, float]:
    words: dict[str, float] = {}
    for style in ("long", "short"):
        for plural in locale.compact_decimal_formats.get(style, {}).values():
            for size, pattern in plural.items():
                written = str(pattern.pattern).partition(";")[0]  # after it: if negative
                zeros = written.count("0")
                word = re.sub(r"[0¤#'\s\u00a0]", "", written).casefold().strip(".")
                if word and zeros and (len(word) > 1 or style == "long"):
                    words.setdefault(word, float(size) / 10 ** (zeros - 1))
    return words


def facts(code: str) -> Facts:
    """What Babel says of a language or variety, by itself.

    After others were read it says more: what it looks up for one stays with what all inherit.
    """
    localedata._cache.clear()
    locale = Locale.parse(code)
    return Facts(
        tuple(countries(locale)),
        tuple(adjectives(locale)),
        months(locale),
        tuple(dict.fromkeys(days(locale))),
        scales(locale),
    )


def zone_cities() -> list[str]:
    """The cities after which time zones are named."""
    cities: dict[str, None] = {}
    for code in ZONE_LANGUAGES:
        localedata._cache.clear()
        for zone in Locale.parse(code).time_zones.values():
            if isinstance(zone.get("city"), str):
                cities[zone["city"]] = None
    for zones in ("zone_aliases", "zone_territories"):
        for key in get_global(zones):
            cities[key.rpartition("/")[2].replace("_", " ")] = None
    return list(cities)


def main() -> None:
    languages = sorted(code for code in localedata.locale_identifiers() if "_" not in code)
    languages += chain.from_iterable(ALSO_MONTHS.values())
    lines = [json.dumps(asdict(facts(code)), ensure_ascii=False) for code in languages]
    np.savez_compressed(
        FILE,
        languages=np.array(languages),
        lines=np.frombuffer("\n".join(lines).encode(), dtype=np.uint8),
        zone_cities=np.array(zone_cities()),
        babel=np.array(babel.__version__),
    )
    print(f"{len(languages)} languages, {FILE.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
