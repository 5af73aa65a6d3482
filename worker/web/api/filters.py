"""Saved filters: lists of the inbox that were given a name, for everybody who reviews here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field

from worker.domain import Relation, Scope, Verdict
from worker.errors import InputError
from worker.records import SavedFilter
from worker.store.filters import MAX_NAME
from worker.store.store import Store
from worker.web.api.access import needs
from worker.web.api.models import MAX_NUMBER, Day, Given, Id, Whole
from worker.web.listquery import LANGUAGE_PATTERN, MAX_OUTLET, MAX_TEXT, WATCH_PATTERN, ListQuery

_CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "Too many are kept already"}}
Review = Annotated[str | None, Depends(needs(Scope.REVIEW))]


class Filter(BaseModel):
    """A filter with its name."""

    id: int
    name: str
    query: str = Field(description="of the inbox's address: empty, or beginning with `?`")
    created_by: str | None


class FilterList(BaseModel):
    """All saved filters, by their names."""

    filters: list[Filter]


class NewFilter(Given):
    """A filter to be kept; one of the same name gives way to it."""

    name: str = Field(min_length=1, max_length=MAX_NAME)
    watch: str | None = Field(None, pattern=WATCH_PATTERN)
    relation: Relation | None = None
    language: str | None = Field(None, pattern=LANGUAGE_PATTERN)
    q: str | None = Field(None, max_length=MAX_TEXT, description="words in title or text")
    outlet: str | None = Field(None, max_length=MAX_OUTLET)
    feed: Annotated[Whole, Field(ge=1, le=MAX_NUMBER)] | None = None
    verdict: Verdict | Literal["unreviewed", "all"] = "unreviewed"
    since: Day | None = Field(None, description="found on this day (UTC) or later")

    def query(self) -> str:
        """The query string of the list that is meant."""
        return ListQuery(
            watch=self.watch,
            relation=self.relation,
            language=self.language,
            text=(self.q or "").strip() or None,
            outlet=(self.outlet or "").strip() or None,
            feed=self.feed,
            verdict=str(self.verdict),
            since=self.since,
        ).address()


class FilterApi:
    """The saved filters of one store.

    Args:
        store: keeps them.
    """

    def __init__(self, store: Store) -> None:
        self._filters = store.filters

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(tags=["filters"])
        add = router.add_api_route
        add("/filters", self.filters, response_model=FilterList)
        add("/filters", self.save, methods=["POST"], response_model=Filter, responses=_CONFLICT)
        add("/filters/{filter_id}", self.remove, methods=["DELETE"], status_code=204,
            response_model=None)  # fmt: skip
        return router

    def filters(self) -> Any:
        """List the saved filters."""
        return {"filters": [_record(row) for row in self._filters.rows()]}

    def save(self, given: NewFilter, token: Review) -> Any:
        """Keep a filter under a name."""
        name = " ".join("".join(char for char in given.name if _is_kept(char)).split())
        if not name:
            raise HTTPException(422, "name: has nothing in it that can be read")
        try:
            self._filters.save(name, given.query(), token)
        except InputError as error:
            raise HTTPException(409, error.problem) from error
        return next(_record(row) for row in self._filters.rows() if row.name == name)

    def remove(self, filter_id: Id, token: Review) -> None:
        """Forget a filter; one that is not there is no error: somebody was faster."""
        del token  # its scope is all that counts
        self._filters.remove(filter_id)


def _is_kept(char: str) -> bool:
    return char.isprintable() or char.isspace()


def _record(row: SavedFilter) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "query": row.query, "created_by": row.created_by}
