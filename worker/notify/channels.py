"""The file channel: for those who only read files."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from worker.domain import Failure, Outcome
from worker.errors import TellError
from worker.notify.messages import Message, Receipt
from worker.notify.records import match_record


class FileSink:
    """Appends each match as a line to a dated JSON Lines file.

    Args:
        folder: where `matches-YYYY-MM-DD.jsonl` is kept, one file a UTC day.
        clock: aware UTC.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._clock = clock

    def send(self, message: Message) -> Receipt:
        """Append the message's lines in one write; `key` lets a reader drop what came twice."""
        path = self._folder / f"matches-{self._clock():%Y-%m-%d}.jsonl"
        records = [{"key": message.key, **match_record(row, message.watch)} for row in message.rows]
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _append(path, lines.encode("utf-8", "replace"))
        except OSError as error:
            detail = f"{path}: {error.strerror or error}"
            raise TellError(Outcome.FAILED, Failure.TEMPORARY, detail) from error
        return Receipt(detail=path.name)


def _append(path: Path, lines: bytes) -> None:
    # O_APPEND and a single write: lines of several workers do not mix
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        written = os.write(file, lines)
        if written < len(lines):  # the disk is full: no half line stays for the next to follow
            end = os.lseek(file, 0, os.SEEK_CUR)
            if end == os.fstat(file).st_size:
                os.ftruncate(file, end - written)
            raise OSError(errno.ENOSPC, f"only {written} of {len(lines)} bytes", str(path))
    finally:
        os.close(file)
