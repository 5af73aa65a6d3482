"""Chaos takes minutes and servers of its own: it runs in CI, and where CHAOS asks for it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Form:
    """How much of it.

    Attributes:
        chunk: articles that come before each fault. rounds: how often all faults come.
        backlog: the last fault waits until no more than so many articles wait: what a slow machine
            has not done yet is no part of how it recovers.
        waits_for_one: whether a fault waits until one of its articles is done, not only begun;
            else some could be held five times by a worker that is killed, for which they are
            rightly given up.
        is_shared: whether each database gets one half of the faults.
        lease_s: of claims; the real one is 120 s.
        recovery_s: after the last fault all is done but the poison: a bound, generous.
        giving_up_s: ... and the poison given up, which takes four leases.
    """

    chunk: int
    backlog: int
    rounds: int
    waits_for_one: bool
    is_shared: bool
    lease_s: float
    recovery_s: float
    giving_up_s: float


FORMS = {
    "short": Form(
        chunk=12,
        backlog=48,
        rounds=1,
        waits_for_one=False,
        is_shared=True,
        lease_s=20,
        recovery_s=180,
        giving_up_s=180,
    ),
    "round": Form(
        chunk=50,
        backlog=100,
        rounds=1,
        waits_for_one=True,
        is_shared=False,
        lease_s=120,
        recovery_s=180,
        giving_up_s=900,
    ),
    "long": Form(
        chunk=50,
        backlog=100,
        rounds=4,
        waits_for_one=True,
        is_shared=False,
        lease_s=120,
        recovery_s=180,
        giving_up_s=900,
    ),
}


@pytest.fixture
def form() -> Form:
    name = os.environ.get("CHAOS", "")
    if name not in FORMS:
        pytest.skip("CHAOS=short, round or long runs it (make chaos)")
    if not sys.platform.startswith("linux"):
        pytest.skip("kills by Linux's means")
    return FORMS[name]
