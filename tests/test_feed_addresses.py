"""A feed's address has one spelling, the one in which it is asked for, at every door."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain import FeedConfig, declared_language, feed_url
from worker.errors import FetchError
from worker.fetch.guard import AddressGuard

RSS = "https://news.example/rss"
SPELLINGS = (
    RSS,
    " \t" + RSS + "\n",
    "HTTPS://News.EXAMPLE/rss",
    "https://news.example:443/rss",
    "https://news.example./rss#latest",
    "feed:https://news.example/rss",
    "FEED:HTTPS://news.example:/rss",
)
_PART = st.text(st.sampled_from(" aZ%é/?#:@.[]ü\\1&=~|\x00\ud800"), max_size=12)


@pytest.mark.parametrize("url", SPELLINGS)
def test_spellings_of_one_address(url: str) -> None:
    assert feed_url(url) == RSS
    assert FeedConfig(url).url == RSS


@pytest.mark.parametrize(
    ("url", "spelt"),
    [
        ("feed://news.example/rss", "http://news.example/rss"),
        ("http://news.example:80", "http://news.example/"),
        ("https://news.example:80/rss", "https://news.example:80/rss"),
        ("https://news.example/Rss?A=b&a=B", "https://news.example/Rss?A=b&a=B"),
        ("https://bücher.example/ü?q=a b", "https://xn--bcher-kva.example/%C3%BC?q=a%20b"),
        ("http://[2001:DB8:0::1]:8000/", "http://[2001:db8::1]:8000/"),
        ("ftp://news.example/Rss#x", "ftp://news.example/Rss#x"),
        ("HTTP://u:p@news.example/", "HTTP://u:p@news.example/"),
        ("HTTP://user@news.example/", "HTTP://user@news.example/"),
        ("HTTP://a.example:80@news.example/", "HTTP://a.example:80@news.example/"),
        ("http://news.example:x/", "http://news.example:x/"),
        ("", ""),
    ],
)
def test_what_means_something_else_stays_another_address(url: str, spelt: str) -> None:
    assert feed_url(url) == spelt


@given(st.sampled_from(["http://", "HTTPS://", "feed:", "feed://", "x"]), _PART, _PART, _PART)
def test_it_is_the_request_that_counts(scheme: str, host: str, port: str, rest: str) -> None:
    url = f"{scheme}news{host}.Example:{port}/{rest}"
    spelt = feed_url(url)
    assert feed_url(spelt) == spelt
    asked = _asked(spelt)
    assert asked in (spelt, None)
    if not scheme.startswith("feed"):  # what is refused as it was written is refused as it is spelt
        assert _asked(url.strip()) == asked


def _asked(url: str) -> str | None:
    try:
        return AddressGuard().check_url(url).url
    except FetchError:
        return None


@pytest.mark.parametrize(
    ("tag", "code"),
    [("vi", "vi"), (" PT-br ", "pt"), ("zh-Hant-TW", "zh"), ("vie", "vi"), ("fil", "fil"),
     ("de_AT", "de"), ("iw", "he")],
)  # fmt: skip
def test_languages_are_read_as_tags(tag: str, code: str) -> None:
    assert declared_language(tag) == code


@pytest.mark.parametrize("tag", ["", "english", "xx", "xyz", "und", "e", "en us", "fr;q=1", "ένα"])
def test_what_is_no_language_is_named(tag: str) -> None:
    with pytest.raises(ValueError, match=r"is no language; use its code"):
        declared_language(tag)
