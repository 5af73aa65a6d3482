"""The child's side of `worker.isolation`: answers calls until nobody asks any more.

A message is its length and as many bytes. A call is two: its limit in seconds, and what to call.
"""

from __future__ import annotations

import importlib
import math
import os
import pickle
import signal
import struct
import sys
from typing import IO, Any

from worker.domain import Outcome
from worker.errors import ParseError

_LENGTH = struct.Struct(">Q")


def serve(memory_limit_bytes: int) -> None:
    """Answer calls from stdin until it is closed: the child's main loop."""
    _limit_memory(memory_limit_bytes)
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    while True:
        try:
            limit_s, request = float(read_message(requests)), read_message(requests)
        except EOFError:
            return
        _end_after(math.ceil(limit_s) + 1)
        answer = _answer(*pickle.loads(request))  # noqa: S301 - ours
        _end_after(0)
        try:
            write_message(answers, answer)
        except BrokenPipeError:
            return  # who asked was killed meanwhile


def _end_after(seconds: int) -> None:
    """Let the kernel end this process, even in C, if its parent is gone by then; 0: never."""
    if hasattr(signal, "alarm"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(seconds)


def _answer(target: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    try:
        module, _, name = target.partition(":")
        answer = True, getattr(importlib.import_module(module), name)(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 - it is raised again on the other side
        answer = False, error
    try:
        return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - a library's error that cannot be pickled
        told = ParseError(Outcome.FAILED, f"{type(answer[1]).__name__}, not told: {error}")
        return pickle.dumps((False, told), pickle.HIGHEST_PROTOCOL)


def write_message(pipe: IO[bytes], message: bytes) -> None:
    """Send a message."""
    pipe.write(_LENGTH.pack(len(message)))
    pipe.write(message)
    pipe.flush()


def read_message(pipe: IO[bytes]) -> bytes:
    """Wait for a message.

    Raises:
        EOFError: the other side has ended.
    """
    head = pipe.read(_LENGTH.size)
    message = pipe.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else b""
    if not message or len(message) < _LENGTH.unpack(head)[0]:
        raise EOFError
    return message


def _limit_memory(limit_bytes: int) -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))
    except (ImportError, ValueError, OSError):
        return  # not every platform can; the limit on time still holds
