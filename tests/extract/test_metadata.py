"""What a page says of itself: title, date, author, site, language, canonical URL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.extract.pages import NOW, URL, page
from worker.domain import ExtractedArticle
from worker.extract.dates import parse_date, sane_date
from worker.extract.metadata import language_code
from worker.extract.page import extract_article

MARCH_12 = datetime(2025, 3, 12, 8, 30, tzinfo=UTC)


def extract(head: str = "", lang: str = "en", before: str = "") -> ExtractedArticle:
    html = page(head=head, lang=lang, before=before)
    return extract_article(html.encode(), url=URL, now=NOW)


def json_ld(text: str) -> str:
    return f"<script type='application/ld+json'>{text}</script>"


@pytest.mark.parametrize(
    "head",
    [
        json_ld('{"@type": "NewsArticle", "datePublished": "2025-03-12T08:30:00Z"}'),
        json_ld(
            '{"@graph": [{"@type": "WebSite"}, {"datePublished": "2025-03-12T15:30:00+07:00"}]}'
        ),
        json_ld('[{"@type": "Article", "dateCreated": "2025-03-12T08:30Z"}]'),
        "<meta property='article:published_time' content='2025-03-12T09:30:00.000+0100'>",
        "<meta name='pubdate' content='Wed, 12 Mar 2025 08:30:00 GMT'>",
        "<meta itemprop='datePublished' content='2025-03-12 08:30'>",
        "<meta name='date' content='20250312T083000Z'>",
        "<meta name='date' content='1741768200'>",
    ],
)
def test_date(head: str) -> None:
    assert extract(head).published_at == MARCH_12


def test_date_of_a_time_element_and_of_the_text() -> None:
    before = "<time datetime='2025-03-12T08:30:00Z'>today</time>"
    assert extract(before=before).published_at == MARCH_12
    published = extract(before="<p class='date'>Published on 12 March 2025</p>").published_at
    assert published is not None
    assert published.date() == MARCH_12.date()


@pytest.mark.parametrize(
    "raw",
    ["0000-00-00", "9999-12-31T23:59:59-14:00", "1969-12-31", "2025-06-04", "yesterday", "",
     "20251399", "0001-01-01T00:00:00+14:00", "2025-03-12T25:61:00Z", "99999999999999999999",
     "\ud800"],
)  # fmt: skip
def test_absurd_dates(raw: str) -> None:
    assert parse_date(raw, NOW) is None


def test_dates_are_aware_utc_and_at_most_two_days_ahead() -> None:
    assert sane_date(NOW + timedelta(days=2), NOW) == NOW + timedelta(days=2)
    assert sane_date(NOW + timedelta(days=2, seconds=1), NOW) is None
    assert sane_date(None, NOW) is None
    assert parse_date("2025-03-12", NOW) == datetime(2025, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<meta property='og:title' content='Bridge &amp; road'><title>x</title>", "Bridge & road"),
        ("<title>Bridge - Harbour News</title><meta property='og:site_name' content='Harbour News'>"
         "<meta property='og:title' content='Bridge shut | Harbour News'>", "Bridge shut"),
        (json_ld('{"@type": "NewsArticle", "headline": " A\\n headline "}'), "A headline"),
        ("<title>only a title</title>", "Bridge closed after rain"),
        (json_ld('{"headline": [}'), "Bridge closed after rain"),
    ],
)  # fmt: skip
def test_title(head: str, title: str) -> None:
    assert extract(head).title == title


def test_a_very_long_title_is_cut() -> None:
    assert len(extract(f"<meta property='og:title' content='{'word ' * 5000}'>").title) <= 1_000


@pytest.mark.parametrize(
    ("head", "author"),
    [
        (
            json_ld('{"@type": "NewsArticle", "author": {"@type": "Person", "name": "Lan Ngo"}}'),
            "Lan Ngo",
        ),
        (json_ld('{"author": [{"name": "Lan Ngo"}, {"name": "Budi S."}]}'), "Lan Ngo, Budi S."),
        ("<meta name='author' content='Lan Ngo'>", "Lan Ngo"),
        ("<meta property='article:author' content='https://facebook.com/x'>", None),
    ],
)
def test_author(head: str, author: str | None) -> None:
    assert extract(head).author == author


def test_site() -> None:
    assert extract("<meta property='og:site_name' content='Harbour News'>").site == "Harbour News"
    assert extract(json_ld('{"publisher": {"name": "Harbour"}}')).site == "Harbour"


@pytest.mark.parametrize(
    ("raw", "code"),
    [("pt-BR", "pt"), ("zh_Hant", "zh"), ("in", "id"), ("iw", "he"), ("nb-NO", "no"), ("fil", "tl"),
     ("VI", "vi"), ("english", None), ("", None), (None, None), ("x", None), ("xx", None)],
)  # fmt: skip
def test_language_code(raw: str | None, code: str | None) -> None:
    assert language_code(raw) == code


def test_declared_language() -> None:
    assert extract(lang="vi-VN").language == "vi"
    assert extract("<meta http-equiv='content-language' content='fr'>", lang="").language == "fr"
    assert extract(lang="").language is None


@pytest.mark.parametrize(
    ("head", "canonical"),
    [
        ("<link rel='canonical' href='/2025/03/bridge-closed-after-rain-4711.html?utm_id=x'>", URL),
        ("<base href='https://www.harbour-news.example/2025/'>"
         "<link rel=CANONICAL href='03/a-b-c-1.html'>",
         "https://www.harbour-news.example/2025/03/a-b-c-1.html"),
        ("<link rel='canonical' href='https://www.harbour-news.example/'>", None),
        ("<link rel='canonical' href='https://elsewhere.example/2025/bridge-4711.html'>", None),
        ("<link rel='canonical' href='javascript:alert(1)'>"
         f"<meta property='og:url' content='{URL}#top'>", URL),
        ("<link rel='canonical' href='http://[broken'>", None),
    ],
)  # fmt: skip
def test_canonical(head: str, canonical: str | None) -> None:
    assert extract(head).canonical_url == canonical


def test_the_words_of_a_page_are_searched_for_a_date_only_where_none_is_known() -> None:
    page = b"<html><body><p>Posted on 12 March 2025</p><article><p>%s</p></article></body></html>"
    body = page % (b"The bridge over the river was opened by the county on Monday. " * 20)
    assert extract_article(body, now=NOW).published_at is not None
    assert extract_article(body, now=NOW, is_dated=True).published_at is None
