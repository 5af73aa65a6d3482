"""Pages made to stop a parser: each is refused or done within the limits of the parser's child."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.extract.pages import NOW, PARAGRAPHS, page
from worker.domain import ExtractedArticle, Outcome
from worker.errors import ParseError
from worker.extract.defences import MAX_TAGS
from worker.isolation import Isolation


def attributes(number: int, quoted: str = "1") -> str:
    return " ".join(f"a{i}={quoted}" for i in range(number))


@pytest.fixture(scope="module")
def isolation() -> Iterator[Isolation]:
    isolation = Isolation()
    yield isolation
    isolation.close()


def read(isolation: Isolation, html: str) -> ExtractedArticle:
    article: ExtractedArticle = isolation.call(
        "worker.extract.page:extract_article", html.encode("utf-8", "replace"), now=NOW
    )
    return article


def refused(isolation: Isolation, html: str) -> ParseError:
    with pytest.raises(ParseError) as caught:
        read(isolation, html)
    assert "parse" not in caught.value.detail  # by what it saw, not by a limit of the child
    return caught.value


REFUSED = {
    "a tag with 20,000 attributes": page(before=f"<p {attributes(20_000)}>x</p>"),
    "a tag with 80,000 attributes": page(before=f"<p {attributes(80_000)}>x</p>"),
    "attributes that hold >": page(before="<p " + attributes(5_000, "'>'") + ">x</p>"),
    "attributes without values": page(before="<p " + "a " * 5_000 + ">x</p>"),
    "attributes in what looks like a value": page(before='<p a= b="' + "c " * 5_000 + '">x</p>'),
    "attributes in the value of a value": page(before='<p a=b="' + "c " * 5_000 + '">x</p>'),
    "attributes in a value without a name": page(before='<p ="' + "c " * 5_000 + '">x</p>'),
    "attributes in a name": page(before='<pp="' + "c " * 5_000 + '">x</p>'),
    "attributes after what is no script": page(before="<script-x><p " + "c " * 5_000 + ">x</p>"),
    "attributes behind a title": page(
        before='<title><p a="</title><p ' + "c " * 5_000 + '>x</p><i b="">'
    ),
    "attributes behind a comment": page(before="<!--><p " + "c " * 5_000 + ">x</p>-->"),
    "attributes behind an empty script": page(before="<script/><p " + "c " * 5_000 + ">x</p>"),
    "attributes after values": page(before="<p a=\"1\" b=2 c='3' " + "d " * 5_000 + ">x</p>"),
    "attributes of a script": page(before=f"<script {attributes(5_000)}></script>"),
    "40,000 paragraphs": page(before="<p>text</p>" * 40_000),
    "200,000 links": page(before="<a>x</a>" * 200_000),
    "60,000 levels": page(before="<div>" * 60_000),
    "tags left open": page(before="<a \"'" * 300_000),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(isolation: Isolation, name: str) -> None:
    assert refused(isolation, REFUSED[name]).outcome is Outcome.TOO_COMPLEX


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
def test_survived(isolation: Isolation, name: str) -> None:
    article = read(isolation, page(head=SURVIVED[name]))
    assert article.title.startswith(("Bridge closed after rain", "word word", "&&&", "\ufffd"))
    assert all(paragraph in article.text for paragraph in PARAGRAPHS)


ENDLESS = {
    "levels": "<div>" * 8_000 + "deep text " * 50,
    "less than": "<" * 300_000,
    "comments": "<!--" * 300_000,
    "scripts": "<script" * 250_000,
    "dates": "<p>" + "12 March 2024, " * 100_000,
    "one line": "a" * 1_900_000,
}


@pytest.mark.parametrize("name", ENDLESS)
def test_done_in_moments(isolation: Isolation, name: str) -> None:
    html = f"<html><body>{ENDLESS[name]}"
    if name in ("dates", "one line"):
        assert read(isolation, html).text[:200] in ENDLESS[name]
    else:
        assert refused(isolation, html).outcome is Outcome.NO_TEXT


def test_an_ordinary_long_page_is_not_refused(isolation: Isolation) -> None:
    long = page(*PARAGRAPHS * 100, before="<a href='/x'>x</a>" * (MAX_TAGS // 10))
    assert PARAGRAPHS[-1] in read(isolation, long).text


def test_stray_quotes_in_a_tag_do_not_hide_the_page(isolation: Isolation) -> None:
    broken = '<img alt="the "old" bridge" title=it\'s>' + "<p class=x>text</p>" * 300
    assert PARAGRAPHS[-1] in read(isolation, page(before=broken)).text
