"""When something is wrong: one plain page, or one plain JSON object below /api."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from worker.errors import InputError, NotFoundError, StoreError
from worker.locales import N_, Phrases, _
from worker.web.safety import guard_headers, problem_json
from worker.web.views import page
from worker.web.visitors import is_for_programs

log = logging.getLogger(__name__)

_TITLES = Phrases(
    {
        400: N_("This address asks for something that is not there"),
        403: N_("Not accepted"),
        404: N_("Nothing here"),
        405: N_("Not possible here"),
        409: N_("Somebody decided meanwhile"),
        413: N_("Too much text"),
        429: N_("Please wait"),
        422: N_("This address asks for something that is not there"),
        500: N_("Something went wrong here"),
        503: N_("The store does not answer"),
    }
)
_NOT_FOUND = N_("There is no page at this address, or what it showed has been removed.")


def handle_problems(app: FastAPI) -> None:
    """Make the application answer every error plainly."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(InputError, _input)
    app.add_exception_handler(NotFoundError, _not_found)
    app.add_exception_handler(StoreError, _store)
    app.add_exception_handler(Exception, _unforeseen)


def problem(request: Request, status: int, detail: str) -> Response:
    """The answer to a request that cannot be met."""
    if is_for_programs(request.url.path):
        return problem_json(status, detail, request.url.path)
    title = _TITLES.get(status) or HTTPStatus(status).phrase
    return page("problem", status, code=status, title=title, detail=detail)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    is_missing = error.status_code == HTTPStatus.NOT_FOUND
    said = _(_NOT_FOUND) if is_missing and error.detail == "Not Found" else str(error.detail)
    answer = problem(request, error.status_code, said)
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["allow"] = ", ".join(_methods_of(request))
    return answer


def _methods_of(request: Request) -> list[str]:
    """What is possible at an address: each method has a route of its own, and names but that."""
    routes = request.app.routes
    return [
        method
        for method in ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes
        )
    ]


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    path = request.url.path
    if is_for_programs(path):
        faults = [
            {"loc": [str(part) for part in fault["loc"]], "msg": fault["msg"]}
            for fault in error.errors()
        ]
        said = "; ".join(f"{'.'.join(fault['loc'][1:])}: {fault['msg']}" for fault in faults)
        return problem_json(422, said, path, errors=faults)
    return problem(request, 404, _(_NOT_FOUND))  # a page's only parameter is the id in its path


async def _input(request: Request, error: Exception) -> Response:
    return problem(request, 400, str(error))


async def _not_found(request: Request, error: Exception) -> Response:
    if is_for_programs(request.url.path):
        return problem(request, 404, str(error))
    return problem(request, 404, _(_NOT_FOUND))


async def _store(request: Request, error: Exception) -> Response:
    log.error("the store does not answer: %s", error)
    return problem(request, 503, str(error))


async def _unforeseen(request: Request, _error: Exception) -> Response:
    # the server logs the traceback; it also answers outside of the guard, hence the headers here
    answer = problem(request, 500, _("The log of seedwatch says what; nothing was changed."))
    guard_headers(answer.headers)
    return answer
