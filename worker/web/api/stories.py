"""Stories: matches that tell the same thing, as in the inbox, and a person's word on them."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import Field

from worker.domain import Scope
from worker.errors import InputError
from worker.records import StoryLine, StoryRule
from worker.store.store import Store
from worker.web.api import models
from worker.web.api.access import needs
from worker.web.api.cursors import cursor_of, read_cursor
from worker.web.api.models import Id
from worker.web.api.queries import MatchPageQuery

_STORIES = "s"
_SHOWN = 5
"""Matches that a story in a list has; its own page has all."""
_MOST = 1_000
_CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "The stories are not so"}}
Review = Annotated[str | None, Depends(needs(Scope.REVIEW))]


class StoryQuery(MatchPageQuery):
    """A page of stories: those that have a match that fits."""

    limit: int = Field(50, ge=1, le=100)


class StoryApi:
    """The stories of one store.

    Args:
        store: answers, and keeps what people say.
        rule: which matches tell one story, where nobody has said it.
    """

    def __init__(self, store: Store, rule: StoryRule) -> None:
        self._store = store
        self._rule = rule

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(tags=["stories"])
        add = router.add_api_route
        add("/stories", self.stories, response_model=models.StoryPage)
        add("/stories/{match_id}", self.story, response_model=models.WholeStory)
        add("/story-decisions", self.decide, methods=["POST"], response_model=models.WholeStory,
            responses=_CONFLICT)  # fmt: skip
        return router

    def stories(self, query: Annotated[StoryQuery, Query()]) -> Any:
        """List stories, the one with the newest match first; only matches that fit count."""
        key = read_cursor(_STORIES, query.cursor)
        wanted = replace(query.chosen(), before_id=key[0] if key else None)
        lines = self._store.stories.lines(wanted, query.limit + 1, _SHOWN)
        shown = lines[: query.limit]
        return {
            "stories": [_record(line) for line in shown],
            "next_cursor": cursor_of(_STORIES, shown[-1].newest)
            if len(lines) > query.limit
            else None,
        }

    def story(self, match_id: Id) -> Any:
        """The story of a match, its matches in the order in which they were told."""
        return self._whole(self._store.stories.id_of(match_id))

    def decide(self, given: models.NewStoryDecision, token: Review) -> Any:
        """Put stories together, or take matches out of theirs; it stays so, whatever comes in."""
        decisions = self._store.story_decisions
        decide = decisions.merge if given.act == "merge" else decisions.split
        try:
            story_id = decide(given.match_ids, self._rule, given.reviewer or token)
        except InputError as error:
            raise HTTPException(409, error.problem) from error
        return self._whole(story_id)

    def _whole(self, story_id: int) -> Any:
        return {
            "story_id": story_id,
            "number": self._store.stories.size(story_id),
            "matches": [asdict(one) for one in self._store.stories.entries(story_id, _MOST)],
        }


def _record(line: StoryLine) -> dict[str, Any]:
    return {
        "story_id": line.story_id,
        "number": line.number,
        "groups": [asdict(group) for group in line.groups],
        "matches": [asdict(entry) for entry in line.entries],
    }
