"""Where the name of an organisation begins that stands beside its acronym.

That is told by the acronym's own letters where they are its initials (after Schwartz and Hearst),
else by the word for the organisation ("Hiệp hội", "association", "協会"): languages that have it
first begin there, the others end there. What neither tells is left out.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from worker.match.organisations import JOINED, UNCUT, OrganisationWords, normal
from worker.match.skeleton import LETTERS

_MOST_CHARS, _MOST_WORDS, _MOST_SIGNS = 140, 12, 24
"""Of a name: characters, words where they are set apart, signs where they are not."""
_LEAST_WORDS, _LEAST_SIGNS, _LEAST_LETTERS = 2, 4, 3
_CONNECTOR = 4
"""Letters of the longest word that may stand in small letters between those of a name: "for"."""
_BREAK = re.compile(
    r"[.!?;:,،؛、。，；：！？।\n\"“”„«»‘‹›()（）《》『』「」【】]|\s[–—-]\s|'(?=\s|$)|(?<=\s)['’]"
)
_QUOTED = re.compile(r"[“\"«‘„「『《]([^“”\"«»‘„「」『』《》\n]{4,120})[”\"»’“」』》]\s?$")
_ARTICLE = re.compile(
    r"^(?:[ldLD]['’]|(?:the|The|la|La|le|Le|el|El|los|las|les|il|der|die|das|de|het|o|a|os|as)\s)"
)
_WORD = re.compile(rf"{LETTERS}(?:['’.&-]{LETTERS})*|[&\d]+")
_ELIDED = re.compile(r"^(?:[ldLD]|dell|all|nell|un)['’](?=\w)")
_HAN_BREAK = re.compile(r"[由在的是为為向对對被据據了过過从從到给給让讓将將]|以及|[A-Za-z0-9]+")
_KANA_BREAK = re.compile(r"[ぁ-んA-Za-z0-9]+")
_HANGUL_BREAK = re.compile(
    r"(?:은|는|을|를|에|에서|에게|와|과|로|으로|의|한|된|하는|이라고|했다|부터|까지)$"
)
_THAI_BREAK = re.compile("ซึ่ง|ที่เป็น|เป็น|โดย|กับ|จาก|(?<!ระห)ว่า(?!ด้วย|การ)")
_INDIC_BREAK = frozenset({"ने", "को", "से", "में", "पर", "कि", "যে", "করে"})
_AND = frozenset(
    ("and", "et", "y", "e", "und", "en", "и", "і", "та", "và", "dan", "ve", "i", "oraz", "și", "na",
     "और", "एवं", "ও", "এবং", "&")
)  # fmt: skip
_OF = frozenset(
    ("of", "the", "for", "de", "la", "du", "des", "del", "los", "las", "der", "für", "van", "di",
     "della", "dei", "dos", "das", "da", "các", "những", "untuk")
)  # fmt: skip
_LISTED = 5
"""Words up to the "and" of a name that is a list: "Education, Science and Culture"."""
_LONG_WORD, _ENDING = 10, 2
_HAS_CASE = re.compile("[a-zß-öø-ÿа-яё]")
_JA, _ZH, _KO = "ja", "zh", "ko"
_HEAD_FIRST = frozenset({"th", "lo", "km"})
"""Of the languages that do not set words apart."""
_HEAD_LAST = frozenset({"ko", "hi", "bn", "am"})


@dataclass(frozen=True, slots=True)
class OrganisationName:
    """A name in full.

    Attributes:
        is_spelt: the letters of the acronym are its initials.
    """

    text: str
    is_spelt: bool = False


def name_before(
    before: str, acronym: str, language: str, words: OrganisationWords | None
) -> OrganisationName | None:
    """The name that a text ends with.

    Args:
        before: what stands before an acronym.
        acronym: as it is written.
        language: ISO 639-1.
        words: of that language, if they are known.
    """
    quoted = _QUOTED.search(before[-_MOST_CHARS:])
    if quoted is not None:
        return name_within(quoted[1].strip(), acronym, language, words)
    spelt = _spelt(before[-_MOST_CHARS:], acronym)
    if spelt is not None:
        return OrganisationName(spelt, is_spelt=True)
    clause = _clause(before[-_MOST_CHARS:], words)
    if words is None or not clause:
        return None
    if language in (_ZH, _JA):
        name = _signs(clause, language, words)
    elif language in _HEAD_FIRST:
        name = _from_head(_THAI_BREAK.split(clause.split()[-1])[-1], words)
    elif language in _HEAD_LAST:
        name = _to_head(clause, language, words)
    elif _HAS_CASE.search(clause):
        name = _cased(clause, language, words)
    else:
        name = _from_head(clause, words)
    return OrganisationName(name) if name is not None else None


def _clause(before: str, words: OrganisationWords | None) -> str:
    """The end of a text in which a name may stand, over the commas of a list within the name."""
    clause = _BREAK.split(before)[-1]
    while words is not None and clause and before.removesuffix(clause).endswith(","):
        heads = words.heads.find(normal(clause))
        is_list = any(word.casefold() in _AND for word in clause.split()[:_LISTED])
        if not is_list or (heads and normal(clause)[heads[-1].end :].strip().count(" ")):
            break
        rest = before.removesuffix(clause)[:-1]
        clause = f"{_BREAK.split(rest)[-1]},{clause}"
    return clause.strip()


def name_within(
    text: str, acronym: str, language: str, words: OrganisationWords | None
) -> OrganisationName | None:
    """A text that is a name as a whole; arguments as for `name_before`."""
    if len(text) > _MOST_CHARS or any(char.isdigit() for char in text):
        return None
    spelt = _spelt(text, acronym)
    if spelt is not None and len(spelt) > len(text) // 2:
        return OrganisationName(spelt, is_spelt=True)
    if words is None:
        return None
    is_uncut = language in UNCUT and language != _KO
    is_name = _is_uncut_name(text, language, words) if is_uncut else _is_name(text, language, words)
    return OrganisationName(text) if is_name else None


def is_headed(text: str, words: OrganisationWords | None) -> bool:
    """Whether a text begins with the word for the organisation, in capitals where there are any."""
    return words is not None and not text[0].islower() and words.heads.begins(normal(text))


def _is_uncut_name(text: str, language: str, words: OrganisationWords) -> bool:
    heads = words.heads.find(text)
    if not heads or not _LEAST_SIGNS <= len(text) <= 2 * _MOST_SIGNS:
        return False
    return heads[0].start == 0 if language in _HEAD_FIRST else heads[-1].end == len(text)


def _is_name(text: str, language: str, words: OrganisationWords) -> bool:
    """Whether the word for the organisation stands near the beginning or at the end."""
    heads = words.heads.find(normal(text))
    is_long = _LEAST_WORDS <= len(text.split()) <= _MOST_WORDS or language == _KO
    if not heads or not is_long or _BREAK.search(text):
        return False
    first, last = heads[0].start, heads[-1].end
    is_small = _HAS_CASE.search(text) and not any(map(str.isupper, text[: last + 1]))
    is_near = len(text[:first].split()) <= 2 or len(text[last:].split()) <= 1
    return is_near and not is_small


def _spelt(text: str, acronym: str) -> str | None:
    """The words at the end of a text whose initials an acronym has, all of them in order."""
    letters = _plain(acronym)
    if len(letters) < _LEAST_LETTERS:
        return None
    place = len(letters)
    for word in reversed(list(_WORD.finditer(text))[-2 * _MOST_WORDS :]):
        plain = _plain(_ELIDED.sub("", word[0]))
        if (
            plain
            and place
            and plain[0] == letters[place - 1]
            and (word[0][0].isupper() or _ELIDED.match(word[0]) or len(word[0]) > _CONNECTOR)
        ):
            place -= 1
            if place == 0:
                name = text[word.start() + _elided(word[0]) :].strip()
                is_name = name[0].isupper() and _LEAST_WORDS <= len(name.split()) <= _MOST_WORDS
                return name if is_name else None
        elif len(plain) > _CONNECTOR or (word[0][0].isupper() and len(plain) > 1):
            return None
    return None


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    return "".join(char for char in decomposed if char.isalpha())


def _cased(clause: str, language: str, words: OrganisationWords) -> str | None:
    """A name at the end of a clause, in a script with capitals."""
    found = list(_WORD.finditer(clause))[-_MOST_WORDS:]
    heads = [place for place, word in enumerate(found) if _is_head(clause, word, language, words)]
    if not heads:
        return None
    last = len(found) - 1
    place = heads[-1]
    if place == last:  # "Fédération des unions"
        place = next((one for one in reversed(heads[:-1]) if _is_capital(found[one])), place)
    elif len(heads) > 1:
        place = _first_capital(heads, found, place)
    start = place
    if not _is_capital(found[place]):  # "Всемирная торговая организация"
        lead = range(place - 1, max(place - _CONNECTOR, 0) - 1, -1)
        start = next((one for one in lead if _is_capital(found[one])), place)
    while start > 0 and _goes_on(found, start, place == last, language):
        start -= 1
    while start < place and not _is_capital(found[start]):
        start += 1
    if start < place and _ARTICLE.match(found[start][0] + " "):
        start += 1
    name = clause[found[start].start() + _elided(found[start][0]) :]
    is_long = len(name.split()) >= _LEAST_WORDS or len(name) >= _LONG_WORD
    return name if is_long and any(map(str.isupper, name)) else None


def _is_head(clause: str, word: re.Match[str], language: str, words: OrganisationWords) -> bool:
    """Whether a word, or a run of words that begins with it, is one for an organisation."""
    if language in JOINED:  # "Weltgesundheitsorganisation"
        ends = (one.end for one in words.heads.find(normal(word[0])))
        return any(len(word[0]) - end <= _ENDING for end in ends)
    own = clause[word.start() + _elided(word[0]) :]
    return words.heads.begins(normal(own))


def _elided(word: str) -> int:
    """Letters of an article that is one with a word: "l'Association"."""
    found = _ELIDED.match(word)
    return len(found[0]) if found else 0


def _is_capital(word: re.Match[str]) -> bool:
    return _ELIDED.sub("", word[0])[0].isupper()


def _first_capital(heads: list[int], found: list[re.Match[str]], place: int) -> int:
    """Of heads in one name ("Federation of Unions") the first one, as capitals tell."""
    for one in heads:
        between = {_ELIDED.sub("", word[0]) for word in found[one + 1 : place]}
        if _is_capital(found[one]) and between <= _OF:
            return one
    return place


def _goes_on(found: list[re.Match[str]], start: int, ends_here: bool, language: str) -> bool:
    """Whether a name goes on to the left of a word; over small words only where it ends with it."""
    before = found[start - 1][0]
    if language == "tr" and "'" in before.replace("’", "'"):
        return False  # "Ankara'da"
    if before[0].isupper() or before == "&":
        return True
    return (
        ends_here and start > 1 and len(before) <= _CONNECTOR and found[start - 2][0][0].isupper()
    )


def _from_head(clause: str, words: OrganisationWords) -> str | None:
    """A name that begins with the word for the organisation: in Arabic and Hebrew, in Thai."""
    folded = normal(clause)
    if len(folded) != len(clause):
        return None
    heads = [one.start for one in words.heads.find(folded)]
    if not heads:
        return None
    start = heads[-1]
    for one in reversed(heads[:-1]):
        if " " not in clause or len(clause[one:start].split()) <= _CONNECTOR - 1:
            start = one
    name = clause[start:].strip()
    return name if len(name) >= _LEAST_SIGNS else None


def _to_head(clause: str, language: str, words: OrganisationWords) -> str | None:
    """A name that ends with the word for the organisation: in Korean, Hindi, Bengali, Amharic."""
    parts = list(re.finditer(r"\S+", clause))[-(_MOST_WORDS // 2) :]
    if not parts or not words.heads.find(normal(clause[parts[-2:][0].start() :])):
        return None
    start = len(parts) - 1
    while start > 0:
        before = parts[start - 1][0]
        if before in _INDIC_BREAK or (language == _KO and _HANGUL_BREAK.search(before)):
            break
        start -= 1
    name = clause[parts[start].start() :]
    return name if len(name) > _LEAST_SIGNS else None


def _signs(clause: str, language: str, words: OrganisationWords) -> str | None:
    """A name at the end of a clause in Chinese or Japanese."""
    breaks = _HAN_BREAK if language == _ZH else _KANA_BREAK
    name = breaks.split(clause[-_MOST_SIGNS:])[-1].strip().lstrip("与和及與・")
    heads = words.heads.find(name)
    if len(name) < _LEAST_SIGNS or not heads or heads[-1].end != len(name):
        return None
    return name
