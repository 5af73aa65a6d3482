"""Every code of the domain has words, and times are told plainly."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from worker.domain import Outcome, Relation, Verdict
from worker.store.states import LEGAL, START
from worker.web import words

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OF_ARTICLES_ONLY = {Outcome.MATCHED, Outcome.UNRELATED, Outcome.NO_TEXT, Outcome.DUPLICATE}


def test_every_code_has_words() -> None:
    assert set(words.RELATIONS) == set(words.RELATION_MEANS) == set(Relation)
    assert set(words.VERDICTS) == set(Verdict)
    assert set(words.OUTCOMES) == set(Outcome) - OF_ARTICLES_ONLY
    assert set(words.FEED_STATES) == set(LEGAL["feed"]) - {START}


def test_an_outcome_of_a_newer_version_is_still_readable() -> None:
    assert words.outcome("some_new_word") == "some new word"
    assert words.outcome(None) == "Not polled yet"


@pytest.mark.parametrize(
    ("score", "expected"),
    [(0, "0%"), (0.004, "0%"), (0.6, "60%"), (0.9999, "99%"), (1, "100%"), (7, "100%")],
)
def test_percent(score: float, expected: str) -> None:
    assert words.percent(score) == expected


@pytest.mark.parametrize(
    ("code", "name", "direction"),
    [
        ("ja", "Japanese", "ltr"), ("ar", "Arabic", "rtl"), ("fa", "Persian", "rtl"),
        ("he", "Hebrew", "rtl"), ("ur", "Urdu", "rtl"), ("ckb", "Central Kurdish", "rtl"),
        ("zh", "Chinese", "ltr"), ("und", "Unknown language", "auto"),
        ("", "Unknown language", "auto"), ("xx", "xx", "ltr"), ('"><x', '"><x', "auto"),
    ],
)  # fmt: skip
def test_languages(code: str, name: str, direction: str) -> None:
    assert words.language_name(code) == name
    assert words.direction(code) == direction


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(0), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=4), "4 days ago"),
        (timedelta(days=59), "1 Jan 2026"),
        (-timedelta(seconds=5), "in a moment"),
        (-timedelta(minutes=90), "in 2 h"),
    ],
)
def test_since(ago: timedelta, expected: str) -> None:
    assert words.since(NOW - ago, NOW) == expected


def test_day_heading() -> None:
    today = date(2026, 3, 1)
    assert words.day_heading(today, today) == "Today"
    assert words.day_heading(date(2026, 2, 28), today) == "Yesterday"
    assert words.day_heading(date(2025, 3, 12), today) == "Wednesday, 12 March 2025"
