"""Reviewing by the keyboard alone, in a real browser."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Reader, Visited
from worker.domain import Verdict
from worker.records import MatchFilter
from worker.store.store import Store


def left(store: Store) -> int:
    return len(list(store.matches.rows(MatchFilter(unreviewed=True))))


def test_an_inbox_is_reviewed_by_the_keyboard_alone(reader: Reader, own_site: Visited) -> None:
    store = own_site.store
    page = reader("vi", url=own_site.url).open("/")
    for number in range(left(store), 0, -1):
        assert left(store) == number
        page.keyboard.press("j")
        with page.expect_navigation():
            page.keyboard.press("r" if number % 2 else "i")
    assert left(store) == 0
    assert page.locator(".empty").count() == 1
    with page.expect_navigation():
        page.keyboard.press("z")
    assert left(store) == 1


def test_a_match_is_opened_noted_and_decided(reader: Reader, own_site: Visited) -> None:
    page = reader("id", url=own_site.url).open("/?language=fr")
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.keyboard.press("n")
    page.keyboard.type("juru bicara, r dan i")
    page.keyboard.press("Escape")
    with page.expect_navigation():
        page.keyboard.press("u")
    (row,) = own_site.store.matches.rows(MatchFilter(language="fr"))
    assert (row.verdict, row.note) == (Verdict.UNSURE, "juru bicara, r dan i")


def test_the_list_of_keys_and_the_search(reader: Reader, own_site: Visited) -> None:
    page = reader("fr", url=own_site.url).open("/")
    page.keyboard.press("?")
    assert page.locator("dialog[open]").inner_text().startswith("Raccourcis")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("z")
    expect(page.locator("#said")).to_have_text("Il n’y a rien à retirer.")
    page.keyboard.press("/")
    page.keyboard.type("Kilifi")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "q=Kilifi" in page.url


def test_keys_can_be_turned_off(reader: Reader, own_site: Visited) -> None:
    page = reader(url=own_site.url).open("/")
    before = left(own_site.store)
    page.keyboard.press("?")
    page.locator("#use-keys").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    for key in "jrz":
        page.keyboard.press(key)
    assert page.locator("#said").text_content() == ""
    assert left(own_site.store) == before
