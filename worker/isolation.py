"""Parsing in a child process that can be killed: a hostile page costs one Outcome, not a worker.

Some inputs keep lxml busy in C for minutes, where no exception and no soft limit reaches; others
take gigabytes. So parsers are called in a reused child with a limit on its address space and on
the time of each call. A child is kept warm between calls, since starting one and importing the
parsers costs more than parsing a thousand pages' worth of messages through a pipe. Where many calls
are to come, `prepare` lets them be forked from a template instead; see `worker.isolatedstart`.

Calls go one of two ways, so that many small ones never wait for a few that are much work. What is
large goes the patient way, whose children let all other processes go first; what turns out to be
much work though it is small changes over to it, together with its child.

Every thread that calls at the same time has a child of its own, so that parsing uses other cores
though the threads of a process share one interpreter.
"""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import select
import threading
import time
from collections.abc import Callable, Sequence
from typing import IO, Any

from worker.domain import Outcome
from worker.errors import ParseError
from worker.isolatedchild import LateCall, WarmCall, read_message, write_message
from worker.isolatedstart import NewInterpreter, Process, Template

CALL_CPU_S = 10.0
"""Seconds of work for one call; ordinary pages take .03, the largest ones under one."""
CALL_LIMIT_S = 30.0
"""Seconds by the clock, for a busy machine that leaves a third of a core."""
START_LIMIT_S = 30.0
"""... for the first call of a child, which imports the parsers; no less than for the others."""
MEMORY_LIMIT_BYTES = 1_000_000_000
MOST_CHILDREN = max(4, (os.cpu_count() or 1) + 2)
"""Ordinary calls of one process at the same time: enough for all cores."""
MOST_MOVED_CHILDREN = 8
"""Beside them, those that have turned out to be much work."""
MOST_PATIENT_CHILDREN = 1
"""... and those for large messages: measured, two cost the ordinary ones a tenth of their pace."""
PATIENT_WAIT_S = 20.0
"""For so long a large message waits for its turn: with fetching and parsing less than a lease."""
REST_S = 0.3
"""A large message waits until no ordinary call of others has been under way for so long ..."""
REST_WAIT_S = 5.0
"""... but no longer than this, for where there is always one."""
MOST_IDLE_FORKS = max(2, os.cpu_count() or 1)
"""Ordinary children of a template that are kept between calls: others are there in milliseconds."""
IDLE_FORK_S = 2.0
"""Of these, one that has waited for so long while another one sufficed ends: 20 MB each."""
LONGEST_IDLE_S = 5.0
"""... and the last one after so long: the next one costs 3 ms, and its first page 13."""

LARGE_BYTES = 1_000_000
"""A message of more goes the patient way; few feeds and pages are a tenth of it."""
QUICK_CPU_S = 0.25
"""A call that has taken more changes over to the patient way."""
QUICK_IMPORT_CPU_S = 2.0
"""... where the child has to import the parser first."""
_LOOK_EVERY_S = 0.1
_LOWER_PRIORITY = 10
"""Added to the nice value; it leaves a tenth of a core to a child where somebody else wants it."""
_PROCESS_CLOCK = 2
"""The kind of clock of another process, as Linux numbers them (CPUCLOCK_SCHED)."""


