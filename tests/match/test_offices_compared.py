"""What several texts call one person."""

from __future__ import annotations

import numpy as np
import pytest

from worker.analysis.offices import compare_offices
from worker.domain import ArticleText
from worker.match.matcher import read_article
from worker.match.pairs import TextRows
from worker.match.vectorspace import Space

_EMPTY = np.zeros((0, 0), dtype=np.float32)
_SPACE = Space({}, _EMPTY, _EMPTY)
PADDING = "This passage goes on for a while so that it is long enough to stand alone as a passage."


def _rows(key: str, language: str, text: str) -> TextRows:
    reading = read_article(ArticleText("", text, language))
    return TextRows(key, reading, np.ones((len(reading.texts), 1), dtype=np.float32), _SPACE)


def _marks(*texts: tuple[str, str], is_one_text: bool = False) -> list[set[str]]:
    rows = [_rows(str(n), language, text) for n, (language, text) in enumerate(texts)]
    family = {one.key: "0" for one in rows} if is_one_text else {}
    found = compare_offices(rows, family)
    return [{one.value, other.value} for one, other in found.conflicts]


ENGLISH = ("en", f"State Minister Getnet Bekele said so in Addis Ababa. {PADDING}")


@pytest.mark.parametrize(
    "other",
    [
        ("de", f"Die Rede hielt Minister Getnet Bekele am Montag. {PADDING}"),
        ("es", f"Lo dijo la ministra, Getnet Bekele, en la ciudad. {PADDING}"),
        ("fa", "گتنت بکله، وزیر بهداشت اتیوپی، در این مراسم گفت نیمی از تولید کارخانه می‌رود."),
    ],
)
def test_another_rank_contradicts_in_every_script(other: tuple[str, str]) -> None:
    assert _marks(ENGLISH, other, is_one_text=True) == [{"deputy minister", "minister"}]


def test_no_contradiction_where_one_text_has_both_offices() -> None:
    both = f"Minister Getnet Bekele, the former editor, spoke. {PADDING} {ENGLISH[1]}"
    assert _marks(ENGLISH, ("en", both)) == []


def test_a_deputy_of_a_company_is_not_its_president() -> None:
    one = ("en", f"She is the president of the company Blue Mill, it was said. {PADDING}")
    other = ("en", f"He is vice president of the company Blue Mill, it was said. {PADDING}")
    assert _marks(one, other) == []


def test_two_ministers_beside_each_other_keep_their_own_offices() -> None:
    text = (
        "Lo firmaron la subsecretaria de Minería, Paulina Etcheberri, y el ministro Baek Do-gyeom."
    )
    other = "Signed by undersecretary of mining Paulina Etcheberri and minister Baek Do-gyeom."
    assert _marks(("es", text), ("en", other), is_one_text=True) == []


def test_heads_are_called_otherwise_in_other_languages() -> None:
    one = ("en", f"Director Ann Lee opened the park on the coast. {PADDING}")
    other = ("es", f"La presidenta Ann Lee inauguró el parque de la costa. {PADDING}")
    assert _marks(one, other, is_one_text=True) == []
