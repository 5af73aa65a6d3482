"""clean_url, url_key and is_plausible_canonical, by example and by property."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.domain import Outcome
from worker.errors import ParseError
from worker.extract.urls import MAX_URL_LENGTH, clean_url, is_plausible_canonical, url_key


@pytest.mark.parametrize(
    ("url", "cleaned"),
    [
        (
            "HTTP://WWW.Example.COM:80/A/b?utm_source=x&id=5&fbclid=1#top",
            "http://www.example.com/A/b?id=5",
        ),
        ("https://example.com:443", "https://example.com/"),
        ("https://example.com:8443/x", "https://example.com:8443/x"),
        (
            "https://münchen.example/straße?q=ü",
            "https://xn--mnchen-3ya.example/stra%C3%9Fe?q=%C3%BC",
        ),
        ("https://example.com/a b?c=d e", "https://example.com/a%20b?c=d%20e"),
        ("https://example.com/100%", "https://example.com/100%25"),
        ("https://example.com/a%2Fb%e1", "https://example.com/a%2Fb%e1"),
        ("  https://example.com/x\n", "https://example.com/x"),
        ("https://example.com?id=1", "https://example.com/?id=1"),
        (
            "https://example.com/x?cid=7&source=3&uid=9",
            "https://example.com/x?cid=7&source=3&uid=9",
        ),
        ("https://example.com/x?a=1&amp;b=2&amp;utm_medium=z", "https://example.com/x?a=1&b=2"),
        ("http://[::1]:8000/feed", "http://[::1]:8000/feed"),
        ("http://feeds:8000/rss", "http://feeds:8000/rss"),
        ("https://example.com./x", "https://example.com/x"),
    ],
)
def test_clean_url(url: str, cleaned: str) -> None:
    assert clean_url(url) == cleaned
    assert clean_url(cleaned) == cleaned


SAME = {
    "example.com/2025/a-story": [
        "http://example.com/2025/a-story",
        "https://www.example.com/2025/a-story/",
        "https://m.example.com/2025/a-story?utm_campaign=rss&from=rss",
        "https://amp.example.com/2025/a-story#comments",
        "https://example.com//2025/./a-story/amp/",
        "https://example.com/amp/2025/a-story",
        "https://example.com/2025/a-story?amp=1",
        "https://example.com/2025/a-story?amp",
        "https://example.com/2025/a-story?outputType=amp",
        "https://example.com/2025/a-story/print",
        "https://example.com/2025/a-story?print=true",
        "https://example.com/2025/a-story/index.html",
        "https://www.google.com/amp/s/www.example.com/2025/a-story",
        "https://www-example-com.cdn.ampproject.org/c/s/www.example.com/2025/a-story/amp",
        "example.com/2025/a-story",
    ],
    "example.com/a?id=1&p=2": [
        "https://example.com/a?p=2&id=1",
        "https://example.com/a/?id=1&p=2&p=2",
    ],
    "example.com/c%E1%BA%A7u": ["https://example.com/cầu", "https://example.com/ca\u0302\u0300u"],
    "bbc.co.uk/news/1": ["https://www.bbc.co.uk/news/1", "https://m.bbc.co.uk/news/1.amp"],
    "news.bbc.co.uk/1": ["https://news.bbc.co.uk/1"],
    "example.com/": ["https://www.example.com", "http://example.com/index.php"],
    "example.com/A/b": ["https://example.com/A/b"],
    "example.com/%7Ex/a%2Fb".replace("%7E", "~"): ["https://example.com/%7ex/a%2fb"],
    "example.com/a%FF": ["https://example.com/a%ff"],
}


@pytest.mark.parametrize(("key", "url"), [(key, url) for key, urls in SAME.items() for url in urls])
def test_url_key(key: str, url: str) -> None:
    assert url_key(url) == key
    assert url_key(key) == key


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("https://example.com/a?id=1", "https://example.com/a?id=2"),
        ("https://example.com/a", "https://example.com/A"),
        ("https://example.com/a", "https://news.example.com/a"),
        ("https://example.com/a?page=2", "https://example.com/a"),
        ("https://example.com:8080/a", "https://example.com/a"),
        ("https://example.com/print-media-crisis", "https://example.com/media-crisis"),
        ("https://amp.dev/a", "https://dev/a"),
        ("https://a.blogspot.com/x", "https://b.blogspot.com/x"),
    ],
)
def test_different_articles_have_different_keys(left: str, right: str) -> None:
    assert url_key(left) != url_key(right)


@pytest.mark.parametrize(
    "url",
    ["", "x", "/path", "//", "http://", "https:///x", "mailto:a@b.example", "javascript:alert(1)",
     "ftp://example.com/x", "data:text/html,x", "http://user:pw@example.com/",
     "http://exa mple.com/", "http://example.com\\@127.0.0.1/", "http://a..b/", "http://example.com:99999/",
     "tel:123",
     "http://example.com:x/", "http://[::1/", "https://example.com/\x00", "https://example.com/\ud800",
     "https://example.com/" + "a" * MAX_URL_LENGTH, "https://-a.example/",
     "https://" + "a" * 64 + ".example/"],
)  # fmt: skip
def test_bad_urls(url: str) -> None:
    for function in (clean_url, url_key):
        with pytest.raises(ParseError) as caught:
            function(url)
        assert caught.value.outcome is Outcome.BAD_URL
    assert not is_plausible_canonical("https://example.com/a", url)
    assert not is_plausible_canonical(url, "https://example.com/a")


URLS = st.builds(
    "{}://{}{}{}{}".format,
    st.sampled_from(["http", "https", "HTTPS"]),
    st.sampled_from(
        ["example.com", "www.m.example.co.uk", "münchen.de", "localhost:8000", "[::1]"]
    ),
    st.text(st.sampled_from("/aÀ%2fF.;~ạ\u0301 &=amp+print"), max_size=20).map(lambda p: "/" + p),
    st.text(st.sampled_from("aàb=&;%41Fé?utm_pr=1"), max_size=20).map(
        lambda q: "?" + q if q else ""
    ),
    st.sampled_from(["", "#x"]),
)


@given(URLS)
@settings(max_examples=400, deadline=None)
def test_idempotent(url: str) -> None:
    cleaned, key = clean_url(url), url_key(url)
    assert clean_url(cleaned) == cleaned
    assert url_key(key) == key
    assert url_key(cleaned) == key
    assert cleaned.isascii()
    assert key.isascii()
    assert is_plausible_canonical(url, cleaned)


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=80))
@settings(max_examples=300, deadline=None)
def test_any_string_gives_a_url_or_a_typed_error(text: str) -> None:
    for function in (clean_url, url_key):
        for url in (text, f"https://{text}", f"https://example.com/{text}"):
            try:
                result = function(url)
            except ParseError:
                continue
            assert function(result) == result
    is_plausible_canonical(text, f"https://{text}")


PAGE = "https://www.example.com/news/2025/film-park-opens-1234.html"


@pytest.mark.parametrize(
    ("page", "canonical", "plausible"),
    [
        (PAGE, PAGE, True),
        (PAGE, "https://example.com/film-park-opens-1234", True),
        (PAGE, "https://news.example.com/2025/film-park-opens", True),
        (PAGE, "https://amp.example.com/news/2025/film-park-opens-1234.html", True),
        (PAGE + "?page=2", PAGE, True),
        (PAGE, "https://www.example.com/", False),
        (PAGE, "https://www.example.com/news/", False),
        (PAGE, "https://other.example/news/2025/film-park-opens-1234.html", False),
        (PAGE, "ftp://www.example.com/news/2025/film-park-opens-1234.html", False),
        (PAGE, "/news/2025/film-park-opens-1234.html", False),
        ("https://example.com/article.php?id=5", "https://example.com/article.php", False),
        ("https://example.com/?p=5", "https://example.com/2025/film-park-opens", True),
        ("https://example.com/?p=5", "https://example.com/", False),
        ("https://a.blogspot.com/2025/x-y-z.html", "https://b.blogspot.com/2025/x-y-z.html", False),
        ("https://example.co.uk/2025/x-y-z", "https://other.co.uk/2025/x-y-z", False),
        (
            "https://www.google.com/amp/s/www.example.com/2025/x-y-z",
            "https://example.com/2025/x-y-z",
            True,
        ),
        ("https://example.com/", "https://www.example.com/", True),
    ],
)
def test_plausible_canonical(page: str, canonical: str, plausible: bool) -> None:
    assert is_plausible_canonical(page, canonical) is plausible
