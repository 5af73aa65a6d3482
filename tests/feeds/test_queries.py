"""Queries become addresses; links that wrap others are unwrapped offline."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain import QueryConfig
from worker.errors import ConfigError, FetchError
from worker.feeds import query_urls, unwrap
from worker.feeds.engines import BING_NEWS, GDELT, GOOGLE_NEWS
from worker.feeds.wrappers import is_opaque, refuse_opaque

TERMS = '"điện ảnh" AND Harvard'


def query(engine: str, *languages: str, terms: str = TERMS) -> dict[str, list[str]]:
    (feed,) = query_urls(QueryConfig(engine, terms, languages))
    return parse_qs(urlsplit(feed.url).query)


def test_google_news() -> None:
    (feed,) = query_urls(QueryConfig("google-news", TERMS, ("vi",)))
    assert feed.url.startswith("https://news.google.com/rss/search?q=%22%C4%91i%E1%BB%87n%20")
    assert feed.url.endswith("&hl=vi&gl=VN&ceid=VN:vi")
    assert feed.language == "vi"
    assert query("google-news", "zh-TW")["ceid"] == ["TW:zh-Hant"]
    assert query("google-news", "fr-BE")["ceid"] == ["FR:fr"]


def test_bing_news() -> None:
    asked = query("bing-news", "fr")
    assert (asked["q"], asked["format"], asked["mkt"]) == ([TERMS], ["rss"], ["fr-FR"])


def test_gdelt() -> None:
    asked = query("gdelt", "id")
    assert asked["query"] == [f"{TERMS} sourcelang:ind"]
    assert (asked["mode"], asked["format"], asked["maxrecords"]) == (["artlist"], ["rss"], ["250"])
    assert query("gdelt", "id", terms="a OR b")["query"] == ["(a OR b) sourcelang:ind"]


@pytest.mark.parametrize(
    ("engine", "table"), [("google-news", GOOGLE_NEWS), ("bing-news", BING_NEWS), ("gdelt", GDELT)]
)
def test_at_least_25_languages_an_engine(engine: str, table: dict[str, object]) -> None:
    assert len({language.partition("-")[0] for language in table}) >= 25
    feeds = query_urls(QueryConfig(engine, TERMS, tuple(table)))
    assert len({feed.url for feed in feeds}) == len(table)


def test_what_the_search_site_says_is_consistent() -> None:
    for language, (hl, gl, ceid) in GOOGLE_NEWS.items():
        assert hl.partition("-")[0] == language.partition("-")[0]
        assert ceid.startswith(f"{gl}:{language.partition('-')[0]}")


@pytest.mark.parametrize(
    ("config", "word"),
    [
        (QueryConfig("altavista", "x", ("en",)), "google-news"),
        (QueryConfig("bing-news", "x", ("xx",)), "'xx'"),
        (QueryConfig("gdelt", "x", ("klingon",)), "klingon"),
        (QueryConfig("gdelt", ' "" ', ("en",)), "terms"),
        (QueryConfig("gdelt", "x", ()), "languages"),
    ],
)
def test_mistakes_are_named(config: QueryConfig, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        query_urls(config)


BING = "https://www.bing.com/news/apiclick.aspx?"
IN_BING = "https://www.bing.com/news/apiclick.aspx%3Furl%3Dhttp%253A%252F%252Fa.test%252F"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (BING + "ref=F&url=https%3a%2f%2fa.test%2f1%3fb%3d2&c=3", "https://a.test/1?b=2"),
        ("https://www.google.com/url?q=https://a.test/1&sa=U", "https://a.test/1"),
        ("https://www.google.com/url?url=" + IN_BING, "http://a.test/"),
        ("https://www.bing.com/news/apiclick.aspx?url=javascript:alert(1)", None),
        ("https://www.bing.com/news/apiclick.aspx?url=http://a.test/%0d%0ax", None),
        ("https://www.bing.com/search?url=https://a.test/", None),
        ("https://evil.test/news/apiclick.aspx?url=https://a.test/", None),
        ("https://news.google.com/rss/articles/CBMi?oc=5", None),
        ("http://[", None),
    ],
)  # fmt: skip
def test_unwrap(url: str, target: str | None) -> None:
    assert unwrap(url) == (target or url)


def google_news(packed: bytes) -> str:
    part = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return f"https://news.google.com/rss/articles/{part}?oc=5"


def old_form(target: str) -> str:
    size = len(target)
    length = bytes([size]) if size < 128 else bytes([size % 128 + 128, size // 128])
    return google_news(b"\x08\x13\x22" + length + target.encode() + b"\xd2\x01\x00")


def test_a_google_news_link_of_the_old_form_holds_the_address() -> None:
    for target in ("https://a.test/1", "https://a.test/" + "long/" * 60 + "?a=1&b=2"):
        assert unwrap(old_form(target)) == target
    real = (  # with the address of the AMP version behind it
        "CBMiWmh0dHBzOi8vd3d3Lm5kdHYuY29tL3dvcmxkLW5ld3MvZWxvbi1tdXNrLXJlY2xhaW1zLXRoZS10aXRsZS1v"
        "Zi13b3JsZHMtcmljaGVzdC1tYW4tMzgyMDMyONIBYGh0dHBzOi8vd3d3Lm5kdHYuY29tL3dvcmxkLW5ld3MvZWxv"
        "bi1tdXNrLXJlY2xhaW1zLXRoZS10aXRsZS1vZi13b3JsZHMtcmljaGVzdC1tYW4tMzgyMDMyOC9hbXAvMQ"
    )
    assert unwrap(f"https://news.google.com/rss/articles/{real}?oc=5") == (
        "https://www.ndtv.com/world-news/elon-musk-reclaims-the-title-of-worlds-richest-man-3820328"
    )


def test_a_google_news_link_of_the_new_form_stays_and_is_known_for_one() -> None:
    new = google_news(b'\x08\x13"\x90\x01AU_yqLNhZ2Rhc2RmYXNkZmFz' + b"x" * 120)
    for link in (new, old_form("javascript:alert(1)"), old_form("https://a.test/")[:-20]):
        assert unwrap(link) == link
        assert is_opaque(link)
        with pytest.raises(FetchError, match="hides the article's address"):
            refuse_opaque(link)
    for link in ("https://a.test/rss/articles/CBMiMGh0dHBz", "https://news.google.com/topics/CBMi"):
        refuse_opaque(link)


@given(st.binary(max_size=300))
def test_whatever_a_google_news_link_holds_nothing_but_a_web_address_comes_out(
    packed: bytes,
) -> None:
    link = google_news(b"\x08\x13\x22" + packed)
    got = unwrap(link)
    assert got == link or got.startswith(("http://", "https://"))


@given(st.text(max_size=100))
def test_unwrap_never_raises(text: str) -> None:
    unwrap(text)
    unwrap("https://news.google.com/rss/articles/" + text)
    unwrap("https://www.bing.com/news/apiclick.aspx?url=" + text)
