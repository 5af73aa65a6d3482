"""Processes that do the work on articles for `seedwatch run`, beside the one that does all else.

Threads of one interpreter take turns, so that one process of fetching, matching and storing leaves
cores idle. A process that is forked before this one has threads (the nursery) loads encoder,
detectors and seeds once. It forks a child for each batch that is worked on at the same time; these
share what it has loaded, and are kept for the next batch.

A child that is killed takes its batch with it: the store hands its articles out again when their
lease ends, and gives up what has killed several (see `worker.store.claims`). Children and nursery
notice by their pipes that this process has ended, however it did: a batch under way stores what it
has matched, gives back the rest, and its process ends. Where there is no nursery (it takes Linux,
and may be killed) the work is done in this process.
"""

from __future__ import annotations

import logging
import os
import pickle
import select
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import IO, Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from worker import memory, wiring
from worker.errors import WorkLostError
from worker.isolatedchild import (
    answer_calls,
    fork_for_order,
    ignore_interrupts,
    read_message,
    write_message,
)
from worker.isolatedstart import Forked, can_fork, order
from worker.services import Alone, Services

try:
    import resource
except ImportError:  # Windows, where nothing is forked either
    resource = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

END_PATIENCE_S = 20.0
"""For so long batches are waited for that were told to end: what they match and store meanwhile
takes a second or two, a page that is being read up to 30."""
_FROZEN_S = 5.0
"""A child ends itself when its limit is over; one that has not done so after this is killed."""

P = ParamSpec("P")
T = TypeVar("T")


class Done(NamedTuple):
    """What a call came to, and the most memory that its process has had, in KB."""

    result: Any
    memory_kb: int


