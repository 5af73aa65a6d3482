"""axe-core finds nothing wrong with any page, in light and dark, wide and on a phone."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Reader
from tests.browser.site import MATCH, PAGES, VIEWS

ALL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page, what: dict[str, object]) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"], "runOnly": what}).response
    return [
        f"{one['id']}: {one['help']}: {node['html'][:160]} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"][:2]
    ]


def test_every_page_in_light_and_dark(reader: Reader) -> None:
    visit = reader("en", 1280, "light")
    found = {}
    for address in (*PAGES.values(), *VIEWS):
        page = visit.open(address)
        page.emulate_media(color_scheme="light")
        seen = violations(page, {"type": "tag", "values": ALL})
        page.emulate_media(color_scheme="dark")
        seen += violations(page, {"type": "rule", "values": ["color-contrast"]})
        if seen:
            found[address] = seen
    assert not found


def test_a_phone_in_another_language(reader: Reader) -> None:
    visit = reader("vi", 360, "dark")
    pages = {
        address: violations(visit.open(address), {"type": "tag", "values": ALL})
        for address in ("/", MATCH, "/feeds")
    }
    assert not {address: found for address, found in pages.items() if found}
