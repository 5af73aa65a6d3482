"""The file channel: for those who only read files."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from worker.domain import Failure, Outcome
from worker.errors import TellError
from worker.notify.messages import Message, Receipt
from worker.notify.records import match_record
from worker.records import MatchRow

_BLOCK = 65_536


class FileSink:
    """Appends each match as a line to a dated JSON Lines file.

    What a killed process or a power cut left is mended by whoever writes next: half a line at the
    end is cut off, and what is already there of a message that comes again is not written twice.

    Args:
        folder: where `matches-YYYY-MM-DD.jsonl` is kept, one file a UTC day.
        clock: aware UTC.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._clock = clock

    def send(self, message: Message) -> Receipt:
        """Append the message's lines in one write, and have them on the disk."""
        path = self._path(self._clock())
        told: set[int] = set()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for earlier in self._earlier(message) if message.is_again else ():
                with _held(earlier):
                    told |= _found_in(earlier, message)
            with _held(path) as file:
                if message.is_again:
                    told |= _found_in(path, message)
                lines = [_line(message, row) for row in message.rows if row.id not in told]
                _append(file, b"".join(lines), path)
        except OSError as error:
            detail = f"{path}: {error.strerror or error}"
            raise TellError(Outcome.FAILED, Failure.TEMPORARY, detail) from error
        return Receipt(detail=path.name)

    def _path(self, moment: datetime) -> Path:
        return self._folder / f"matches-{moment:%Y-%m-%d}.jsonl"

    def _earlier(self, message: Message) -> list[Path]:
        """The files of the days before today on which a message may have been written."""
        today = self._clock().date()
        first = message.made_at.date() - timedelta(days=1)  # the store's clock may be another one
        days = ((today - first).days - past for past in range((today - first).days))
        paths = [self._path(self._clock() - timedelta(days=day)) for day in days]
        return [path for path in paths if path.exists()]


def _found_in(path: Path, message: Message) -> set[int]:
    """Which matches of a message are in a file."""
    heads = {_head(message, row): row.id for row in message.rows}
    with path.open("rb") as lines:
        return {
            match_id for line in lines for head, match_id in heads.items() if line.startswith(head)
        }


def _head(message: Message, row: MatchRow) -> bytes:
    """How the line of a match begins."""
    return _line(message, row).partition(b', "article_id"')[0]


def _line(message: Message, row: MatchRow) -> bytes:
    record = {"key": message.key, **match_record(row, message.watch)}
    return (json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8", "replace")


@contextmanager
def _held(path: Path) -> Iterator[int]:
    """The file, which no other process writes to meanwhile; whole lines are in it."""
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        if _is_ours(file):
            _mend(file)
        yield file
    finally:
        os.close(file)


def _is_ours(file: int) -> bool:
    """Wait until nobody else writes to it; False where files cannot be held."""
    if sys.platform == "win32":
        return False
    import fcntl

    with suppress(OSError):  # some network file systems
        fcntl.flock(file, fcntl.LOCK_EX)
        return True
    return False


def _mend(file: int) -> None:
    """Cut off half a line at the end: its writer died, and its message comes again."""
    size = end = os.lseek(file, 0, os.SEEK_END)
    tail = b""
    while end > 0 and b"\n" not in tail:
        start = max(0, end - _BLOCK)
        os.lseek(file, start, os.SEEK_SET)
        tail = os.read(file, end - start) + tail
        end = start
    rest = tail.rpartition(b"\n")[2]
    if not rest:
        return
    try:
        json.loads(rest)
    except ValueError:
        os.ftruncate(file, size - len(rest))
    else:  # whole but for its end
        os.write(file, b"\n")


def _append(file: int, lines: bytes, path: Path) -> None:
    size = os.lseek(file, 0, os.SEEK_END)
    written = os.write(file, lines)
    if written < len(lines):  # the disk is full
        os.ftruncate(file, size)
        raise OSError(errno.ENOSPC, f"only {written} of {len(lines)} bytes", str(path))
    os.fsync(file)
