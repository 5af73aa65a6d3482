"""What a hostile feed holds gives the same readable rows on both databases, however often."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import FEED_URL
from tests.fakes import FakeClock, FakeFetcher, flat
from tests.sites import KELP, page
from worker import pipeline
from worker.domain import FeedConfig, Fetched
from worker.notify.exports import FORMATS
from worker.records import MatchFilter
from worker.services import Services
from worker.store.schema import metadata
from worker.store.store import Store

SITE = "https://news.example"
LONG = "é" * 10_000
DATES = (
    "0000-00-00",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "2999-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "-1",
    "Sun, 31 Feb 2026 25:61:61 +9900",
)
ITEMS = {
    "nul": "<title>nul \0 here</title><link>{site}/nul\0x</link><guid>nul\0</guid>",
    "c0": "<title>\x01\x08\x0b\x1f bell</title><link>{site}/c0</link><guid>\x02</guid>",
    "surrogate": "<title>lone &#xD800; and &#xDFFF;</title><link>{site}/s</link><guid>&#xD83D;"
    "</guid>",
    "beyond": "<title>&#x110000; &#xFFFE; &#x1F30A;</title><link>{site}/b</link><guid>b</guid>",
    "long id": "<title>long id</title><link>{site}/long-id</link><guid>" + LONG + "</guid>",
    "long id 2": "<title>another</title><link>{site}/long-id-2</link><guid>" + LONG + "2</guid>",
    "long title": "<title>" + LONG + "</title><link>{site}/long-title</link><guid>t</guid>",
    "long link": "<title>long link</title><link>{site}/" + "x" * 10_000 + "</link><guid>l</guid>",
    "no id": "<title>no id and no link</title>",
    "author": "<title>author</title><link>{site}/a</link><author>" + LONG[:400] + "</author>",
    "script": "<title>&lt;script&gt;alert(1)&lt;/script&gt;</title><link>javascript:1</link>",
    **{
        f"date {number}": f"<title>date {number}</title><link>{{site}}/date-{number}</link>"
        f"<pubDate>{date}</pubDate>"
        for number, date in enumerate(DATES)
    },
}


both_at_once = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@pytest.fixture
def both(
    services: Services, fetcher: FakeFetcher, postgres_url: str
) -> Iterator[tuple[Services, Services]]:
    """The same pipeline on both databases, pages one after the other so that ids are the same."""
    settings = services.settings.model_copy(update={"fetch_concurrency": 1})
    services = replace(services, settings=settings)
    items = "".join(f"<item>{text}</item>".replace("{site}", SITE) for text in ITEMS.values())
    feed = f"<rss version='2.0'><channel><title>P\0 &#xD800;</title>{items}</channel></rss>"
    fetcher.put(FEED_URL, feed, "text/xml")
    for path in ("nul", "c0", "s", "long-id"):
        fetcher.put(f"{SITE}/{path}", page("x", *KELP, "\0 \x07 &#xD800; &#0; " + LONG))
    other = Store(postgres_url)
    other.database.now = lambda _connection: services.clock()  # type: ignore[method-assign]
    other.migrate()
    other.feeds.sync({"kelp": [FeedConfig(FEED_URL)]})
    yield services, replace(services, store=other)
    other.close()


def rows_of(store: Store) -> dict[str, list[dict[str, Any]]]:
    """All that is stored, but for what is drawn by lot or measured with a clock."""
    with store.database.read() as connection:
        return {
            table.name: sorted(
                (
                    {name: value for name, value in row.items() if name not in ("token", "act")}
                    for row in connection.execute(sa.select(table)).mappings()
                    if not str(row.get("name", "")).startswith("seconds_")
                ),
                key=repr,
            )
            for table in metadata.sorted_tables
        }


def run(services: Services) -> int:
    services.store.feeds.poll_now()
    polled = pipeline.poll_feeds(services, flat(pipeline.due_feeds(services)))
    assert polled.outcomes == {"ok": 1}
    pipeline.process_articles(services, polled.article_ids)
    return len(polled.article_ids)


@both_at_once
def test_a_poisoned_feed_gives_the_same_rows_on_both_databases_however_often(
    both: tuple[Services, Services], fetcher: FakeFetcher, clock: FakeClock
) -> None:
    counts = [run(services) for services in both]
    assert counts[0] == counts[1] >= len(ITEMS) - 1
    sqlite, postgres = (rows_of(services.store) for services in both)
    assert sqlite == postgres
    feed = fetcher.pages[FEED_URL]
    assert isinstance(feed, Fetched)
    fetcher.put(FEED_URL, feed.body + b" ", "text/xml")  # not the very same bytes
    for services, before in zip(both, (sqlite, postgres), strict=True):
        clock.advance(hours=1)
        assert run(services) == 0
        assert rows_of(services.store)["article"] == before["article"]


@both_at_once
def test_what_came_of_it_can_be_read_through_every_door(both: tuple[Services, Services]) -> None:
    told = []
    for services in both:
        run(services)
        for article in rows_of(services.store)["article"]:
            date = article["published_at"]
            assert date is None or 1970 <= date.year <= 2027, article
            assert len(article["entry_title"]) <= 1_000
            assert len(article["url"] or "") <= 2_048
            assert not {"\0", "\ud800", "\x08"} & set(article["entry_title"] + article["text"])
        rows = list(services.store.matches.rows(MatchFilter()))
        assert rows
        written = {}
        for name, format_ in FORMATS.items():
            out = io.BytesIO()
            assert format_.write(iter(rows), out) == len(rows)
            written[name] = out.getvalue()
        told.append([json.loads(line) for line in written["jsonl"].splitlines()])
    assert told[0] == told[1]
