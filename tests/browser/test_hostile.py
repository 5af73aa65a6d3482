"""A feed full of hostile markup: text on every page that shows it, and nothing of it happens.

Whatever a page asks of another host, every dialog and every error of a script fails the test: the
`reader` notes them.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Reader
from tests.browser.looking import what_does_not_fit
from tests.conftest import FEED_URL
from tests.fakes import FakeFetcher, ListChannel, WordMatcher, flat
from worker import pipeline
from worker.adding import find_feed
from worker.domain import AlignedPassage, ArticleText, Match, Verdict
from worker.records import Decision
from worker.services import Services
from worker.telling import Telling
from worker.web.app import make_app
from worker.web.finder import Finder
from worker.web.server import BackgroundServer

EVIL = "https://evil.example"
SITE = "http://93.184.215.14/"
"""An address that may be fetched, of which the test has the page."""
MARKUP = (
    "<script>alert(1)</script>",
    f"<script src={EVIL}/x.js></script>",
    f"<img src={EVIL}/p.png onerror=alert(2)>",
    "<svg onload=alert(3)><a xlink:href=javascript:alert(4)>s</a></svg>",
    '<a href="java\tscript:alert(5)">a</a>',
    "<input autofocus onfocus=alert(6)>",
    f'<meta http-equiv=refresh content="0;url={EVIL}"><base href={EVIL}>',
    f"<style>@import '{EVIL}/s.css';*{{display:none}}</style>",
    f'<iframe srcdoc="<script>alert(7)</script>"></iframe><object data={EVIL}></object>',
    f"<form action={EVIL}><button autofocus>Relevant</button></form>",
    "\"'><details open ontoggle=alert(8)>",
    "</title></textarea></style></script></p></a></li><script>alert(9)</script>",
    "<!-- ]]> {{ 7*7 }} {% raise %} %(name)s &lt;b&gt; &#60;i&#62;",
)
HOSTILE = " ".join(MARKUP)
BIDI = "\u202egnihtemos\u2066 \u200f"
HUGE = "W" * 900 + "\u0301" * 40
TITLE = f"seaweed {MARKUP[0]} {BIDI} {MARKUP[2]} {MARKUP[10]}"
WHAT_CAME_ALIVE = """() => {
  const found = [];
  for (const element of document.querySelectorAll("*")) {
    const name = element.localName;
    const source = element.getAttribute("src") ?? element.getAttribute("data") ?? "";
    const address = element.getAttribute("href") ?? element.getAttribute("action") ?? "";
    const isAlive =
      [...element.attributes].some((one) => one.name.startsWith("on") || one.name === "srcdoc") ||
      ["iframe", "object", "embed", "base"].includes(name) ||
      (name === "meta" && element.httpEquiv && element.httpEquiv !== "Content-Security-Policy") ||
      (name === "script" && !source.startsWith("/static/")) ||
      (name === "img" && !source.startsWith("/static/")) ||
      /^\\s*(java|data|vbs)/i.test(address) ||
      (element.namespaceURI.endsWith("svg") && name === "a");
    if (isAlive) found.push(element.outerHTML.slice(0, 200));
  }
  return found;
}"""
WHAT_TURNS_ROUND = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (!walker.currentNode.data.includes("\u202e")) continue;
    const own = walker.currentNode.parentElement;
    if (own.closest(".unseen")) continue; // read out, not seen
    const apart = own.closest("bdi, [dir], option, li, td, th, p, h1, h2, h3, textarea, title");
    const alone = apart && apart.textContent.trim() === walker.currentNode.data.trim();
    if (!alone && !own.closest("main bdi, main [dir]")) found.push(own.outerHTML.slice(0, 200));
  }
  return found;
}"""


class HostileMatcher(WordMatcher):
    """Finds everything that a page can say in words it can show."""

    def _match(self, article: ArticleText) -> Match:
        said = (HOSTILE, BIDI + MARKUP[0], HUGE)
        return replace(
            super()._match(article),
            evidence=tuple(AlignedPassage(one, one, 0.9) for one in (article.text[:400], *said)),
            adds=said, shared_names=said, shared_numbers=said, shared_dates=said, reasons=said,
            matcher_version=MARKUP[0], encoder=MARKUP[0],
        )  # fmt: skip


