"""Organisations by their names: what an association or a fund is for, in many languages.

"Vietnam Film Development Association" and "Hiệp hội Xúc tiến phát triển điện ảnh Việt Nam" are both
for film, "Vietnam Food and Drug Administration" is not. How languages name what organisations are
for is data (`data/organisations.toml`).
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from worker.match.places import mentions
from worker.match.skeleton import LETTERS, fold
from worker.match.wordlist import Within, WordList

UNCUT = frozenset({"zh", "ja", "ko", "th", "lo", "km"})
"""Languages in which a word of the list may stand within what looks like one word."""
JOINED = frozenset({"de", "nl", "sv", "hu"})
"""Languages that join words into one."""
_SAME_WORDS = {"ms": "id"}
_PREFIX = {"ar": "[وفبكل]?(?:ال|لل)?", "he": "[ובלכשמה]{0,2}", "am": "[የበለከ]?"}
_HEAD, _RELATED, _PART = "head", "related", "in_"
_NO_COUNTRY = {"ar": re.compile("ال(?:أمم|بحر)\\w*"), "vi": re.compile("lao động", re.IGNORECASE)}
"""What is taken for a country where it is none."""
_LONG, _STEM = 4, 5
_ALIKE = 0.75
"""Share of words from which two names in two languages are one, written as it is everywhere."""
_WORD = re.compile(LETTERS)
_REMEMBERED = 4096


@dataclass(frozen=True)
class OrganisationWords:
    """The words of one language.

    Attributes:
        aims: finds what organisations are for.
        heads: finds the words for organisations themselves ("association").
        parts: finds the parts of the world.
    """

    aims: WordList
    heads: WordList
    parts: WordList


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation named in full where its acronym stands beside it.

    Attributes:
        acronym: in capitals.
        name: in full, as far as it can be told where it begins.
        language: of the text.
        start, end: of name and acronym in the text.
        is_spelt: the letters of the acronym are the initials of the name.
    """

    acronym: str
    name: str
    language: str
    start: int
    end: int
    is_spelt: bool

    @property
    def as_text(self) -> str:
        """Name and acronym."""
        return f"{self.name} ({self.acronym})"

    @property
    def aims(self) -> frozenset[str]:
        """What it is for."""
        return aims_of(self.name, self.language)

    @property
    def places(self) -> frozenset[str]:
        """Where it is."""
        return places_of(self.name, self.language)

    def is_elsewhere(self, other: Organisation) -> bool:
        """Whether both names have places, but not one in common."""
        return bool(self.places and other.places) and not self.places & other.places

    def is_same(self, other: Organisation) -> bool:
        """Whether both may be one organisation; not of two acronyms."""
        if self.acronym != other.acronym or self.is_elsewhere(other):
            return False
        return self.has_same_aims(other)

    def has_same_aims(self, other: Organisation) -> bool:
        """Whether both may be for the same."""
        if self.language != other.language:
            return _alike(self, other) >= _ALIKE or not are_apart(self.aims, other.aims)
        has_other_words = self.is_spelt and other.is_spelt and not _stems(self) & _stems(other)
        return not (has_other_words or are_apart(self.aims, other.aims))

    def is_surely(self, other: Organisation) -> bool:
        """Whether there is reason to take both for one: words, or what they are for."""
        has_aims = bool(self.aims) and bool(other.aims)
        return self.is_same(other) and (has_aims or _alike(self, other) >= _ALIKE)


@lru_cache(maxsize=_REMEMBERED)
def _stems(organisation: Organisation) -> frozenset[str]:
    """The longer words of a name without their endings, but for those of any organisation."""
    words = organisation_words(organisation.language)
    return frozenset(
        fold(word)[:_STEM]
        for word in _WORD.findall(organisation.name)
        if len(word) >= _LONG and not (words is not None and words.heads.begins(normal(word)))
    )


def _alike(one: Organisation, other: Organisation) -> float:
    """Share of the longer words that two names have in common."""
    ours, theirs = _stems(one), _stems(other)
    return len(ours & theirs) / max(len(ours | theirs), 1)


@lru_cache(maxsize=_REMEMBERED)
def aims_of(name: str, language: str) -> frozenset[str]:
    """What an organisation is for by its name; nothing if the list does not have it.

    Args:
        name: of an organisation.
        language: ISO 639-1.
    """
    words = organisation_words(language)
    if words is None:
        return frozenset()
    return frozenset[str]().union(*(hit.means for hit in words.aims.find(normal(name))))


@lru_cache(maxsize=_REMEMBERED)
def places_of(name: str, language: str) -> frozenset[str]:
    """The places that a name has: countries by ISO 3166 code, or parts of the world.

    Args:
        name: of an organisation.
        language: ISO 639-1.
    """
    words = organisation_words(language)
    parts = words.parts.find(normal(name)) if words is not None else []
    if parts:  # no country beside it: "Nam Mỹ" is not the United States
        return frozenset[str]().union(*(hit.means for hit in parts))
    without = _NO_COUNTRY.get(language)
    rest = without.sub(" ", name) if without is not None else name
    return frozenset(mentions(rest, language))


def is_part_of_world(place: str) -> bool:
    """Whether a place is a part of the world, no country."""
    return place.startswith(_PART)


def are_apart(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether what two organisations are for has nothing to do with each other.

    Args:
        ours: of one organisation; of one of which nothing is known nothing can be said.
        theirs: of another one.
    """
    if not ours or not theirs:
        return False
    related = _related()
    return not any(
        one == other or other in related.get(one, ()) or one in related.get(other, ())
        for one in ours
        for other in theirs
    )


def normal(text: str) -> str:
    """A text in the letters of the list."""
    plain = unicodedata.normalize("NFC", text).replace("İ", "i").replace("\u00a0", " ")
    return plain.casefold().replace("’", "'")


@lru_cache(maxsize=1)
def _stored() -> dict[str, dict[str, str]]:
    path = files("worker.match") / "data" / "organisations.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _related() -> dict[str, frozenset[str]]:
    return {aim: frozenset(_listed(words)) for aim, words in _stored()[_RELATED].items()}


def known_languages() -> frozenset[str]:
    """The languages whose words are known."""
    return frozenset(_stored()) - {_RELATED} | frozenset(_SAME_WORDS)


@lru_cache(maxsize=64)
def organisation_words(language: str) -> OrganisationWords | None:
    """The words of a language.

    Args:
        language: ISO 639-1.

    Returns:
        None where they are not known.
    """
    code = _SAME_WORDS.get(language, language)
    stored = _stored().get(code)
    if stored is None or code == _RELATED:
        return None
    aims: dict[str, set[str]] = {}
    parts: dict[str, set[str]] = {}
    for aim, listed in stored.items():
        for word in _listed(listed) if aim != _HEAD else ():
            table = parts if aim.startswith(_PART) else aims
            table.setdefault(normal(word), set()).add(aim)
    heads = {normal(word): (_HEAD,) for word in _listed(stored[_HEAD])}
    if code in UNCUT:
        return OrganisationWords(*(WordList(one, Within.ANYWHERE) for one in (aims, heads, parts)))
    if code in JOINED:
        return OrganisationWords(
            WordList(aims, Within.LONG), WordList(heads, Within.END), WordList(parts, Within.LONG)
        )
    prefix = _PREFIX.get(code, "")
    return OrganisationWords(*(WordList(one, prefix=prefix) for one in (aims, heads, parts)))


def _listed(words: str) -> list[str]:
    return [one.strip() for one in words.split(",") if one.strip()]
