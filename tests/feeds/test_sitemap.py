"""News sitemaps and their indexes, read as feeds."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from worker.domain import Outcome
from worker.errors import ParseError
from worker.feeds import parse_feed

URL = "https://news.example/sitemap-news.xml"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><!-- made by hand --><urlset '
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
)


def item(
    path: str = "/a", title: str = "Kelp &amp; trams", date: str = "2026-03-01T09:00+07:00"
) -> str:
    return (
        f"<url><loc>https://news.example{path}</loc><news:news><news:publication>"
        "<news:name>The News</news:name><news:language>vi</news:language></news:publication>"
        f"<news:publication_date>{date}</news:publication_date><news:title>{title}</news:title>"
        "<news:keywords>a, b</news:keywords></news:news></url>"
    )  # fmt: skip


def test_entries_are_those_of_a_feed() -> None:
    body = f"{HEAD}{item()}{item('/b', 'B', 'soon')}</urlset>".encode()
    feed = parse_feed(body, url=URL, now=NOW)
    assert (feed.title, feed.language, feed.bozo) == ("The News", "vi", None)
    first, second = feed.entries
    assert (first.id, first.url) == ("https://news.example/a", "https://news.example/a")
    assert (first.title, first.language, first.source_title) == ("Kelp & trams", "vi", "The News")
    assert first.published_at == datetime(2026, 3, 1, 2, tzinfo=UTC)
    assert (second.published_at, second.published_raw) == (None, "soon")


def test_pages_without_news_are_left_out_and_the_cap_holds() -> None:
    plain = "<url><loc>https://news.example/about</loc></url>"
    many = "".join(item(f"/{n}") for n in range(30))
    feed = parse_feed(f"{HEAD}{plain}{many}</urlset>".encode(), url=URL, now=NOW, max_entries=20)
    assert (len(feed.entries), feed.overflow) == (20, 10)


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (HEAD + "<url><loc>https://news.example/about</loc></url></urlset>", Outcome.NOT_A_FEED),
        ("<sitemapindex></sitemapindex>", Outcome.NOT_A_FEED),
        (HEAD + "<url " + 'a="1" ' * 20_000 + "></url></urlset>", Outcome.TOO_COMPLEX),
        (HEAD + "<url>" * 120_000, Outcome.TOO_COMPLEX),
    ],
)
def test_what_is_no_news_sitemap(body: str, outcome: Outcome) -> None:
    with pytest.raises(ParseError) as caught:
        parse_feed(body.encode(), url=URL, now=NOW)
    assert caught.value.outcome is outcome


def test_an_empty_one_is_an_empty_feed() -> None:
    assert parse_feed(f"{HEAD}</urlset>".encode(), url=URL, now=NOW).entries == ()


def test_entities_do_nothing_and_broken_markup_costs_no_entry() -> None:
    laughs = '<!DOCTYPE urlset [<!ENTITY a "ha"><!ENTITY x SYSTEM "file:///etc/passwd">]>'
    body = HEAD.replace("<!-- made by hand -->", laughs) + item(title="A &x; &a; B & C") + "<url>"
    feed = parse_feed(body.encode(), url=URL, now=NOW)
    assert feed.entries[0].title == "A &x; ha B & C"
    assert feed.bozo


def test_an_index_names_its_likeliest_sitemaps() -> None:
    maps = "".join(
        f"<sitemap><loc>{loc}</loc><lastmod>{day}</lastmod></sitemap>"
        for loc, day in (
            ("/pages.xml", "2026-02-28"), ("/news-1.xml", "2026-01-01"), ("javascript:x", "2027"),
            ("/news-2.xml", "2026-03-01"), ("/2026.xml", "2026-03-01"), ("/2025.xml", "2025-12-31"),
            ("/2024.xml", "2024-12-31"),
        )
    )  # fmt: skip
    feed = parse_feed(f"<sitemapindex>{maps}</sitemapindex>".encode(), url=URL, now=NOW)
    assert feed.entries == ()
    assert [child.rpartition("/")[2] for child in feed.children] == [
        "news-2.xml", "news-1.xml", "2026.xml", "pages.xml", "2025.xml",
    ]  # fmt: skip


def test_a_packed_sitemap_is_read_however_it_is_labelled() -> None:
    packed = gzip.compress(f"{HEAD}{item()}</urlset>".encode())
    for content_type in ("application/x-gzip", "application/octet-stream", "text/xml", ""):
        feed = parse_feed(packed, url=URL + ".gz", now=NOW, content_type=content_type)
        assert [entry.title for entry in feed.entries] == ["Kelp & trams"]


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (gzip.compress(b" " * 50_000_000), Outcome.TOO_LARGE),
        (gzip.compress(gzip.compress(HEAD.encode())), Outcome.NOT_A_FEED),
        (gzip.compress(f"{HEAD}{item()}</urlset>".encode())[:-20], Outcome.NOT_A_FEED),
        (b"\x1f\x8b\x08 no gzip at all", Outcome.NOT_A_FEED),
    ],
    ids=["bomb", "packed twice", "cut off", "damaged"],
)
def test_packed_and_hostile(body: bytes, outcome: Outcome) -> None:
    with pytest.raises(ParseError) as caught:
        parse_feed(body, url=URL, now=NOW)
    assert caught.value.outcome is outcome


def test_a_feed_that_talks_about_sitemaps_stays_a_feed() -> None:
    body = b"<rss><channel><title>T</title><item><title>&lt;urlset> <![CDATA[<urlset>]]></title>"
    assert len(parse_feed(body, url=URL, now=NOW).entries) == 1
