"""Every code of the domain has words, and times are told plainly."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from worker.domain import Outcome, Relation, Verdict
from worker.domain.learning import GENERAL_SCORE, MISSING_ASPECTS
from worker.locales import speaking
from worker.match.evidence import _AGAINST, _PLAIN
from worker.match.model import shipped_model
from worker.store.states import LEGAL, START
from worker.web import words
from worker.web.featurewords import FEATURES, feature_name

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OF_ARTICLES_ONLY = {
    Outcome.MATCHED,
    Outcome.UNRELATED,
    Outcome.NO_TEXT,
    Outcome.UNLIKE,
    Outcome.DUPLICATE,
    Outcome.SKIPPED,
}


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


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ("1 Mar 2026", "1 Mar 2026, 12:00 UTC", "Found on Sunday, 1 March 2026",
         "2 days ago", "60%", "Japanese")),
        ("vi", ("1 thg 3, 2026", "12:00 UTC, 1 thg 3, 2026", "Tìm thấy Chủ Nhật, 1 tháng 3, 2026",
         "2 ngày trước", "60%", "Tiếng Nhật")),
        ("fr", ("1 mars 2026", "1 mars 2026, 12:00 UTC", "Trouvé le dimanche 1 mars 2026",
         "il y a 2 jours", "60\u00a0%", "japonais")),
        ("id", ("1 Mar 2026", "1 Mar 2026, 12.00 UTC", "Ditemukan Minggu, 01 Maret 2026",
         "2 hari lalu", "60%", "Jepang")),
    ],
)  # fmt: skip
def test_dates_and_numbers_in_the_readers_language(
    language: str, expected: tuple[str, ...]
) -> None:
    day, minute, heading, ago, percent, japanese = expected
    with speaking(language):
        assert words.day(NOW) == day
        assert words.minute(NOW) == minute
        assert words.found_on(NOW.date(), date(2026, 5, 1)) == heading
        assert words.since(NOW - timedelta(days=2), NOW) == ago
        assert words.percent(0.6) == percent
        assert words.language_name("ja") == japanese
        assert words.language_heading("ja") == japanese[:1].upper() + japanese[1:]


def test_reasons_of_the_matcher_in_the_readers_language() -> None:
    with speaking("fr"):
        assert words.reason("38% of the text has a close counterpart in one seed").startswith("38")
        assert words.reason("nothing on: algues").endswith(" algues")
        assert words.reason("both name Kilifi, %s") == "les deux citent Kilifi, %s"
        assert words.reason("less than usual: names of the seeds occur") == (
            "moins que d’habitude\u00a0: des noms des références y figurent"
        )
        assert words.reason("in the way of a later version, 100%") == (
            "in the way of a later version, 100%"
        )
        for text in (*_PLAIN.values(), *_AGAINST.values()):
            assert words.reason(text) != text


def test_what_is_told_of_a_feature_is_true_in_both_directions() -> None:
    weights = shipped_model().related.weights
    assert {name for name in _PLAIN if weights.get(name, 0) < 0} == set(_AGAINST)
    for text in _AGAINST.values():
        assert words.speaks_against(text)
    for text in _PLAIN.values():
        assert not words.speaks_against(text)
        assert words.speaks_against(f"less than usual: {text}")
    assert words.speaks_against("nothing on: film")


def test_every_feature_has_words() -> None:
    learnt = {GENERAL_SCORE, MISSING_ASPECTS}
    assert set(FEATURES) == set(shipped_model().typical) | learnt
    assert feature_name("of_a_later.matcher") == "of a later matcher"


def test_the_day_of_a_find() -> None:
    today = date(2026, 3, 1)
    assert words.found_on(today, today) == "Found today"
    assert words.found_on(date(2026, 2, 28), today) == "Found yesterday"
    assert words.found_on(date(2025, 3, 12), today) == "Found on Wednesday, 12 March 2025"
