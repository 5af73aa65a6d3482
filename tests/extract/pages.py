"""Pages that the tests of this room share: written here, none is anybody's real page."""

from __future__ import annotations

from datetime import UTC, datetime

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
URL = "https://www.harbour-news.example/2025/03/bridge-closed-after-rain-4711.html"
PARAGRAPHS = (
    "The old bridge over the river was closed on Tuesday morning after two days of heavy rain.",
    "The mayor said that nobody had been hurt, but about three hundred families would have to "
    "leave their homes until the water falls, which may take the rest of the week.",
    "Engineers from the national road office will look at the pillars on Thursday. The bridge was "
    "built in 1911 and carries the only road between the harbour and the hospital.",
    "A ferry will carry children and patients across the river every half hour, free of charge.",
    "It is the third time in ten years that the bridge had to be closed. After the flood of 2018 "
    "the council decided to build a new one further north, but work has not begun because the "
    "money was needed for the hospital, and because two owners refused to sell their land.",
    "Shops in the harbour said that they had lost half of their customers within a day. A baker "
    "who has worked there for forty years told reporters that she had never seen it so high.",
    "Schools on the eastern side of the town stay closed until Monday, the council announced.",
)
NAVIGATION = "<nav><ul>" + "".join(f"<li><a href='/s{i}'>Section {i}</a></li>" for i in range(12))


def page(
    *paragraphs: str,
    head: str = "<title>Bridge closed after rain - Harbour News</title>",
    lang: str = "en",
    before: str = "",
    after: str = "",
) -> str:
    """Return a page with navigation, an article and a footer."""
    body = "".join(f"<p>{paragraph}</p>\n" for paragraph in paragraphs or PARAGRAPHS)
    return (
        f"<!DOCTYPE html><html lang='{lang}'><head>{head}</head><body>{NAVIGATION}</ul></nav>"
        f"<div class='content'><article><h1>Bridge closed after rain</h1>{before}{body}</article>"
        f"{after}</div><footer><p>Copyright Harbour News. All rights reserved.</p></footer>"
        "</body></html>"
    )
