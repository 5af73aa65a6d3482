"""Files that a command writes: whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from worker.errors import InputError

STDOUT = Path("-")


@contextmanager
def opened(output: Path | None, *, is_binary: bool) -> Iterator[BinaryIO]:
    """Where a command writes to: a file, which appears when it is whole, or stdout.

    Args:
        output: None or `-` for stdout.
        is_binary: what is written is no text, and not meant for a terminal.

    Raises:
        InputError: it cannot be written; names it.
    """
    if output is None or output == STDOUT:
        if is_binary and sys.stdout.isatty():
            raise InputError("stdout", "is a terminal; name a file with -o")
        yield sys.stdout.buffer
        return
    try:
        # a device or a pipe cannot be put in place of itself
        with _in_place(output) if _is_special(output) else _replacing(output.resolve()) as file:
            yield file
    except OSError as error:
        raise InputError(str(output), f"cannot be written: {error.strerror}") from error


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()


@contextmanager
def _in_place(path: Path) -> Iterator[BinaryIO]:
    with path.open("wb") as file:
        yield file


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A draft beside the file, which becomes the file if all went well."""
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    number, name = tempfile.mkstemp(prefix=".seedwatch-", suffix=".tmp", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(mode)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
