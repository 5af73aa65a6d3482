"""Parsing in a child process that can be killed: a hostile page costs one Outcome, not a worker.

Some inputs keep lxml busy in C for minutes, where no exception and no soft limit reaches; others
take gigabytes. So parsers are called in a reused child with a limit on its address space and on
the time of each call. A child is kept warm between calls, since starting one and importing the
parsers costs more than parsing a thousand pages' worth of messages through a pipe.

Every thread that calls at the same time has a child of its own, so that the parsing of an
embedded run uses all cores though its threads share one interpreter.
"""

from __future__ import annotations

import contextlib
import importlib
import math
import os
import pickle
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any

from worker.domain import Outcome
from worker.errors import ParseError

CALL_LIMIT_S = 10.0
"""Seconds for one call; ordinary pages take 30 ms, the largest ones under a second."""
START_LIMIT_S = 30.0
"""Seconds for the first call of a child, which imports the parsers."""
MEMORY_LIMIT_BYTES = 1_000_000_000
MOST_CHILDREN = max(4, (os.cpu_count() or 1) + 2)
"""Children of one process at the same time: enough for all cores beside some that hang."""
MOST_SLOW_CHILDREN = 8
"""Beside them, those that have taken half a second: they give their places to ordinary calls."""
CALLS_A_CHILD = 1_000
"""A child is replaced after so many calls, since parsers leak a little."""

SLOW_CPU_S = 1.0
"""Seconds of CPU after which a call is no ordinary one: its child then gives way to all others."""
SLOW_START_CPU_S = 3.0
"""... where it has to import the parsers first."""
_LOOK_EVERY_S = 0.5
_LOW_PRIORITY = 10
_PROCESS_CLOCK = 2
"""The kind of clock of another process, as Linux numbers them (CPUCLOCK_SCHED)."""

_LENGTH = struct.Struct(">Q")


class Isolation:
    """Calls functions in killable children.

    Args:
        call_limit_s: seconds after which a call's child is killed.
        memory_limit_bytes: of address space; a call that wants more fails.
        most_children: ordinary calls at the same time; further ones wait for their turn.
    """

    def __init__(
        self,
        call_limit_s: float = CALL_LIMIT_S,
        memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
        most_children: int = MOST_CHILDREN,
    ) -> None:
        self._call_limit_s = call_limit_s
        self._places = threading.BoundedSemaphore(most_children)
        self._slow_places = threading.BoundedSemaphore(MOST_SLOW_CHILDREN)
        self._memory_limit_bytes = memory_limit_bytes
        self._idle: list[_Child] = []
        self._lock = threading.Lock()
        self._owner = os.getpid()

    def call(self, target: str, *args: Any, **kwargs: Any) -> Any:
        """Call a function in a child.

        Args:
            target: "module:function"; arguments and result must survive pickling.
            args: for the function.
            kwargs: for the function.

        Raises:
            ParseError: the call took too long or too much memory, or its process died.
            Exception: whatever the function raised.
        """
        place = _Place(self._places, self._slow_places)
        try:
            is_ok, answer = self._call(place, (target, args, kwargs))
        finally:
            place.leave()
        if is_ok:
            return answer
        if isinstance(answer, MemoryError):
            raise ParseError(Outcome.TOO_COMPLEX, "needs too much memory to parse")
        raise answer

    def _call(self, place: _Place, request: _Request) -> tuple[bool, Any]:
        child = self._take()
        try:
            is_ok, answer = self._ask(child, place, request)
        except _GoneError:
            # it was kept from an earlier call and may have been killed since: not this call's fault
            child = _Child(self._memory_limit_bytes)
            is_ok, answer = self._ask(child, place, request)
        is_spent = child.calls >= CALLS_A_CHILD or child.is_slow  # its priority stays low
        if not is_spent and not isinstance(answer, MemoryError):
            with self._lock:
                self._idle.append(child)
        else:
            child.kill()
        return is_ok, answer

    def _ask(self, child: _Child, place: _Place, request: _Request) -> tuple[bool, Any]:
        is_reused = child.calls > 0
        limit_s = self._call_limit_s if is_reused else max(START_LIMIT_S, self._call_limit_s)
        try:
            return child.call((*request, limit_s), limit_s, place.give_up)
        except _GoneError as error:
            child.kill()
            if is_reused:
                raise
            raise ParseError(Outcome.TOO_COMPLEX, "the parser's process died") from error
        except BaseException:
            child.kill()
            raise

    def close(self) -> None:
        """End the children that are idle."""
        with self._lock:
            children, self._idle = self._idle, []
        for child in children:
            child.kill()

    def _take(self) -> _Child:
        with self._lock:
            if self._owner != os.getpid():  # after a fork the children are our parent's
                self._idle, self._owner = [], os.getpid()
            if self._idle:
                return self._idle.pop()
        return _Child(self._memory_limit_bytes)


_Request = tuple[str, tuple[Any, ...], dict[str, Any]]


class _Place:
    """A call's place: an ordinary one, until the call turns out to be a long one."""

    def __init__(
        self, ordinary: threading.BoundedSemaphore, slow: threading.BoundedSemaphore
    ) -> None:
        ordinary.acquire()
        self._held = self._ordinary = ordinary
        self._slow = slow

    def give_up(self) -> None:
        """Take one of the places for long calls instead, if one is free."""
        if self._held is self._ordinary and self._slow.acquire(blocking=False):
            self._held = self._slow
            self._ordinary.release()

    def leave(self) -> None:
        """Give back what is held."""
        self._held.release()


class _GoneError(Exception):
    """A child was no longer there, or ended before it answered anything."""


class _Child:
    def __init__(self, memory_limit_bytes: int) -> None:
        self.calls = 0
        self.is_slow = False
        self._slow_from_s = 0.0
        self._on_slow: Callable[[], None] = lambda: None
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-c", f"from {__name__} import serve; serve({memory_limit_bytes})"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    def call(self, request: Any, limit_s: float, on_slow: Callable[[], None]) -> tuple[bool, Any]:
        """Give whether the call returned, and what it returned or raised."""
        self.calls += 1
        ends_at = time.monotonic() + limit_s
        slow_s = SLOW_CPU_S if self.calls > 1 else SLOW_START_CPU_S
        self._slow_from_s = self._cpu_s() + slow_s
        self._on_slow = on_slow
        assert self._process.stdin is not None  # noqa: S101 - for the type checker: PIPE was asked
        try:
            _write(self._process.stdin, pickle.dumps(request, pickle.HIGHEST_PROTOCOL))
            (length,) = _LENGTH.unpack(self._read(_LENGTH.size, ends_at, limit_s))
        except (BrokenPipeError, EOFError) as error:
            raise _GoneError from error
        try:
            is_ok, answer = pickle.loads(self._read(length, ends_at, limit_s))  # noqa: S301 - ours
        except EOFError as error:
            raise ParseError(Outcome.TOO_COMPLEX, "the parser's process died") from error
        return is_ok, answer

    def _read(self, size: int, ends_at: float, limit_s: float) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        file = self._process.stdout.fileno()
        parts: list[bytes] = []
        while size:
            left_s = max(0.0, ends_at - time.monotonic())
            if not select.select([file], [], [], min(left_s, _LOOK_EVERY_S))[0]:
                self._give_way()
                if left_s > _LOOK_EVERY_S:
                    continue
                raise ParseError(Outcome.TOO_COMPLEX, f"takes over {limit_s:.0f} s to parse")
            part = os.read(file, min(size, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _cpu_s(self) -> float:
        """The CPU time of the child; 0 where the platform does not tell."""
        try:
            return time.clock_gettime((~self._process.pid << 3) | _PROCESS_CLOCK)
        except (AttributeError, OSError):
            return 0.0

    def _give_way(self) -> None:
        """Give the place to others; once the child has worked for long, the CPU as well."""
        self._on_slow()
        if self.is_slow or self._cpu_s() < self._slow_from_s:
            return
        self.is_slow = True
        with contextlib.suppress(AttributeError, OSError):
            os.setpriority(os.PRIO_PROCESS, self._process.pid, _LOW_PRIORITY)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def serve(memory_limit_bytes: int) -> None:
    """Answer calls from stdin until it is closed: the child's main loop."""
    _limit_memory(memory_limit_bytes)
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    while head := requests.read(_LENGTH.size):
        request = pickle.loads(requests.read(_LENGTH.unpack(head)[0]))  # noqa: S301
        target, args, kwargs, limit_s = request
        _end_after(math.ceil(limit_s) + 1)
        answer = _answer(target, args, kwargs)
        _end_after(0)
        try:
            _write(answers, answer)
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


def _write(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(_LENGTH.pack(len(message)))
    pipe.write(message)
    pipe.flush()


def _limit_memory(limit_bytes: int) -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))
    except (ImportError, ValueError, OSError):
        return  # not every platform can; the limit on time still holds
