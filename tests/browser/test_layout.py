"""Every page fits, in each language, on a phone and on a wide screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute, Route

from tests.browser.conftest import PASSWORD, Reader
from tests.browser.site import NO_PAGES, PAGES, VIEWS, WATCHES
from worker.config import load_settings
from worker.locales import LANGUAGES
from worker.store.store import Store
from worker.web.app import make_app

WIDTHS = (320, 360, 1280)
"""CSS pixels; 320 is what WCAG 2.2 asks for (1.4.10 Reflow)."""
LONGEST = ("en", "fr")
"""What all views are looked at in: the original, and the language with the longest words."""
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  const told = (what, element) => `${what}: ${element.outerHTML.slice(0, 160)}`;
  const found = [];
  if (document.documentElement.scrollWidth > width) {
    for (const element of document.querySelectorAll("body *")) {
      if (element.getBoundingClientRect().right > width + 1) found.push(told("wide", element));
    }
  }
  for (const element of document.querySelectorAll("button, summary, label, nav a, th, dt")) {
    if (element.matches(".unseen, .unseen *") || !element.clientWidth) continue;
    if (element.scrollWidth > element.clientWidth + 1) found.push(told("cut", element));
  }
  return found.slice(0, 4);
}"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_is_wider_than_the_screen(reader: Reader, language: str) -> None:
    visit = reader(language)
    found = {}
    for address in (*PAGES.values(), *(VIEWS if language in LONGEST else ())):
        page = visit.open(address)
        assert page.locator("html").get_attribute("lang") == language
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            if wide := page.evaluate(TOO_WIDE):
                found[address, width] = wide
    assert not found


@pytest.mark.parametrize("language", ["vi", "id"])
def test_logging_in_and_choosing_a_language(
    reader: Reader, locked_site: str, language: str
) -> None:
    visit = reader("de", 360, url=locked_site)
    page = visit.open("/watches")
    page.locator(".languages summary").click()
    page.locator(f".languages button[value={language}]").click()
    assert page.locator("html").get_attribute("lang") == language
    assert not page.evaluate(TOO_WIDE)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/watches")
    assert page.locator("html").get_attribute("lang") == language
    page.locator("a[href='/logout']").click()
    assert not page.evaluate(TOO_WIDE)


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
