"""What a page says of itself: JSON-LD, OpenGraph and other meta tags, `<time>`, `<html lang>`.

A light reader instead of trafilatura's own (a tenth of its time); htmldate only where no
machine-readable date is given. Everything read is untrusted: lengths are capped, nesting is
walked a few levels deep only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from urllib.parse import urljoin

from htmldate import find_date
from lxml.html import HtmlElement

from worker.errors import ParseError
from worker.extract.dates import EARLIEST, FUTURE_TOLERANCE, from_day, parse_date
from worker.extract.defences import LIBRARY_ERRORS, one_line
from worker.extract.json_ld import read_objects, strings_of
from worker.extract.urls import clean_url, is_plausible_canonical

MAX_TITLE = 1_000
MAX_NAME = 200
_DATE_KEYS = ("datePublished", "dateCreated", "uploadDate")
_DATE_METAS = (
    "article:published_time",
    "og:article:published_time",
    "og:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "article.published",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "published-date",
    "publication_date",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dc.date",
    "dcterms.date",
    "ptime",
    "date",
)
_TITLE_METAS = ("og:title", "twitter:title", "dc.title", "parsely-title")
_AUTHOR_METAS = (
    "author",
    "article:author",
    "parsely-author",
    "dc.creator",
    "byl",
    "sailthru.author",
)
_SITE_METAS = ("og:site_name", "application-name", "twitter:site", "publisher")
_DESCRIPTION_METAS = ("og:description", "description", "twitter:description")
_LANGUAGE_METAS = ("content-language", "dc.language", "language", "og:locale")
_RENAMED = {"iw": "he", "in": "id", "ji": "yi", "nb": "no", "nn": "no", "mo": "ro", "tl": "tl"}
_THREE_LETTERS = {
    "fil": "tl",
    "ind": "id",
    "vie": "vi",
    "eng": "en",
    "fra": "fr",
    "deu": "de",
    "ckb": "ku",
}
_NO_PERSON = re.compile(r"https?://|^@?\W*$", re.IGNORECASE)
_TITLE_SEPARATOR = re.compile(r"\s+[|\-–—·•»:]+\s+|\s*[|｜»]\s*|\s*_\s+")
_STATING = ("base", "link", "meta", "script", "time")


@dataclass(frozen=True, slots=True)
class PageMetadata:
    """What the page says of itself, cleaned; None where it says nothing usable.

    Attributes:
        description: what the article is about; empty if the page does not say.
        body: the article's text, if JSON-LD holds it.
    """

    title: str
    language: str | None
    published_at: datetime | None
    author: str | None
    site: str | None
    canonical_url: str | None
    description: str
    body: str


def language_code(raw: str | None) -> str | None:
    """Return a declared language ("pt-BR", "zh_Hant", "in") as ISO 639-1, or None."""
    found = re.match(r"\s*([A-Za-z]{2,3})(?![A-Za-z])", raw or "")
    if not found:
        return None
    code = found[1].lower()
    code = _RENAMED.get(code, _THREE_LETTERS.get(code, code))
    return code if len(code) == 2 and code not in ("xx", "un", "zz") else None


class _Page:
    """The page's statements, gathered in one walk over the elements that make them."""

    def __init__(self, tree: HtmlElement) -> None:
        self.tree = tree
        found: dict[str, list[HtmlElement]] = {name: [] for name in _STATING}
        for element in tree.iter(*_STATING):
            found[str(element.tag)].append(element)
        self.bases, self.links, self.times = found["base"], found["link"], found["time"]
        self.objects = list(read_objects(found["script"]))
        self.metas: dict[str, list[str]] = {}
        for meta in found["meta"]:
            name = meta.get("property") or meta.get("name") or meta.get("itemprop")
            name = name or meta.get("http-equiv")
            content = meta.get("content")
            if name and content and content.strip():
                self.metas.setdefault(name.strip().lower()[:80], []).append(content[:5_000])

    def meta(self, *names: str) -> Iterator[str]:
        """Yield the contents of meta tags, in the order of the names."""
        for name in names:
            yield from self.metas.get(name, ())

    def linked(self, *keys: str, inner: str = "name") -> Iterator[str]:
        """Yield the strings that JSON-LD has under the keys, in the order of the keys."""
        for key in keys:
            for node in self.objects:
                if key in node:
                    yield from strings_of(node[key], inner)

    def texts(self, xpath: str) -> Iterator[str]:
        """Yield the text of elements, at most 20."""
        for element in self.tree.xpath(xpath)[:20]:
            text = "".join(element.itertext()) if hasattr(element, "itertext") else str(element)
            if text.strip():
                yield text

    def moments(self, *within: str) -> Iterator[str]:
        """Yield what `<time>` says that has a `pubdate` or is within elements, at most 20."""
        said = (
            time.get("datetime")
            for time in self.times
            if time.get("pubdate") is not None
            or next(time.iterancestors(*within), None) is not None
        )
        return islice(filter(None, said), 20)


