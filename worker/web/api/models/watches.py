"""Watches as the API gives them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field


class Seed(BaseModel):
    """A reference article of a watch."""

    id: str
    title: str
    url: str | None
    language: str
    published_at: datetime | None
    text: str


class Watch(BaseModel):
    """A set of seeds with its settings."""

    name: str
    title: str
    description: str
    languages: list[str]
    threshold: float | None = Field(description="null: the matcher's own")
    feeds: int = Field(description="that are polled for it")
    seeds: list[Seed]


class WatchList(BaseModel):
    """All watches."""

    watches: list[Watch]
