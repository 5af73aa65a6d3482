"""The dated file: whole lines, each match once, whatever happens to who writes it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes import FakeClock
from tests.notify.letters import row
from worker.domain import ChannelConfig, Watch
from worker.notify.channels import FileSink
from worker.notify.messages import Message

ROOT = Path(__file__).parents[2]
FILE = "matches-2026-03-01.jsonl"
KILLED = """
import os, signal
from datetime import UTC, datetime
from pathlib import Path
from tests.notify.test_filesink import message
from worker.notify.channels import FileSink

write = os.write
def torn(file, lines):
    write(file, lines[: len(lines) // 2])
    os.kill(os.getpid(), signal.SIGKILL)
os.write = torn
moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
FileSink(Path("output"), lambda: moment).send(message("two", moment, 2, 3, 4))
"""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files cannot be held there")


def message(key: str, made_at: datetime, *ids: int) -> Message:
    rows = tuple(row(number) for number in ids)
    return Message(key, Watch("kelp", "Kelp", ()), ChannelConfig("file"), rows, made_at)


@pytest.fixture
def sink(tmp_path: Path, clock: FakeClock) -> FileSink:
    return FileSink(tmp_path / "output", clock)


def lines(folder: Path, name: str = FILE) -> list[tuple[str, int]]:
    """Key and match of each line; every line is whole."""
    content = (folder / "output" / name).read_text("utf-8")
    assert content == "" or content.endswith("\n")
    records = [json.loads(line) for line in content.splitlines()]
    return [(record["key"], record["id"]) for record in records]


def test_killed_in_mid_line_it_leaves_whole_lines_and_none_twice(
    sink: FileSink, clock: FakeClock, tmp_path: Path
) -> None:
    sink.send(message("one", clock(), 1))
    ran = subprocess.run(
        [sys.executable, "-c", KILLED],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=tmp_path, check=False, timeout=60,
    )  # fmt: skip
    assert ran.returncode == -signal.SIGKILL
    torn = (tmp_path / "output" / FILE).read_bytes()
    assert not torn.endswith(b"\n")
    sink.send(message("three", clock(), 5))
    sink.send(replace(message("two", clock(), 2, 3, 4), is_again=True))
    assert lines(tmp_path) == [
        ("one", 1), ("two", 2), ("three", 5), ("two", 3), ("two", 4),
    ]  # fmt: skip


def test_a_message_that_comes_again_after_midnight_is_known(
    sink: FileSink, clock: FakeClock, tmp_path: Path
) -> None:
    again = replace(message("one", clock(), 1, 2), is_again=True)
    sink.send(replace(again, is_again=False))
    with (tmp_path / "output" / FILE).open("r+b") as file:
        file.truncate(file.seek(0, os.SEEK_END) - 10)
    clock.advance(days=2)
    sink.send(again)
    assert lines(tmp_path) == [("one", 1)]
    assert lines(tmp_path, "matches-2026-03-03.jsonl") == [("one", 2)]
    sink.send(again)
    assert lines(tmp_path, "matches-2026-03-03.jsonl") == [("one", 2)]


def test_a_line_that_lacks_only_its_end_is_kept(
    sink: FileSink, clock: FakeClock, tmp_path: Path
) -> None:
    sink.send(message("one", clock(), 1))
    with (tmp_path / "output" / FILE).open("r+b") as file:
        file.truncate(file.seek(0, os.SEEK_END) - 1)
    sink.send(message("two", clock(), 2))
    assert lines(tmp_path) == [("one", 1), ("two", 2)]


def test_half_a_line_longer_than_a_block_is_cut_off(
    sink: FileSink, clock: FakeClock, tmp_path: Path
) -> None:
    sink.send(message("one", clock(), 1))
    with (tmp_path / "output" / FILE).open("ab") as file:
        file.write(b'{"key": "' + b"x" * 200_000)
    sink.send(message("two", clock(), 2))
    assert lines(tmp_path) == [("one", 1), ("two", 2)]


def test_many_write_at_once_and_no_line_is_torn(
    sink: FileSink, clock: FakeClock, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: sink.send(message(f"k{n}", clock(), n)), range(1, 41)))
    assert sorted(lines(tmp_path)) == sorted((f"k{n}", n) for n in range(1, 41))


def test_a_day_has_its_file_by_utc(sink: FileSink, clock: FakeClock, tmp_path: Path) -> None:
    clock.advance(seconds=(timedelta(hours=11, minutes=59, seconds=59)).total_seconds())
    sink.send(message("before", clock(), 1))
    clock.advance(seconds=1)
    sink.send(message("after", clock(), 2))
    assert lines(tmp_path) == [("before", 1)]
    assert lines(tmp_path, "matches-2026-03-02.jsonl") == [("after", 2)]
