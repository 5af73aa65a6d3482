"""`seedwatch feeds import` and `export`: OPML as other readers write it, and a round trip."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from tests.test_cli import Run, run

__all__ = ["run"]


def outlines(*attributes: str, root: str = "opml") -> str:
    lines = "".join(f"<outline {one}/>" for one in attributes)
    return f'<{root} version="2.0"><body><outline text="News">{lines}</outline></body></{root}>'


def listed(run: Run) -> list[tuple[str, ...]]:
    keys = ("url", "title", "language", "fetch", "state")
    return [tuple(row[key] for key in keys) for row in run("feeds", "list", "--json").json]


def test_a_round_trip_keeps_every_setting_of_a_feed(run: Run) -> None:
    add = ("feeds", "add", "--no-look")
    run(*add, "https://a.example/rss", "--title", "A & B", "--language", "pt-BR")
    run(*add, "https://b.example/rss", "--fetch", "triage")
    run(*add, "https://c.example/rss")
    run("feeds", "pause", "3")
    before = listed(run)
    assert before == [
        ("https://a.example/rss", "A & B", "pt", "all", "active"),
        ("https://b.example/rss", "", None, "triage", "active"),
        ("https://c.example/rss", "", None, "all", "paused"),
    ]
    assert run("feeds", "export", "f.opml").out == "3 feeds to f.opml\n"
    for number in "123":
        run("feeds", "remove", number)
    assert run("feeds", "import", "f.opml").out == "f.opml: 3 feeds added, 0 known already\n"
    assert listed(run) == before
    again = run("feeds", "import", "f.opml")
    assert (again.code, again.out) == (0, "f.opml: 0 feeds added, 3 known already\n")


def test_other_readers_can_read_what_is_written(run: Run, tmp_path: Path) -> None:
    run("feeds", "add", "--no-look", "https://a.example/rss")
    run("feeds", "export", "f.opml")
    (outline,) = etree.parse(tmp_path / "f.opml").iter("outline")
    assert dict(outline.attrib) == {
        "type": "rss", "text": "https://a.example/rss", "xmlUrl": "https://a.example/rss",
    }  # fmt: skip


def test_addresses_as_other_readers_write_them(run: Run, tmp_path: Path) -> None:
    (tmp_path / "f.opml").write_text(
        outlines(
            'text="A" xmlUrl="feed://a.example/rss"',
            'text="A once more" xmlUrl="HTTP://A.example:80/rss#x"',
            'text="B" title="Title" xmlURL=" https://b.example/rss " language="en-us"',
            'text="https://c.example/rss" xmlUrl="https://c.example/rss" language="unknown"',
            'text="a folder"',
        )
    )
    assert run("feeds", "import", "f.opml").out == "f.opml: 3 feeds added, 0 known already\n"
    assert [row[:3] for row in listed(run)] == [
        ("http://a.example/rss", "A", None),
        ("https://b.example/rss", "Title", "en"),
        ("https://c.example/rss", "", None),
    ]


def test_what_cannot_be_used_is_named_and_counted(run: Run, tmp_path: Path) -> None:
    (tmp_path / "f.opml").write_text(
        outlines('xmlUrl="https://a.example/rss"', 'xmlUrl="ftp://b.example/rss"', 'xmlUrl="c"')
    )
    ran = run("feeds", "import", "f.opml")
    assert (ran.code, ran.out) == (1, "f.opml: 1 feed added, 0 known already\n")
    assert ran.err.splitlines() == [
        "left out: ftp://b.example/rss: bad_url (scheme ftp: only http and https are fetched)",
        "left out: c: bad_url (not an absolute address)",
        "seedwatch: f.opml: 2 of 3 feeds were left out",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<opml><body>", "is no OPML: Premature end of data in tag body line 1, line 1, column 13"),
        ("", "is no OPML: Document is empty, line 1, column 1"),
        ("<html/>", "is no OPML: its root element is not <opml>"),
        (outlines('text="a folder"'), "names no feed: no outline has an xmlUrl"),
    ],
)
def test_a_file_that_is_none_is_one_line(run: Run, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "f.opml").write_text(text)
    ran = run("feeds", "import", "f.opml")
    assert (ran.code, ran.err) == (1, f"seedwatch: f.opml: {told}\n")


def test_hundreds_of_feeds_come_in_and_go_out(run: Run, tmp_path: Path) -> None:
    named = (f'xmlUrl="https://f{n}.example/rss"' for n in range(500))
    (tmp_path / "f.opml").write_text(outlines(*named))
    assert run("feeds", "import", "f.opml").out == "f.opml: 500 feeds added, 0 known already\n"
    assert run("feeds", "export", "g.opml").out == "500 feeds to g.opml\n"


def test_feeds_that_no_watch_names_any_more_stay_at_home(run: Run, tmp_path: Path) -> None:
    watch = tmp_path / "seeds/kelp/watch.toml"
    watch.write_text('title = "Kelp"\n[[feed]]\nurl = "https://a.example/rss"\n')
    run("feeds", "list")
    watch.write_text('title = "Kelp"\n')
    assert run("feeds", "export", "f.opml").out == "0 feeds to f.opml\n"
