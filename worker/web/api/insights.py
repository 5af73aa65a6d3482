"""What is concluded about stories, and learnt about watches: to be read, and names to be judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import Field

from worker.analysis.brief import Period, brief_of
from worker.analysis.facts import as_record as facts_record
from worker.analysis.graph import as_record as lineage_record
from worker.analysis.quotes import as_record as quotes_record
from worker.analysis.stories import Analyst
from worker.domain import Scope, Watch
from worker.errors import InputError
from worker.learn.fitting import GREATEST_THRESHOLD, LEAST_THRESHOLD, Setting
from worker.records import Brief, MatchFilter, RematchRow
from worker.records.silence import as_record
from worker.store.store import Store
from worker.tuning import Tuner
from worker.web.api import models
from worker.web.api.access import needs
from worker.web.api.models import Day, Given, Id, WatchName
from worker.web.listquery import WATCH_PATTERN

_REMATCHES = 10
MOST_TEXTS = 60
"""Articles of a story that one request looks at: some seconds of work at the most."""
_CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "The ledger has it already"}}
_NO_WATCH: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such watch"}}
Review = Annotated[str | None, Depends(needs(Scope.REVIEW))]


class BriefQuery(Given):
    """Of what a briefing is."""

    watch: str | None = Field(None, pattern=WATCH_PATTERN)
    since: Day | None = Field(None, description="something was found on this day (UTC) or later")


class SilenceQuery(Given):
    """Of which watch, and how far back."""

    watch: str | None = Field(None, pattern=WATCH_PATTERN)
    days: int = Field(14, ge=1, le=90, description="the last so many, today (UTC) among them")


class InsightApi:
    """Lineage, facts, quotations and briefings; names, tuning, samples and silence of watches.

    Args:
        store: has the texts and the verdicts.
        watches: give the seeds.
        clock: aware UTC.
    """

    def __init__(
        self, store: Store, watches: Sequence[Watch], clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._watches = {watch.name: watch for watch in watches}
        self._analyst = Analyst(store, watches)
        self._clock = clock

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter()
        add = router.add_api_route
        stories: dict[str, Any] = {"tags": ["stories"]}
        watches: dict[str, Any] = {"tags": ["watches"]}
        add("/stories/{match_id}/lineage", self.lineage, response_model=models.LineageGraph,
            **stories)  # fmt: skip
        add("/stories/{match_id}/facts", self.facts, response_model=models.FactList, **stories)
        add("/stories/{match_id}/quotes", self.quotes, response_model=models.QuoteList, **stories)
        add("/brief", self.brief, response_model=Brief, responses=_NO_WATCH, **stories)
        add("/watches/{name}/names", self.names, response_model=models.NameList, **watches)
        add("/watches/{name}/names/{name_id}", self.judge, methods=["POST"],
            response_model=models.NameList, responses=_CONFLICT, **watches)  # fmt: skip
        add("/watches/{name}/tuning", self.tuning, response_model=models.TuningOf, **watches)
        add("/watches/{name}/sample", self.sample, response_model=models.BlindList, **watches)
        add("/silence", self.silence, response_model=models.SilenceGrid, responses=_NO_WATCH,
            **watches)  # fmt: skip
        add("/watches/{name}/replay", self.replay, response_model=models.ReplayOf, **watches)
        add("/watches/{name}/rematch", self.rematches, response_model=models.RematchList, **watches)
        add("/watches/{name}/rematch", self.rematch, methods=["POST"], status_code=202,
            response_model=models.RematchOf, **watches)  # fmt: skip
        return router

    def lineage(self, match_id: Id) -> Any:
        """Who may have taken the story of a match from whom: hypotheses with their evidence."""
        return lineage_record(self._analyst.read(match_id, MOST_TEXTS))

    def facts(self, match_id: Id) -> Any:
        """The facts of the story of a match side by side, contradictions marked."""
        return facts_record(self._analyst.read(match_id, MOST_TEXTS))

    def quotes(self, match_id: Id) -> Any:
        """The quotations of the story of a match, as each of its texts has them."""
        return quotes_record(self._analyst.read(match_id, MOST_TEXTS))

    def brief(self, query: Annotated[BriefQuery, Query()]) -> Any:
        """What the coverage of each story says that the seeds do not, and the other way."""
        if query.watch is not None and not self._has_matches(query.watch):
            self._named(query.watch)
        since = datetime.combine(query.since, time(), UTC) if query.since else None
        return brief_of(self._analyst, self._store, Period(query.watch, since), self._clock())

    def names(
        self,
        name: WatchName,
        standing: Literal["proposed", "approved", "rejected"] | None = None,
    ) -> Any:
        """The names of a watch's seeds as other languages write them."""
        self._named(name)
        return {"names": [asdict(one) for one in self._store.names.rows(name, standing)]}

    def judge(self, name: WatchName, name_id: Id, given: models.NewStanding, token: Review) -> Any:
        """Approve or reject a name; what is approved is looked for from the next articles on."""
        self._named(name)
        reviewer = given.reviewer or token
        try:
            self._store.names.decide(name, name_id, given.standing, given.text, reviewer)
        except InputError as error:
            raise HTTPException(409, error.problem) from error
        rows = [one for one in self._store.names.rows(name) if one.id == name_id]
        return {"names": [asdict(one) for one in rows]}

    def tuning(self, name: WatchName) -> Any:
        """A watch's threshold, what verdicts speak for, and its precision and recall."""
        found = Tuner(self._store).look(self._named(name))
        proposed = found.proposal.setting
        return {
            "watch": name,
            "threshold": found.now.threshold,
            "has_correction": found.now.correction is not None,
            "is_decided": found.decided is not None,
            "verdicts": found.verdicts,
            "proposed_threshold": proposed.threshold if proposed else None,
            "quality": [asdict(one) for one in found.quality],
        }

    def sample(self, name: WatchName) -> Any:
        """The blind sample that waits: judge each by its text alone, as any match's verdict."""
        self._named(name)
        return {"articles": [asdict(one) for one in self._store.samples.waiting(name)]}

    def silence(self, query: Annotated[SilenceQuery, Query()]) -> Any:
        """Why an outlet has a match on a day, or none: the latest day last."""
        if query.watch is not None:
            self._named(query.watch)
        today = self._clock().date()
        shown = [today - timedelta(days=number) for number in reversed(range(query.days))]
        outlets = self._store.silence.outlets(shown[0], query.watch)
        return {"outlets": [as_record(one, shown) for one in outlets]}

    def replay(
        self,
        name: WatchName,
        threshold: Annotated[float, Query(ge=LEAST_THRESHOLD, le=GREATEST_THRESHOLD)],
    ) -> Any:
        """What another threshold would let in and drop among what is stored."""
        found = Tuner(self._store).replay(self._named(name), Setting(threshold))
        return {"watch": name, "threshold": threshold, **asdict(found)}

    def _has_matches(self, watch: str) -> bool:
        """Whether there is something of it, though its folder may be gone."""
        return any(self._store.matches.rows(MatchFilter(watch=watch, limit=1, with_unrelated=True)))

    def rematches(self, name: WatchName) -> Any:
        """How far the latest requests to match stored articles again have come."""
        self._named(name)
        return {"requests": [_rematch(x, name) for x in self._store.rematches.latest(_REMATCHES)]}

    def rematch(self, name: WatchName, given: models.NewRematch, token: Review) -> Any:
        """Ask for stored articles to be matched again; a worker does it, once if asked twice."""
        self._named(name)
        return _rematch(self._store.rematches.ask(given.since, given.reviewer or token), name)

    def _named(self, name: str) -> Watch:
        if name not in self._watches:
            raise HTTPException(404, f"{name}: no such watch")
        return self._watches[name]


def _rematch(row: RematchRow, watch: str) -> dict[str, Any]:
    change = row.change(watch)
    told = {
        name: getattr(row, name) for name in models.RematchOf.model_fields if hasattr(row, name)
    }
    return told | {"newly_matched": change.came, "no_longer_matched": change.went}
