"""The feeds that a page names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from worker.feeds import find_feeds

PAGE = """<html><head>
<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed/">
<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2">
<link rel="alternate" type="application/json+oembed" href="/oembed">
<link rel="alternate" hreflang="fr" href="/fr/">
<link rel="stylesheet" type="text/css" href="/style.css">
<link rel="ALTERNATE feed" type="Application/Atom+XML; charset=utf-8" href="atom.xml">
<link rel="alternate" type="application/feed+json" href="https://b.test/feed.json">
<link rel="alternate" type="application/rss+xml" href="atom.xml">
<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
<link rel="alternate" type="application/rss+xml" href="">
</head><body>x</body></html>"""


def test_feeds_in_order_of_likelihood() -> None:
    assert find_feeds(PAGE.encode(), "https://a.test/news/") == [
        "https://a.test/news/atom.xml",
        "https://b.test/feed.json",
        "https://a.test/comments/feed/",
    ]


def test_base_elements_count() -> None:
    page = b'<base href="/sub/"><link rel=alternate type=application/rss+xml href=f.xml>'
    assert find_feeds(page, "https://a.test/news/") == ["https://a.test/sub/f.xml"]


def test_what_is_no_page() -> None:
    hostile = b"<p " + b" ".join(b"a%d=1" % i for i in range(60_000)) + b">"
    for page in (b"", b"\0\1", b'{"a": 1}', b"<rss/>", hostile, b"<" * 100_000):
        assert find_feeds(page, "https://a.test/") == []


@given(st.binary(max_size=200))
def test_never_raises(body: bytes) -> None:
    find_feeds(body, "https://a.test/")
    find_feeds(b"<link rel=alternate type=application/rss+xml href='" + body, "http://[")
