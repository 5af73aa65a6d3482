"""What a template of parsers tries once before it forks, so that none of its children has to.

Each of these leads into a corner of a library that reads tables at its first use: justext's word
lists of a hundred languages (0.3 s, for pages with little text), the public suffixes (25 ms, for a
canonical address that is not quite the page's own), dateparser's tables of two hundred languages
(1.5 s and 45 MB, for a page without a date in a simple form whose feed has told none either: where
feeds tell their dates it never comes to that).
"""

from __future__ import annotations

from datetime import UTC, datetime

from worker.isolatedchild import LateCall, WarmCall

_NOW = datetime(2026, 1, 6, tzinfo=UTC)
_URL = "https://news.example.org/2026/ferry"
_SENTENCE = "The ferry between both islands sails again, the ministry said on Tuesday morning. "
_ARTICLE = f"""<!doctype html><html lang="en"><head><title>The ferry sails again</title>
<link rel="canonical" href="https://www.example.org/2026/ferry-sails-again">
<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "The ferry sails again",
"datePublished": "2026-01-05T08:00:00Z"}}</script></head>
<body><article><h1>The ferry sails again</h1>{f"<p>{_SENTENCE * 3}</p>" * 6}</article></body></html>
"""
_SHORT = f"""<html><head><title>Ferry</title></head><body>
<div class="date">20-jähriges Jubiläum 2008</div><div><p>{_SENTENCE}</p></div></body></html>"""
_FEED = f"""<rss version="2.0"><channel><title>Ferries</title><item><title>The ferry sails again
</title><link>{_URL}</link><pubDate>Mon, 05 Jan 2026 08:00:00 GMT</pubDate>
<description>&lt;p&gt;{_SENTENCE}&lt;/p&gt;</description></item></channel></rss>"""

_READ = "worker.extract.page:extract_article"

PARSER_CALLS: tuple[WarmCall, ...] = (
    ("worker.feeds.parse:parse_feed", (_FEED.encode(),), {"url": _URL, "now": _NOW}),
    ("worker.feeds.discover:find_feeds", (_ARTICLE.encode(),), {"url": _URL}),
    (_READ, (_ARTICLE.encode(),), {"url": _URL, "now": _NOW}),
    (_READ, (_SHORT.encode(),), {"url": _URL, "now": _NOW, "is_dated": True}),
)
LATE_PARSER_CALLS: tuple[LateCall, ...] = (
    ("dateparser", (_READ, (_SHORT.encode(),), {"url": _URL, "now": _NOW})),
)
"""See `worker.isolation.Isolation`."""
