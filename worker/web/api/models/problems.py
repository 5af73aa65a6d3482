"""What the API says is wrong."""

from __future__ import annotations

from pydantic import BaseModel, Field

from worker.web.api.models.matches import MatchRecord


class Fault(BaseModel):
    """Which part of a request is wrong."""

    loc: list[str]
    msg: str


class Problem(BaseModel):
    """What is wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[Fault] | None = None
    current: MatchRecord | None = Field(None, description="the match as it is now (409)")
    choices: list[str] | None = Field(None, description="the feeds that a page names (422)")
