"""Pages made to stop a parser: each is refused or done within moments."""

from __future__ import annotations

import pytest

from tests.extract.pages import NOW, PARAGRAPHS, page
from worker.domain import Outcome
from worker.errors import ParseError
from worker.extract.defences import MAX_TAGS
from worker.extract.page import extract_article


def attributes(number: int, quoted: str = "1") -> str:
    return " ".join(f"a{i}={quoted}" for i in range(number))


def run(html: str) -> Outcome:
    try:
        extract_article(html.encode("utf-8", "replace"), now=NOW)
    except ParseError as error:
        return error.outcome
    return Outcome.OK


REFUSED = {
    "a tag with 20,000 attributes": page(before=f"<p {attributes(20_000)}>x</p>"),
    "a tag with 80,000 attributes": page(before=f"<p {attributes(80_000)}>x</p>"),
    "attributes that hold >": page(before="<p " + attributes(5_000, "'>'") + ">x</p>"),
    "attributes without values": page(before="<p " + "a " * 5_000 + ">x</p>"),
    "attributes of a script": page(before=f"<script {attributes(5_000)}></script>"),
    "40,000 paragraphs": page(before="<p>text</p>" * 40_000),
    "200,000 links": page(before="<a>x</a>" * 200_000),
    "60,000 levels": page(before="<div>" * 60_000),
    "tags left open": page(before="<a \"'" * 300_000),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    assert run(REFUSED[name]) in (Outcome.TOO_COMPLEX, Outcome.TOO_LARGE)


JSON_LD = "<script type='application/ld+json'>{}</script>"
SURVIVED = {
    "an author of 32,000 backslashes": JSON_LD.format('{"author":"' + '\\"a ,' * 32_000 + '"}'),
    "nested lists in JSON-LD": JSON_LD.format("[" * 100_000),
    "a graph of 20,000 objects": JSON_LD.format('{"@graph":[' + "{}," * 20_000 + "{}]}"),
    "a title of 300,000 words": "<title>" + "word " * 300_000 + "</title>",
    "2,000 dates": "".join(f"<meta name='date' content='{i}'>" for i in range(2_000)),
    "lone surrogates by reference": "<title>&#xD800;&#x110000;&#0;</title>",
    "entities": "<title>" + "&amp;" * 200_000 + "</title>",
}


@pytest.mark.parametrize("name", SURVIVED)
def test_survived(name: str) -> None:
    assert run(page(head=SURVIVED[name])) is Outcome.OK


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 8_000 + "deep text " * 50,
        "<" * 300_000,
        "<!--" * 300_000,
        "<script" * 250_000,
        "<p>" + "12 March 2024, " * 100_000,
        "a" * 1_900_000,
    ],
    ids=["levels", "less than", "comments", "scripts", "dates", "one line"],
)
def test_done_in_moments(body: str) -> None:
    run(f"<html><body>{body}")


def test_an_ordinary_long_page_is_not_refused() -> None:
    assert (
        run(page(*PARAGRAPHS * 100, before="<a href='/x'>x</a>" * (MAX_TAGS // 10))) is Outcome.OK
    )


def test_stray_quotes_in_a_tag_do_not_hide_the_page() -> None:
    broken = '<img alt="the "old" bridge" title=it\'s>' + "<p class=x>text</p>" * 300
    assert run(page(before=broken)) is Outcome.OK
