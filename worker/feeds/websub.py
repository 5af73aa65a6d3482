"""WebSub (W3C Recommendation of 2018-01-23): what is said to a hub, and whether it is who it says.

Decided from data alone; asking the hub and answering it are done elsewhere.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

LEASE_S: Final = 7 * 86_400
"""What is asked for; the hub decides."""
MIN_LEASE_S: Final = 300
MAX_LEASE_S: Final = 30 * 86_400
_RENEW_AT: Final = 0.8
"""Share of the lease after which it is renewed."""
MAX_ASKED_AGE: Final = timedelta(days=1)
"""A hub's question is answered only so long after we asked for it."""
_FIRST_PAUSE_S: Final = 600.0
_LONGEST_PAUSE_S: Final = 86_400.0
# The four of the recommendation; a hub chooses.
_ALGORITHMS: Final = frozenset({"sha1", "sha256", "sha384", "sha512"})


def subscription_form(topic: str, callback: str, secret: str) -> bytes:
    """The body of the request that asks a hub for a topic (section 5.1)."""
    return urlencode(
        {
            "hub.mode": "subscribe",
            "hub.topic": topic,
            "hub.callback": callback,
            "hub.secret": secret,
            "hub.lease_seconds": LEASE_S,
        }
    ).encode()


def is_signed(header: str, secret: str, body: bytes) -> bool:
    """Whether a body comes from who knows the secret (section 7.1).

    Args:
        header: X-Hub-Signature, "sha256=..." or with another of the four algorithms.
        secret: as given to the hub.
        body: as received.
    """
    algorithm, _, given = header.strip().partition("=")
    if algorithm.lower() not in _ALGORITHMS:
        return False
    expected = hmac.new(secret.encode(), body, algorithm.lower()).hexdigest()
    return hmac.compare_digest(expected.encode(), given.strip().lower().encode("utf-8", "replace"))


def lease_of(lease_seconds: str) -> timedelta:
    """For how long a subscription holds, by what the hub says; a day if it says nothing usable."""
    is_number = lease_seconds.isascii() and lease_seconds.isdigit()
    asked_s = int(lease_seconds[:9]) if is_number else 86_400
    return timedelta(seconds=min(max(asked_s, MIN_LEASE_S), MAX_LEASE_S))


def renewal_after(lease: timedelta) -> timedelta:
    """When a subscription is renewed, from its beginning."""
    return lease * _RENEW_AT


def pause_after(failures: int) -> timedelta:
    """How long a hub is left alone after so many failures in a row, from 1."""
    return timedelta(seconds=min(_FIRST_PAUSE_S * 2.0 ** min(failures - 1, 16), _LONGEST_PAUSE_S))
