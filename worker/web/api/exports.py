"""Exports over HTTP: the same documents as `seedwatch export` writes, sent as they are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.util import find_spec
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from worker.domain import Watch
from worker.locales import ENGLISH, LANGUAGES, speaking
from worker.notify.exports import FORMATS
from worker.store.store import Store
from worker.web.api.queries import MatchQuery
from worker.web.documents import document

FormatName = Annotated[str, Path(pattern=f"^({'|'.join(FORMATS)})$")]


class ExportQuery(MatchQuery):
    """What is exported, and how."""

    bom: bool = False
    """CSV for Excel begins with a byte order mark."""
    words_in: str = Field(
        ENGLISH,
        pattern=f"^({'|'.join(LANGUAGES)})$",
        description="the language of what the document itself says, where people read it",
    )


class ExportApi:
    """The exports of one store.

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
        """The route."""
        router = APIRouter(tags=["exports"])
        router.add_api_route(
            "/exports/{format_name}",
            self.export,
            response_class=StreamingResponse,
            responses={
                200: {
                    "description": "The document",
                    "content": {
                        # one of them is JSON, and is read as such
                        kind.media_type: {"schema": {"type": ["object", "string"]}}
                        for kind in FORMATS.values()
                    },
                },
                501: {"description": "Parquet needs pyarrow, which is not installed"},
            },
        )
        return router

    def export(
        self,
        format_name: FormatName,
        query: Annotated[ExportQuery, Query()],
    ) -> StreamingResponse:
        """Matches, newest first, as a document in one of the formats."""
        kind = FORMATS[format_name]
        if kind.is_binary and find_spec("pyarrow") is None:
            raise HTTPException(501, "Parquet needs pyarrow: pip install 'seedwatch[parquet]'")
        with speaking(query.words_in):
            return document(
                self._store, query.chosen(), format_name, self._watches, self._clock(),
                with_bom=query.bom,
            )  # fmt: skip
