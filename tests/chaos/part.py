"""Starts a part as `seedwatch` does, with a matcher that dies of poison and leases to wait for.

Run as `python -m tests.chaos.part LEASE_S COMMAND...`. Everything that is a multiple of the lease
is shortened with it, so that a test of four tries does not take ten minutes.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta

from worker import app, batch, cli, wiring
from worker.config import Settings
from worker.domain import ArticleText, Match
from worker.fetch.politeness import HostLimiter
from worker.match.matcher import SeedMatcher
from worker.store import claims, turns
from worker.store.store import Store

POISON = "This page ends the process that matches it."


def shorten(lease_s: float) -> None:
    """Make leases, and what has to fit into them, shorter than they are."""
    share = lease_s / claims.LEASE.total_seconds()
    claims.LEASE = timedelta(seconds=lease_s)
    claims.HINT_PAUSE *= share
    app.HARD_LIMIT_S = max(2, round(app.HARD_LIMIT_S * share))
    batch.PROCESS_BUDGET_S *= share
    turns._PLACE_S *= share  # type: ignore[misc]  # a dead worker's place at a host
    turns._RENEW_EVERY_S *= share  # type: ignore[misc]
    build = wiring.build_limiter

    def build_shorter(settings: Settings, store: Store, *, is_alone: bool = False) -> HostLimiter:
        limiter = build(settings, store, is_alone=is_alone)
        limiter._max_wait_s *= share
        return limiter

    wiring.build_limiter = build_shorter


def poison(matcher: type[SeedMatcher]) -> None:
    """Let a matcher's process die of a text, as a fault in a library written in C would."""
    match = matcher.match

    def deadly(self: SeedMatcher, articles: Sequence[ArticleText]) -> list[tuple[Match, ...]]:
        if any(POISON in article.text for article in articles):
            os.kill(os.getpid(), signal.SIGKILL)
        return match(self, articles)

    matcher.match = deadly  # type: ignore[method-assign]


if __name__ == "__main__":
    shorten(float(sys.argv.pop(1)))
    poison(SeedMatcher)
    cli.main()
