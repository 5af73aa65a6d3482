"""Passages are found again in the stored texts, in every script, however they were tidied."""

from __future__ import annotations

import pytest

from worker.domain import Seed
from worker.web.locate import SearchableText
from worker.web.sidebyside import MAX_SHOWN, SideBySide, side_by_side


def shown(text: str, passage: str, title: str = "") -> str | None:
    searchable = SearchableText(title, text)
    span = searchable.find(passage)
    return None if span is None else searchable.shown[span.start : span.end]


@pytest.mark.parametrize(
    ("text", "passage", "expected"),
    [
        ("a b\n\nc  d.", "b c d.", "b\n\nc  d."),
        ("これは。それは。", "これは。 それは。", "これは。それは。"),
        ("He said “yes”. Then", "yes", "“yes”."),
        ('He "agreed" then', "agreed", '"agreed"'),
        ("นี่คือข้อความ ภาษาไทย", "ข้อความ ภาษาไทย", "ข้อความ ภาษาไทย"),
        ("وقال «نعم» أمس.", "نعم", "«نعم»"),
        ("cafe\u0301 noir", "café", "café"),
        ("nothing", "else", None),
        ("nothing", "...", None),
        ("", "x", None),
    ],
)
def test_find(text: str, passage: str, expected: str | None) -> None:
    assert shown(text, passage) == expected


def test_find_where_the_middle_was_left_out() -> None:
    start, end = (
        "the beginning of a long passage that is kept",
        "and the end of that very long passage, kept as well",
    )
    assert shown(f"x {start} [photo: agency] {end} y", f"{start} {end}") == (
        f"{start} [photo: agency] {end}"
    )
    far = "other words " * 60
    assert shown(f"x {start} {far} {end} y", f"{start} {end}") is None


def test_the_title_comes_first_unless_the_text_has_it() -> None:
    assert SearchableText("Title", "Body").shown == "Title\nBody"
    assert SearchableText("Title!", "title").shown == "Title!\ntitle"
    assert SearchableText("Title!", "Title\nBody").shown == "Title\nBody"
    assert SearchableText("", "Body").shown == "Body"


def pair(article: str, seed: str, similarity: float = 0.9) -> dict[str, object]:
    return {"article": article, "seed": seed, "similarity": similarity}


def beside(
    text: str, seed: str, *pairs: dict[str, object], adds: tuple[str, ...] = ()
) -> SideBySide:
    return side_by_side("", text, [Seed("s", "", seed, "en")], pairs, adds)


def rejoined(view: SideBySide) -> tuple[str, str]:
    def text(paragraphs: tuple[tuple[object, ...], ...]) -> str:
        return "\n".join("".join(piece.text for piece in line) for line in paragraphs)  # type: ignore[attr-defined]

    return text(view.article), text(view.seeds[0].paragraphs)


def test_nothing_of_the_texts_is_lost_or_doubled() -> None:
    article, seed = "One two. Three four.\nFive\nsix.", "Uno. Dos. Tres.\nCuatro."
    view = beside(article, seed, pair("Three four. Five", "Dos."), pair("six.", "Cuatro."),
                  adds=("One two.",))  # fmt: skip
    assert rejoined(view) == (article, seed)


def test_one_passage_may_have_several_counterparts() -> None:
    pairs = [pair("A one.", "X one."), pair("B two.", "X one."), pair("B two.", "Y two.")]
    view = beside("A one. B two.", "X one. Y two.", *pairs)
    marked = {piece.id: piece for line in view.seeds[0].paragraphs for piece in line if piece.id}
    assert [badge.target for badge in marked["s1"].badges] == ["a1", "a2"]
    assert marked["s2"].partners == ("a2",)
    assert view.pairs == 2


def test_overlapping_passages_are_quoted_instead() -> None:
    view = beside("one two three four", "uno dos", pair("one two three", "uno"),
                  pair("three four", "dos"))  # fmt: skip
    assert view.pairs == 1
    assert [quote.article for quote in view.loose] == ["three four"]
    assert rejoined(view) == ("one two three four", "uno dos")


def test_a_passage_that_begins_in_a_heading_is_numbered_at_its_longest_line() -> None:
    view = beside(
        "Heading\nThe long line of it.", "seed", pair("Heading The long line of it.", "seed")
    )
    (heading,), (line,) = view.article
    assert (heading.kind, heading.id, heading.badges) == ("pair", "", ())
    assert (line.id, line.badges[0].target) == ("a1", "s1")


def test_a_passage_in_no_seed_of_the_watch_is_quoted() -> None:
    view = side_by_side("t", "one", [], [pair("one", "uno")], ())
    assert (view.seeds, view.pairs, len(view.loose)) == ((), 0, 1)


def test_cut_at_the_limit() -> None:
    view = beside("x" * (MAX_SHOWN + 1), "s")
    assert view.is_cut
    assert not beside("x", "s").is_cut
    assert len(rejoined(view)[0]) == MAX_SHOWN
