"""A page that is open says that matches have come in; the browser may listen, and does."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Reader, Visited
from tests.fakes import FakeClock
from tests.web.filling import Found, fill


def test_new_matches_are_announced_and_shown(reader: Reader, own_site: Visited) -> None:
    visit = reader("en", url=own_site.url)
    page = visit.open("/")
    region = page.locator("#live")
    assert region.get_attribute("aria-live") == "polite"
    expect(region).to_be_empty()
    fill(own_site.store, FakeClock(), Found("Kelp came in just now"))
    link = region.get_by_role("link", name="1 new match: show")
    expect(link).to_be_visible(timeout=20_000)
    link.click()
    expect(page.get_by_role("link", name="Kelp came in just now")).to_be_visible()
    expect(region).to_be_empty()
    assert not visit.faults
