"""Kinds of values that the API takes, stricter than pydantic's own."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from worker.web.listquery import WATCH_PATTERN

MAX_NUMBER = 2**53 - 1
"""The largest that every reader of JSON holds exactly; no id comes near."""


def _refuse_lookalikes(value: object) -> object:
    """Refuse what is read as a number elsewhere: true, "7"."""
    if isinstance(value, (bool, str)):
        raise ValueError("is no number")
    return value


def _refuse_numbers(value: object) -> object:
    """Refuse what is read as a time elsewhere: seconds since 1970."""
    if not (isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)):
        raise ValueError("use a date such as 2025-03-12")
    return value


Whole = Annotated[int, BeforeValidator(_refuse_lookalikes)]
MatchNumber = Annotated[int, Field(ge=1, le=MAX_NUMBER), BeforeValidator(_refuse_lookalikes)]
Day = Annotated[date, BeforeValidator(_refuse_numbers)]
Id = Annotated[int, Path(ge=1, le=MAX_NUMBER)]
WatchName = Annotated[str, Path(pattern=WATCH_PATTERN)]


class Given(BaseModel):
    """What a program sends: an unknown member is an error, never passed over."""

    model_config = ConfigDict(extra="forbid")
