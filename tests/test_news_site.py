"""The site that benches measure with serves as many different pages as it says."""

from __future__ import annotations

from pathlib import Path

import feedparser
import urllib3

from bench.news_site import pages_of, served, varied

PAGE = b"""<html><head><title>Kelp in %d</title><script>
var words = "those of a script that stay as they are, whatever else is moved around in here";
</script></head><body><p>The first harbour of the county lands more kelp %d than any other on
this coast.</p><p class="long">Short.</p></body></html>"""


def test_a_site_with_more_articles_than_pages_repeats_none_of_them() -> None:
    pages = [PAGE % (number, number) for number in range(3)]
    http = urllib3.PoolManager()
    found = {}
    with served(pages, feeds=2, latency_s=0, articles=8) as site:
        for feed in site.feeds:
            body = http.request("GET", feed, timeout=10).data
            for entry in feedparser.parse(body).entries:
                found[entry.link] = http.request("GET", entry.link, timeout=10).data
        elsewhere = sorted(found)[0].replace("127.1.0.1", "127.1.0.2")
        missing = http.request("GET", elsewhere, timeout=10)
    assert site.articles == len(found) == len(set(found.values())) == 8
    assert missing.status == 404, "a page has one host"


def test_a_varied_page_has_the_words_and_the_script_of_the_first() -> None:
    page = PAGE % (1, 1)
    other = varied(page, 7)
    assert other != page
    assert sorted(other) == sorted(page)
    assert b'var words = "those of a script that stay' in other
    assert other == varied(page, 7), "the same number gives the same page"


def test_a_page_that_is_in_two_files_is_taken_once(tmp_path: Path) -> None:
    for name, number in (("one", 1), ("two", 1), ("three", 3)):
        page = (PAGE % (number, number)).replace(b"</body>", b"<p>" + b"x" * 500 + b"</p></body>")
        (tmp_path / f"{name}.html").write_bytes(page)
    assert len(pages_of(tmp_path, 10)) == 2
