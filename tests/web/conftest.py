"""The pages over a real, empty SQLite store, asked without a network."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from lxml import html
from starlette.testclient import TestClient

from tests.fakes import FakeClock
from tests.store.counting import check_counts
from tests.web.filling import KELP, OTHER, Found, fill
from worker.config import load_settings
from worker.store.store import Store
from worker.web.app import make_app

BASE = "http://127.0.0.1:8321"
Filler = Callable[..., list[int]]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated database to copy: migrations take longer than all that these tests do."""
    path = tmp_path_factory.mktemp("web") / "empty.db"
    store = Store(f"sqlite:///{path}")
    store.migrate()
    store.close()
    return path


@pytest.fixture
def sqlite_store(tmp_path: Path, clock: FakeClock, migrated: Path) -> Iterator[Store]:
    """An empty SQLite store of a test's own."""
    shutil.copy(migrated, tmp_path / "store.db")
    store = Store(f"sqlite:///{tmp_path / 'store.db'}", clock)
    yield store
    check_counts(store)
    store.close()


@pytest.fixture
def app(sqlite_store: Store, clock: FakeClock) -> FastAPI:
    return make_app(sqlite_store, (KELP, OTHER), load_settings(), clock)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(
        app, base_url=BASE, follow_redirects=False, raise_server_exceptions=False
    ) as client:
        yield client


@pytest.fixture
def filled(sqlite_store: Store, clock: FakeClock) -> Filler:
    """Fills the store; may be called again, later ones are newer."""

    def fill_more(*articles: Found) -> list[int]:
        clock.advance(hours=1)
        return fill(sqlite_store, clock, *articles)

    return fill_more


@pytest.fixture
def see(client: TestClient) -> Callable[..., html.HtmlElement]:
    """Opens a page and parses it."""

    def open_page(address: str, status: int = 200) -> html.HtmlElement:
        answer = client.get(address)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        return html.document_fromstring(answer.text)

    return open_page
