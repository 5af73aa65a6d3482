"""So many requests a minute from each program; who asks for more waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Rate:
    """A bucket for each caller: filled evenly, emptied by requests, a minute's worth at the most.

    Args:
        per_minute: requests of one caller.
        clock_s: seconds, of any beginning.
    """

    _MOST_CALLERS = 10_000

    def __init__(self, per_minute: int, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._size = float(per_minute)
        self._clock_s = clock_s
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def wait_s(self, caller: str) -> int:
        """Count a request.

        Returns:
            0 if it may go on; else it is not counted, and may come again after so many seconds.
        """
        now = self._clock_s()
        with self._lock:
            left, at = self._buckets.pop(caller, (self._size, now))
            left = min(self._size, left + (now - at) * self._size / 60)
            if len(self._buckets) >= self._MOST_CALLERS:  # the one that was silent longest goes
                self._buckets.pop(next(iter(self._buckets)))
            may_go = left >= 1
            self._buckets[caller] = (left - 1 if may_go else left, now)
        return 0 if may_go else max(1, -int(-(1 - left) * 60 // self._size))
