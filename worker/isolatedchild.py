"""The child's side of `worker.isolation`: answers calls until nobody asks any more.

A message is its length and as many bytes. A call is two: its limit in seconds, and what to call.

A child is a new interpreter (`serve`), or forked from a template that has imported the parsers and
tried them once (`serve_template`).
"""

from __future__ import annotations

import contextlib
import importlib
import math
import os
import pickle
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from typing import IO, Any

from worker import memory
from worker.domain import Outcome
from worker.errors import ParseError

_LENGTH = struct.Struct(">Q")
REPLY = struct.Struct(">i")
"""A template's answer: the process id of a child, which comes with its file descriptor (pidfd)."""
MOST_ORDER_BYTES = 100_000
"""Of what a template is sent."""
CALLS_A_TRIM = 10
"""Memory that large pages have left behind goes back so often: .15 ms a page, for 20 to 30 MB."""

WarmCall = tuple[str, tuple[Any, ...], dict[str, Any]]
"""What a template tries once: "module:function", arguments, keyword arguments."""
LateCall = tuple[str, WarmCall]
"""What it tries once a child has had to import a module, and that module's name."""


def serve(memory_limit_bytes: int) -> None:
    """Answer calls from stdin until it is closed: the main loop of a new interpreter."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    _serve(sys.stdin.buffer, answers, memory_limit_bytes)


def serve_template(memory_limit_bytes: int) -> None:
    """Fork a child for each order from the socket at stdin, until nobody holds its other end.

    The first message says what to try once, so that no child has to; orders that come meanwhile go
    first. What few calls need and takes much memory is tried when a child has needed it: that one
    had to load it, those that are forked afterwards share it. An order brings the two ends of the
    child's pipes, and the socket that wants to know which process it is.
    """
    ignore_interrupts()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel shall not keep those that ended
    orders = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    told = orders.recv(MOST_ORDER_BYTES)
    if not told:
        return
    to_try: list[WarmCall]
    late: list[LateCall]
    to_try, late = pickle.loads(told)  # noqa: S301 - ours
    for target, _, _ in to_try:
        importlib.import_module(target.partition(":")[0])
    needs, to_needs = os.pipe()
    both: list[Any] = [orders, needs]
    while True:
        ready = select.select(both, [], [], 0 if to_try else None)[0]
        if needs in ready:
            told = os.read(needs, MOST_ORDER_BYTES)
            to_try += [call for number, (_, call) in enumerate(late) if number in told]
        if orders not in ready:
            if to_try:
                _answer(_call, to_try.pop(0))
                if not to_try:
                    memory.settle()
            continue
        told_needs = _Needs([module for module, _ in late], to_needs)

        def serve_fork(requests: IO[bytes], answers: IO[bytes], told: _Needs = told_needs) -> None:
            os.close(needs)
            _serve(requests, answers, memory_limit_bytes, told)

        if not fork_for_order(orders, serve_fork):
            return


def fork_for_order(
    orders: socket.socket, serve_fork: Callable[[IO[bytes], IO[bytes]], None]
) -> bool:
    """Wait for an order and fork a child for it.

    Args:
        orders: brings the two ends of the child's pipes, and the socket that wants to know it.
        serve_fork: what the child does with these ends, until it ends.

    Returns:
        False if nobody holds the socket's other end any more.
    """
    order, ends, _, _ = socket.recv_fds(orders, 1, 3)
    if not order:
        return False
    requests, answers, reply = ends
    pid = _fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            orders.close()
            os.close(reply)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            serve_fork(os.fdopen(requests, "rb"), os.fdopen(answers, "wb"))
        os._exit(0)
    os.close(requests)
    os.close(answers)
    _tell(socket.socket(fileno=reply), pid)
    return True


class _Needs:
    """Tells a template which modules a child of it has had to import.

    Args:
        modules: by the number that is told.
        to_template: the descriptor to write to.
    """

    def __init__(self, modules: Sequence[str], to_template: int) -> None:
        self._absent = {n: name for n, name in enumerate(modules) if name not in sys.modules}
        self._to_template = to_template

    def tell(self) -> None:
        """Tell what is new."""
        for number in [n for n, name in self._absent.items() if name in sys.modules]:
            del self._absent[number]
            with contextlib.suppress(OSError):  # it is gone
                os.write(self._to_template, bytes([number]))


def _fork() -> int:
    try:
        return os.fork()
    except OSError:  # no memory, or too many processes: who asked goes on without
        return -1


def _tell(reply: socket.socket, pid: int) -> None:
    """Say which process was forked; where that cannot be said, it ends since its pipes close."""
    with reply, contextlib.suppress(OSError):
        handle = os.pidfd_open(pid)
        try:
            socket.send_fds(reply, [REPLY.pack(pid)], [handle])
        finally:
            os.close(handle)


def _serve(
    requests: IO[bytes], answers: IO[bytes], memory_limit_bytes: int, needs: _Needs | None = None
) -> None:
    ignore_interrupts()
    _limit_memory(memory_limit_bytes)
    calls = 0

    def call(target: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            return _call(target, args, kwargs)
        finally:
            if needs is not None:
                needs.tell()

    def after_a_call() -> None:
        nonlocal calls
        calls += 1
        if calls % CALLS_A_TRIM == 0:
            memory.give_back()

    answer_calls(requests, answers, call, after_a_call)


def answer_calls(
    requests: IO[bytes],
    answers: IO[bytes],
    call: Callable[..., Any],
    after_a_call: Callable[[], None],
) -> None:
    """Answer calls until nobody asks any more, or nobody wants the answer.

    Args:
        requests: brings them.
        answers: takes what each came to.
        call: is called with what was asked.
        after_a_call: is called when the answer is out.
    """
    while True:
        try:
            limit_s, request = float(read_message(requests)), read_message(requests)
        except EOFError:
            return
        _end_after(math.ceil(limit_s) + 1)
        answer = _answer(call, pickle.loads(request))  # noqa: S301 - ours
        _end_after(0)
        try:
            write_message(answers, answer)
        except BrokenPipeError:
            return  # who asked was killed meanwhile
        del request, answer
        after_a_call()


def ignore_interrupts() -> None:
    """Ctrl-C is for who started this: its work goes on to its end, and then the pipes close."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end_after(seconds: int) -> None:
    """Let the kernel end this process, even in C, if its parent is gone by then; 0: never."""
    if hasattr(signal, "alarm"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(seconds)


def _call(target: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)(*args, **kwargs)


def _answer(call: Callable[..., Any], request: Sequence[Any]) -> bytes:
    try:
        answer = True, call(*request)
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
