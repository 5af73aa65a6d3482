"""When a feed has moved for good: decided from how often it was redirected there.

A permanent redirect is a server's claim, and claims are wrong: miniflux took a 302 for permanent
(#1387), captive portals and misconfigured sites answer 301 for an hour. NewsBlur changes the
address after ten; here a person is asked after five, and nothing changes before they confirm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CONFIRM_AFTER: Final = 5


@dataclass(frozen=True, slots=True)
class Move:
    """Where a feed was redirected permanently, and at how many good polls in a row."""

    to: str | None = None
    count: int = 0

    @property
    def is_to_confirm(self) -> bool:
        """Whether a person should be asked to change the feed's address."""
        return self.to is not None and self.count >= CONFIRM_AFTER


def next_move(previous: Move, moved_to: str | None) -> Move:
    """Count a good poll (a bad one says nothing about where the feed is).

    Args:
        previous: up to the poll before.
        moved_to: the end of a chain of only permanent redirects at this poll, or None.
    """
    if moved_to is None:
        return Move()
    return Move(moved_to, previous.count + 1 if moved_to == previous.to else 1)
