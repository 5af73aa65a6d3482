"""What a process did and how long the stages took, until the pipeline adds it to the store.

The counters are in the store, so that any web process can show them for all workers, and no
memory is shared nor lost when a worker is replaced.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from worker.telemetry import span

STAGES = ("poll", "fetch", "read", "match", "store")
"""Poll a feed; of articles: fetch a page (its host's turn included), read, match, store a few."""
BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of a histogram's classes, in seconds; a fetch ends after 30 s."""


@dataclass(frozen=True, slots=True, order=True)
class Counted:
    """What is counted.

    Attributes:
        name: `polls`, `articles`, `deliveries`, or `seconds_STAGE`.
        label: the outcome; of seconds the upper bound of the class, `+Inf`, or `sum`.
    """

    name: str
    label: str


class Measures:
    """Counts of one process that are not stored yet; safe to use from its threads."""

    def __init__(self) -> None:
        self._counts: Counter[Counted] = Counter()
        self._sums: dict[Counted, float] = {}
        self._lock = threading.Lock()

    def take(self) -> dict[Counted, float]:
        """All counts and sums since this was asked last."""
        with self._lock:
            taken = {**self._counts, **self._sums}
            self._counts.clear()
            self._sums.clear()
            return taken

    def count(self, name: str, outcomes: Mapping[str, int]) -> None:
        """Count outcomes, by their words."""
        with self._lock:
            for outcome, number in outcomes.items():
                self._counts[Counted(name, str(outcome))] += number

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, also where it ends in an error."""
        started = time.perf_counter()
        try:
            with span(name):
                yield
        finally:
            took_s = time.perf_counter() - started
            bound = next((f"{bound:g}" for bound in BUCKETS_S if took_s <= bound), "+Inf")
            total = Counted(f"seconds_{name}", "sum")
            with self._lock:
                self._counts[Counted(f"seconds_{name}", bound)] += 1
                self._sums[total] = self._sums.get(total, 0.0) + took_s
