"""Who is said to speak in Hindi, Bengali and Thai, whose scripts do not tell names.

A name is known by what stands beside it: an office or a trade ("किसान हेमा बिष्ट"), an honorific, in
Hindi also a common family name; in Thai its title, or its office behind it. Who has none of these
may as well be a neighbour or a shopkeeper, and is nobody. The words are data
(`data/speakers.toml`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

_MOST_NAMES, _MOST_IN_FRONT = 4, 3
"""Words of a name, and of its office."""
_CLAUSE = r"[^।,;:!?\n“”\"]"
_STARTS = r"(?:^|[।,;:!?\n”])\s*"
_OPENS, _CLOSES = r",?\s?[:–—-]?\s*[“\"«]$", r"^[”\"»]?\s*[,।–—-]?\s*"
_PLURAL = "ों"
"""How Hindi words end of which several are meant: no names."""
_NO_NAME_ENDS = ("দের", "কে", "বার", "ে")
"""How Bengali words end that stand between a name and the verb: whom, when and where."""
_THAI_WORD = r"[ก-ฮเ-ไ][ก-ฺเ-๎]{1,24}?"
_THAI_RANK = r"(?:พล|พ|ร|ส|จ|ด)\.(?:[ก-ฮ]\.){1,3}"
_THAT = r"[^“”\"]{0,30}?ว่า"
"""What stands between a Thai verb of saying and what is said."""
_THAI_REACH = 170


@dataclass(frozen=True)
class _Words:
    """A language's words, as `data/speakers.toml` explains them."""

    honorifics: frozenset[str]
    offices: tuple[str, ...]
    families: frozenset[str]
    links: frozenset[str]
    no_names: frozenset[str]
    said: str
    says: str

    def is_title(self, word: str) -> bool:
        """Whether a name may follow."""
        return word in self.honorifics or word.endswith(self.offices)


@lru_cache(maxsize=1)
def _languages() -> dict[str, _Words]:
    text = (files(__package__) / "data" / "speakers.toml").read_text(encoding="utf-8")
    return {
        code: _Words(
            frozenset(own["honorifics"].split()),
            tuple(own["offices"].split()),
            frozenset(own.get("families", "").split()),
            frozenset(own["links"].split()),
            frozenset(own["no_names"].split()),
            _any_of(own["said"].split(", ")),
            _any_of(own.get("says", "").split(", ")),
        )
        for code, own in tomllib.loads(text).items()
    }


def _any_of(words: Sequence[str]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, longest_first))})"


@dataclass(frozen=True)
class _Patterns:
    """In which clauses who speaks is looked for, those that are likeliest first."""

    before: tuple[re.Pattern[str], ...]
    behind: tuple[re.Pattern[str], ...]


@lru_cache(maxsize=1)
def _hindi_patterns() -> _Patterns:
    own = _languages()["hi"]
    told = (
        rf"(?:ने(?:\s{_CLAUSE}{{1,60}}?)?\s{own.said}|{own.says}"
        r"|बोले|बोलीं|के (?:अनुसार|मुताबिक)|का (?:कहना|मानना) (?:है|था))"
    )
    return _Patterns(
        (re.compile(rf"{_STARTS}({_CLAUSE}{{2,90}}?)\s{told}(?:\s(?:है|था))?(?:\sकि)?{_OPENS}"),),
        (re.compile(rf"{_CLOSES}({_CLAUSE}{{2,90}}?)\s{told}"),),
    )


@lru_cache(maxsize=1)
def _bengali_patterns() -> _Patterns:
    own = _languages()["bn"]
    who = rf"({_CLAUSE}{{2,110}}?)"
    return _Patterns(
        (
            re.compile(rf"{_STARTS}{who}ে?র\s{own.says}{_OPENS}"),
            re.compile(rf"{_STARTS}{who}\s{own.said}(?:\sযে)?{_OPENS}"),
        ),
        (
            re.compile(rf"{_CLOSES}{own.said}\s({_CLAUSE}{{2,90}})"),
            re.compile(rf"{_CLOSES}{who}\s{own.said}(?![^\s।,])"),
        ),
    )


