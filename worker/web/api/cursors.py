"""Cursors: where a list goes on, in a form that nobody is tempted to compute with."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from fastapi import HTTPException

from worker.web.api.models import MAX_NUMBER

MAX_CURSOR = 200


def cursor_of(kind: str, *key: int) -> str:
    """A cursor of a list of some kind, behind the row of a key."""
    text = ":".join([kind, *map(str, key)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(kind: str, text: str | None, size: int = 1) -> Sequence[int] | None:
    """The key in a cursor; None for none.

    Args:
        kind: of the list, so that a cursor of another one is refused.
        text: as the program sent it.
        size: how many numbers make up a key.

    Raises:
        HTTPException: it is no cursor of such a list, so that no page is there.
    """
    if text is None:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        found, *numbers = base64.b64decode(padded, b"-_", validate=True).decode("ascii").split(":")
        key = [int(number) for number in numbers]
    except (ValueError, binascii.Error):
        found, key = "", []
    if found != kind or len(key) != size or not all(0 <= number <= MAX_NUMBER for number in key):
        raise HTTPException(404, "cursor: is none that this list gave; begin without one")
    return key
