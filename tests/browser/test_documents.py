"""The press review: taken from the inbox as a reader takes it, opened in the browser as a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Reader
from tests.browser.looking import violations
from worker.locales import LANGUAGES, speaking
from worker.locales import gettext as said


def taken(page: Page, language: str, folder: Path) -> Path:
    """The file that the inbox hands out, of everything."""
    with speaking(language):
        name = said("Press review")
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_it_reads_in_each_language_on_a_phone_and_on_paper(
    reader: Reader, tmp_path: Path, language: str
) -> None:
    inbox = reader(language).open("/?verdict=all")
    path = taken(inbox, language, tmp_path)
    assert path.suffix == ".html"
    page, wrong = inbox.context.new_page(), []
    page.on("console", lambda line: wrong.append(line.text))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.on("request", lambda request: wrong.append(request.url))
    page.goto(path.as_uri())
    assert wrong == [path.as_uri()]  # nothing else is loaded, nothing runs
    assert page.evaluate("document.documentElement.lang") == language
    assert page.locator("svg[role=img]").count() == 2
    arabic = page.locator("h3 bdi[lang=ar]")
    assert arabic.evaluate("one => getComputedStyle(one).direction") == "rtl"
    assert violations(page) == []
    page.set_viewport_size({"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.pdf().startswith(b"%PDF-")