def feed(slug: str, title: str) -> str:
    """A feed in which every field is hostile, once as text and once as markup."""
    fields = "".join(
        f"<{name}>{escape(escape(value))}</{name}>"
        for name, value in (
            ("title", title), ("description", HOSTILE), ("dc:creator", MARKUP[2] + BIDI),
            ("category", HOSTILE),
        )
    )  # fmt: skip
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel><title>{escape(escape(MARKUP[0] + BIDI + MARKUP[2]))}</title>"
        f"<link>javascript:alert(10)</link><description>{escape(HOSTILE)}</description>"
        f"<item>{fields}<link>https://news.example/{slug}</link></item>"
        f"<item><title>seaweed {escape(HOSTILE)}</title><guid>2</guid>"
        f"<description>seaweed {escape(escape(HUGE))}</description>"
        "<link>java\tscript:alert(11)</link></item>"
        "</channel></rss>"
    )


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """One database is enough here: the pages show what it holds."""
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def hostile(services: Services, fetcher: FakeFetcher) -> Iterator[str]:
    """Pages over a store that polled the feed twice, between which an article was edited."""
    body = f"<p>{escape('seaweed ' + HOSTILE)}</p><p>{escape(BIDI)} {escape(HUGE)}</p>"
    many = "".join(
        f'<link rel="alternate" type="application/rss+xml" href="/{number}?{escape(MARKUP[0])}">'
        for number in (1, 2)
    )
    services = replace(services, matcher=HostileMatcher())
    for slug in ("first", "second"):
        fetcher.put(FEED_URL, feed("article", f"{TITLE} {slug}"), "text/xml")
        fetcher.put(
            "https://news.example/article",
            f"<html><head><title>{escape(TITLE)}</title></head><body><article>"
            f"<h1>{escape(TITLE)} {slug}</h1>{body}<p>{slug} {'Some more text of it. ' * 20}</p>"
            "</article></body></html>",
        )
        polled = pipeline.poll_feeds(services, flat(pipeline.due_feeds(services)))
        pipeline.process_articles(services, polled.article_ids)
        services.clock.advance(days=2)  # type: ignore[attr-defined]
    pipeline.deliver(services, flat(pipeline.due_deliveries(services)))
    store = services.store
    store.reviews.decide([Decision(1, 0, Verdict.UNSURE, HOSTILE + BIDI)], MARKUP[0] + BIDI)
    store.filters.save(MARKUP[0] + BIDI, "?verdict=all")
    fetcher.put(SITE, f"<html><head>{many}</head></html>")
    telling = Telling(
        store, services.watches, {"list": ListChannel()}, "", services.clock, lambda: 0.0
    )
    app = make_app(
        store, services.watches, services.settings, services.clock,
        Finder(partial(find_feed, services)), telling=telling,
    )  # fmt: skip
    with BackgroundServer(app, "127.0.0.1", 0) as web:
        yield web.url


def test_a_feed_of_hostile_markup_is_text_everywhere(
    reader: Reader, hostile: str, tmp_path: Path
) -> None:
    visit = reader(url=hostile)
    pages = {
        "/?verdict=all": MARKUP[0],
        "/?verdict=all&view=flat&q=seaweed": MARKUP[0],
        "/matches/1?compare=2": MARKUP[7],
        "/matches/2": MARKUP[1],
        "/stories/1": MARKUP[0],
        "/feeds": MARKUP[0],
        "/feeds/1": MARKUP[0],
        "/overview": MARKUP[0],
        "/telling": "seaweed",
        "/watches": "Kelp",
        f"/?q={MARKUP[0]}": "No match fits",
        f"/?outlet={MARKUP[2]}&verdict=all": MARKUP[2],
        f"/?relation={MARKUP[0]}": MARKUP[0],
    }
    found = {}
    for address, text in pages.items():
        page = visit.open(address)
        found[address] = wrong_with(page, text)
    page = visit.open("/feeds")
    for address, text in ((f"{EVIL}:1/{MARKUP[0]}", MARKUP[0]), (SITE, MARKUP[0])):
        page.fill(".add input[name=url]", address)
        page.locator(".add button").click()
        page.wait_for_selector(".wrong, .choices")
        found[address] = wrong_with(page, text)
    report = urllib.request.urlopen(f"{hostile}/api/v1/exports/html?verdict=unsure").read()
    (tmp_path / "report.html").write_bytes(report)
    page = reader(url=tmp_path.as_uri()).open("/report.html")
    found["report"] = wrong_with(page, MARKUP[0], fits=False)
    wrong = {address: wrong for address, wrong in found.items() if wrong}
    assert not wrong, "\n".join(f"{at}: {one}" for at, many in wrong.items() for one in many)


def wrong_with(page: Page, text: str, *, fits: bool = True) -> list[str]:
    """What is not as it should be on a page that shows a text."""
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.locator("body").hover()
    return [
        *(() if text in page.locator("body").inner_text() else (f"{text} is not shown",)),
        *page.evaluate(WHAT_CAME_ALIVE),
        *page.evaluate(WHAT_TURNS_ROUND),
        *(what_does_not_fit(page) if fits else ()),
    ]
