"""Closed, full and odd standard streams: as a shell, a supervisor or a cron job hands them over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sites import KELP

ROOT = Path(__file__).parent.parent
TEXT = "\n\n".join(KELP)
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")


@pytest.fixture(autouse=True)
def _watch(tmp_path: Path) -> None:
    folder = tmp_path / "seeds" / "kelp"
    folder.mkdir(parents=True)
    (folder / "watch.toml").write_text('title = "Kelp"\n')
    (folder / "seed.txt").write_text(TEXT)
    (tmp_path / "a.txt").write_text(TEXT)
    line = json.dumps({"id": 1, "title": "Kelp", "text": TEXT})
    (tmp_path / "items.jsonl").write_text(line + "\n")


def shell(
    tmp_path: Path, command: str, *, unbuffered: str = "", **env: str
) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which `seedwatch` is this checkout's."""
    script = f'seedwatch() {{ "{sys.executable}" -m worker.cli "$@"; }}; {command}'
    settings = {"SEEDWATCH_ENCODER": "hashing", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, check=False, capture_output=True, text=True,
        encoding="utf-8", timeout=60,
        env={**os.environ, **settings, "PYTHONUNBUFFERED": unbuffered, **env},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "told"),
    [
        pytest.param("seedwatch matches --json > /dev/full", "No space left", marks=FULL),
        pytest.param("seedwatch --help > /dev/full", "No space left", marks=FULL),
        pytest.param("seedwatch check --jsonl < items.jsonl > /dev/full", "No space", marks=FULL),
        ("seedwatch export --format csv >&-", "cannot write the output"),
        ("seedwatch check --jsonl < items.jsonl >&-", "cannot write the output"),
        ("seedwatch check - <&-", "-: cannot be read"),
        ("seedwatch feed - <&-", "-: cannot be read"),
        ("seedwatch check --jsonl <&-", "stdin: cannot be read"),
    ],
)
def test_a_stream_that_cannot_be_used_is_one_line(tmp_path: Path, command: str, told: str) -> None:
    ran = shell(tmp_path, command)
    assert (ran.returncode, ran.stderr.count("\n")) == (1, 1), ran.stderr
    assert told in ran.stderr


@FULL
def test_a_full_disk_is_one_line_without_buffers_too(tmp_path: Path) -> None:
    ran = shell(tmp_path, "seedwatch matches --json > /dev/full", unbuffered="1")
    assert (ran.returncode, ran.stderr.count("\n")) == (1, 1), ran.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("args", ["matches --json", "export --format csv", "check a.txt"])
def test_a_reader_that_has_seen_enough_is_no_error(
    tmp_path: Path, args: str, unbuffered: str
) -> None:
    ran = shell(
        tmp_path, f"seedwatch {args} | true; exit ${{PIPESTATUS[0]}}", unbuffered=unbuffered
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_closed_stderr_breaks_nothing(tmp_path: Path) -> None:
    ran = shell(tmp_path, "seedwatch check --jsonl < items.jsonl 2>&-")
    assert (ran.returncode, json.loads(ran.stdout)["relation"]) == (0, "copy")
    ran = shell(tmp_path, "seedwatch run --once --json 2>&-")
    assert (ran.returncode, json.loads(ran.stdout)["feeds"]) == (0, {})
    assert shell(tmp_path, "seedwatch nonsense 2>&-").returncode == 2


def test_a_terminal_without_unicode_gets_escapes(tmp_path: Path) -> None:
    ran = shell(tmp_path, "seedwatch check a.txt", PYTHONIOENCODING="latin-1")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "is a copy of" in ran.stdout
    document = shell(tmp_path, "seedwatch check --json a.txt", PYTHONIOENCODING="ascii")
    assert json.loads(document.stdout)["relation"] == "copy"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (r"seedwatch matches --watch $'\xff'", 2),
        (r"seedwatch check $'\xff.txt'", 1),
    ],
)
def test_arguments_that_are_no_utf8_are_one_line(tmp_path: Path, command: str, code: int) -> None:
    ran = shell(tmp_path, command)
    assert (ran.returncode, ran.stderr.count("\n")) == (code, 1), ran.stderr