class ForkedCrew:
    """A `Crew` of forked processes, as many as there are callers at the same time.

    Start it before this process has threads or connections, close it when nobody calls any more.

    Args:
        services: what the children work with; each has its own name and connections.
        limit_s: a child that takes longer for one call is killed.
        most_calls: a child that has done so many is replaced, and ...
        most_memory_kb: ... one that has had more memory than this.
    """

    def __init__(
        self, services: Services, *, limit_s: float, most_calls: int, most_memory_kb: int
    ) -> None:
        self._services = services
        self._limit_s = limit_s
        self._most_calls, self._most_memory_kb = most_calls, most_memory_kb
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._over = threading.Event()
        self._nursery = 0
        self._orders: socket.socket | None = None

    def __enter__(self) -> ForkedCrew:
        """Fork the nursery; it loads while this process goes on."""
        if not can_fork():
            return self
        self._services.store.close()  # no connection is shared
        memory.settle()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            pid = os.fork()
        except OSError as error:
            log.warning("articles are worked on in this process: %s", error)
            ours.close()
            theirs.close()
            return self
        if pid == 0:
            with suppress(BaseException):  # nothing of this process's own shall happen here
                ours.close()
                _nurse(self._services, theirs)
            os._exit(0)
        theirs.close()
        self._nursery, self._orders = pid, ours
        return self

    def do(
        self,
        services: Services,
        work: Callable[Concatenate[Services, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call it in a child; in this process where there is none."""
        child = self._take()
        if child is None:
            here = replace(services, crew=Alone(), is_ending=self._over.is_set)
            return work(here, *args, **kwargs)
        try:
            is_ok, answer = child.call(work, args, kwargs, self._limit_s)
        except (EOFError, OSError, ValueError) as error:  # the last: its pipes were closed
            self._end(child)
            lost = WorkLostError()
            log.error("%s", lost)
            raise lost from error
        if is_ok and self._is_good(child, answer):
            self._keep(child)
        else:
            self._end(child)
        if not is_ok:
            raise answer
        result: T = answer.result
        return result

    def tell(self) -> None:
        """Take up nothing any more, and let the batches that are being worked on end early."""
        with self._lock:
            self._over.set()
            idle, self._idle = self._idle, []
            busy = list(self._busy)
        if self._nursery:
            with suppress(ProcessLookupError):
                os.kill(self._nursery, signal.SIGKILL)  # it may be loading, for long
        for child in busy:
            child.tell()
        for child in idle:
            child.end()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all processes; what they had under way comes back when its lease ends."""
        self.tell()
        for child in list(self._busy):
            child.end()
        if self._orders is not None:
            self._orders.close()
        if self._nursery:
            with suppress(ChildProcessError):
                os.waitpid(self._nursery, 0)

    def _take(self) -> _Child | None:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.is_alive:
                    self._busy.add(child)
                    return child
                child.end()
            orders = None if self._over.is_set() else self._orders
        if orders is None:
            return None
        forked = order(orders, limit_s=None)
        if forked is None:
            self._miss(orders)
            return None
        child = _Child(forked)
        with self._lock:
            self._busy.add(child)
            if self._over.is_set():
                child.tell()
        return child

    def _miss(self, orders: socket.socket) -> None:
        """Say that nothing was forked, once if nothing will be any more."""
        if self._over.is_set():
            return
        with self._lock:
            if self._orders is None:
                return
            if select.select([orders], [], [], 0)[0]:  # its other end is closed
                self._orders = None
        log.error("no process could be forked: articles are worked on in this one")

    def _is_good(self, child: _Child, done: Done) -> bool:
        return child.calls < self._most_calls and done.memory_kb <= self._most_memory_kb

    def _keep(self, child: _Child) -> None:
        with self._lock:
            self._busy.discard(child)
            if not self._over.is_set():
                self._idle.append(child)
                return
        child.end()

    def _end(self, child: _Child) -> None:
        with self._lock:
            self._busy.discard(child)
        child.end()


class _Child:
    """A child as the process sees it that gives it work."""

    def __init__(self, process: Forked) -> None:
        self.calls = 0
        self._process = process

    @property
    def is_alive(self) -> bool:
        return not self._process.has_ended(0.0)

    def call(
        self, work: Callable[..., Any], args: Any, kwargs: Any, limit_s: float
    ) -> tuple[bool, Any]:
        """Give whether the call returned, and what it returned or raised.

        Raises:
            EOFError: the process has died, or has not ended in time.
            OSError: it is gone, or was told to end.
        """
        self.calls += 1
        write_message(self._process.requests, str(limit_s).encode())
        write_message(self._process.requests, pickle.dumps((work, args, kwargs)))
        if not select.select([self._process.answers], [], [], limit_s + _FROZEN_S)[0]:
            raise EOFError
        is_ok, answer = pickle.loads(read_message(self._process.answers))  # noqa: S301 - ours
        return is_ok, answer

    def tell(self) -> None:
        """Let it end as soon as it can."""
        with suppress(OSError):
            self._process.requests.close()

    def end(self) -> None:
        """See to it that it has ended: by itself if it can."""
        self.tell()
        self._process.has_ended(END_PATIENCE_S)
        self._process.kill()


# --- in the other processes -------------------------------------------------------------------


def _nurse(services: Services, orders: socket.socket) -> None:
    """Load, then fork a child for each order."""
    # whoever started all this decides; systemd tells every process of a service to stop
    ignore_interrupts()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel shall not keep those that ended
    try:
        wiring.load(services)
    except Exception:  # a bug, which each child will meet when it needs what could not be loaded
        log.exception("loading failed")
    while fork_for_order(orders, partial(_serve, services)):
        pass


def _serve(services: Services, requests: IO[bytes], answers: IO[bytes]) -> None:
    """Do what is asked, until the pipe is closed: while something is done, too."""

    def is_ending() -> bool:
        return bool(select.select([requests], [], [], 0)[0])  # nothing else comes meanwhile

    own = replace(services, name=wiring.process_name(), is_ending=is_ending)
    try:
        answer_calls(requests, answers, partial(_do, own), memory.give_back)
    finally:
        own.close()


def _do(
    services: Services, work: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Done:
    result = work(services, *args, **kwargs)
    return Done(result, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
