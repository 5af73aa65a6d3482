"""Where secrets are kept: `env:NAME` and `file:/PATH` stand for what they hold.

They are read when a message is sent, so that a changed secret needs no restart, and are taken out
of every text that is logged, stored or shown.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from worker.domain import Failure, Outcome
from worker.errors import TellError

_MAX_BYTES = 10_000


def resolve(reference: str, environment: Mapping[str, str] | None = None) -> str:
    """What a reference stands for; anything else is itself.

    Args:
        reference: `env:NAME`, `file:/PATH`, or a plain value.
        environment: instead of this process's own.

    Raises:
        TellError: MISCONFIGURED, since it is not there.
    """
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = (os.environ if environment is None else environment).get(name, "").strip()
        if not value:
            raise missing(f"the environment variable {name} is not set here")
        return value
    if kind == "file":
        return _content(name)
    return reference


def missing(problem: str) -> TellError:
    """What is wrong here, not at the receiver's; a person must correct it."""
    return TellError(Outcome.MISCONFIGURED, Failure.BLOCKED, problem)


def shown(address: str) -> str:
    """An address as it may be shown: a reference as it is, a web address down to its host.

    Many services take whoever knows the path for the owner.
    """
    if address.startswith(("env:", "file:")):
        return address
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.hostname or ''}/…" if parts.scheme else address


def without(secrets: Iterable[str], text: str) -> str:
    """A text in which no secret is left, in one line that is not endless."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "…")
    return " ".join(text.split())[:500]


def secret_parts(url: str) -> list[str]:
    """What of an address must not be seen: all of it, and what follows its host."""
    parts = urlsplit(url)
    rest = url.partition("://")[2].partition("/")[2]
    return [url, *(part for part in (rest, parts.query, parts.netloc.rpartition("@")[0]) if part)]


def _content(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            body = file.read(_MAX_BYTES + 1)
        value = body.decode("utf-8").strip()
    except OSError as error:
        raise missing(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise missing(f"{path}: is not UTF-8 text") from error
    if not value or len(body) > _MAX_BYTES:
        raise missing(f"{path}: {'is empty' if not value else 'is no secret: too large'}")
    return value
