"""Quotations followed through a story: on its page, in the briefing, as JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from lxml.html import HtmlElement
from starlette.testclient import TestClient

from tests.web.conftest import Filler
from tests.web.filling import KELP
from tests.web.test_brief import PADDING, found
from tests.web.test_inbox import words
from worker.analysis.brief import Period, brief_of
from worker.analysis.quotes import quotes_of
from worker.analysis.stories import Analyst
from worker.match.quotations import quotations
from worker.match.reading import read
from worker.notify.briefs import write_text
from worker.records import FollowedQuote
from worker.store.store import Store

See = Callable[..., HtmlElement]
SAID = "“The sea has never asked us for a licence,” Bonface Katana told the county's radio."
DIT = "« La mer ne nous a jamais demandé de permis <du tout> », a dit Amina Odhiambo à la radio."
SHORT = "“The sea never asked for a licence, not once,” Bonface Katana said in the evening."
RETOLD = "Bonface Katana hat dem Radio gesagt, dass das Meer nie nach einer Erlaubnis gefragt habe."


@pytest.fixture
def told(filled: Filler) -> list[int]:
    own = iter(range(6))

    def text(line: str) -> dict[str, int]:
        return {line: 1} | {PADDING[n]: 20 + n for n in (next(own),)}

    return filled(
        found("One", text(SAID), outlet="The Herald"),
        found("Deux", text(DIT), "fr", outlet="L'Écho"),
        found("Three", text(SHORT), outlet="Gazette"),
        found("Vier", text(RETOLD), "de", outlet="Bote"),
    )


@pytest.fixture
def quote(sqlite_store: Store, told: list[int]) -> FollowedQuote:
    (one,) = quotes_of(Analyst(sqlite_store, [KELP]).read(told[0]))
    return one


def test_one_statement_is_followed_through_languages(quote: FollowedQuote) -> None:
    versions = {one.saying.outlet: one for one in quote.versions}
    assert set(versions) == {"The Herald", "L'Écho", "Gazette", "Bote"}
    assert versions["The Herald"].speaker == "Bonface Katana"
    assert versions["Bote"].is_quoted is False
    assert [name for name, one in versions.items() if one.has_other_speaker] in (
        ["L'Écho"], ["The Herald", "Gazette", "Bote"],
    )  # fmt: skip


def test_what_is_worded_otherwise_in_one_language_is_told(quote: FollowedQuote) -> None:
    by_outlet = {one.saying.outlet: one for one in quote.versions}
    first = quote.versions[0]
    for one in (by_outlet["The Herald"], by_outlet["Gazette"]):
        if first.saying.language == "en" and one is not first:
            assert one.alike is not None
            assert 0.2 < one.alike < 0.95
        elif first.saying.language != "en":
            assert one.alike is None


def test_the_page_and_the_download_have_it(see: See, client: TestClient, told: list[int]) -> None:
    page = see(f"/stories/{told[0]}")
    (section,) = page.xpath("//section[@aria-labelledby='quotes']")
    said = words(section)
    assert "attributed otherwise" in said
    assert "told without quotation marks" in said
    assert {link.partition("#")[0] for link in section.xpath(".//li//a/@href")} == {
        f"/matches/{one}" for one in told
    }
    record = client.get(f"/stories/{told[0]}/quotes.json").json()
    assert len(record["quotes"][0]["versions"]) == 4


def test_the_briefing_has_what_two_texts_of_their_own_quote(
    sqlite_store: Store, filled: Filler
) -> None:
    own, other = ({line: n for n, line in enumerate(part, 30)} for part in
                  (PADDING[:3], PADDING[3:]))  # fmt: skip
    other = {line: n + 10 for line, n in other.items()}
    filled(found("One", {SAID: 1} | own), found("Deux", {DIT: 1} | other, "fr"))
    brief = brief_of(
        Analyst(sqlite_store, [KELP]), sqlite_store, Period(), datetime(2026, 3, 20, tzinfo=UTC)
    )
    assert "Quotations, and what becomes of them" in write_text(brief, "")


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("en", "She said, \"We have to talk about the harbour first,\" and left for the day.",
         "We have to talk about the harbour first,"),
        ("de", "Er sagte: „Wir müssen zuerst über den Hafen reden“, und ging dann nach Hause.",
         "Wir müssen zuerst über den Hafen reden"),
        ("fr", "Elle l'a dit : « Il faut d'abord parler du port de la ville ». Puis elle partit.",
         "Il faut d'abord parler du port de la ville"),
        ("ja", "市長は「まず港のことを話し合わなければならない」と述べた。記者たちは会場に残った。",
         "まず港のことを話し合わなければならない"),
        ("ar", "وقال المدير: «علينا أن نتحدث عن الميناء أولاً» ثم غادر القاعة مع الوفد المرافق له.",
         "علينا أن نتحدث عن الميناء أولاً"),
    ],
)  # fmt: skip
def test_the_marks_of_many_languages_are_known(language: str, text: str, said: str) -> None:
    (one,) = quotations(read("", text, language, limit=40))
    assert one.text == said


def test_a_title_in_marks_is_no_speech() -> None:
    text = "The play “Two Tides” opened on Thursday in the town hall before four hundred guests."
    assert quotations(read("", text, "en", limit=40)) == []
