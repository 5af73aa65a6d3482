"""Articles as the API gives them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class Article(BaseModel):
    """An article without its text."""

    id: int
    url: str | None
    final_url: str | None
    canonical_url: str | None
    title: str
    language: str
    outlet: str | None
    author: str | None
    published_at: datetime | None
    first_seen_at: datetime
    processed_at: datetime | None
    state: str
    outcome: str | None
    text_source: str | None
    version: int


class ArticlePage(BaseModel):
    """Articles, first seen latest first."""

    articles: list[Article]
    next_cursor: str | None


class Sighting(BaseModel):
    """An entry of a feed that led to the article."""

    feed_id: int
    feed: str
    url: str | None
    title: str
    seen_at: datetime


class Version(BaseModel):
    """A text that the article has had, without the text."""

    number: int
    title: str
    characters: int
    seen_at: datetime


class WholeArticle(Article):
    """An article with its current text, its versions and where it was seen."""

    text: str
    versions: list[Version]
    sightings: list[Sighting]


class WholeVersion(BaseModel):
    """A text that the article has had."""

    number: int
    title: str
    text: str
    seen_at: datetime
