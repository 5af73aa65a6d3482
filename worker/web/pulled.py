"""What a function writes to a file, sent to a reader while it is being written."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context

_CHUNK_BYTES = 64_000
_CHUNKS_AHEAD = 4
_PATIENCE_S = 60.0
"""How long a reader may take nothing; then writing for it ends."""


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


def pulled(write: Callable[[_Pipe], object]) -> Iterator[bytes]:
    """What a function writes, chunk by chunk; it runs in a thread, a few chunks ahead.

    Args:
        write: writes to the file that it is handed.

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

    # the language spoken goes along
    threading.Thread(target=copy_context().run, args=(run,), name="export", daemon=True).start()
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
