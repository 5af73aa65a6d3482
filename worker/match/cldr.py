"""What CLDR says of each language that matching asks for: countries, months, days, words of scale.

Taken from Babel by bench/fit_cldr.py and kept in data/cldr.npz (CLDR is Unicode's, Unicode License
v3). Babel itself would read all that CLDR has on a language, for 2 ms and .9 MB in each process;
this takes a tenth of either.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent / "data" / "cldr.npz"


@dataclass(frozen=True)
class Facts:
    """What is said of one language, in the order and the writing of CLDR.

    Attributes:
        countries: what territories are called, and their code (ISO 3166); a name may come twice.
        adjectives: what national languages and varieties are called in one word ("Vietnamese",
            "American"), which news says of the country, and its code.
        months: full and short names, folded in case -> 1..12.
        days: of the week, full and short, folded in case.
        scales: words of scale, folded in case -> what they multiply by.
    """

    countries: tuple[tuple[str, str], ...]
    adjectives: tuple[tuple[str, str], ...]
    months: dict[str, int]
    days: tuple[str, ...]
    scales: dict[str, float]


NOTHING = Facts((), (), {}, (), {})
"""What is said of a language that CLDR lacks."""


@dataclass(frozen=True)
class _Stored:
    """Facts as they are kept, one line of JSON a language."""

    lines: dict[str, bytes]
    zone_cities: tuple[str, ...]


@lru_cache(maxsize=1)
def _stored() -> _Stored:
    with np.load(FILE, allow_pickle=False) as stored:
        lines = stored["lines"].tobytes().split(b"\n")
        languages = stored["languages"].tolist()
        return _Stored(dict(zip(languages, lines, strict=True)), tuple(stored["zone_cities"]))


def has_language(code: str) -> bool:
    """Whether CLDR has a language (ISO 639), also where a country or script is told with it."""
    return _known(code) in _stored().lines


def facts_of(code: str) -> Facts:
    """Return what is said of a language; `NOTHING` where CLDR lacks it.

    Args:
        code: ISO 639, or with a country that `figures.ALSO_MONTHS` names ("ar_SY").
    """
    line = _stored().lines.get(_known(code))
    if line is None:
        return NOTHING
    told = json.loads(line)
    return Facts(
        tuple(map(tuple, told["countries"])),
        tuple(map(tuple, told["adjectives"])),
        told["months"],
        tuple(told["days"]),
        told["scales"],
    )


def zone_cities() -> tuple[str, ...]:
    """Return the cities after which time zones are named, in the largest languages."""
    return _stored().zone_cities


def _known(code: str) -> str:
    own = code.replace("-", "_")
    return own if own in _stored().lines else own.partition("_")[0]
