"""From any address that a person names to the feed that is meant: asked before it is stored."""

from __future__ import annotations

from dataclasses import dataclass

from worker.domain import Outcome
from worker.polling import trial
from worker.services import Services

# An answer that says: nobody should poll this.
_REFUSED = frozenset(
    {Outcome.NOT_A_FEED, Outcome.NOT_FOUND, Outcome.GONE, Outcome.BAD_URL, Outcome.BLOCKED_ADDRESS}
)


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """What an address came to.

    Attributes:
        url: of the feed, which may be another than was asked for.
        outcome: of a poll of it, made now. detail: of that, for the log.
        choices: the feeds that a page names, where it names several: a person has to choose one.
    """

    url: str
    outcome: Outcome
    detail: str = ""
    choices: tuple[str, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether nothing there can be polled, today or later."""
        return self.outcome in _REFUSED

    @property
    def is_read(self) -> bool:
        """Whether it could be read now; what could not may be well tomorrow."""
        return self.outcome in (Outcome.OK, Outcome.EMPTY, Outcome.UNCHANGED)


def find_feed(services: Services, url: str) -> FoundFeed:
    """Ask an address for its feed, or for the one that it names.

    Raises:
        StoreError: the database cannot be reached.
    """
    seen = trial(services, url)
    if len(seen.named) == 1:
        (url,) = seen.named
        seen = trial(services, url)
    choices = seen.named if len(seen.named) > 1 else ()
    return FoundFeed(url, seen.result.outcome, seen.result.detail, choices)
