"""Hostile servers cost one feed or page one outcome; what is polled beside them is stored.

Everything is as in production here: sockets, limits, the parsers' processes that are killed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes import flat
from tests.fetch.conftest import LOOPBACK, RawServer, response
from tests.hostile import ANSWERS, MARKUP, PAGES
from tests.sites import KELP, TRAM, Item, page, rss
from worker import pipeline
from worker.domain import FeedConfig, Outcome
from worker.fetch import AddressGuard, HttpFetcher, Limits
from worker.isolation import Isolation
from worker.services import Services

GOOD = {Outcome.OK, Outcome.EMPTY, Outcome.TOO_COMPLEX, Outcome.NOT_A_FEED}


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """One database is enough here: no answer gets as far as that."""
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def real(services: Services) -> Iterator[Services]:
    fetcher = HttpFetcher(AddressGuard(LOOPBACK), "0.1.0", "", limits=Limits(total_s=2.0))
    isolation = Isolation()
    yield replace(services, fetcher=fetcher, isolation=isolation)
    isolation.close()
    fetcher.close()


def serve(services: Services, server: RawServer, answers: dict[str, object]) -> dict[str, str]:
    """Poll all of them in one batch, a good one last; how each ended, by name."""
    good = rss(Item("kelp", "Kelp"), site=server.url(""))
    names = {f"/{number}": name for number, name in enumerate(answers)}
    server.answers |= {path: answers[name] for path, name in names.items()}  # type: ignore[misc]
    server.answers["/good"] = response(good.encode(), content_type="text/xml")
    services.store.feeds.sync(
        {"kelp": [FeedConfig(server.url(path)) for path in (*names, "/good")]}
    )
    pipeline.poll_feeds(services, flat(pipeline.due_feeds(services)))
    rows = {row.url.removeprefix(server.url("")): row for row in services.store.feeds.rows()}
    assert (rows["/good"].last_outcome, rows["/good"].entries) == (Outcome.OK, 1)
    return {name: rows[path].last_outcome or "" for path, name in names.items()}


def test_answers(real: Services, server: RawServer) -> None:
    ended = serve(real, server, {name: answer for name, (answer, _) in ANSWERS.items()})
    assert {
        name: outcome for name, outcome in ended.items() if outcome not in ANSWERS[name][1]
    } == {}


def test_bodies_of_feeds(real: Services, server: RawServer) -> None:
    ended = serve(real, server, dict(MARKUP))
    assert {name: outcome for name, outcome in ended.items() if outcome not in GOOD} == {}


def test_pages(real: Services, server: RawServer) -> None:
    items = [Item(name, f"About {name}", "More seaweed.") for name in PAGES]
    site = server.url("")
    feed = rss(*items, Item("good", "Nine trams"), site=site)
    server.answers["/rss"] = response(feed.encode())
    server.answers["/good"] = response(page("Nine trams", *TRAM).encode())
    for name, before in PAGES.items():
        body = page(f"About {name}", *KELP).replace("<article>", before + "<article>")
        server.answers[f"/{name}"] = response(body.encode(), content_type="text/html")
    real.store.feeds.sync({"kelp": [FeedConfig(server.url("/rss"))]})
    ids = pipeline.poll_feeds(real, flat(pipeline.due_feeds(real))).article_ids
    done = pipeline.process_articles(real, ids)
    assert done.outcomes == {Outcome.MATCHED: len(PAGES), Outcome.UNRELATED: 1}
    with real.store.database.read() as connection:
        told = connection.exec_driver_sql(
            "SELECT entry_title, text_source, fetch_outcome FROM article"
        )
        sources = {row[0].removeprefix("About "): (row[1], row[2]) for row in told}
    assert sources.pop("Nine trams") == ("page", Outcome.OK)
    # refused pages keep the feed's text; the author's pattern is cut out of the last one
    assert sources.pop("JSON-LD") == ("page", Outcome.OK)
    assert set(sources.values()) == {("feed", Outcome.TOO_COMPLEX)}
