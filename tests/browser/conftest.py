"""The pages in a real, headless Chromium: one browser and one filled store for all these tests.

The browser is Debian's (or another that is installed); playwright's own is never downloaded.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from tests.browser.site import WATCHES, fill_store
from tests.fakes import FakeClock
from worker.config import load_settings
from worker.web.access import hash_password
from worker.web.app import make_app
from worker.web.server import BackgroundServer

PASSWORD = "kelp in october"
NAMES = ("chromium", "chromium-browser", "google-chrome")


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


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The pages' address."""
    clock = FakeClock()
    store = fill_store(tmp_path_factory.mktemp("site") / "store.db", clock)
    with BackgroundServer(make_app(store, WATCHES, load_settings(), clock), "127.0.0.1", 0) as web:
        yield web.url
    store.close()


@pytest.fixture(scope="package")
def locked_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of pages that ask for PASSWORD."""
    store = fill_store(tmp_path_factory.mktemp("locked") / "store.db", FakeClock())
    settings = load_settings(web_password_hash=hash_password(PASSWORD))
    with BackgroundServer(make_app(store, WATCHES, settings), "127.0.0.1", 0) as web:
        yield web.url
    store.close()


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
        context.set_default_timeout(15_000)
        visits.append(Visit(context.new_page(), url))
        visits[-1].watch()
        return visits[-1]

    yield open_browser
    for context in contexts:
        context.close()
    assert not [fault for visit in visits for fault in visit.faults]
