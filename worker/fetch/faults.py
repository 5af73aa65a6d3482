"""What sockets, TLS, http.client and urllib3 raise -> one class of error with one Outcome."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import BadStatusLine, HTTPException
from typing import Final

from urllib3 import exceptions

from worker.domain import Failure, Outcome
from worker.errors import FetchError
from worker.fetch.body import BodyBrokenError, BodyTooLargeError
from worker.fetch.connect import (
    AddressRefusedError,
    ConnectFailedError,
    ConnectionFault,
    HeadTooLargeError,
    NoSuchHostError,
)
from worker.fetch.guard import safe_url


@contextmanager
def translating(url: str) -> Iterator[None]:
    """Turn what sockets, TLS, http.client and urllib3 raise into a FetchError."""
    try:
        yield
    except (
        ConnectionFault, BodyTooLargeError, BodyBrokenError,
        exceptions.HTTPError, HTTPException, OSError, ValueError,
    ) as error:  # fmt: skip
        cause, outcome, failure = _class_of(error)
        raise FetchError(safe_url(url), outcome, failure, _said(cause)[:300]) from error


# The first that fits: what happened is often wrapped two or three times by urllib3.
_CLASSES: Final[tuple[tuple[type[Exception], Outcome, Failure], ...]] = (
    (AddressRefusedError, Outcome.BLOCKED_ADDRESS, Failure.HARD),
    (HeadTooLargeError, Outcome.BAD_RESPONSE, Failure.SOFT),
    (BodyTooLargeError, Outcome.TOO_LARGE, Failure.SOFT),
    (BodyBrokenError, Outcome.BAD_RESPONSE, Failure.SOFT),
    (NoSuchHostError, Outcome.UNREACHABLE, Failure.SOFT),
    (TimeoutError, Outcome.TIMEOUT, Failure.TEMPORARY),
    (ConnectFailedError, Outcome.UNREACHABLE, Failure.TEMPORARY),
    (ssl.SSLCertVerificationError, Outcome.UNREACHABLE, Failure.SOFT),
    (ssl.SSLError, Outcome.UNREACHABLE, Failure.TEMPORARY),
)


def _said(cause: BaseException) -> str:
    """What happened, for a person who knows none of our libraries' classes."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"certificate: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError):
        return f"TLS: {cause.reason or cause}"
    if isinstance(cause, BadStatusLine):
        return f"no answer of HTTP: {str(cause)[:100]}"
    if isinstance(cause, TimeoutError) and not str(cause):
        return "no answer in time"
    # IncompleteRead, NotConnected ...: a name is better than nothing
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__


def _class_of(error: BaseException) -> tuple[BaseException, Outcome, Failure]:
    """Look through the wrappers for the error that says what happened, and class it."""
    causes = [error]
    while (below := causes[-1].__cause__ or causes[-1].__context__) and len(causes) < 8:
        causes.append(below)
    for kind, outcome, failure in _CLASSES:
        for cause in causes:
            if isinstance(cause, kind):
                return cause, outcome, failure
    return error, Outcome.BAD_RESPONSE, Failure.TEMPORARY
