"""stdin, stdout and stderr as they should be: open, able to show any text, their errors found."""

from __future__ import annotations

import io
import os
import select
import sys

_CLOSED = ((0, os.O_WRONLY, "r"), (1, os.O_RDONLY, "w"), (2, os.O_WRONLY, "w"))


def prepare() -> None:
    """Open what the caller has closed, and let no text be unprintable.

    The next file opened would get the free number, and a stray line meant for stderr would end up
    in the database. In place of stdin and stdout comes a file that refuses to be read or written,
    so that it is told; what goes to a closed stderr is not wanted.
    """
    for number, flags, mode in _CLOSED:
        _replace_closed(number, flags, mode)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _replace_closed(number: int, flags: int, mode: str) -> None:
    name = ("stdin", "stdout", "stderr")[number]
    if getattr(sys, name) is not None:
        return
    try:
        os.fstat(number)
    except OSError:
        found = os.open(os.devnull, flags)
        if found != number:
            os.dup2(found, number)
            os.close(found)
        os.set_inheritable(number, True)
        stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)


def flush_stdout() -> None:
    """Write what is still held back, so that an error is found before the interpreter ends.

    Raises:
        OSError: it cannot be written.
    """
    sys.stdout.flush()


def is_reader_gone() -> bool:
    """Whether nobody reads what is written to stdout any more, as after `| head -1`."""
    if not hasattr(select, "poll"):  # Windows; there a broken pipe is hardly ever another one
        return True
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)  # errors and hang-ups are reported unasked
    return bool(poll.poll(0))


def give_up_stdout() -> bool:
    """Send nowhere what stdout could not take: else the interpreter tries again, and complains.

    Returns:
        True if something was held back, so that the error was one of writing.
    """
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        return True
    return False
