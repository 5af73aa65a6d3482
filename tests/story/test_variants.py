"""One text published again is known; what an outlet writes by rote is not taken for it."""

from __future__ import annotations

import pytest

from tests.sites import KELP, TRAM
from worker.story.variants import SHORTEST, fingerprint_of, is_variant

TEXT = "\n\n".join((*KELP, *TRAM))
WEATHER = (
    "Clouds will come in from the west during the morning, and some rain is to be expected over "
    "the hills until noon. In the afternoon it clears up slowly, with light winds from the north. "
    "Along the coast it stays dry for most of the day, though fog may form again after sunset. "
    "At night temperatures fall to 7 degrees in the valleys and 9 by the sea. The forecast for "
    "the days after that is unsettled, with sunny spells between the showers, the office in "
    "Kilifi said, and advised farmers to bring in what is ripe."
)
MARKETS = (
    "Shares closed higher on the main market, as buyers came back after a quiet morning. The "
    "index gained 0.4 percent to 3,412 points, with banks and makers of machines in front. Trade "
    "was thin, since many investors waited for the figures that the central bank publishes later "
    "this week. Bonds hardly moved, and the currency was little changed against the dollar. "
    "Analysts said that the mood was better than the numbers, and that much had been priced in "
    "already. Among the losers were shippers, which fell with the price of freight."
)


def bits(one: str, other: str) -> int:
    prints = fingerprint_of(one), fingerprint_of(other)
    assert None not in prints
    return ((prints[0] ^ prints[1]) & (2**64 - 1)).bit_count()  # type: ignore[operator]


@pytest.mark.parametrize(
    "again",
    [
        TEXT,
        TEXT.replace("\n\n", "\n").replace("  ", " "),
        TEXT.replace("without much loss", "with little loss"),
        TEXT.replace("promised", "agreed", 1),
        TEXT.upper().capitalize().lower(),
    ],
)
def test_a_text_with_a_word_or_two_changed_is_one(again: str) -> None:
    if again != TEXT.lower():
        assert is_variant(TEXT, again)
    assert bits(TEXT, again) <= 12


@pytest.mark.parametrize(
    ("text", "was", "becomes"),
    [
        (WEATHER, "7 degrees", "8 degrees"),
        (WEATHER, "office in\n", "office in "),
        (WEATHER, "Kilifi", "Lamu"),
        (MARKETS, "3,412", "3,398"),
        (MARKETS, "higher", "lower by 2 points"),
        (TEXT, "Porto", "Lisbon"),
        (TEXT, "twelve tonnes", "12 tonnes"),
        (TEXT, TRAM[1], "They are red, and paid for by the state until the end of the decade."),
    ],
)
def test_what_says_another_figure_or_name_is_another_text(
    text: str, was: str, becomes: str
) -> None:
    if was in text:
        assert not is_variant(text, text.replace(was, becomes))
        assert not is_variant(text.replace(was, becomes), text)


def test_a_short_text_is_never_compared() -> None:
    short = "Nothing new today. " * 10
    assert len("".join(short.split())) < SHORTEST
    assert not is_variant(short, short)
    assert fingerprint_of(short) is None


def test_other_texts_are_far_away() -> None:
    assert bits(TEXT, WEATHER) > 12
    assert bits(MARKETS, WEATHER) > 12
    assert not is_variant(MARKETS, WEATHER)


def test_any_characters_do() -> None:
    odd = "\ud800\x00क्या 東京都 " * 80
    assert fingerprint_of(odd) is not None
    assert is_variant(odd, odd)
