"""What a page says of its article decides where the quick text is another one."""

from __future__ import annotations

import json

from tests.extract.pages import NOW, PARAGRAPHS
from worker.domain import ExtractedArticle
from worker.extract.page import extract_article

ARTICLE = "".join(f"<p>{number}. {text}</p>" for number in range(4) for text in PARAGRAPHS)
WELCOME = "<div class='main'><p>" + "Welcome to the newspaper of the harbour. " * 30 + "</p></div>"
TEASER = "".join(
    f"<p>Intro {number}: The bridge was closed on Tuesday, and the mayor said that nobody had "
    "been hurt, but that people would have to wait until the water falls.</p>"
    for number in range(8)
)


def extract(body: str, *, head: str = "") -> ExtractedArticle:
    html = (
        f"<!doctype html><html><head><title>Bridge</title>{head}</head><body>{body}</body></html>"
    )
    return extract_article(html.encode(), now=NOW)


def described(text: str) -> str:
    return f"<meta property='og:description' content='{text}'>"


def test_a_greeting_is_not_taken_for_the_article_that_the_page_describes() -> None:
    body = f"{WELCOME}<div><div class='summary'>{ARTICLE}</div></div>"
    found = extract(body, head=described(PARAGRAPHS[0]))
    assert "Welcome" not in found.text
    assert PARAGRAPHS[-1] in found.text


def test_a_slogan_that_no_text_has_changes_nothing() -> None:
    body = f"{WELCOME}<div><div class='summary'>{ARTICLE}</div></div>"
    slogan = "Independent journalism, breaking stories, videos, podcasts, puzzles everywhere"
    assert extract(body, head=described(slogan)).text == extract(body).text
    short = described("The river")  # two words tell nothing
    assert extract(body, head=short).text == extract(body).text


def test_a_description_in_words_of_its_own_leaves_the_article_as_it_is() -> None:
    body = f"<article><h1>Bridge</h1>{ARTICLE}</article>"
    head = described("Flooding: hundreds evacuated, crossing shut, ferries running, schools empty")
    assert extract(body, head=head) == extract(body)


def test_a_teaser_gives_way_to_the_whole_text_that_the_page_holds() -> None:
    body = (
        f"<article><h1>Bridge</h1><div class='article-body'>{TEASER}"
        f"<div style='display:none'>{ARTICLE}</div></div></article>"
    )
    told = {"@type": "NewsArticle", "articleBody": " ".join(PARAGRAPHS) * 5}
    head = f"<script type='application/ld+json'>{json.dumps(told)}</script>"
    assert PARAGRAPHS[-1] not in extract(body).text
    assert PARAGRAPHS[-1] in extract(body, head=head).text