def read_metadata(
    tree: HtmlElement, *, url: str | None, now: datetime, is_dated: bool = False
) -> PageMetadata:
    """Read what a page says of itself.

    Args:
        tree: the parsed page; not changed.
        url: where the page came from, after redirects, if known.
        now: aware; dates later than two days after it are dropped.
        is_dated: the page's words need not be searched for a date.

    Returns:
        What was found. A canonical URL is kept only where it is plausible for `url`.
    """
    page = _Page(tree)
    site = _first(page.meta("og:site_name"), page.linked("publisher"), page.meta(*_SITE_METAS))
    return PageMetadata(
        title=_title(page, site),
        language=_language(page),
        published_at=_published_at(page, url, now, is_dated),
        author=_author(page),
        site=site or None,
        canonical_url=_canonical(page, url),
        description=_first(page.meta(*_DESCRIPTION_METAS), cap=MAX_TITLE),
        body=max(page.linked("articleBody", inner="@value"), key=len, default=""),
    )


def _first(*sources: Iterator[str], cap: int = MAX_NAME) -> str:
    for source in sources:
        for raw in source:
            if line := one_line(raw, cap).lstrip("@"):
                return line
    return ""


def _title(page: _Page, site: str) -> str:
    title = _first(
        page.meta("og:title"),
        page.linked("headline"),
        page.meta(*_TITLE_METAS),
        page.texts("//article//h1 | //main//h1"),
        page.texts("//h1"),
        page.texts("//head/title"),
        page.texts("//title"),
        cap=MAX_TITLE,
    )
    return _without_site(title, site)


def _without_site(title: str, site: str) -> str:
    """Cut the outlet's name off the end or the start of a title."""
    if not site:
        return title
    pieces = list(_TITLE_SEPARATOR.finditer(title))
    if pieces and _same_name(title[pieces[-1].end() :], site):
        return title[: pieces[-1].start()].strip() or title
    if pieces and _same_name(title[: pieces[0].start()], site):
        return title[pieces[0].end() :].strip() or title
    return title


def _same_name(left: str, right: str) -> bool:
    return re.sub(r"\W+", "", left.casefold()) == re.sub(r"\W+", "", right.casefold())


def _language(page: _Page) -> str | None:
    html = page.tree.getroottree().getroot()
    said = [
        html.get("lang"),
        html.get("xml:lang"),
        *page.linked("inLanguage", inner="alternateName"),
    ]
    said += page.meta(*_LANGUAGE_METAS)
    return next((code for raw in said if (code := language_code(raw))), None)


def _author(page: _Page) -> str | None:
    names: dict[str, None] = {}
    sources = [page.linked("author"), page.meta(*_AUTHOR_METAS)]
    sources.append(page.texts("//@rel[.='author']/.. | //@itemprop[.='author']/.."))
    for source in sources:
        for raw in source:
            name = one_line(raw, MAX_NAME)
            if name and not _NO_PERSON.search(name):
                names.setdefault(name)
        if names:
            return one_line(", ".join(names), MAX_NAME)
    return None


def _published_at(page: _Page, url: str | None, now: datetime, is_dated: bool) -> datetime | None:
    said = chain(
        page.linked(*_DATE_KEYS, inner="@value"),
        page.meta(*_DATE_METAS),
        page.texts("//@itemprop[.='datePublished']/../@datetime"),
        page.moments("article", "main"),
        page.moments("header"),
    )
    for raw in said:
        if moment := parse_date(raw, now):
            return moment
    if is_dated:
        return None
    try:
        day = find_date(
            page.tree,
            original_date=True,
            url=url,
            min_date=EARLIEST.replace(tzinfo=None),
            max_date=(now + FUTURE_TOLERANCE).replace(tzinfo=None),
        )
    except LIBRARY_ERRORS:
        return None
    if not day or day.endswith("-01-01"):
        return None  # a bare year in the running text ("since 1998") comes out as its first day
    return from_day(day, now)


def _canonical(page: _Page, url: str | None) -> str | None:
    base = next((href for one in page.bases if (href := one.get("href", "").strip())), None)
    said = chain(
        (
            href
            for link in page.links
            if "canonical" in link.get("rel", "").lower().split() and (href := link.get("href"))
        ),
        page.meta("og:url"),
        page.linked("mainEntityOfPage", "url", inner="@id"),
    )
    for raw in islice(said, 10):
        try:
            absolute = urljoin(urljoin(url or "", base or ""), raw.strip())
            canonical = clean_url(absolute)
        except (ParseError, ValueError):
            continue
        if url is None or is_plausible_canonical(url, canonical):
            return canonical
    return None
