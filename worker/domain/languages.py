"""The language that a person declares: a BCP 47 tag of a language that there is."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

# RFC 5646: language, then script, region, variants, extensions; only the language is kept.
_TAG: Final = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{1,8})*")
_NONE: Final = frozenset({"mul", "und", "zxx"})


def declared_language(tag: str) -> str:
    """Read a language that somebody declares for a feed.

    Args:
        tag: BCP 47, such as "vi", "pt-BR" or "zh-Hant-TW".

    Returns:
        The language alone, ISO 639-1 where it has such a code: what texts are compared by.

    Raises:
        ValueError: it is no tag, or of no language that CLDR knows; names the input.
    """
    found = _TAG.fullmatch(tag.strip())
    codes = _codes()
    code = codes.get(found[1].lower()) if found else None
    if code is None:
        raise ValueError(f"{tag[:60]!r} is no language; use its code, such as vi, fr or pt-BR")
    return code


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    """All codes of languages that CLDR knows, three letters for those of two as well."""
    from babel import Locale  # loads slowly, and most commands declare nothing
    from babel.core import get_global

    names = map(str, Locale("en").languages)
    codes = {code: code for code in names if len(code) <= 3}
    for alias, code in get_global("language_aliases").items():
        if code in codes and len(code) <= len(alias) <= 3:
            codes[alias] = code
    return {alias: code for alias, code in codes.items() if code not in _NONE}
