"""The catalogues: whole, current, and safe to put into a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from worker import locales
from worker.locales import ENGLISH, LANGUAGES, gettext, ngettext, path_of, speaking, written

ROOT = Path(__file__).parents[1]
TRANSLATED = [code for code in LANGUAGES if code != ENGLISH]
_PLACE = re.compile(r"%\((\w+)\)s")
_TAG = re.compile(r"</?\w[^<>]*>")


@pytest.fixture(params=TRANSLATED)
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    with path_of(request.param).open("rb") as file:
        return read_po(file, locale=request.param)


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The strings of the code, as `make messages` finds them."""
    template = tmp_path_factory.mktemp("messages") / "messages.pot"
    command = ["pybabel", "--quiet", "extract", "-F", str(ROOT / "pyproject.toml"), "-o"]
    CommandLineInterface().run([*command, str(template), str(ROOT)])
    with template.open("rb") as file:
        return read_po(file)


def messages(catalogue: Catalog) -> Iterator[tuple[Message, str, list[str]]]:
    """Each message with its English and its translations."""
    for message in catalogue:
        if message.id:
            english = message.id if isinstance(message.id, str) else message.id[-1]
            given = message.string
            yield message, english, [given] if isinstance(given, str) else list(given)


def test_every_string_is_translated(catalogue: Catalog, extracted: Catalog) -> None:
    ours = {(one.context, one.id) for one in catalogue if one.id}
    said = "run `make messages`, then translate what is empty in worker/locales"
    assert ours == {(one.context, one.id) for one in extracted if one.id}, said
    assert not catalogue.obsolete, said
    for message, english, given in messages(catalogue):
        assert all(given), f"{english!r}: {said}"
        assert len(given) == (1 if isinstance(message.id, str) else catalogue.num_plurals)
        assert not message.fuzzy, f"{english!r}: {said}"


def test_every_place_is_filled_in_every_language(catalogue: Catalog) -> None:
    for _message, english, given in messages(catalogue):
        for text in filter(None, given):
            wanted, found = set(_PLACE.findall(english)), set(_PLACE.findall(text))
            assert found == wanted or found == wanted - {"num"}, text
            assert "%" not in _PLACE.sub("", text).replace("%%", ""), text


def test_translations_bring_no_markup_of_their_own(catalogue: Catalog) -> None:
    for _message, english, given in messages(catalogue):
        for text in filter(None, given):
            assert sorted(_TAG.findall(text)) == sorted(_TAG.findall(english)), text
            rest = _TAG.sub("", text)
            assert not set('<>&"') & set(rest), f"breaks a page or an attribute of one: {text}"


def test_french_keeps_its_marks_on_the_line_of_their_words() -> None:
    with path_of("fr").open("rb") as file:
        for _message, _english, given in messages(read_po(file, locale="fr")):
            for text in given:
                assert not re.search("[ \\w][;?!»]|« | [:;?!»]", text), text


def test_a_language_is_spoken_within_its_block_only() -> None:
    with speaking("fr"):
        assert gettext("Inbox") == "Réception"
        with speaking("vi"):
            assert gettext("Inbox") == "Hộp tin"
        assert locales.spoken() == "fr"
    assert gettext("Inbox") == "Inbox"
    with speaking("tlh"):
        assert locales.spoken() == ENGLISH


@pytest.mark.parametrize(
    ("language", "number", "expected"),
    [
        ("en", 0, "0 matches"), ("en", 1, "1 match"), ("en", 1200, "1,200 matches"),
        ("fr", 0, "0 résultat"), ("fr", 1, "1 résultat"), ("fr", 1200, "1\u202f200 résultats"),
        ("vi", 1, "1 kết quả"), ("vi", 1200, "1.200 kết quả"),
        ("id", 1, "1 temuan"), ("id", 1200, "1.200 temuan"),
    ],
)  # fmt: skip
def test_numbers_and_plurals(language: str, number: int, expected: str) -> None:
    with speaking(language):
        assert ngettext("%(num)s match", "%(num)s matches", number) == expected


def test_a_percent_sign_is_written_once_where_nothing_is_filled_in() -> None:
    assert gettext("100% sure") == "100% sure"
    assert written(0.5) == "0.5"
