"""What is concluded about a story: shown on its page, and to be downloaded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from worker.analysis.facts import as_record as facts_record
from worker.analysis.facts import facts_of
from worker.analysis.graph import Link, as_graphml, as_record, links_of
from worker.analysis.quotes import as_record as quotes_record
from worker.analysis.stories import MOST_READ, MOST_SHOWN, Analyst, ReadStory, Telling
from worker.domain import Watch
from worker.records import SharedFact
from worker.store.store import Store
from worker.web.lineagechart import picture
from worker.web.listquery import MatchId


@dataclass(frozen=True, slots=True)
class Spread:
    """How a story spread, as its page shows it.

    Attributes:
        rows: each text with the hypotheses on where it is from, in the order of the numbers.
        number: of articles that were looked at; `of` all that the story has.
    """

    picture: Markup
    rows: tuple[tuple[Telling, tuple[Link, ...]], ...]
    numbers: dict[str, int]
    number: int
    of: int


_MOST_FACTS = 12
"""That agree; contradictions are all shown."""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The facts of a story, as its page shows them.

    Attributes:
        shown: contradictions first. left: how many more there are.
    """

    shown: tuple[SharedFact, ...]
    conflicts: int
    left: int


class StoryPages:
    """Downloads of what is concluded about stories.

    Args:
        store: has them.
        watches: give the texts of the seeds.
    """

    def __init__(self, store: Store, watches: Iterable[Watch]) -> None:
        self._analyst = Analyst(store, watches)

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(include_in_schema=False)
        add = router.add_api_route
        add("/stories/{match_id}/lineage.json", self.as_json, methods=["GET", "HEAD"])
        add("/stories/{match_id}/lineage.graphml", self.as_graphml, methods=["GET", "HEAD"])
        add("/stories/{match_id}/facts.json", self.facts, methods=["GET", "HEAD"])
        add("/stories/{match_id}/quotes.json", self.quotes, methods=["GET", "HEAD"])
        return router

    def read(self, story_id: int) -> ReadStory:
        """A story as far as its page looks at it."""
        return self._analyst.read(story_id, MOST_SHOWN)

    def as_json(self, match_id: MatchId) -> Response:
        """The graph as JSON."""
        return _as_json(as_record(self._analyst.read(match_id, MOST_READ)), match_id)

    def as_graphml(self, match_id: MatchId) -> Response:
        """The graph as GraphML."""
        document = as_graphml(self._analyst.read(match_id, MOST_READ))
        return _download(document, "application/graphml+xml", match_id, "graphml")

    def quotes(self, match_id: MatchId) -> Response:
        """Quotations followed through the story, as JSON."""
        return _as_json(quotes_record(self._analyst.read(match_id, MOST_READ)), match_id)

    def facts(self, match_id: MatchId) -> Response:
        """Facts side by side as JSON."""
        return _as_json(facts_record(self._analyst.read(match_id, MOST_READ)), match_id)


def side_by_side(story: ReadStory) -> SideBySide | None:
    """The facts of a story side by side; None where nothing is told twice."""
    found = facts_of(story)
    conflicts = sum(one.is_conflict for one in found)
    shown = found[: conflicts + _MOST_FACTS]
    return SideBySide(shown, conflicts, len(found) - len(shown)) if found else None


def spread_of(story: ReadStory) -> Spread | None:
    """How a story spread; None where it has one text only."""
    if len(story.tellings) < 2:
        return None
    links = links_of(story)
    order = {key: number for number, key in enumerate(story.lineage.order)}
    tellings = sorted(story.tellings, key=lambda one: order[one.key])
    return Spread(
        picture(tellings, links),
        tuple((one, _of(one, links)) for one in tellings),
        {one.key: number for number, one in enumerate(tellings, 1)},
        len(story.articles),
        story.number,
    )


def _of(one: Telling, links: Sequence[Link]) -> tuple[Link, ...]:
    return tuple(link for link in links if link.text is one)


def _as_json(record: dict[str, Any], story_id: int) -> Response:
    text = json.dumps(record, ensure_ascii=False, indent=1)
    return _download(text, "application/json", story_id, "json")


def _download(text: str, media_type: str, story_id: int, ending: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="story-{story_id}.{ending}"'}
    return Response(text, media_type=media_type, headers=headers)
