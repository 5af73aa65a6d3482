"""Harvesting names: in passages that say the same, which words sound like a name of the seed.

They have nearly the same consonants in the same order (`worker.match.skeleton`), in any script; a
person then judges each. Names that are translated ("Hiệp hội ...") are not found: what goes
together with a name in two or three articles was wrong in 7 of 7 cases that were tried.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from worker.domain import Confirmed, Rendering
from worker.match.nameindex import MIN_WORD_SKELETON
from worker.match.names import Name, find_names
from worker.match.skeleton import LETTERS, skeleton

MOST_WORDS = 6
MOST_SIGNS = 16
"""Letters of a name in a script that has no spaces."""
ALIKE, ALIKE_WORD = 0.8, 0.95
"""Share of consonants that have to be the same, in order: of several words, and of one."""
MOST_OF_A_NAME = 3
"""Renderings of a name that are proposed in one language, those with most articles."""
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_RUN = re.compile(rf"(?:{LETTERS}|[·・])+")
_WORD = re.compile(rf"{LETTERS}(?:['’.-]{LETTERS})*")
_BREAK = re.compile(r"[.!?;,:،؛。\n\"“”«»()]")
_LEADING = frozenset("เแโใไເແໂໃໄ\u1039\u17d2")
_TRAILING = frozenset("ะาำๅๆฯະາຳໆ")
"""Vowels that are written before and behind their consonant, and signs that stack two: never the
end, and never the beginning, of a name."""
_KATAKANA = re.compile("[ァ-ヴー・]{2}")
_SAMPLE = 200
_Key = tuple[str, str, str]
"""A name, a language, and the name in that language."""


def harvest(matches: Iterable[Confirmed]) -> list[Rendering]:
    """Find how the seeds' names are written in the articles.

    Args:
        matches: that a person found relevant.

    Returns:
        By name, then language, those of most articles first; nothing that stands in the article
        just as in the seed.
    """
    by_article: list[set[_Key]] = []
    samples: dict[_Key, str] = {}
    for match in matches:
        found: set[_Key] = set()
        for pair in match.passages:
            names = [
                name
                for name in _telling(pair.seed, match.seed_language)
                if name.text not in pair.article
            ]
            others = _telling(pair.article, match.language) if names else []
            spans = list(_spans(pair.article, others)) if names else []
            for name in names:
                text = _alike(name, spans)
                if text is not None:
                    key = (name.text, match.language, text)
                    found.add(key)
                    samples.setdefault(key, pair.article[:_SAMPLE])
        by_article.append(found)
    # a dateline writes VIENTIANE, the text Vientiane: one name
    usual = _spellings(name for found in by_article for name, _, _ in found)
    written = _spellings(text for found in by_article for _, _, text in found)

    def spelt(key: _Key) -> _Key:
        return usual[key[0].casefold()], key[1], written[key[2].casefold()]

    samples = {spelt(key): sample for key, sample in reversed(samples.items())}
    articles: Counter[_Key] = Counter()
    for found in by_article:
        articles.update({spelt(key) for key in found if key[0].casefold() != key[2].casefold()})
    by_name: dict[tuple[str, str], list[Rendering]] = defaultdict(list)
    for key, number in sorted(articles.items(), key=lambda one: (-one[1], one[0])):
        by_name[key[:2]].append(Rendering(*key, number, samples[key]))
    return [one for pair in sorted(by_name) for one in by_name[pair][:MOST_OF_A_NAME]]


def _spellings(found: Iterable[str]) -> dict[str, str]:
    """How to write each name whose capitals vary: not in capitals alone, if that is ever so."""
    kept: dict[str, str] = {}
    for text in sorted(found):
        if kept.get(text.casefold(), "A").isupper():
            kept[text.casefold()] = text
    return kept


def _telling(text: str, language: str) -> list[Name]:
    """The names of a passage that can be known again: of two words, acronyms or long ones."""
    return [
        name
        for name in find_names([text], language, nouns_have_capitals=language == "de")
        if name.words > 1 or len(name.skeleton) >= MIN_WORD_SKELETON
    ]


def _spans(text: str, names: Sequence[Name]) -> Iterator[tuple[str, str]]:
    """Yield what may be a name in a passage, with its consonants.

    Where a script has capitals, only its names; elsewhere words in a row, or any letters in a row
    where there are no spaces, but never a part of a word in katakana.
    """
    for name in names:
        yield name.text, name.skeleton.replace(" ", "")
    for run in _RUN.finditer(text):
        if _UNSPACED.search(run[0]):
            yield from _parts(run[0])
    words = [word for word in _WORD.finditer(text) if _is_uncased(word[0])]
    for first in range(len(words)):
        for last in range(first, min(first + MOST_WORDS, len(words))):
            part = text[words[first].start() : words[last].end()]
            if _BREAK.search(part):
                break
            yield part, skeleton(part).replace(" ", "")


def _parts(signs: str) -> Iterator[tuple[str, str]]:
    for start in range(len(signs)):
        for end in range(start + 2, min(start + MOST_SIGNS, len(signs)) + 1):
            if not (_is_inside(signs, start) or _is_inside(signs, end)):
                part = signs[start:end]
                yield part, skeleton(part).replace(" ", "")


def _is_inside(signs: str, place: int) -> bool:
    """Whether a place is within a syllable with its marks, or within a word in katakana."""
    if not 0 < place < len(signs):
        return False
    before, after = signs[place - 1], signs[place]
    is_mark = unicodedata.category(after).startswith("M") or after in _TRAILING
    return is_mark or before in _LEADING or _KATAKANA.fullmatch(before + after) is not None


def _is_uncased(word: str) -> bool:
    return word.upper() == word.lower() and not _UNSPACED.search(word)


def _alike(name: Name, spans: Iterable[tuple[str, str]]) -> str | None:
    """The words that sound most like a name; None where none do."""
    least = ALIKE if name.words > 1 else ALIKE_WORD
    best: tuple[float, int, str] | None = None
    for bones in name.readings:
        if len(bones) < MIN_WORD_SKELETON:
            continue
        for text, own in spans:
            if not own or own[0] != bones[0] or abs(len(own) - len(bones)) > len(bones) // 5:
                continue
            ratio = SequenceMatcher(None, bones, own, autojunk=False).ratio()
            if ratio >= least and (best is None or (ratio, -len(text)) > best[:2]):
                best = (ratio, -len(text), text)
    return best[2] if best else None
