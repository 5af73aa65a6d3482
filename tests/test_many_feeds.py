"""Ten thousand feeds are scheduled as ten are; a second poll of everything stores nothing."""

from __future__ import annotations

import gzip
import itertools
import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.fakes import FakeClock, flat
from tests.fetch.conftest import LOOPBACK, RawServer, response
from tests.sites import Item, rss
from worker import pipeline
from worker.domain import FeedConfig, Outcome
from worker.fetch import AddressGuard, HttpFetcher
from worker.services import Services
from worker.store.store import Store

MANY = 10_000


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """The statements that the store sends meanwhile."""
    sent: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    engine = store.database._engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def many(store: Store) -> Store:
    store.feeds.sync({"kelp": [FeedConfig(f"https://{n}.example/rss") for n in range(MANY)]})
    return store


def test_a_tick_is_one_query_for_what_is_due_however_many_feeds_there_are(
    many: Store, clock: FakeClock
) -> None:
    with statements(many) as sent:
        batches = many.feeds.hint_due()
    selects = [statement for statement in sent if statement.lstrip().startswith("SELECT feed")]
    assert len(selects) == 1
    assert len(sent) <= 4  # ... two updates, and PostgreSQL's time
    # what a tick hands out is bounded; the next ones go on with the others
    assert sum(map(len, batches)) == 1_000
    seen = set(flat(batches))
    for _ in range(9):
        ids = flat(many.feeds.hint_due())
        assert len(ids) == 1_000
        assert not seen & set(ids)
        seen |= set(ids)
    assert many.feeds.hint_due() == []


def test_a_tick_without_anything_due_reads_no_feed(many: Store, clock: FakeClock) -> None:
    with many.database.write() as connection:
        connection.execute(sa.text("UPDATE feed SET due_at = '2100-01-01 00:00:00+00:00'"))
    with statements(many) as sent:
        assert many.feeds.hint_due() == []
    assert len(sent) <= 3


def test_its_memory_does_not_grow_with_the_number_of_feeds(
    sqlite_store: Store, clock: FakeClock
) -> None:
    def peak() -> int:
        tracemalloc.start()
        try:
            sqlite_store.feeds.hint_due(with_hinted=True)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    feeds = [FeedConfig(f"https://{n}.example/rss") for n in range(MANY)]
    sqlite_store.feeds.sync({"kelp": feeds[:2_000]})
    peak()  # what is made at the first use
    few = peak()
    sqlite_store.feeds.sync({"kelp": feeds})
    assert peak() < 1.2 * few


ATOM = (
    "<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><entry><id>urn:1</id><title>A</title>"
    "<link href='/atom-1'/></entry><entry><title>No id</title><link href='/atom-2'/></entry></feed>"
)
RDF = (
    "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
    "xmlns='http://purl.org/rss/1.0/'><channel><title>T</title></channel>"
    "<item><title>R</title><link>/rdf-1</link></item></rdf:RDF>"
)
BAD_IDS = rss(*(Item(f"bad-{n}", f"Bad {n}", guid="0") for n in range(5)))
BARE = "<rss><channel><title>T</title><item><title>Only a title</title></item></channel></rss>"
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "T",
        "items": [{"id": "1", "url": "https://a.test/json-1", "content_text": "x"}],
    }
)
NEWS = (
    "<urlset xmlns:n='n'><url><loc>https://a.test/map-1</loc><n:news><n:title>M</n:title></n:news>"
    "</url></urlset>"
)


def test_two_polls_of_everything_store_nothing_twice(
    services: Services, server: RawServer, clock: FakeClock, tmp_path: Path
) -> None:
    fetcher = HttpFetcher(AddressGuard(LOOPBACK), "0.1.0", "")
    real = replace(services, fetcher=fetcher)
    bodies = {
        "rss": rss(Item("a", "A"), Item("b", "B")).encode(),
        "again": rss(Item("a", "A"), Item("b", "B")).encode(),  # another feed with the same
        "atom": ATOM.encode(),
        "rdf": RDF.encode(),
        "json": JSON_FEED.encode(),
        "news": NEWS.encode(),
        "packed": gzip.compress(NEWS.replace("map-1", "map-2").encode()),
        "bad-ids": BAD_IDS.encode(),
        "bare": BARE.encode(),
        "broken": rss(Item("c", "C")).encode()[:-30],
        "latin": rss(Item("d", "Café")).replace("utf-8", "iso-8859-1").encode("latin-1"),
    }
    made = itertools.count()

    def body_of(name: str) -> bytes:
        # a feed that says when it was made is another body each time, with the same entries
        return bodies[name] + (b"" if name in ("packed", "json") else b"<!-- %d -->" % next(made))

    server.answers |= {
        f"/{name}": lambda connection, path: connection.sendall(response(body_of(path[1:])))
        for name in bodies
    }
    real.store.feeds.sync({"kelp": [FeedConfig(server.url(f"/{name}")) for name in bodies]})

    def poll() -> tuple[set[str], tuple[int, ...]]:
        real.store.feeds.poll_now()
        done = pipeline.poll_feeds(real, flat(pipeline.due_feeds(real, with_hinted=True)))
        with real.store.database.read() as connection:
            counts = tuple(
                connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
                for table in ("article", "sighting")
            )
        return set(done.outcomes), counts

    outcomes, first = poll()
    assert outcomes == {Outcome.OK}
    assert first == (16, 18)
    for _ in range(2):
        clock.advance(hours=7)
        outcomes, counts = poll()
        assert outcomes <= {Outcome.OK, Outcome.UNCHANGED}
        assert counts == first
    fetcher.close()
