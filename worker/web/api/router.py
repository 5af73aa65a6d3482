"""All routes of the API, and the document that describes them (OpenAPI)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from worker.domain import Watch
from worker.records import StoryRule
from worker.store.store import Store
from worker.web.api.articles import ArticleApi
from worker.web.api.exports import ExportApi
from worker.web.api.feeds import FeedApi
from worker.web.api.filters import FilterApi
from worker.web.api.health import Health
from worker.web.api.insights import InsightApi
from worker.web.api.matches import MatchApi
from worker.web.api.models import Problem
from worker.web.api.stories import StoryApi
from worker.web.api.watches import WatchApi
from worker.web.finder import Finder

PREFIX = "/api/v1"
_REF = "#/components/schemas/{model}"
_PROBLEMS = {
    "400": "The request cannot be read",
    "401": "No token, or one that is unknown, revoked or has ended",
    "403": "The token's scope does not allow it",
    "404": "There is none of that id or name, or no page at that cursor",
    "413": "The request is too large",
    "422": "A part of the request makes no sense; `errors` says which",
    "429": "Too many requests; Retry-After says when to come again",
    "503": "The store does not answer",
}


def api_router(
    store: Store,
    watches: Sequence[Watch],
    clock: Callable[[], datetime],
    finder: Finder,
    check_url: Callable[[str], object],
    story_rule: StoryRule,
) -> APIRouter:
    """The routes of the API and of health.

    Args:
        store: answers.
        watches: give titles and seeds.
        clock: aware UTC.
        finder: looks at an address before it is added.
        check_url: raises `FetchError` for an address that may not be fetched.
        story_rule: which matches tell one story, where nobody has said it.
    """
    router = APIRouter()
    for part in (
        MatchApi(store, watches),
        StoryApi(store, story_rule),
        InsightApi(store, watches, clock),
        ArticleApi(store),
        FeedApi(store, watches, clock, finder, check_url),
        WatchApi(store, watches),
        ExportApi(store, watches, clock),
        FilterApi(store),
    ):
        router.include_router(part.router(), prefix=PREFIX)
    router.include_router(Health(store).router())
    return router


def describe(app: FastAPI, *, is_open: bool) -> None:
    """Make the application describe its API.

    Args:
        app: with all its routes.
        is_open: whether reading needs no token here.
    """

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app, is_open=is_open)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _described(app: FastAPI, *, is_open: bool) -> dict[str, Any]:
    """The routes' own description, with what holds for all of them: tokens and problems."""
    document = get_openapi(
        title=app.title, version=app.version, summary=app.summary, routes=app.routes
    )
    components = document["components"]
    _, problem = models_json_schema([(Problem, "serialization")], ref_template=_REF)
    components["schemas"] |= problem["$defs"]
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "`seedwatch token add NAME --scope read|review|admin` makes one",
        }
    }
    for path, operations in document["paths"].items():
        if not path.startswith(PREFIX):
            continue
        for method, operation in operations.items():
            reads = method == "get"
            operation["security"] = [{"token": []}, *([{}] if is_open and reads else [])]
            _tell_problems(operation, has_id="{" in path, reads=reads)
    return document


def _tell_problems(operation: dict[str, Any], *, has_id: bool, reads: bool) -> None:
    responses = operation["responses"]
    wanted = {"401", "429", "503"}
    if "422" in responses:
        wanted |= {"422"}
    names = {parameter["name"] for parameter in operation.get("parameters", [])}
    if has_id or not reads or "cursor" in names:
        wanted |= {"404"}
    if not reads:
        wanted |= {"403", "422"}
    if "requestBody" in operation:
        wanted |= {"400", "413"}
    for status in sorted({*wanted, *(code for code in responses if code >= "400")}):
        said = responses.get(status, {}).get("description", "")
        responses[status] = {
            "description": _PROBLEMS.get(status, said),
            "content": {
                "application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}
            },
        }
