"""One query in many languages -> feeds that search engines answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from worker.domain import FeedConfig, QueryConfig
from worker.errors import ConfigError
from worker.feeds.engines import (
    BING_NEWS,
    BING_SETLANG,
    GDELT,
    GOOGLE_NEWS,
    QUERY_INTERVAL_S,
)
from worker.feeds.text import language_code
from worker.feeds.wrappers import unwrap

__all__ = ["ENGINES", "min_interval_s", "query_urls", "unwrap"]

# Documented: at most 250 records, a window of at most three months.
_GDELT_RECORDS: Final = 250
_GDELT_TIMESPAN: Final = "1week"
_QUOTES: Final = frozenset("\"'“”„«»「」")


def _google_news(terms: str, language: str) -> str:
    hl, gl, ceid = GOOGLE_NEWS[language]
    # The colon of ceid stays unescaped, as in the links that the site itself makes.
    query = urlencode({"q": terms, "hl": hl, "gl": gl}, quote_via=quote)
    return f"https://news.google.com/rss/search?{query}&ceid={ceid}"


def _bing_news(terms: str, language: str) -> str:
    market = BING_NEWS[language]
    setlang = BING_SETLANG.get(language, market.partition("-")[0])
    query = {"q": terms, "format": "rss", "mkt": market, "setlang": setlang}
    return "https://www.bing.com/news/search?" + urlencode(query, quote_via=quote)


def _gdelt(terms: str, language: str) -> str:
    query = {
        # Parentheses are only allowed, and then required, around alternatives.
        "query": f"{f'({terms})' if _needs_parentheses(terms) else terms} "
        f"sourcelang:{GDELT[language]}",
        "mode": "artlist",
        "format": "rss",
        "maxrecords": _GDELT_RECORDS,
        "timespan": _GDELT_TIMESPAN,
        "sort": "datedesc",
    }
    return "https://api.gdeltproject.org/api/v2/doc/doc?" + urlencode(query, quote_via=quote)


def _needs_parentheses(terms: str) -> bool:
    return " OR " in terms and not terms.startswith("(")


ENGINES: Final[Mapping[str, tuple[Callable[[str, str], str], Mapping[str, object]]]] = {
    "google-news": (_google_news, GOOGLE_NEWS),
    "bing-news": (_bing_news, BING_NEWS),
    "gdelt": (_gdelt, GDELT),
}


def query_urls(query: QueryConfig) -> list[FeedConfig]:
    """Return the feeds of a query, one a language.

    Args:
        query: its engine ("google-news", "bing-news" or "gdelt"), its terms in the engine's own
            syntax, and its languages (ISO 639-1, or with a region: "en-gb", "zh-tw").

    Raises:
        ConfigError: the engine is unknown, it does not serve a language, or there are no terms.
    """
    if query.engine not in ENGINES:
        known = ", ".join(ENGINES)
        raise ConfigError(f"query engine {query.engine!r}", f"unknown; the engines are {known}")
    make_url, served = ENGINES[query.engine]
    terms = " ".join(query.terms.split())
    where = f"query {query.engine} {terms[:60]!r}"
    if not terms.strip("".join(_QUOTES) + " "):
        raise ConfigError(where, "has no terms")
    if not query.languages:
        raise ConfigError(where, "has no languages")
    feeds: dict[str, FeedConfig] = {}
    for asked in query.languages:
        language = _served(asked, served)
        if language is None:
            names = ", ".join(sorted(served))
            raise ConfigError(
                where, f"{query.engine} has no news in {asked!r}; `languages` may be: {names}"
            )
        url = make_url(terms, language)
        title = f"{query.engine} {language}: {terms}"[:200]
        feeds.setdefault(url, FeedConfig(url, title, language_code(language)))
    return list(feeds.values())


def min_interval_s(url: str) -> float:
    """Return the shortest time between two polls of an address, in seconds; 0 for plain feeds."""
    return QUERY_INTERVAL_S.get((urlsplit(url).hostname or "").lower(), 0.0)


def _served(asked: str, served: Mapping[str, object]) -> str | None:
    """Return the engine's entry for a language: with its region if there is one, else without."""
    exact = asked.strip().lower().replace("_", "-")
    if exact in served:
        return exact
    code = language_code(exact)
    return code if code in served else None
