"""Walls are named; articles about walls, cookies and robots are not."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.extract.pages import NOW, PARAGRAPHS, page
from worker.domain import Outcome
from worker.errors import ParseError
from worker.extract import wall
from worker.extract.page import extract_article
from worker.extract.wall import name_wall


def outcome(html: str) -> Outcome:
    try:
        extract_article(html.encode(), now=NOW)
    except ParseError as error:
        return error.outcome
    return Outcome.OK


WALLS = {
    "cloudflare": "<html><head><title>Just a moment...</title></head><body><h1>news.example</h1>"
    "<p>Verify you are human by completing the action below.</p><noscript>Enable JavaScript and "
    "cookies to continue</noscript><script>window._cf_chl_opt={cvId:'3'}</script></body></html>",
    "perimeterx": "<html><head><title>Access to this page has been denied</title></head><body>"
    "<div id='px-captcha'></div><p>Press &amp; Hold to confirm you are a human (and not a bot)."
    "</p><p>Reference ID 7f0b2a</p></body></html>",
    "datadome": "<html><head><title>news.example</title></head><body><p id='cmsg'>Please enable JS "
    "and disable any ad blocker</p><script src='https://ct.captcha-delivery.com/c.js'></script>",
    "akamai": "<html><head><title>Access Denied</title></head><body><h1>Access Denied</h1><p>You "
    "don't have permission to access this page on this server.</p><p>Reference #18.2f</p></body>",
    "javascript": "<html><head><title>News</title></head><body><p>Please enable JavaScript to view "
    "this page.</p></body></html>",
    "consent in English": "<html><head><title>Before you continue</title></head><body><p>We value "
    "your privacy. We and our 842 partners store and/or access information on a device and process "
    "personal data for personalised ads and content. Some rely on legitimate interest.</p><button>"
    "Accept all</button><button>Reject all</button></body></html>",
    "consent in German": "<html><head><title>Zustimmung</title></head><body><p>Unsere 214 Partner "
    "und wir verarbeiten Daten, auch auf Grundlage berechtigter Interessen.</p>"
    "<p>Alle akzeptieren</p></body></html>",
    "consent in French": "<html><head><title>Avant de continuer</title></head><body><p>Avec nos "
    "120 partenaires, nous utilisons des cookies.</p><p>Continuer sans accepter</p>"
    "<p>Tout accepter</p>",
}


@pytest.mark.parametrize("name", WALLS)
def test_walls_are_named(name: str) -> None:
    assert outcome(WALLS[name]) is Outcome.BLOCKED


def test_an_article_with_a_cookie_banner_and_sensors_is_an_article() -> None:
    banner = "<div id='onetrust-banner-sdk'><p>We use cookies. Accept all. Cookie policy.</p></div>"
    sensor = "<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>"
    assert outcome(page(after=banner + sensor)) is Outcome.OK


def test_an_article_about_robots_and_cookies_is_an_article() -> None:
    about = (
        "The court ruled that the company must not track readers who did not accept all cookies."
    )
    robots = (
        "Many sites now ask visitors to prove that they are human before they can read the news."
    )
    assert outcome(page(about, robots, *PARAGRAPHS)) is Outcome.OK


def test_a_short_brief_is_an_article() -> None:
    assert outcome(page(PARAGRAPHS[0])) is Outcome.OK
    assert name_wall("Bridge closed", PARAGRAPHS[0], "<html>") is None


def _examples(parts: Any) -> list[str]:
    """Something that each of a parsed pattern's alternatives finds, as short as can be."""
    texts = [""]
    for kind, value in parts:
        name = str(kind)
        if name == "LITERAL":
            found = [chr(value)]
        elif name == "BRANCH":
            found = [text for branch in value[1] for text in _examples(branch)]
        elif name == "SUBPATTERN":
            found = _examples(value[3])
        elif name == "MAX_REPEAT":
            found = _examples(value[2]) if value[0] else [""]
        elif name == "IN":
            found = ["1" if str(value[0][0]) == "CATEGORY" else chr(value[0][1])]
        else:
            raise AssertionError(name)
        texts = [before + text for before in texts for text in found]
    return texts


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (wall._CHALLENGE_TEXT, wall._CHALLENGE_WORDS),
        (wall._CONSENT_TEXT, wall._CONSENT_WORDS),
    ],
    ids=["challenge", "consent"],
)
def test_whatever_tells_a_wall_has_one_of_the_plain_words(
    pattern: re.Pattern[str], words: tuple[str, ...]
) -> None:
    examples = _examples(re._parser.parse(pattern.pattern, pattern.flags))  # type: ignore[attr-defined]
    assert len(examples) > 50
    for example in examples:
        assert pattern.search(example), example
        assert any(word in example.lower() for word in words), example