def hindi(before: str, behind: str) -> str:
    """Who is named as the speaker of a quotation, with the office, or "".

    Args:
        before: its passage up to its words.
        behind: its passage from the closing mark on.
    """
    return _first(_hindi_patterns(), before, behind, _hindi_name)


def bengali(before: str, behind: str) -> str:
    """As `hindi`, in Bengali."""
    return _first(_bengali_patterns(), before, behind, _bengali_name)


def _first(patterns: _Patterns, before: str, behind: str, name: Callable[[list[str]], str]) -> str:
    matches = [one.search(before) for one in patterns.before]
    matches += [one.match(behind) for one in patterns.behind]
    clauses = [match[1].split() for match in matches if match is not None]
    return next((found for clause in clauses if (found := name(clause))), "")


def _hindi_name(words: list[str]) -> str:
    own = _languages()["hi"]
    start = _behind_title(words, own)
    if start == len(words) > 1 and words[-1] in own.families:
        start -= 2
    names = words[start:]
    if any(word in own.no_names | own.links or word.endswith(_PLURAL) for word in names):
        return ""
    return _titled(words, start, len(words), own)


def _bengali_name(words: list[str]) -> str:
    own = _languages()["bn"]
    start = end = _behind_title(words, own)
    while end < len(words) and not (
        words[end] in own.no_names or words[end].endswith(_NO_NAME_ENDS)
    ):
        end += 1
    return _titled(words, start, end, own)


def _behind_title(words: list[str], own: _Words) -> int:
    """Where the name begins: behind the last office or honorific, at the end if there is none."""
    titles = [place for place, word in enumerate(words) if own.is_title(word)]
    return titles[-1] + 1 if titles else len(words)


def _titled(words: list[str], start: int, end: int, own: _Words) -> str:
    """A name with what stands in front of it, up to the last link."""
    if not 0 < end - start <= _MOST_NAMES:
        return ""
    links = [place for place in range(start) if words[place] in own.links]
    first = max(start - _MOST_IN_FRONT, links[-1] + 1 if links else 0)
    return " ".join(words[first:end])


@lru_cache(maxsize=1)
def _thai_patterns() -> _Patterns:
    own = _languages()["th"]
    title = rf"(?<!เจ้า)(?:{_THAI_RANK}|(?!{_any_of([*own.no_names])}){_any_of([*own.honorifics])})"
    office = _any_of(own.offices)
    ends = rf"(?=\s|$|{own.said}|{office})"
    name = rf"({title}\s?{_THAI_WORD}\s{_THAI_WORD}){ends}"
    bare = rf"({_THAI_WORD}\s{_THAI_WORD})(?=\s{office})"
    once = rf"(?:(?!{own.said}|{title})[^“”\"\n])"
    link = rf"(?:{_any_of([*own.links])}\s?)?"
    said = rf"{own.said}{_THAT}{once}*[“\"]$"
    after = rf"{once}{{0,60}}?{own.said}"
    return _Patterns(
        (
            re.compile(rf"{name}{once}{{0,70}}?{said}"),
            re.compile(rf"(?:^|\n){link}{bare}{once}{{0,70}}?{said}"),
        ),
        (
            re.compile(rf"^[”\"]?\s?{link}{name}{after}"),
            re.compile(rf"^[”\"]?\s?{link}{bare}{after}"),
        ),
    )


def thai(before: str, behind: str) -> str:
    """As `hindi`, in Thai and without the office; who is named has two names."""
    patterns = _thai_patterns()
    matches = [one.search(before, max(0, len(before) - _THAI_REACH)) for one in patterns.before]
    matches += [one.match(behind) for one in patterns.behind]
    return next((match[1] for match in matches if match is not None), "")
