"""What would change under another setting, told before anything is saved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from worker.domain import Judged
from worker.learn.fitting import Setting


@dataclass(frozen=True, slots=True)
class Scored:
    """A stored match or near miss.

    Attributes:
        article: its score and what it is scored by; its verdict is `verdict`.
        verdict: True for relevant, False for irrelevant, None for none or unsure.
    """

    match_id: int
    article: Judged
    verdict: bool | None


@dataclass(frozen=True, slots=True)
class Moved:
    """What comes in, or goes out.

    Attributes:
        match_ids: of all. relevant, irrelevant: how many were judged so.
    """

    match_ids: tuple[int, ...]
    relevant: int
    irrelevant: int

    @property
    def total(self) -> int:
        """How many move."""
        return len(self.match_ids)


@dataclass(frozen=True, slots=True)
class Replay:
    """The articles that another setting would let in, and those that it would drop."""

    comes_in: Moved
    goes_out: Moved


def replay(stored: Iterable[Scored], now: Setting, then: Setting) -> Replay:
    """Judge what is stored by another setting.

    Args:
        stored: matches and near misses; what scored too little to be stored stays unknown.
        now: what holds today.
        then: what may be saved.
    """
    arrivals: list[Scored] = []
    departures: list[Scored] = []
    for one in stored:
        is_in, will_be = now.takes(one.article), then.takes(one.article)
        if is_in != will_be:
            (arrivals if will_be else departures).append(one)
    return Replay(_moved(arrivals), _moved(departures))


def _moved(found: list[Scored]) -> Moved:
    return Moved(
        tuple(one.match_id for one in found),
        sum(one.verdict is True for one in found),
        sum(one.verdict is False for one in found),
    )
