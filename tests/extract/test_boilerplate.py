"""When one text on many addresses is no article."""

from __future__ import annotations

import pytest

from worker.extract.boilerplate import boilerplate_twins
from worker.records import PageTwin

FIRST = ("https://a.example/1", "A")
SECOND = ("https://a.example/2", "B")


@pytest.mark.parametrize(
    ("pages", "number"),
    [
        ([FIRST, SECOND], 0),
        ([FIRST, SECOND, ("https://www.a.example/3", "C")], 3),
        ([FIRST, SECOND, ("https://b.example/3", "C")], 0),
        ([FIRST, SECOND, ("https://a.example/2", "C")], 0),
        ([FIRST, SECOND, ("https://a.example/3", "b ")], 0),
        ([FIRST, SECOND, ("http://[x", "C")], 0),
    ],
)
def test_three_addresses_with_three_titles_on_one_host(
    pages: list[tuple[str, str]], number: int
) -> None:
    twins = [PageTwin(count, url, title) for count, (url, title) in enumerate(pages)]
    assert len(boilerplate_twins("https://a.example/1", twins)) == number