class Isolation:
    """Calls functions in killable children.

    Args:
        call_limit_s: seconds by the clock after which a call's child is killed.
        memory_limit_bytes: of address space; a call that wants more fails.
        most_children: ordinary calls at the same time; further ones wait for their turn.
        warm: what a template tries once, so that no child has to.
        late: what it tries once a child has had to.
    """

    def __init__(
        self,
        call_limit_s: float = CALL_LIMIT_S,
        memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
        most_children: int = MOST_CHILDREN,
        warm: Sequence[WarmCall] = (),
        late: Sequence[LateCall] = (),
    ) -> None:
        self._call_limit_s = call_limit_s
        self._memory_limit_bytes = memory_limit_bytes
        self._ordinary = _Way(most_children)
        self._patient = _Way(MOST_PATIENT_CHILDREN, is_patient=True)
        self._moved = threading.BoundedSemaphore(MOST_MOVED_CHILDREN)
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._warm, self._late = warm, late
        self._template: Template | None = None
        self._watcher: threading.Thread | None = None

    def prepare(self) -> None:
        """Start a template of the children: once, in a process that is going to call a lot.

        What this process forks afterwards shares it.
        """
        self._template = Template(self._memory_limit_bytes, self._warm, self._late)
        self._template.start()

    def call(self, target: str, *args: Any, **kwargs: Any) -> Any:
        """Call a function in a child.

        Args:
            target: "module:function"; arguments and result must survive pickling.
            args: for the function.
            kwargs: for the function.

        Raises:
            ParseError: the call took too long or too much memory, or its process died; POSTPONED
                if it is large and its turn did not come.
            Exception: whatever the function raised.
        """
        size = sum(len(one) for one in args if isinstance(one, (bytes, str)))
        way = self._patient if size > LARGE_BYTES else self._ordinary
        asked_at = time.monotonic()
        place = _Place(way, self._moved)
        try:
            if way.is_patient:
                self._ordinary.await_rest(asked_at + REST_WAIT_S)
            request = pickle.dumps((target, args, kwargs), pickle.HIGHEST_PROTOCOL)
            is_ok, answer = self._call(way, place, target, request)
        finally:
            place.leave()
        if is_ok:
            return answer
        if isinstance(answer, MemoryError):
            raise ParseError(Outcome.TOO_COMPLEX, "needs too much memory to parse")
        raise answer

    def close(self) -> None:
        """End the children that are idle, and the template."""
        with self._lock:
            children = [*self._ordinary.idle, *self._patient.idle]
            self._forget()
        for child in children:
            child.kill()
        if self._template is not None:
            self._template.close()

    def _call(self, way: _Way, place: _Place, target: str, request: bytes) -> tuple[bool, Any]:
        child = self._take(way)
        try:
            is_ok, answer = self._ask(child, place, target, request)
        except _GoneError:
            # it was kept from an earlier call and may have been killed since: not this call's fault
            child = self._new(way)
            is_ok, answer = self._ask(child, place, target, request)
        if child.is_used_up or isinstance(answer, MemoryError):
            child.kill()
        else:
            self._keep(child)
        return is_ok, answer

    def _ask(self, child: _Child, place: _Place, target: str, request: bytes) -> tuple[bool, Any]:
        is_reused = child.calls > 0
        try:
            return child.call(target, request, place.move)
        except _GoneError as error:
            child.kill()
            if is_reused:
                raise
            raise ParseError(Outcome.TOO_COMPLEX, "the parser's process died") from error
        except BaseException:
            child.kill()
            raise

    def _take(self, way: _Way) -> _Child:
        with self._lock:
            if self._owner != os.getpid():  # after a fork the children are our parent's
                self._forget()
                self._owner = os.getpid()
            if way.idle:
                return way.idle.pop()
        return self._new(way)

    def _new(self, way: _Way) -> _Child:
        forked = self._template.fork() if self._template is not None else None
        child = _Child(forked or NewInterpreter(self._memory_limit_bytes), self._call_limit_s)
        if way.is_patient:
            child.give_way()
        return child

    def _keep(self, child: _Child) -> None:
        way = self._patient if child.is_patient else self._ordinary
        most = way.most
        if self._template is not None:
            most = 0 if child.is_patient else min(most, MOST_IDLE_FORKS)
        child.idle_since = now = time.monotonic()
        with self._lock:
            before, idle = way.idle, [*way.idle, child]
            if self._template is not None:
                idle = [each for each in idle if now - each.idle_since <= IDLE_FORK_S]
            way.idle = idle[:most]
            ended = {*before, child} - {*way.idle}
            if self._template is not None and (
                self._watcher is None or not self._watcher.is_alive()  # it is not after a fork
            ):
                self._watcher = threading.Thread(target=self._end_idle, name="idle", daemon=True)
                self._watcher.start()
        for each in ended:
            each.kill()

    def _end_idle(self) -> None:
        """End children of a template that nobody has needed for long, until there are none."""
        way = self._ordinary
        while True:
            time.sleep(LONGEST_IDLE_S / 5)
            since = time.monotonic() - LONGEST_IDLE_S
            with self._lock:
                ended = [child for child in way.idle if child.idle_since < since]
                way.idle = [child for child in way.idle if child.idle_since >= since]
                is_over = not way.idle
                if is_over:
                    self._watcher = None
            for child in ended:
                child.kill()
            if is_over:
                return

    def _forget(self) -> None:
        self._ordinary.idle, self._patient.idle = [], []


