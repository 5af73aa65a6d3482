"""One store test runs on both databases; a missing server skips locally and fails in CI."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.demo import DemoPass, run_demo
from tests.fakes import (
    EnglishDetector,
    FakeClock,
    FakeFetcher,
    InThisProcess,
    ListChannel,
    NoLimiter,
    WordMatcher,
)
from tests.fetch.conftest import RawServer
from tests.store.counting import check_counts
from tests.store.guards import guard_states
from worker.config import Settings
from worker.domain import ChannelConfig, FeedConfig, Seed, Watch
from worker.services import Services
from worker.store.store import Store

FEED_URL = "https://news.example/rss"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the developer's settings, nor writes into the checkout."""
    for name in list(os.environ):
        if name.startswith("SEEDWATCH_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def _server_url(name: str, what: str) -> str:
    url = os.environ.get(name)
    if url:
        return url
    if os.environ.get("CI"):
        pytest.fail(f"{name} is not set: CI must run the tests on {what}")
    pytest.skip(f"{name} is not set: no {what} to test on")


@pytest.fixture
def redis_url() -> str:
    """A real Redis."""
    return _server_url("TEST_REDIS_URL", "Redis")


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A fresh schema in a real PostgreSQL."""
    url = _server_url("TEST_POSTGRES_URL", "PostgreSQL")
    url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    schema = f"test_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    yield f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{schema}"
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Both databases, one after the other."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def server() -> Iterator[RawServer]:
    """A server on loopback that sends the very bytes that a test hands it."""
    raw = RawServer()
    yield raw
    raw.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(store_url: str, clock: FakeClock) -> Iterator[Store]:
    """An empty, migrated store whose time is the test's clock."""
    store = Store(store_url, clock)
    store.database.now = lambda _connection: clock()  # type: ignore[method-assign]
    store.migrate()
    guard_states(store)
    yield store
    check_counts(store)
    store.close()


@pytest.fixture
def sqlite_store(tmp_path: Path, clock: FakeClock) -> Iterator[Store]:
    """An empty SQLite store, for tests to which the database does not matter."""
    store = Store(f"sqlite:///{tmp_path / 'store.db'}", clock)
    store.migrate()
    guard_states(store)
    yield store
    check_counts(store)
    store.close()


@pytest.fixture(scope="session")
def demo_pass(tmp_path_factory: pytest.TempPathFactory) -> DemoPass:
    """The demo's first pass; nobody may change its store, but who wants to may copy it."""
    return run_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def fetcher() -> FakeFetcher:
    return FakeFetcher()


@pytest.fixture
def channel() -> ListChannel:
    return ListChannel()


@pytest.fixture
def services(
    store: Store, clock: FakeClock, fetcher: FakeFetcher, channel: ListChannel, tmp_path: Path
) -> Services:
    """A pipeline over a real store, with the edges faked and one feed due."""
    watch = Watch(
        name="kelp",
        title="Kelp",
        seeds=(Seed("seed.txt", "", "seaweed is farmed", "en"),),
        feeds=(FeedConfig(FEED_URL),),
        channels=(ChannelConfig("list"),),
    )
    store.feeds.sync({"kelp": watch.feeds})
    return Services(
        name="test:1",
        settings=Settings(data_dir=tmp_path),
        watches=(watch,),
        store=store,
        fetcher=fetcher,
        limiter=NoLimiter(),
        isolation=InThisProcess(),
        detector=EnglishDetector(),
        matcher=WordMatcher(),
        senders={"list": channel},
        clock=clock,
        jitter=lambda: 0.5,
    )
