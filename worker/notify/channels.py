"""Channels: how one match is told. A channel may be called twice with the same delivery."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from worker.domain import Watch
from worker.notify.records import match_record
from worker.records import Delivery, MatchRow


class Channel(Protocol):
    """Tells one match."""

    def tell(self, delivery: Delivery, row: MatchRow) -> None:
        """Tell it.

        Raises:
            OSError: it could not be told now; it is tried again later under the same key.
        """
        ...


class FileSink:
    """Appends each match as a line to a dated JSON Lines file, for those who only read files.

    Args:
        folder: where `matches-YYYY-MM-DD.jsonl` is kept, one file a UTC day.
        clock: aware UTC.
        watches: give a record the titles of watch and seed.
    """

    def __init__(
        self, folder: Path, clock: Callable[[], datetime], watches: Sequence[Watch] = ()
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._watches = {watch.name: watch for watch in watches}

    def tell(self, delivery: Delivery, row: MatchRow) -> None:
        """Append one line in one write; `key` lets a reader drop a line that came twice."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"matches-{self._clock():%Y-%m-%d}.jsonl"
        record = {"key": delivery.key, **match_record(row, self._watches.get(row.watch))}
        line = (json.dumps(record, ensure_ascii=False) + "\n").encode()
        # O_APPEND and a single write: lines of several workers do not mix
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            written = os.write(file, line)
            if written < len(line):  # the disk is full: no half line stays for the next to follow
                end = os.lseek(file, 0, os.SEEK_CUR)
                if end == os.fstat(file).st_size:
                    os.ftruncate(file, end - written)
                raise OSError(errno.ENOSPC, f"only {written} of {len(line)} bytes", str(path))
        finally:
            os.close(file)
