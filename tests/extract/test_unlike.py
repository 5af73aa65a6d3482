"""Whether a page's text is the article that its feed tells of, wherever in the text that shows."""

from __future__ import annotations

import pytest

from worker.extract.unlike import is_told, is_unlike

TITLE = "Seaweed farmers of Lamu open a drying hall"
SUMMARY = "Forty families dry kelp there before traders collect bundles on Thursday morning."
OTHER = "Cookies help the publisher; choose which partners receive your preferences. " * 40
UNSPACED = "渔民在新码头旁建了一座晒海藻的大厅，四十户人家每天清晨把海带送到那里。"


@pytest.mark.parametrize("before", ["", OTHER, OTHER[:1491], OTHER[:1500].rstrip() + " "])
def test_a_text_is_told_of_whether_that_shows_early_or_late(before: str) -> None:
    text = f"{before}{TITLE}. {SUMMARY}"
    assert is_told(TITLE, SUMMARY, text)
    assert not is_unlike(TITLE, SUMMARY, text)


def test_what_has_nothing_of_it_is_another_text() -> None:
    assert not is_told(TITLE, SUMMARY, OTHER)
    assert is_unlike(TITLE, SUMMARY, OTHER)


def test_a_text_without_spaces_is_read_to_its_end() -> None:
    text = "我们使用小型文字档案来改善服务。" * 120 + UNSPACED
    assert is_told("", UNSPACED, text)
    assert not is_unlike("", UNSPACED, text)
    assert is_unlike("", UNSPACED, text[: -len(UNSPACED)])


def test_of_too_few_words_nothing_is_said() -> None:
    assert not is_told("Kelp", "", "Kelp")
    assert not is_unlike("Kelp", "", OTHER)
