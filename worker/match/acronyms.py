"""Organisations that a text names in full beside their acronym, in any script.

"the World Health Organization (WHO)", "WHO（世界卫生组织）", "WHO, the World Health Organization,",
"the World Health Organization, or WHO,".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from worker.match.organisationnames import OrganisationName, is_headed, name_before, name_within
from worker.match.organisations import Organisation, organisation_words

_UPPER = "A-ZÀ-ÖØ-ÞĂĐĨŨƠƯА-ЯЁЇІЄҐΑ-Ω"
_ACRONYM = (
    rf"(?<![\w&-])(?=[\w&]*[{_UPPER}][a-z&]{{0,2}}[{_UPPER}])"
    rf"[{_UPPER}][{_UPPER}a-z\d&]{{2,9}}(?![\w-])"
)
_ANY_ACRONYM = re.compile(_ACRONYM)
_BRACKETS = re.compile(r"[(（]([^()（）\n]{2,150})[)）]")
_INSIDE = re.compile(rf"(?:.*?[\s,，、;:/：])?['\"“«»”]?(?P<acronym>{_ACRONYM})['\"”»]?")
_BEFORE = re.compile(rf"(?P<acronym>{_ACRONYM})['\"”»]?\s?$")
_APPOSED = re.compile(
    rf"(?P<acronym>{_ACRONYM})\s?(?:,|，|[–—-])\s"
    r"(?P<name>[^,.;:!?()\n–—]{8,120})(?=[,.;:!?\n–—]|$)"
)
_ARTICLE = re.compile(
    r"^(?:[ldLD]['’]|(?:the|The|la|La|le|Le|el|El|los|las|les|il|der|die|das|de|het|o|a|os|as)\s)"
)
_REACH = 200
"""Characters before an acronym in which its name stands."""
_OR = {
    "en": "or", "fr": "ou", "de": "oder", "es": "o", "it": "o", "pt": "ou", "id": "atau",
    "vi": "hay|hoặc", "ru": "или", "uk": "або", "tr": "veya", "pl": "lub|czyli", "nl": "of",
    "ro": "sau", "sw": "au",
}  # fmt: skip


def organisations(text: str, language: str) -> list[Organisation]:
    """Find the organisations that a text names in full beside their acronym.

    Args:
        text: a passage.
        language: ISO 639-1.
    """
    if _ANY_ACRONYM.search(text) is None:
        return []
    found = dict[tuple[int, int], Organisation]()
    for organisation in _found(text, language):
        found.setdefault((organisation.start, organisation.end), organisation)
    return list(found.values())


def _found(text: str, language: str) -> Iterator[Organisation]:
    words = organisation_words(language)

    def organisation(acronym: str, name: OrganisationName, start: int, end: int) -> Organisation:
        return Organisation(acronym.upper(), name.text, language, start, end, name.is_spelt)

    for brackets in _BRACKETS.finditer(text):
        at = max(0, brackets.start() - _REACH)
        inside, before = brackets[1].strip(), text[at : brackets.start()].rstrip()
        within, ahead = _INSIDE.fullmatch(inside), _BEFORE.search(before)
        if within is not None:
            name = name_before(before, within["acronym"], language, words)
            if name is not None:
                start = at + before.rindex(name.text)
                yield organisation(within["acronym"], name, start, brackets.end())
        elif ahead is not None:
            name = name_within(inside, ahead["acronym"], language, words)
            if name is not None:
                yield organisation(ahead["acronym"], name, at + ahead.start(), brackets.end())
    for match in _APPOSED.finditer(text):
        apposed = _ARTICLE.sub("", match["name"].strip())
        name = name_within(apposed, match["acronym"], language, words)
        if name is not None and (name.is_spelt or is_headed(apposed, words)):
            yield organisation(match["acronym"], name, *match.span())
    for match in _or(language).finditer(text) if language in _OR else ():
        at = max(0, match.start() - _REACH)
        before = text[at : match.start()]
        name = name_before(before, match["acronym"], language, words)
        if name is not None:
            yield organisation(match["acronym"], name, at + before.rindex(name.text), match.end())


@lru_cache(maxsize=32)
def _or(language: str) -> re.Pattern[str]:
    return re.compile(rf",?\s(?:{_OR[language]})\s(?P<acronym>{_ACRONYM})(?!\w)")
