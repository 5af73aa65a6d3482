"""`seedwatch run --once --json` against real servers on loopback, as a script would call it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.sites import KELP, TRAM, Item, page, rss
from worker.records import MatchFilter
from worker.store.store import Store

ITEMS = (
    Item("kelp", "Kelp at last", "Twelve tonnes."),
    Item("tram", "New trams", "Nine of them."),
    Item("empty", "Nothing here", "The page is empty, but the feed says that kelp grows."),
    Item("huge", "A huge page", "Five megabytes of it."),
    Item("gone", "Gone", "The page is gone, the summary stays."),
    Item("strange", "Qwrt zxcv", "Xkqz vbnm wrtp."),
    Item("broken", "Broken", "Bytes that are no text."),
)


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        content_type = "text/html; charset=utf-8"
        bodies = {
            "/kelp": page("Kelp at last", *KELP),
            "/tram": page("New trams", *TRAM),
            "/empty": "",
            "/huge": page("A huge page", "word " * 1_000_000),
            "/strange": page("Qwrt zxcv", "Xkqz vbnm wrtp lkjh gfds. " * 20, language=""),
            "/html": page("Not a feed", *TRAM),
        }
        body: str | bytes | None = bodies.get(self.path)
        if self.path == "/rss":
            site = f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]
            content_type, body = "application/rss+xml", rss(*ITEMS, site=site, language="")
        elif self.path == "/broken":
            body = bytes(range(256)) * 20
        content = body.encode() if isinstance(body, str) else body
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Type", content_type)
        self.end_headers()
        # too much for the reader, who hangs up: that is what is tested
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(content or b"")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def watch(tmp_path: Path, origin: str) -> Path:
    folder = tmp_path / "seeds" / "kelp"
    folder.mkdir(parents=True)
    feeds = "".join(
        f'[[feed]]\nurl = "{url}"\n'
        for url in (f"{origin}/rss", f"{origin}/html", f"{origin}/none", "http://10.0.0.1/rss")
    )
    (folder / "watch.toml").write_text(f'title = "Kelp"\n{feeds}')
    (folder / "seed.txt").write_text("\n\n".join(KELP))
    return folder


def run_once(tmp_path: Path, **environment: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "worker.cli", "run", "--once", "--json"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
        env={"PYTHONPATH": str(Path(__file__).parents[1]),
             "SEEDWATCH_FETCH_ALLOW_NETS": "127.0.0.0/8", "SEEDWATCH_ENCODER": "hashing",
             **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def test_everything_is_stored_once_with_one_outcome_each(tmp_path: Path, watch: Path) -> None:
    first = run_once(tmp_path)
    assert first["feeds"] == {"ok": 1, "not_a_feed": 1, "not_found": 1, "blocked_address": 1}
    assert sum(first["articles"].values()) == len(ITEMS)
    assert first["matches"]["copy"] == 1

    store = Store(f"sqlite:///{tmp_path / 'data/seedwatch.db'}")
    try:
        with store.database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT url, title, text_source, language, outcome, version FROM article"
            ).all()
        by_path = {row.url.rpartition("/")[2]: row for row in rows}
        assert set(by_path) == {item.slug for item in ITEMS}
        assert {path for path, row in by_path.items() if row.text_source == "page"} >= {
            "kelp", "tram",
        }  # fmt: skip
        for path in ("empty", "huge", "gone"):
            assert by_path[path].text_source == "feed", path
        assert by_path["strange"].language == "und"
        assert all(row.version == 1 for row in rows)

        again = run_once(tmp_path)
        assert (again["articles"], again["matches"]) == ({}, {})
        assert len(list(store.matches.rows(MatchFilter()))) == sum(first["matches"].values())
    finally:
        store.close()


def test_an_outage_of_everything_is_calm(tmp_path: Path, watch: Path) -> None:
    summary = run_once(tmp_path, SEEDWATCH_FETCH_ALLOW_NETS="")
    assert summary["feeds"] == {"blocked_address": 4}
    assert (summary["articles"], summary["matches"]) == ({}, {})


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("watch.toml", "title = ", "watch.toml: is not valid TOML"),
        ("seed.txt", "", "seed.txt: a seed without text"),
    ],
)
def test_a_wrong_watch_is_one_line_and_exit_2(
    tmp_path: Path, watch: Path, name: str, content: str, told: str
) -> None:
    (watch / name).write_text(content)
    done = subprocess.run(
        [sys.executable, "-m", "worker.cli", "run", "--once", "--json"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        env={"PYTHONPATH": str(Path(__file__).parents[1])},
    )  # fmt: skip
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.skipif(
    sys.platform != "linux" or os.cpu_count() == 1, reason="threads are counted, of several cores"
)
def test_numpy_has_one_thread_unless_an_operator_wants_more() -> None:
    def threads(**env: str) -> int:
        code = "import os, worker.match.vectorspace; print(len(os.listdir('/proc/self/task')))"
        kept = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
        command = [sys.executable, "-c", code]
        return int(subprocess.run(command, env=kept | env, check=True, capture_output=True).stdout)

    assert threads() == 1
    assert threads(OPENBLAS_NUM_THREADS="2") > 1
    assert threads(OMP_NUM_THREADS="2") > 1
