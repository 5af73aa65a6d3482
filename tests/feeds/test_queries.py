"""Queries become addresses; links that wrap others are unwrapped offline."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain import QueryConfig
from worker.errors import ConfigError
from worker.feeds import query_urls, unwrap
from worker.feeds.engines import BING_NEWS, GDELT, GOOGLE_NEWS

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


@given(st.text(max_size=100))
def test_unwrap_never_raises(text: str) -> None:
    unwrap(text)
    unwrap("https://www.bing.com/news/apiclick.aspx?url=" + text)
