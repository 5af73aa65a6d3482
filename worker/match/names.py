"""Names of people, bodies and works in a text.

Finding names works where scripts tell them: capitals, acronyms, Latin letters inside other
scripts, katakana, the middle dot of Chinese, title marks. `nameindex` looks for those of a seed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from worker.match.figures import calendar_words
from worker.match.passages import sentences
from worker.match.places import mentions
from worker.match.skeleton import LETTERS, fold, skeleton

MAX_NAMES = 300

_TOKEN = rf"{LETTERS}(?:['’.-]{LETTERS})*"
_WORD = re.compile(rf"{_TOKEN}|\d+|[^\w\s]")
CONNECTORS = frozenset(
    [
        "of",
        "the",
        "de",
        "del",
        "della",
        "da",
        "do",
        "dos",
        "di",
        "du",
        "des",
        "la",
        "le",
        "van",
        "von",
        "der",
        "den",
        "bin",
        "ibn",
        "al",
        "el",
        "&",
        "i",
    ]
)
ELIDED = re.compile(r"^(?:[a-zà-ü]{1,5}['’])+(?=\w)|['’]s$")
_KATAKANA = re.compile(r"[ァ-ヴー]{2,}(?:[・＝=][ァ-ヴー]{2,})+|[ァ-ヴー]{4,}")
_CHINESE_DOT = re.compile(r"[\u4e00-\u9fff]{1,6}(?:·[\u4e00-\u9fff]{1,6})+")
_TITLE_MARKS = re.compile(r"[《『]([^《》『』]{2,40})[》』]")


@dataclass(frozen=True, slots=True)
class Name:
    """A name as written first, with its ASCII folding and number of mentions."""

    text: str
    folded: str
    count: int

    @property
    def skeleton(self) -> str:
        """Its consonants; see `worker.match.skeleton`."""
        return _skeleton_of(self.text)

    @property
    def is_acronym(self) -> bool:
        """Whether it is one word with at least two capitals ("VFDA", "AIWS", "MoMA")."""
        capitals = sum(c.isupper() for c in self.text)
        return " " not in self.text and 2 <= len(self.text) <= 7 and capitals >= 2

    @property
    def readings(self) -> tuple[str, ...]:
        """The skeleton without spaces, and with "ch" read as in "Michael" where it occurs."""
        usual = self.skeleton.replace(" ", "")
        if "ch" not in self.folded:
            return (usual,)
        return usual, skeleton(self.folded.replace("ch", "k")).replace(" ", "")

    @property
    def words(self) -> int:
        """How many words it has."""
        return len(self.folded.split())


_skeleton_of = lru_cache(maxsize=4096)(skeleton)


def _is_capital(word: str) -> bool:
    return word[0].isupper() or (len(word) > 2 and word[1:2] in "'’" and word[2].isupper())


def _capitalised(sentence: str, lower: set[str]) -> Iterable[tuple[str, bool]]:
    """Yield runs of capitalised words, and whether the run opens the sentence.

    Args:
        sentence: of any script.
        lower: takes the words in small letters.
    """
    run: list[re.Match[str]] = []
    pending: list[re.Match[str]] = []
    opens = True
    starts_sentence = True
    for word in _WORD.finditer(sentence):
        text = word[0]
        if text.islower():  # most words; none of the rest concerns them
            lower.add(text)
            starts_sentence = False
            if not run:
                continue
            if len(pending) < 2 and text.casefold() in CONNECTORS:
                pending.append(word)
                continue
            yield sentence[run[0].start() : run[-1].end()], opens
            run, pending = [], []
            continue
        is_word = text[0].isalpha()
        if is_word and _is_capital(text):
            if not run:
                opens = starts_sentence
            run.extend((*pending, word))
            pending = []
        elif run and len(pending) < 2 and text.casefold() in CONNECTORS:
            pending.append(word)
        elif run and text.isdigit() and len(text) <= 4 and not pending:
            run.append(word)
        elif run:
            yield sentence[run[0].start() : run[-1].end()], opens
            run, pending = [], []
        if text in '"“”«»„‘:—–-(（':
            starts_sentence = True
        elif is_word:
            starts_sentence = False
    if run:
        yield sentence[run[0].start() : run[-1].end()], opens


def _tidy(run: str, calendar: frozenset[str]) -> str:
    """Return a run without elided articles, possessives, days, months and numbers at its ends."""
    words = run.split()
    if "'" in run or "’" in run:
        words = [ELIDED.sub("", word) for word in words]
    while words and (words[0].casefold().strip(".") in calendar or not words[0][0:1].isalpha()):
        words.pop(0)
    while words and (words[-1].casefold().strip(".") in calendar or len(words[-1]) == 0):
        words.pop()
    if len(words) > 1 and words[-1].isdigit():
        words.pop()
    for place in range(len(words) - 1, 0, -1):  # "On Monday Ann Lee"
        if words[place].casefold().strip(".") in calendar:
            words = words[place + 1 :]
            break
    return " ".join(words)


def find_names(
    texts: Sequence[str], language: str = "", *, nouns_have_capitals: bool = False
) -> list[Name]:
    """Return the names of a text, first mentioned first; countries are none.

    Args:
        texts: title and passages.
        language: ISO 639-1, for the names of days, months and countries.
        nouns_have_capitals: as in German: a single capitalised word is then no name.
    """
    calendar = calendar_words(language)
    counts: Counter[str] = Counter()
    opening: Counter[str] = Counter()
    lower: set[str] = set()
    for text in texts:
        for sentence in sentences(text):
            for run, opens in _capitalised(sentence, lower):
                tidy = _tidy(run, calendar)
                if tidy:
                    (opening if opens else counts)[tidy] += 1
        if not text.isascii():
            for pattern in (_KATAKANA, _CHINESE_DOT):
                counts.update(m[0] for m in pattern.finditer(text))
            counts.update(m[1] for m in _TITLE_MARKS.finditer(text))
        if len(counts) > 4 * MAX_NAMES:
            break
    _settle_openings(counts, opening, lower)
    names = []
    for text, count in counts.items():
        if len(text) < 2 or (text.casefold() in lower and not text.isupper()):
            continue
        is_noun = nouns_have_capitals and text.isascii() and " " not in text
        name = Name(text, fold(text), count)
        if is_noun and not name.is_acronym:
            continue
        if not _is_country(text, language):
            names.append(name)
    return names[:MAX_NAMES]


def _settle_openings(counts: Counter[str], opening: Counter[str], lower: set[str]) -> None:
    """Add the runs that open sentences: without the opening word where that is none of the name.

    A single word that only ever opens sentences ("Cependant") is no name.
    """
    inside = {word for run in counts for word in run.split()}
    for run, count in opening.items():
        first, _, rest = run.partition(" ")
        is_acronym = sum(c.isupper() for c in first) >= 2
        if run in counts or first in inside or is_acronym:
            counts[run] += count
        elif rest and (first.casefold() in lower or rest in counts):
            counts[rest] += count
        elif rest:
            counts[run] += count


def _is_country(text: str, language: str) -> bool:
    words = text.split()
    if not 1 <= len(words) <= 3:
        return False
    count = sum(mentions(text, language, phrases=() if len(words) == 1 else None).values())
    return count >= max(1, len(words) - 1)
