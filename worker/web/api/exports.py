"""Exports over HTTP: the same documents as `seedwatch export` writes, sent as they are written."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from importlib.util import find_spec
from typing import Annotated, BinaryIO, cast

from fastapi import APIRouter, HTTPException, Path, Query
from fastapi.responses import StreamingResponse

from worker.domain import Watch
from worker.notify.about import About
from worker.notify.exports import FORMATS
from worker.store.store import Store
from worker.web.api.queries import MatchQuery

_CHUNK_BYTES = 64_000
_CHUNKS_AHEAD = 4
_PATIENCE_S = 60.0
"""How long a reader may take nothing; then writing for it ends."""
FormatName = Annotated[str, Path(pattern=f"^({'|'.join(FORMATS)})$")]


class ExportQuery(MatchQuery):
    """What is exported, and how."""

    bom: bool = False
    """CSV for Excel begins with a byte order mark."""


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
                        kind.media_type: {"schema": {"type": "string"}} for kind in FORMATS.values()
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
        wanted = query.chosen()
        about = About(
            watches=self._watches,
            made_at=self._clock(),
            sums=self._store.matches.sums(wanted) if kind.needs_sums else None,
            with_bom=query.bom,
        )
        # the first row is had before the answer begins, so that a store that is down is a 503
        rows = self._store.matches.rows(wanted)
        pulled = _pulled(lambda out: kind.write(rows, cast(BinaryIO, out), about))
        name = f"matches-{self._clock():%Y-%m-%d}.{kind.suffix}"
        return StreamingResponse(
            pulled,
            media_type=kind.media_type,
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )


class _Pipe:
    """A file to write to, whose content somebody else takes out chunk by chunk."""

    closed = False

    def __init__(self) -> None:
        self.chunks: queue.Queue[bytes | BaseException | None] = queue.Queue(_CHUNKS_AHEAD)
        self._held = bytearray()
        self._size = 0

    def write(self, content: bytes) -> int:
        """Hold it until there is a chunk's worth; waits while the reader is behind."""
        self._held += content
        self._size += len(content)
        if len(self._held) >= _CHUNK_BYTES:
            self.flush()
        return len(content)

    def flush(self) -> None:
        """Hand on what is held.

        Raises:
            BrokenPipeError: the reader has gone, or sleeps.
        """
        if self._held:
            self.put(bytes(self._held))
            self._held.clear()

    def put(self, item: bytes | BaseException | None) -> None:
        """Hand on a chunk, or how it ended.

        Raises:
            BrokenPipeError: the reader has gone, or sleeps.
        """
        if self.closed:
            raise BrokenPipeError
        try:
            self.chunks.put(item, timeout=_PATIENCE_S)
        except queue.Full:
            raise BrokenPipeError from None

    def tell(self) -> int:
        return self._size

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True


def _pulled(write: Callable[[_Pipe], object]) -> Iterator[bytes]:
    """What a function writes, chunk by chunk; it runs in a thread, a few chunks ahead.

    Raises:
        Exception: what the function raises. Those that come before the first chunk are raised at
            once, not when the first chunk is asked for.
    """
    pipe = _Pipe()

    def run() -> None:
        try:
            write(pipe)
            pipe.flush()
            pipe.put(None)
        except BrokenPipeError:
            return
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is read
            pipe.chunks.put(error)

    threading.Thread(target=run, name="export", daemon=True).start()
    first = _taken(pipe)

    def chunks() -> Iterator[bytes]:
        try:
            chunk = first
            while chunk is not None:
                yield chunk
                chunk = _taken(pipe)
        finally:
            pipe.closed = True
            while not pipe.chunks.empty():  # so that who waits to put one finds out
                pipe.chunks.get_nowait()

    return chunks()


def _taken(pipe: _Pipe) -> bytes | None:
    item = pipe.chunks.get()
    if isinstance(item, BaseException):
        raise item
    return item
