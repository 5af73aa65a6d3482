"""What a version changed: by words or letters, as text, within limits whatever the text."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import HtmlElement

from tests.web.conftest import Filler
from tests.web.filling import Found
from tests.web.test_inbox import words
from worker.store.schema import article_version
from worker.store.store import Store
from worker.web.diffs import compare

See = Callable[..., HtmlElement]


def told(before: str, after: str) -> str:
    marks = {"same": "{}", "ins": "+{}+", "del": "-{}-"}
    return "|".join(
        "".join(marks[change.kind].format(change.text) for change in paragraph)
        for paragraph in compare(before, after).paragraphs
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a b c", "a x c", "a -b-+x+ c"),
        ("same\n\none two", "same\n\none two three", "|one two+ three+"),
        ("映画の公園", "映画祭の公園", "映画+祭+の公園"),
        ("เวียดนาม", "เวียดนามใหม่", "เวียดนาม+ใหม่+"),
        ("12 tonnes", "14 tonnes", "-12-+14+ tonnes"),
        ("a\nb\nc", "a\nc", "|-b-|"),
        ("", "new", "+new+"),
        ("x", "x", ""),
        ("cœur d’été", "cœur d’hiver", "cœur d’-été-+hiver+"),
    ],
)
def test_changes(before: str, after: str, expected: str) -> None:
    assert told(before, after) == expected


@given(st.text(max_size=80), st.text(max_size=80))
def test_both_versions_can_be_read_out_of_it(before: str, after: str) -> None:
    paragraphs = [changes for changes in compare(before, after).paragraphs if changes]

    def side(kind: str, text: str) -> None:
        lines = {line.strip() for line in text.split("\n")}
        for changes in paragraphs:
            line = "".join(one.text for one in changes if one.kind in ("same", kind))
            assert not line or line in lines

    side("del", before)
    side("ins", after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a " * 30_000, "b a " * 15_000),
        ("海藻" * 30_000, "藻海" * 30_000),
        ("a\n" * 40_000, "b\na\n" * 20_000),
        ("\n".join(f"a {n} " + "x y " * 60 for n in range(200)),
         "\n".join(f"b {n} " + "y x " * 60 for n in range(200))),
    ],
)  # fmt: skip
def test_the_worst_texts_are_bounded(before: str, after: str) -> None:
    start = time.process_time()
    assert compare(before, after).paragraphs
    assert time.process_time() - start < 5


def test_on_the_page_of_a_match(see: See, filled: Filler, sqlite_store: Store) -> None:
    (match_id,) = filled(Found("Title", text="old <b>words</b>\n\nand more"))
    row = sqlite_store.matches.get(match_id)
    with sqlite_store.database.write() as connection:
        connection.execute(
            article_version.insert().values(
                article_id=row.article_id, number=2, title="Title", content_hash="2",
                text="new <b>words</b>\n\nand more", seen_at=row.created_at,
            )
        )  # fmt: skip
        connection.execute(sa.text("UPDATE article SET version = 2"))
    page = see(f"/matches/{match_id}?language=en")
    assert not page.xpath("//section[@id='changes']")
    (link,) = page.xpath("//a[. = 'what changed']/@href")
    assert link == "?language=en&compare=2#changes"
    page = see(f"/matches/{match_id}?language=en&compare=2")
    (changes,) = page.xpath("//section[@id='changes']")
    assert [words(item) for item in changes.xpath(".//p/del | .//p/ins")] == ["old", "new"]
    assert "old new <b>words</b>" in " ".join(changes.xpath(".//p//text()")).replace("  ", " ")
    assert "compare" not in "".join(page.xpath("//nav[@class='steps']/a/@href | //form/@action"))
    for number in (1, 3, 99):
        assert not see(f"/matches/{match_id}?compare={number}").xpath("//section[@id='changes']")
    assert see(f"/matches/{match_id}?compare=x", 400) is not None
