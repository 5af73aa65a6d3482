"""The review pages: the inbox, one match with its evidence, the feeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from worker.domain import Relation, Seed, Verdict, Watch
from worker.errors import InputError
from worker.records import FeedRow, MatchRow
from worker.store.store import Store
from worker.web.listquery import ALL, MAX_ID, UNREVIEWED, ListQuery, read_list_query
from worker.web.safety import FormGuard
from worker.web.sidebyside import side_by_side
from worker.web.views import page
from worker.web.words import VERDICTS, day_heading

PAGE_SIZE = 50
MAX_NOTE = 2_000
_MAX_FORM_BYTES = 64_000

MatchId = Annotated[int, Path(ge=1, le=MAX_ID)]


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a posted form, within limits; nothing but plain forms is read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "Only this page's own form can be sent here.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise HTTPException(413, f"A note has at most {MAX_NOTE:,} characters.")
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20
        )
    except ValueError as error:
        raise HTTPException(400, "Only this page's own form can be sent here.") from error
    return dict(pairs)


Form = Annotated[dict[str, str], Depends(read_form)]


class Pages:
    """The pages of one store.

    Args:
        store: answers.
        watches: give titles and the texts of the seeds.
        clock: aware UTC.
    """

    def __init__(
        self, store: Store, watches: Sequence[Watch], clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._watches = {watch.name: watch for watch in watches}
        self._clock = clock
        self._forms = FormGuard()

    def router(self) -> APIRouter:
        """The routes of the pages."""
        router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
        router.add_api_route("/", self.inbox, methods=["GET", "HEAD"])
        router.add_api_route("/matches/{match_id}", self.match, methods=["GET", "HEAD"])
        router.add_api_route("/matches/{match_id}", self.review, methods=["POST"])
        router.add_api_route("/feeds", self.feeds, methods=["GET", "HEAD"])
        return router

    def inbox(self, request: Request) -> Response:
        """The list of matches, newest first."""
        query = read_list_query(request.query_params)
        rows = list(self._store.matches.rows(query.store_filter(limit=PAGE_SIZE + 1)))
        shown = rows[:PAGE_SIZE]
        today = self._clock().date()
        days = [
            (day_heading(when, today), list(group))
            for when, group in groupby(shown, key=lambda row: row.created_at.date())
        ]
        counts = self._store.matches.verdict_counts(query.store_filter())
        has_any = bool(counts) or bool(self._store.matches.verdict_counts())
        return page(
            "inbox",
            query=query,
            days=days,
            tabs=_tabs(query, counts),
            older=query.address(before=shown[-1].id) if len(rows) > PAGE_SIZE else None,
            watches=self._watches,
            relations=[relation for relation in Relation if relation.is_related],
            languages=self._store.matches.language_counts(),
            has_any=has_any,
            feeds=[] if has_any else _live(self._store.feeds.rows()),
        )

    def match(self, request: Request, match_id: MatchId) -> Response:
        """One match with its evidence."""
        query = read_list_query(request.query_params)
        row = self._store.matches.get(match_id)
        seeds = self._seeds_of(row)
        token = self._forms.issue(request)
        answer = page(
            "match",
            query=query,
            row=row,
            watch=self._watches.get(row.watch) if len(self._watches) > 1 else None,
            has_seed=bool(seeds) and seeds[0].id == row.seed,
            view=side_by_side(
                row.title,
                self._store.matches.article_text(row.article_id),
                seeds,
                row.evidence,
                row.adds,
            ),
            versions=self._store.matches.versions(row.article_id),
            sightings=self._store.matches.sightings(row.article_id),
            next_id=self._next_to_review(query, match_id),
            is_saved=request.query_params.get("saved") == "1",
            max_note=MAX_NOTE,
            token=token.value,
        )
        token.keep(answer)
        return answer

    def review(self, request: Request, match_id: MatchId, form: Form) -> Response:
        """Store a verdict, then show the match again."""
        if not self._forms.allows(request, form.get("token", "")):
            raise HTTPException(
                403,
                "Nothing was saved: this form was not sent from a current page of ours. Go back, "
                "reload the page and send it again.",
            )
        query = read_list_query(request.query_params)
        verdict, note = form.get("verdict", ""), form.get("note", "").strip()
        if verdict not in list(Verdict):
            raise InputError("verdict", f"use {', '.join(Verdict)}")
        if len(note) > MAX_NOTE:
            raise HTTPException(413, f"A note has at most {MAX_NOTE:,} characters.")
        self._store.matches.review(match_id, Verdict(verdict), note or None)
        address = query.address() or "?"
        joint = "" if address == "?" else "&"
        return RedirectResponse(f"/matches/{match_id}{address}{joint}saved=1#verdict", 303)

    def feeds(self) -> Response:
        """All feeds and how they are; those in trouble first."""
        rows = sorted(self._store.feeds.rows(), key=_trouble_first)
        return page(
            "feeds",
            rows=rows,
            now=self._clock(),
            watches=self._watches,
            failing=sum(row.failures > 0 for row in rows if row.state == "active"),
            waiting=sum(row.last_outcome is None for row in rows if row.state == "active"),
            active=len(_live(rows)),
        )

    def _seeds_of(self, row: MatchRow) -> list[Seed]:
        """The seeds of a match's watch, its nearest one first."""
        watch = self._watches.get(row.watch)
        return sorted(watch.seeds if watch else (), key=lambda seed: seed.id != row.seed)

    def _next_to_review(self, query: ListQuery, match_id: int) -> int | None:
        """The next older match of the same list without a verdict, else the newest such one."""
        todo = ListQuery(query.watch, query.relation, query.language, UNREVIEWED, query.since)
        for wanted in (
            todo.store_filter(limit=1, before=match_id),
            todo.store_filter(limit=2),
        ):
            for row in self._store.matches.rows(wanted):
                if row.id != match_id:
                    return row.id
        return None


def _tabs(query: ListQuery, counts: dict[Verdict | None, int]) -> list[tuple[str, str, int, bool]]:
    """Label, address, number and whether it is the one shown, for each list by verdict."""
    lists = {UNREVIEWED: ("To review", counts.get(None, 0))}
    lists |= {code: (label, counts.get(code, 0)) for code, label in VERDICTS.items()}
    lists |= {ALL: ("All", sum(counts.values()))}
    return [
        (label, f"/{query.address(verdict=str(code), before=None)}", number, query.verdict == code)
        for code, (label, number) in lists.items()
    ]


def _live(rows: Sequence[FeedRow]) -> list[FeedRow]:
    return [row for row in rows if row.state == "active"]


def _trouble_first(row: FeedRow) -> tuple[bool, bool, str]:
    return row.state != "active", row.failures == 0, (row.title or row.url).casefold()
