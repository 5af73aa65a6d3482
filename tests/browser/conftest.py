"""The pages in a real, headless Chromium: one browser and one filled store for all these tests.

The browser is Debian's (or another that is installed); playwright's own is never downloaded.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from tests.browser.site import CHOICES, WATCHES, fill_store
from tests.fakes import FakeClock
from tests.web.conftest import migrated
from worker.adding import FoundFeed
from worker.config import load_settings
from worker.domain import Outcome
from worker.store.store import Store
from worker.web.access import hash_password
from worker.web.app import make_app
from worker.web.finder import Finder
from worker.web.server import BackgroundServer

PASSWORD = "kelp in october"
__all__ = ["migrated"]
NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Visited:
    """Pages that are served, and what they show."""

    url: str
    store: Store


@dataclass
class Visit:
    """A browser of one reader, and all that went wrong in it.

    Attributes:
        faults: errors of scripts, what the Content-Security-Policy refused, dialogs, and requests
            to other hosts.
    """

    page: Page
    url: str
    faults: list[str] = field(default_factory=list)

    def open(self, address: str) -> Page:
        """Go to an address of the site."""
        self.page.goto(self.url + address)
        return self.page

    def watch(self) -> None:
        """Note whatever goes wrong from now on."""
        page = self.page
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("dialog", lambda dialog: self.faults.append(f"dialog: {dialog.message}"))
        page.on("request", self._note)
        page.on(
            "console",
            lambda said: (
                self.faults.append(f"console: {said.text}")
                if said.type == "error" and "Failed to load resource" not in said.text
                else None
            ),
        )

    def _note(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.url).netloc:
            self.faults.append(f"request: {request.url}")


Reader = Callable[..., Visit]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser; where there is none the tests are skipped, but not in CI."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium: CI must look at the pages in a real browser")
        pytest.skip("no Chromium is installed to look at the pages with")
    with sync_playwright() as playwright:
        # no sandbox: it does not work for root, who CI is, and all pages are our own
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass(frozen=True)
class Filled:
    """A filled store's file, to be copied, and the time at which it was filled."""

    path: Path
    clock: FakeClock


@pytest.fixture(scope="package")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """One store for all: filling it takes longer than most tests."""
    made = Filled(tmp_path_factory.mktemp("filled") / "store.db", FakeClock())
    fill_store(made.path, made.clock)
    return made


def find(url: str) -> FoundFeed:
    """Several feeds of one site, whatever address is asked."""
    return FoundFeed(url, Outcome.OK, choices=CHOICES)


@contextmanager
def serving(
    path: Path, clock: Callable[[], datetime], folder: Path, **settings: str
) -> Iterator[Visited]:
    """Serve the pages over a copy of a store."""
    shutil.copy(path, folder / "store.db")
    store = Store(f"sqlite:///{folder / 'store.db'}", clock)
    app = make_app(store, WATCHES, load_settings(**settings), clock, Finder(find))
    with BackgroundServer(app, "127.0.0.1", 0) as web:
        yield Visited(web.url, store)
    store.close()


@pytest.fixture(scope="package")
def site(filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The pages' address; no test changes what they show."""
    with serving(filled.path, filled.clock, tmp_path_factory.mktemp("site")) as visited:
        yield visited.url


@pytest.fixture(scope="package")
def empty_site(
    filled: Filled, migrated: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of pages that ask for PASSWORD, and then have nothing to show."""
    folder = tmp_path_factory.mktemp("empty")
    hashed = hash_password(PASSWORD)
    with serving(migrated, filled.clock, folder, web_password_hash=hashed) as visited:
        yield visited.url


@pytest.fixture
def own_site(filled: Filled, tmp_path: Path) -> Iterator[Visited]:
    """Pages of a test's own, whose verdicts it may change."""
    with serving(filled.path, filled.clock, tmp_path) as visited:
        yield visited


@pytest.fixture
def reader(chromium: Browser, site: str) -> Iterator[Reader]:
    """Opens a browser for a reader; whatever went wrong in one fails the test."""
    visits: list[Visit] = []
    contexts: list[BrowserContext] = []

    def open_browser(
        language: str = "en", width: int = 1280, scheme: str = "light", url: str = site
    ) -> Visit:
        context = chromium.new_context(
            locale=language,
            color_scheme=scheme,
            viewport={"width": width, "height": 800},
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(60_000)
        visits.append(Visit(context.new_page(), url))
        visits[-1].watch()
        return visits[-1]

    yield open_browser
    for context in contexts:
        context.close()
    assert not [fault for visit in visits for fault in visit.faults]