class _Way:
    """The places of one kind of calls, and the children that wait for the next one."""

    def __init__(self, most: int, *, is_patient: bool = False) -> None:
        self.most = most
        self.is_patient = is_patient
        self.idle: list[_Child] = []
        self._places = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._calls = 0
        self._ended_at: dict[int, float] = {}

    def enter(self) -> bool:
        """Take a place, as soon as there is one; False if that takes too long."""
        with self._lock:
            self._calls += 1
        is_in = self._places.acquire(timeout=PATIENT_WAIT_S if self.is_patient else None)
        if not is_in:
            self._end()
        return is_in

    def leave(self) -> None:
        """Give a place back."""
        self._places.release()
        self._end()

    def await_rest(self, ends_at: float) -> None:
        """Wait until these calls have rested a little, at most until then (monotonic clock).

        The calls that this thread has made do not count: while it waits it makes no more of them.
        """
        own = threading.get_ident()
        while (now := time.monotonic()) < ends_at:
            with self._lock:
                others = (at for thread, at in self._ended_at.items() if thread != own)
                if not self._calls and now - max(others, default=-math.inf) > REST_S:
                    return
            time.sleep(_LOOK_EVERY_S)

    def _end(self) -> None:
        now = time.monotonic()
        with self._lock:
            self._calls -= 1
            recent = {thread: at for thread, at in self._ended_at.items() if now - at <= REST_S}
            self._ended_at = {**recent, threading.get_ident(): now}


class _Place:
    """The place of one call; it moves to one beside the ordinary ones if it is much work."""

    def __init__(self, way: _Way, beside: threading.BoundedSemaphore) -> None:
        if not way.enter():
            raise ParseError(Outcome.POSTPONED, "large, and others are being parsed for long")
        self._beside = None if way.is_patient else beside
        self._give_back = way.leave

    def move(self) -> None:
        """Leave an ordinary place to others, if there is one beside them."""
        if self._beside is not None and self._beside.acquire(blocking=False):
            self._give_back()
            self._give_back, self._beside = self._beside.release, None

    def leave(self) -> None:
        """Give back what is held."""
        self._give_back()


class _GoneError(Exception):
    """A child was no longer there, or ended before it answered."""


class _Child:
    def __init__(self, process: Process, call_limit_s: float) -> None:
        self.calls = 0
        self.is_patient = False
        self.idle_since = 0.0
        self._process = process
        self._call_limit_s = call_limit_s
        self._imported: set[str] = set()

    @property
    def is_used_up(self) -> bool:
        return self.calls >= self._process.most_calls

    def call(self, target: str, request: bytes, on_slow: Callable[[], None]) -> tuple[bool, Any]:
        """Give whether the call returned, and what it returned or raised."""
        self.calls += 1
        limit_s = self._call_limit_s
        if self.calls == 1:
            limit_s = max(START_LIMIT_S, limit_s)
        quick_s = QUICK_CPU_S if target in self._imported else QUICK_IMPORT_CPU_S
        self._imported.add(target)
        try:
            write_message(self._process.requests, str(limit_s).encode())
            write_message(self._process.requests, request)
            self._await_answer(self._process.answers, limit_s, quick_s, on_slow)
            answer = read_message(self._process.answers)
        except (BrokenPipeError, EOFError) as error:
            raise _GoneError from error
        is_ok, told = pickle.loads(answer)  # noqa: S301 - ours
        return is_ok, told

    def _await_answer(
        self, answers: IO[bytes], limit_s: float, quick_s: float, on_slow: Callable[[], None]
    ) -> None:
        ends_at, before_s = time.monotonic() + limit_s, self._cpu_s()
        while not select.select([answers], [], [], _LOOK_EVERY_S)[0]:
            worked_s = self._cpu_s() - before_s
            if worked_s > CALL_CPU_S or time.monotonic() > ends_at:
                raise ParseError(Outcome.TOO_COMPLEX, "takes too long to parse")
            if worked_s > quick_s:
                self.give_way()
                on_slow()

    def _cpu_s(self) -> float:
        """The CPU time of the child; where the platform does not tell, the time that passes."""
        try:
            return time.clock_gettime((~self._process.pid << 3) | _PROCESS_CLOCK)
        except (AttributeError, OSError):
            return time.monotonic()

    def give_way(self) -> None:
        """Let all others have the CPU first, for good: nobody but root may take that back."""
        if self.is_patient:
            return
        self.is_patient = True
        with contextlib.suppress(AttributeError, OSError):
            nice = os.getpriority(os.PRIO_PROCESS, self._process.pid) + _LOWER_PRIORITY
            os.setpriority(os.PRIO_PROCESS, self._process.pid, nice)

    def kill(self) -> None:
        self._process.kill()
