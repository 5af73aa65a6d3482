"""Offices that a text names: ministers and deputy ministers, judges and mayors, in many languages.

How languages call them is data (`data/offices.toml`).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from worker.match.skeleton import LETTERS

_DEPUTY, _UNSURE = "deputy_", "unsure"
UNCUT = frozenset({"zh", "ja", "ko", "th", "lo", "km", "my"})
"""Languages in which an office may stand within what looks like one word."""
_SAME_WORDS = {"bs": "hr", "nb": "no", "nn": "no", "fil": "tl"}
_WORDS_BETWEEN = {"en": 2}
"""Words that may stand between "deputy" and the office: "deputy foreign minister"."""
_HEADS = frozenset({"president", "prime_minister", "director", "mayor", "governor"})
"""Offices that languages do not tell apart alike: who leads something."""
_OF_JUSTICE = frozenset({"minister", "prosecutor"})
"""What an attorney general is called."""
_OF_LAW = frozenset({"judge", "prosecutor"})
_PUBLIC = frozenset({"minister", "mayor", "governor", "ambassador"})
_PREFIX = {"ar": "[وفبلك]?(?:ال)?", "he": "[ובלכשמה]{0,2}"}
_AFTER_CHARS = 30
_CLAUSE_ENDS = re.compile(r"[.,;:،؛。、!?()\n]")


@dataclass(frozen=True, slots=True)
class Office:
    """An office where it stands in a text.

    Attributes:
        role: as the keys of `data/offices.toml`; "" where it may be one or another.
        is_deputy: of those who have it.
        is_former: somebody had it, which contradicts no other one.
    """

    role: str
    is_deputy: bool
    start: int
    end: int
    is_former: bool = False

    @property
    def is_known(self) -> bool:
        """Whether it says which office somebody has."""
        return bool(self.role) and not self.is_former

    @property
    def as_text(self) -> str:
        """In English."""
        role = self.role.replace("_", " ")
        return f"deputy {role}" if self.is_deputy else role

    def is_same(self, other: Office) -> bool:
        """Whether both are one office."""
        return (self.role, self.is_deputy) == (other.role, other.is_deputy)

    def is_other_rank(self, other: Office) -> bool:
        """Whether one is the deputy of the other."""
        return self.role == other.role and self.is_deputy != other.is_deputy

    def never_is(self, other: Office) -> bool:
        """Whether nobody has both: who judges or accuses has no other public office."""
        roles = {self.role, other.role}
        is_public = bool(roles & _OF_LAW) and roles <= _OF_LAW | _PUBLIC
        return len(roles) == 2 and is_public and roles != _OF_JUSTICE

    def excludes(self, other: Office) -> bool:
        """Whether hardly anybody is called both: not where languages tell them apart otherwise."""
        if self.role == other.role:
            return self.is_deputy != other.is_deputy
        roles = {self.role, other.role}
        return roles != _OF_JUSTICE and not roles <= _HEADS


@dataclass(frozen=True)
class _Words:
    pattern: re.Pattern[str]
    roles: tuple[str, ...]
    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    joined: re.Pattern[str] | None
    former: re.Pattern[str] | None
    former_after: re.Pattern[str] | None


def offices(text: str, language: str) -> list[Office]:
    """Find the offices of a text, none if its language is not known.

    Args:
        text: a passage.
        language: ISO 639-1.
    """
    words = _words(_SAME_WORDS.get(language, language))
    if words is None:
        return []
    found = []
    for match in words.pattern.finditer(text):
        role = words.roles[(match.lastindex or 1) - 1]
        start, end = match.span()
        is_deputy = role.startswith(_DEPUTY)
        before = words.before.search(text[:start]) if words.before else None
        if before is None and words.joined:
            before = words.joined.match(match[0])
            is_deputy |= before is not None
        elif before is not None:
            is_deputy, start = True, before.start()
        after = words.after.search(text[start : end + _AFTER_CHARS]) if words.after else None
        if after is not None and start + after.start() <= end <= start + after.end():
            is_deputy, end = True, start + after.end()
        is_former = bool(words.former and words.former.search(text[:start])) or bool(
            words.former_after and words.former_after.search(_clause(text, end))
        )
        known = "" if role == _UNSURE else role.removeprefix(_DEPUTY)
        found.append(Office(known, is_deputy, start, end, is_former))
    return found


def _clause(text: str, start: int) -> str:
    return _CLAUSE_ENDS.split(text[start : start + _AFTER_CHARS], maxsplit=1)[0]


@lru_cache(maxsize=1)
def _stored() -> dict[str, dict[str, str]]:
    path = files("worker.match") / "data" / "offices.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def known_languages() -> frozenset[str]:
    """The languages whose offices are known."""
    return frozenset(_stored()) | frozenset(_SAME_WORDS)


@lru_cache(maxsize=128)
def _words(language: str) -> _Words | None:
    stored = _stored().get(language)
    if stored is None:
        return None
    marks = {
        key: [one.strip() for one in stored.get(key, "").split(",") if one.strip()]
        for key in ("deputy", "deputy_after", "former", "former_after")
    }
    written = [
        (one.strip(), role)
        for role, listed in stored.items()
        if role not in marks
        for one in listed.split(",")
    ]
    # what is longer is said first ("prime minister"), and what may begin with anything last
    written.sort(key=lambda pair: (pair[0].startswith("*"), -len(pair[0])))
    is_cut = language not in UNCUT
    joinable = "" if not is_cut else f"(?:(?:{_any(marks['deputy'])})-?)?" * bool(marks["deputy"])
    each = "|".join(f"({_as_pattern(one)})" for one, _ in written)
    behind = f"(?:-?(?:{_any(marks['deputy_after'])}))?" if marks["deputy_after"] else ""
    edges = ("", "")
    if is_cut:
        edges = rf"(?<!\w){_PREFIX.get(language, '')}{joinable}", rf"{behind}(?!\w)"
    gap = r"[\s-]{0,2}" if is_cut else r"\s?"
    between = rf"(?:{LETTERS}[\s-]){{0,{_WORDS_BETWEEN.get(language, 0)}}}"
    start = r"(?<!\w)" if is_cut else ""
    return _Words(
        re.compile(f"{edges[0]}(?:{each}){edges[1]}", re.IGNORECASE),
        tuple(role for _, role in written),
        _compiled(marks["deputy"], start, f"{gap}{between}$"),
        _compiled(marks["deputy_after"], r"[\s-]?", r"(?!\w)"),
        _compiled(marks["deputy"], "", r"-?") if is_cut else None,
        _compiled(
            marks["former"], start, rf"{gap}(?:{LETTERS}[\s-]){{0,1}}$" if is_cut else r"\s?$"
        ),
        _compiled(marks["former_after"], r"(?<!\w)", r"(?!\w)" if is_cut else ""),
    )


def _compiled(marks: list[str], before: str, after: str) -> re.Pattern[str] | None:
    return re.compile(f"{before}(?:{_any(marks)}){after}", re.IGNORECASE) if marks else None


def _any(words: list[str]) -> str:
    return "|".join(re.escape(one) for one in sorted(words, key=len, reverse=True))


def _as_pattern(word: str) -> str:
    """A word of the list as an expression; a blank stands for any."""
    any_start = rf"(?:{LETTERS})?" if word.startswith("*") else ""
    any_end = rf"(?:{LETTERS})?" if word.endswith("*") else ""
    return any_start + r"\s".join(re.escape(one) for one in word.strip("*").split()) + any_end
