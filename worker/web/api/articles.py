"""Articles, those that matched nothing, too: their texts, versions and where they were seen."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from worker.records import ArticleRow
from worker.store.store import Store
from worker.web.api import models
from worker.web.api.cursors import cursor_of, read_cursor
from worker.web.api.models import Day, Id
from worker.web.api.queries import PageQuery
from worker.web.safety import without_user

_ARTICLES = "a"
_EPOCH = datetime.fromtimestamp(0, UTC)
_TICK = timedelta(microseconds=1)
_LATEST_US = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _TICK
VersionNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]


class ArticleQuery(PageQuery):
    """A page of articles."""

    since: Day | None = Field(None, description="first seen on this day (UTC) or later")

    def before(self) -> tuple[datetime, int] | None:
        """The article that the page before ended with."""
        key = read_cursor(_ARTICLES, self.cursor, size=2)
        return (_EPOCH + min(key[0], _LATEST_US) * _TICK, key[1]) if key else None


class ArticleApi:
    """The articles of one store.

    Args:
        store: answers.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(tags=["articles"])
        add = router.add_api_route
        add("/articles", self.articles, response_model=models.ArticlePage)
        add("/articles/{article_id}", self.article, response_model=models.WholeArticle)
        add(
            "/articles/{article_id}/versions/{number}",
            self.version,
            response_model=models.WholeVersion,
        )
        return router

    def articles(self, query: Annotated[ArticleQuery, Query()]) -> Any:
        """List articles, those first seen latest first."""
        since = datetime.combine(query.since, time(), UTC) if query.since else None
        rows = self._store.library.rows(query.limit + 1, since, query.before())
        shown = rows[: query.limit]
        return {
            "articles": [asdict(row) for row in shown],
            "next_cursor": _cursor_behind(shown[-1]) if len(rows) > query.limit else None,
        }

    def article(self, article_id: Id) -> Any:
        """One article with its text, its versions and where it was seen."""
        row = self._store.library.get(article_id)
        matches = self._store.matches
        versions = [
            {
                "number": one.number,
                "title": one.title,
                "characters": one.length or 0,
                "seen_at": one.seen_at,
            }
            for one in matches.versions(article_id)
        ]
        feed_ids = self._store.library.feed_ids(article_id)
        sightings = [
            {
                "feed_id": feed_id,
                "feed": one.feed_title or without_user(one.feed_url),
                "url": one.url,
                "title": one.title,
                "seen_at": one.seen_at,
            }
            for feed_id, one in zip(feed_ids, matches.sightings(article_id), strict=False)
        ]
        return {
            **asdict(row),
            "text": matches.article_text(article_id),
            "versions": versions,
            "sightings": sightings,
        }

    def version(self, article_id: Id, number: VersionNumber) -> Any:
        """A text that an article has had."""
        return dict(self._store.library.version(article_id, number)._mapping)


def _cursor_behind(row: ArticleRow) -> str:
    return cursor_of(_ARTICLES, (row.first_seen_at - _EPOCH) // _TICK, row.id)
