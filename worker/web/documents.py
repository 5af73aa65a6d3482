"""Lists of matches as documents: what `seedwatch export` writes, for the API and for readers.

A reader of the pages gets any list of the inbox as a file, said in their own language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import BinaryIO, cast

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from worker.domain import Watch
from worker.notify.about import About
from worker.notify.exports import FORMATS
from worker.records import MatchFilter
from worker.store.store import Store
from worker.web.listquery import read_list_query
from worker.web.pulled import pulled
from worker.words import chosen

PATH = "/documents"
OFFERED = ("html", "markdown", "csv")
"""What readers of the pages are offered; programs have the API."""


class Documents:
    """The lists of one store as files.

    Args:
        store: answers.
        watches: give titles.
        clock: aware UTC.
    """

    def __init__(
        self, store: Store, watches: Sequence[Watch], clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._watches = {watch.name: watch for watch in watches}
        self._clock = clock

    def router(self) -> APIRouter:
        """The route of the files."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route(f"{PATH}/{{format_name}}", self.document, methods=["GET"])
        return router

    def document(self, request: Request, format_name: str) -> Response:
        """The list that the address asks for, as the inbox would show it, whole."""
        if format_name not in OFFERED:
            raise HTTPException(404)
        wanted = read_list_query(request.query_params).from_the_top().store_filter()
        return document(
            self._store, wanted, format_name, self._watches, self._clock(), with_bom=True
        )


def document(
    store: Store,
    wanted: MatchFilter,
    format_name: str,
    watches: Mapping[str, Watch],
    made_at: datetime,
    *,
    with_bom: bool = False,
) -> StreamingResponse:
    """Matches, newest first, as a file in the language spoken; sent as it is written.

    Args:
        store: answers.
        wanted: which matches.
        format_name: of FORMATS.
        watches: give titles, by name.
        made_at: aware UTC.
        with_bom: CSV begins with a byte order mark.
    """
    kind = FORMATS[format_name]
    watch = watches.get(wanted.watch or "")
    about = About(
        watch=watch.title if watch else "",
        watches=watches,
        selection=chosen(wanted),
        made_at=made_at,
        sums=store.matches.sums(wanted) if kind.needs_sums else None,
        with_bom=with_bom,
    )
    # the first row is had before the answer begins, so that a store that is down is a 503
    rows = store.matches.rows(wanted)
    chunks = pulled(lambda out: kind.write(rows, cast(BinaryIO, out), about))
    name = f"matches-{made_at:%Y-%m-%d}.{kind.suffix}"
    return StreamingResponse(
        chunks,
        media_type=kind.media_type,
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )
