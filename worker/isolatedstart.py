"""How a parser's process comes to be: forked from a template, else as a new interpreter.

A new interpreter imports and tries the parsers for a second and a half and holds 60 to 100 MB of
its own. A template has done so once; what is forked from it is there in milliseconds and shares its
memory. It is a process of its own, small and with one thread, since a process with threads and open
connections must not be forked to run what is hostile.

A process that forks afterwards, as Celery's worker does, shares its template with all its children:
each orders through the same socket, and gets its answer through one of its own. Templates need
Linux (file descriptors of processes, messages that keep their bounds); elsewhere there is none.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO, Protocol

from worker.isolatedchild import REPLY, LateCall, WarmCall

CALLS_AN_INTERPRETER = 1_000
"""A process is replaced after so many calls, since parsers leak a little."""
CALLS_A_FORK = 100
"""... one that is forked earlier, for 50 ms: a page in 200 leaves 30 MB behind for good."""
_FORK_LIMIT_S = 30.0
"""So long a template may take to try the parsers and fork, on a busy machine."""
_KILL_LIMIT_S = 5.0
_MOST_STARTS = 3
"""A template that is gone is started again so often, then new interpreters serve."""


class Process(Protocol):
    """A process that answers calls.

    Attributes:
        pid: its process id.
        requests: what it reads.
        answers: what it writes.
        most_calls: after which it should be replaced.
    """

    pid: int
    requests: IO[bytes]
    answers: IO[bytes]
    most_calls: int

    def kill(self) -> None:
        """End it, and close its pipes."""
        ...


class NewInterpreter:
    """A `Process` that imports what it needs by itself.

    Args:
        memory_limit_bytes: of address space.
    """

    most_calls = CALLS_AN_INTERPRETER

    def __init__(self, memory_limit_bytes: int) -> None:
        self._process = _interpreter(
            f"serve({memory_limit_bytes})", stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None  # noqa: S101 - for the type checker: it is a PIPE
        assert self._process.stdout is not None  # noqa: S101
        self.pid = self._process.pid
        self.requests, self.answers = self._process.stdin, self._process.stdout

    def kill(self) -> None:
        """End it, and close its pipes."""
        self._process.kill()
        self._process.wait()
        _close(self.requests, self.answers)


class Forked:
    """A `Process` that a template has forked.

    Args:
        pid: its process id.
        handle: its file descriptor, which means this process also after its end.
        requests: the descriptor to write to.
        answers: the descriptor to read from.
    """

    most_calls = CALLS_A_FORK

    def __init__(self, pid: int, handle: int, requests: int, answers: int) -> None:
        self.pid = pid
        self._handle: int | None = handle
        self.requests: IO[bytes] = os.fdopen(requests, "wb")
        self.answers: IO[bytes] = os.fdopen(answers, "rb")

    def has_ended(self, within_s: float) -> bool:
        """Whether it has ended, after a wait of so many seconds at the most."""
        handle = self._handle
        return handle is None or bool(select.select([handle], [], [], within_s)[0])

    def kill(self) -> None:
        """End it, and close its pipes."""
        handle, self._handle = self._handle, None
        if handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)  # type: ignore[attr-defined,unused-ignore]
            select.select([handle], [], [], _KILL_LIMIT_S)  # readable once it has ended
            os.close(handle)
        _close(self.requests, self.answers)


class Template:
    """A warmed process that forks others on order.

    Started before this process forks, it serves all that come of it. One that was killed is started
    again: by the process that started it when that forks next, by any other for itself.

    Args:
        memory_limit_bytes: of address space, of each forked process.
        warm: what it tries once beforehand.
        late: what it tries once a child has needed it.
    """

    def __init__(
        self, memory_limit_bytes: int, warm: Sequence[WarmCall], late: Sequence[LateCall]
    ) -> None:
        self._main = f"serve_template({memory_limit_bytes})"
        self._warm = pickle.dumps((list(warm), list(late)), pickle.HIGHEST_PROTOCOL)
        self._lock = threading.Lock()
        self._starts = 0
        self._orders: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def start(self) -> None:
        """Start it, without waiting until it is warm; nothing where that is not possible."""
        with self._lock:
            self._start()
        os.register_at_fork(before=self._before_fork)

    def fork(self) -> Forked | None:
        """Give a new process; None if there is no template any more."""
        for _ in range(2):
            orders = self._orders
            if orders is None:
                return None
            forked = order(orders, _FORK_LIMIT_S)
            if forked is not None:
                return forked
            with self._lock:
                if self._orders is orders:  # no other thread has seen it before us
                    self._start()
        return None

    def close(self) -> None:
        """End it, if this is the process that started it; what it has forked goes on."""
        with self._lock:
            self._end()

    def _before_fork(self) -> None:
        """Let what is forked now have a template that works."""
        process = self._process
        if process is not None and self._owner == os.getpid() and process.poll() is not None:
            with self._lock:
                self._start()

    def _start(self) -> None:
        self._end()
        self._starts += 1
        if self._starts > _MOST_STARTS or not can_fork():
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = _interpreter(self._main, stdin=theirs.fileno())
        self._owner = os.getpid()
        try:
            ours.sendall(self._warm)
        except OSError:  # it has ended already
            ours.close()
            return
        self._orders = ours

    def _end(self) -> None:
        if self._orders is not None:
            self._orders.close()
            self._orders = None
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.wait()
        self._process = None


def order(orders: socket.socket, limit_s: float | None) -> Forked | None:
    """Order a process; None if who forks has ended or does not answer.

    Args:
        orders: what `isolatedchild.fork_for_order` waits at, the other end.
        limit_s: seconds to wait for the answer; None = as long as there is somebody to give it.
    """
    requests, to_requests = os.pipe()
    from_answers, answers = os.pipe()
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with mine:
        try:
            with theirs:
                socket.send_fds(orders, [b"1"], [requests, answers, theirs.fileno()])
            mine.settimeout(limit_s)
            reply, handles, _, _ = socket.recv_fds(mine, REPLY.size, 1)
        except OSError:
            reply, handles = b"", []
        finally:
            os.close(requests)
            os.close(answers)
    if not handles:
        os.close(to_requests)
        os.close(from_answers)
        return None
    (pid,) = REPLY.unpack(reply)
    return Forked(pid, handles[0], to_requests, from_answers)


def can_fork() -> bool:
    """Whether this platform, and the container that this runs in, can do what a template needs."""
    if not (sys.platform == "linux" and hasattr(signal, "pidfd_send_signal")):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


def _interpreter(main: str, stdin: int, stdout: int | None = None) -> subprocess.Popen[bytes]:
    name = main.partition("(")[0]
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-c", f"from worker.isolatedchild import {name}; {main}"],
        stdin=stdin,
        stdout=stdout,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def _close(*pipes: IO[bytes]) -> None:
    for pipe in pipes:
        with contextlib.suppress(OSError):
            pipe.close()
