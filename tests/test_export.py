"""`seedwatch export`: what is chosen, in which format, and a file that is whole or not there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest
from lxml import html

from tests.fakes import FakeClock
from tests.web.filling import Found, fill
from worker.cli import main
from worker.domain import Relation, Verdict
from worker.notify.exports import FORMATS
from worker.records import MatchFilter
from worker.store.store import Store

Export = Callable[..., tuple[int, bytes, str]]
ROOT = Path(__file__).parent.parent


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Store]:
    """Four matches, a day between each and the next, where the commands look for them."""
    seeds = tmp_path / "seeds" / "kelp"
    seeds.mkdir(parents=True)
    (seeds / "watch.toml").write_text('title = "Kelp & kin"\n')
    (seeds / "en.md").write_text("---\ntitle: Kilifi\nlanguage: en\n---\nThe kelp laboratory.\n")
    clock = FakeClock()
    store = Store(f"sqlite:///{tmp_path / 'data' / 'seedwatch.db'}", clock)
    store.migrate()
    for item in (
        Found("first", relation=Relation.COPY),
        Found("second", language="ja"),
        Found("third", watch="river", seed="th.md"),
        Found("=near", relation=Relation.UNRELATED, score=0.4),
    ):
        (match_id,) = fill(store, clock, item)
        clock.advance(days=1)
        if item.title == "second":
            store.matches.review(match_id, Verdict.RELEVANT, "Tell Linh", "Kim")
    yield store
    store.close()


@pytest.fixture
def export(
    stored: Store, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Export:
    """Runs the command in this process; gives exit code, output and errors."""

    def run(*args: str) -> tuple[int, bytes, str]:
        monkeypatch.setattr(sys, "argv", ["seedwatch", "export", *args])
        try:
            main()
            code = 0
        except SystemExit as error:
            code = int(error.code or 0)
        out, err = capfdbinary.readouterr()
        return code, out, err.decode()

    return run


def titles(out: bytes) -> list[str]:
    return [json.loads(line)["title"] for line in out.splitlines()]


@pytest.mark.parametrize(
    ("args", "found"),
    [
        ([], ["third", "second", "first"]),
        (["--watch", "kelp"], ["second", "first"]),
        (["--watch", "river"], ["third"]),
        (["--relation", "copy"], ["first"]),
        (["--relation", "unrelated"], ["=near"]),
        (["--verdict", "relevant"], ["second"]),
        (["--verdict", "unreviewed"], ["third", "first"]),
        (["--unreviewed"], ["third", "first"]),
        (["--verdict", "irrelevant"], []),
        (["--since", "2026-03-02"], ["third", "second"]),
        (["--since", "2026-03-02", "--watch", "kelp"], ["second"]),
    ],
)
def test_what_is_chosen(export: Export, args: list[str], found: list[str]) -> None:
    code, out, err = export(*args)
    assert (code, err, titles(out)) == (0, "", found)


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_is_filtered_alike(export: Export, name: str) -> None:
    for chosen in ("--since=2026-03-02", "--relation=same_event", "--verdict=relevant"):
        code, out, err = export("--format", name, "--watch", "kelp", chosen)
        assert (code, err) == (0, "")
        assert b"second" in out
        assert b"first" not in out.replace(b"first_seen_at", b"")
        assert b"third" not in out


def test_a_row_needs_no_store_to_be_read(export: Export) -> None:
    record = json.loads(export("--verdict", "relevant")[1])
    assert record["watch_title"] == "Kelp & kin"
    assert (record["seed_title"], record["seed_language"]) == ("Kilifi", "en")
    assert (record["note"], record["reviewer"]) == ("Tell Linh", "Kim")


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_file_has_what_stdout_gets(export: Export, tmp_path: Path, name: str) -> None:
    code, out, _ = export("--format", name)
    assert code == 0
    code, nothing, err = export("--format", name, "-o", "matches.out")
    assert (code, nothing) == (0, b"")
    assert err == "3 matches written to matches.out\n"
    written = (tmp_path / "matches.out").read_bytes()
    if name != "html":  # it says when it was made
        assert written == out
    assert b"second" in written
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "matches.out", "seeds"]


def test_a_report_says_what_was_chosen_and_counts_it(export: Export) -> None:
    page = html.document_fromstring(export("--format", "html", "--watch", "kelp")[1])
    text = " ".join(page.text_content().split())
    assert page.findtext(".//h1") == "Kelp & kin: matches"
    assert "Watch kelp" in text
    assert "2 matches, in 2 languages, from 1 outlet" in text
    tables = {
        table.findtext("caption"): [
            (row.findtext("th/bdi"), row.findtext("td")) for row in table.xpath("tbody/tr")
        ]
        for table in page.xpath("//div[@class='tables']/table")
    }
    assert tables["Relation"] == [("Copy", "1"), ("Same event", "1")]
    assert tables["Verdict"] == [("Not reviewed", "1"), ("Relevant", "1")]
    assert [(name, n) for name, n in tables["Language"]] == [("English", "1"), ("Japanese", "1")]


def test_an_atom_feed_opens_in_expat_whatever_is_in_it(
    export: Export, stored: Store, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (row,) = stored.matches.rows(MatchFilter(verdict=Verdict.RELEVANT))
    stored.matches.review(row.id, Verdict.RELEVANT, "a\0b ]]> <!-- \x0b & \ufffe")
    note = ElementTree.fromstring(export("--format", "atom", "--verdict", "relevant")[1])
    assert "]]&gt; &lt;!--" in (note.findtext(".//{*}content") or "")


def test_an_atom_feed_says_when_its_newest_match_was_found(export: Export) -> None:
    feed = feedparser.parse(export("--format", "atom")[1])
    assert not feed.bozo
    assert feed.feed.updated == "2026-03-03T12:00:00Z"
    assert [entry.title for entry in feed.entries] == ["third", "second", "first"]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--bom"], "--bom is for --format csv"),
        (["--language", "de", "--format", "html"], "'de' is not one of 'en', 'vi', 'fr', 'id'"),
        (["--language", "fr"], "--language is for --format atom, jsonfeed, markdown, html"),
        (["--unreviewed", "--verdict", "relevant"], "exclude each other"),
        (["--verdict", "nice"], "'nice' is not one of"),
        (["--watch", "kelb"], "no such watch. There are: kelp"),
    ],
)
def test_what_makes_no_sense_is_refused(export: Export, args: list[str], told: str) -> None:
    code, out, err = export(*args)
    assert (code, out) == (2, b"")
    assert told in err


def test_broken_seeds_cost_an_export_their_titles_only(export: Export, tmp_path: Path) -> None:
    (tmp_path / "seeds" / "kelp" / "watch.toml").write_text("title =")
    code, out, err = export()
    assert code == 0
    assert titles(out) == ["third", "second", "first"]
    assert err.count("\n") == 1
    assert "watch.toml" in err


class TestTheFile:
    def test_keeps_its_former_content_and_no_draft_where_writing_fails(
        self, export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "m.csv").write_text("of yesterday")

        def broken(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", broken)
        code, _, err = export("--format", "csv", "-o", "m.csv")
        assert (code, err.count("\n")) == (1, 1)
        assert "m.csv: cannot be written: No space left" in err
        assert (tmp_path / "m.csv").read_text() == "of yesterday"
        assert not list(tmp_path.glob(".seedwatch*"))

    def test_that_is_replaced_keeps_its_rights(self, export: Export, tmp_path: Path) -> None:
        (tmp_path / "m.jsonl").touch(0o640)
        (tmp_path / "m.jsonl").chmod(0o640)
        assert export("-o", "m.jsonl")[0] == 0
        assert (tmp_path / "m.jsonl").stat().st_mode & 0o777 == 0o640
        assert len((tmp_path / "m.jsonl").read_text().splitlines()) == 3

    def test_behind_a_link_is_what_is_written(self, export: Export, tmp_path: Path) -> None:
        (tmp_path / "real.jsonl").touch()
        (tmp_path / "link.jsonl").symlink_to("real.jsonl")
        assert export("-o", "link.jsonl")[0] == 0
        assert (tmp_path / "link.jsonl").is_symlink()
        assert (tmp_path / "real.jsonl").read_text()

    def test_that_is_a_device_stays_one(self, export: Export) -> None:
        assert export("-o", "/dev/null")[0] == 0
        assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_reader_that_has_seen_enough_is_no_error(stored: Store, name: str) -> None:
    script = f'"{sys.executable}" -m worker.cli export --format {name} | head -c 1 >/dev/null'
    ran = subprocess.run(
        ["bash", "-c", f"{script}; exit ${{PIPESTATUS[0]}}"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("vi", ("Kelp & kin: kết quả", "Chủ đề kelp", "2 kết quả", "Tiếng Nhật", "Phù hợp (Kim)",
                "Cùng sự kiện", "Thứ Hai, 2 tháng 3, 2026", "Chưa duyệt")),
        ("fr", ("Kelp & kin\u00a0: résultats", "Veille kelp", "2 résultats", "japonais",
                "Pertinent (Kim)", "Même événement", "Lundi 2 mars 2026", "95\u00a0%")),
        ("id", ("Kelp & kin: temuan", "Pantauan kelp", "2 temuan", "Jepang", "Relevan (Kim)",
                "Peristiwa sama", "Senin, 02 Maret 2026", "95%")),
    ],
)  # fmt: skip
def test_a_report_speaks_the_readers_language(
    export: Export, language: str, said: tuple[str, ...]
) -> None:
    code, out, _ = export("--format", "html", "--watch", "kelp", "--language", language)
    page = html.document_fromstring(out)
    assert (code, page.get("lang")) == (0, language)
    text = " ".join(page.xpath("string(//body)").split(" "))
    assert not [words for words in said if words not in text]
    for english in ("matches", "Relation", "Outlet", "Not reviewed", "Made by", "Side by side",
                    "Same event", "Japanese", "March"):  # fmt: skip
        assert english not in text
    markdown = export("--format", "markdown", "--watch", "kelp", "--language", language)[1].decode()
    assert all(words in markdown.replace("\\", "") for words in said[:2] + said[3:4])
    assert "Japanese" not in markdown
