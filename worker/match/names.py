"""Names of people, bodies and works in a text, and which names of a seed occur in it.

Finding names works where scripts tell them: capitals, acronyms, Latin letters inside other
scripts, katakana, the middle dot of Chinese, title marks. Looking for the names of a seed works in
every script, through the consonant skeleton.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from worker.match.figures import calendar_words
from worker.match.passages import sentences
from worker.match.places import mentions
from worker.match.skeleton import LETTERS, fold, fold_long, skeleton

MAX_NAMES = 300
MIN_WORD_SKELETON = 4
"""Consonants from which one word's skeleton is telling against the words of another script."""
MIN_SURPRISE = 3.0
"""Chance matches of a skeleton: one in e**3 = 20 names or fewer."""

_TOKEN = rf"{LETTERS}(?:['’.-]{LETTERS})*"
_WORD = re.compile(rf"{_TOKEN}|\d+|[^\w\s]")
_CONNECTORS = frozenset(
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
_ELIDED = re.compile(r"^(?:[a-zà-ü]{1,5}['’])+(?=\w)|['’]s$")
_NOT_LATIN = re.compile("[\u0250-\u1dff\u1f00-\U0010ffff]")
_ASCII_WORD = re.compile(r"[a-z0-9']+")
_UNIT = re.compile(r"[^\W_]+")
_LATIN = "0-9A-Za-z\u00c0-\u024f\u1e00-\u1eff"
_SCRIPT_CHANGE = re.compile(
    rf"(?<=[{_LATIN}])(?=[^\W\d_{_LATIN}])|(?<=[^\W\d_{_LATIN}])(?=[{_LATIN}])"
)
_NOT_LATIN_LETTER = re.compile(rf"[^\W\d_{_LATIN}]")
_KATAKANA = re.compile(r"[ァ-ヴー]{2,}(?:[・＝=][ァ-ヴー]{2,})+|[ァ-ヴー]{4,}")
_CHINESE_DOT = re.compile(r"[\u4e00-\u9fff]{1,6}(?:·[\u4e00-\u9fff]{1,6})+")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
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
            if len(pending) < 2 and text.casefold() in _CONNECTORS:
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
        elif run and len(pending) < 2 and text.casefold() in _CONNECTORS:
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
        words = [_ELIDED.sub("", word) for word in words]
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


@dataclass(frozen=True, slots=True)
class _Form:
    """What a name is looked for by: the names of a watch are looked for in each article."""

    is_word: bool
    is_acronym: bool
    first: str
    readings: tuple[str, ...]


@lru_cache(maxsize=4096)
def _form_of(name: Name) -> _Form:
    is_word = name.words == 1
    first = name.folded.split(maxsplit=1)[0] if name.words else ""
    return _Form(is_word, is_word and name.is_acronym, first, name.readings)


class NameIndex:
    """A text in which the names of other texts can be looked for.

    Args:
        texts: title and passages.
        names: the text's own names; other spellings in Latin script are looked for among them.
    """

    def __init__(self, texts: Sequence[str], names: Sequence[Name] = ()) -> None:
        self._written = "\n".join(texts).casefold()
        joined = "\n".join(texts)
        if _NOT_LATIN_LETTER.search(joined):
            joined = _SCRIPT_CHANGE.sub(" ", joined)
        self._folded = " " + " ".join(_ASCII_WORD.findall(fold_long(joined))) + " "
        self._words = frozenset(self._folded.split())
        self._acronyms = frozenset(map(fold, filter(_is_loud, set(_UNIT.findall(joined)))))
        self.is_latin = joined.isascii() or _latin_share(joined) > 0.8
        self._own = frozenset(name.skeleton.replace(" ", "") for name in names if name.words > 1)
        if self.is_latin:
            self._skeleton, self._bones = "", frozenset[str]()
        else:
            self._skeleton = skeleton(joined).replace(" ", "")
            bones = (skeleton(word).replace(" ", "") for word in re.findall(LETTERS, joined))
            self._bones = frozenset(bone for bone in bones if len(bone) >= MIN_WORD_SKELETON)
        classes = Counter(self._skeleton)
        total = sum(classes.values()) + 8
        self._cost = {c: math.log(total / (n + 1)) for c, n in classes.items()}

    def has(self, name: Name) -> bool:
        """Whether a name occurs, in this or another spelling or script."""
        form = _form_of(name)
        if form.is_acronym:
            return name.folded in self._acronyms
        if form.is_word:
            if len(name.folded) >= 4 and name.folded in self._words:
                return True
        elif form.first in self._words and f" {name.folded} " in self._folded:
            return True
        if self.is_latin:
            return not form.is_word and any(
                len(bones) >= MIN_WORD_SKELETON and bones in self._own for bones in form.readings
            )
        return any(self._has_bones(bones) for bones in form.readings)

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
        return f" {' '.join(_ASCII_WORD.findall(name.folded))} " in self._folded

    def has_start(self, folded: str) -> bool:
        """Whether a word, or a run of words, begins with a folded term ("film": "Filmpark")."""
        return f" {folded}" in self._folded

    def _has_bones(self, bones: str) -> bool:
        """Whether a skeleton stands in a text of another script, and not by chance."""
        if len(bones) < MIN_WORD_SKELETON:
            return False
        in_text = bones in self._skeleton and self._is_telling(bones, len(self._skeleton))
        return in_text or (
            self._is_telling(bones, len(self._bones))
            and any(_same_bones(bones, word) for word in self._bones)
        )

    def _is_telling(self, bones: str, places: int) -> bool:
        """Whether these consonants would hardly stand at one of so many places by chance."""
        return sum(self._cost.get(c, 8.0) for c in bones) > math.log(places + 1) + MIN_SURPRISE


def _is_loud(word: str) -> bool:
    """Whether a word may be an acronym: with a capital inside, or in letters without case.

    "MIT" is a university, and "mit" the commonest word of German.
    """
    if len(word) > 1 and word.islower():
        return False
    return word[1:] != word[1:].lower() or (word.lower() == word.upper() and word.isalpha())


def _same_bones(name: str, word: str) -> bool:
    """Whether a word is a name, give or take an article in front or an ending."""
    extra = len(word) - len(name)
    return 0 <= extra <= 2 and (word.startswith(name) or (extra == 1 and word.endswith(name)))


def _latin_share(text: str) -> float:
    sample = text[:2000]
    letters = sum(map(str.isalpha, sample))
    others = sum(map(str.isalpha, _NOT_LATIN.findall(sample)))
    return (letters - others) / max(letters, 1)
