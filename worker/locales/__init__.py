"""The interface's languages: messages of gettext, numbers and dates, for whom is being answered.

Strings are written in English where they are used, as `_("...")`, and translated in the catalogues
beside this file; `make messages` brings those up to date. The language is a context variable, so
that two requests answered at once never share it. What is not answered to a reader (the API, the
command line, logs) stays English: nothing chooses a language there.

Rejected: compiled catalogues (.mo) in the repository or made by the build. They are files that
nobody reads, can be out of date, and are missing after an editable install; the text is read
in a few hundredths of a second, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import TypeVar

from babel import Locale
from babel.numbers import format_decimal

ENGLISH = "en"
LANGUAGES = {
    ENGLISH: "English",
    "vi": "Tiếng Việt",
    "fr": "Français",
    "id": "Bahasa Indonesia",
}
"""What can be chosen, with each language's own name for itself."""
_FORMATS = {ENGLISH: "en_GB"}
"""English is written for readers all over the world: the day before the month, 24 hours."""
_OLD_CODES = {"in": "id"}
"""What old systems still call Indonesian."""
_HERE = Path(__file__).parent
_MOST_WISHES = 20

_language: ContextVar[str] = ContextVar("language", default=ENGLISH)
Key = TypeVar("Key")


def speak(language: str) -> None:
    """From here on speak a language, in this request or thread only; English if it is not ours."""
    _language.set(language if language in LANGUAGES else ENGLISH)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language within a block: a page that is written for a reader who is not here."""
    token = _language.set(language if language in LANGUAGES else ENGLISH)
    try:
        yield
    finally:
        _language.reset(token)


def spoken() -> str:
    """The code of the language that is spoken now: one of LANGUAGES."""
    return _language.get()


def locale() -> Locale:
    """How numbers, dates and names are written now."""
    return _locale_of(_language.get())


def translations() -> NullTranslations:
    """The messages of the language spoken, not filled in."""
    return _catalogue(_language.get())


def gettext(message: str, /, **values: object) -> str:
    """A message in the language spoken, `%(name)s` in it filled in from the values.

    Without values it is left as it is, so that a percent sign is written once.
    """
    text = translations().gettext(message)
    return text % values if values else text


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """A message in the form that its number asks for; `%(num)s` is the number, as it is written."""
    text = translations().ngettext(one, many, number)
    return text % {"num": written(number), **values}


def pgettext(context: str, message: str, /, **values: object) -> str:
    """A message that is translated by what it means here: "open" as a verb, as a state."""
    text = translations().pgettext(context, message)
    return text % values if values else text


_ = gettext


def N_(message: str) -> str:  # noqa: N802 (gettext's own name for it)
    """Marks a message that is translated later, where it is shown."""
    return message


class Phrases(Mapping[Key, str]):
    """Words for codes: looked up in the language spoken.

    Args:
        english: the English by code, each marked with N_.
    """

    def __init__(self, english: Mapping[Key, str]) -> None:
        self._english = dict(english)

    def __getitem__(self, key: Key) -> str:
        """The words for a code."""
        return gettext(self._english[key])

    def __iter__(self) -> Iterator[Key]:
        """The codes."""
        return iter(self._english)

    def __len__(self) -> int:
        """How many codes there are."""
        return len(self._english)


def written(number: float) -> str:
    """A number as it is written: 1,200 or 1.200."""
    return str(format_decimal(number, locale=locale()))


def preferred(wishes: str) -> str:
    """The language of ours that a browser likes best.

    Args:
        wishes: its Accept-Language, such as `fr-CA, vi;q=0.8` (RFC 9110, section 12.5.4).

    Returns:
        One of LANGUAGES; English where none of them is wanted.
    """
    ranked = sorted(_wishes(wishes.split(",")[:_MOST_WISHES]), key=lambda wish: -wish[1])
    return next((code for code, weight in ranked if weight > 0), ENGLISH)


def _wishes(parts: Iterable[str]) -> Iterator[tuple[str, float]]:
    for part in parts:
        tag, _semicolon, rest = part.partition(";")
        code = tag.strip().lower().partition("-")[0]
        code = _OLD_CODES.get(code, code)
        if code not in LANGUAGES:
            continue
        name, _equals, value = rest.strip().partition("=")
        try:
            weight = float(value) if name.strip().lower() == "q" else 1.0
        except ValueError:
            continue
        if 0 <= weight <= 1:  # false for NaN too
            yield code, weight


def path_of(language: str) -> Path:
    """Where the catalogue of a language is; there is none of English."""
    return _HERE / language / "LC_MESSAGES" / "messages.po"


@cache
def _locale_of(language: str) -> Locale:
    return Locale.parse(_FORMATS.get(language, language))


@cache
def _catalogue(language: str) -> NullTranslations:
    if language == ENGLISH:
        return NullTranslations()
    from babel.messages.mofile import write_mo  # costly: English needs neither
    from babel.messages.pofile import read_po

    with path_of(language).open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)  # leaves out what is fuzzy or not translated yet
    compiled.seek(0)
    return GNUTranslations(compiled)
