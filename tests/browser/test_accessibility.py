"""Every page fits, in each language, on a phone and wide, and axe-core finds nothing wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page
from starlette.routing import BaseRoute, Route

from tests.browser.conftest import PASSWORD, Reader
from tests.browser.looking import violations, what_does_not_fit
from tests.browser.site import DEEDS, NO_PAGES, PAGES, VIEWS, WATCHES
from worker.config import load_settings
from worker.locales import LANGUAGES
from worker.store.store import Store
from worker.web.app import make_app

LONGEST = ("en", "fr")
"""What all views are looked at in: the original, and the language with the longest words."""
UNFOLD = "for (const one of document.querySelectorAll('main details')) one.open = true"


def looked_at(page: Page, language: str) -> list[str]:
    """What is wrong with a page; the rules of axe-core hold in one language as in another."""
    assert page.locator("html").get_attribute("lang") == language
    return what_does_not_fit(page) + (violations(page) if language == "en" else [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page(reader: Reader, language: str) -> None:
    visit = reader(language)
    found = {}
    for address in (*PAGES.values(), *(VIEWS if language in LONGEST else ())):
        page = visit.open(address)
        page.evaluate(UNFOLD)
        found[address] = looked_at(page, language)
    wrong = {address: wrong for address, wrong in found.items() if wrong}
    assert not wrong, "\n".join(f"{at}: {one}" for at, many in wrong.items() for one in many)


@pytest.mark.parametrize("language", LONGEST)
def test_what_a_reader_does_to_a_page(reader: Reader, language: str) -> None:
    visit = reader(language)
    found = {}
    for act, address in DEEDS.items():
        page = visit.open(address)
        act(page)
        found[act] = looked_at(page, language)
    assert not {act.__name__: wrong for act, wrong in found.items() if wrong}


def test_logging_in_where_nothing_is_found_yet(reader: Reader, empty_site: str) -> None:
    visit = reader("de", url=empty_site)
    page = visit.open("/watches")
    found = [looked_at(page, "en")]
    page.locator(".languages summary").click()
    page.locator(".languages button[value=vi]").click()
    page.fill("#password", "no")
    page.keyboard.press("Enter")
    page.wait_for_selector(".wrong")
    found.append(looked_at(page, "vi") + violations(page))
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/watches")
    for address in ("/", "/overview", "/feeds", "/watches", "/telling", "/logout"):
        page = visit.open(address)
        found.append(looked_at(page, "vi") + violations(page))
    assert not [wrong for wrong in found if wrong]


def addresses(routes: Iterable[BaseRoute]) -> Iterator[str]:
    """The paths that answer to GET and are not of the API."""
    for route in routes:
        if isinstance(route, Route) and not route.include_in_schema and "GET" in route.methods:
            yield route.path
        # FastAPI keeps the routers that it includes
        yield from addresses(getattr(getattr(route, "original_router", None), "routes", ()))


def test_every_page_of_the_application_is_looked_at(tmp_path: Path) -> None:
    app: FastAPI = make_app(Store(f"sqlite:///{tmp_path}/store.db"), WATCHES, load_settings())
    assert set(addresses(app.routes)) == set(PAGES) | NO_PAGES


def test_a_week_of_silence_is_seen_at_once_on_a_phone(reader: Reader) -> None:
    page = reader(width=390).open("/silence?days=7")
    days = page.locator(".silence thead th")
    last, grid = days.last.bounding_box(), page.locator(".scroll").bounding_box()
    assert days.count() == 8
    assert last is not None
    assert grid is not None
    assert last["x"] + last["width"] <= grid["x"] + grid["width"] + 1
