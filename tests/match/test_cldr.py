"""What CLDR says of languages, as it is kept for matching."""

from __future__ import annotations

import babel
import numpy as np
import pytest

from bench.fit_cldr import facts
from worker.match.cldr import FILE, NOTHING, facts_of, has_language
from worker.match.places import focus, mentions


@pytest.mark.parametrize("code", ["ar", "ar_SY", "ce", "de", "en", "ja", "pt", "sw", "th", "vi"])
def test_what_is_kept_is_what_babel_says(code: str) -> None:
    with np.load(FILE) as stored:
        if str(stored["babel"]) != babel.__version__:
            pytest.skip(f"data/cldr.npz is of Babel {stored['babel']}: python -m bench.fit_cldr")
    assert facts_of(code) == facts(code)


def test_a_country_and_a_script_make_no_other_language() -> None:
    assert facts_of("pt-BR") == facts_of("pt") != NOTHING
    assert has_language("zh-Hant")
    assert facts_of("zxx") == facts_of("") == NOTHING
    assert not has_language("zxx")
    assert not has_language("")


def test_an_article_in_any_language_of_cldr_is_read() -> None:
    with np.load(FILE) as stored:
        codes = stored["languages"].tolist()
    assert len(codes) > 300
    for code in codes:  # in Chechen a country's name of two words lost its second one
        assert mentions("So sagte sie in Kenya.", code) == {"KE": 1}, code
        assert "VN" in focus("Vietnam", ["Vietnam, 2027."], code), code
