"""A raw-socket server on loopback: whatever bytes a test wants on the wire, at any pace."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_network

import pytest

from worker.fetch import AddressGuard, HttpFetcher, Limits

LOOPBACK = (ip_network("127.0.0.0/8"),)
Handler = Callable[[socket.socket, str], None]


def response(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """Return the bytes of an answer; header names are given with underscores."""
    fields = {name.lower().replace("_", "-"): value for name, value in headers.items()}
    if "transfer-encoding" not in fields:
        fields.setdefault("content-length", str(len(body)))
    lines = [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1") + body


class RawServer:
    """Answers each path with bytes or with a function that gets the connection."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, bytes | Handler] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.connections = 0
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._stopping = False
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        scheme = "https" if self._context else "http"
        return f"{scheme}://{host}:{self.port}{path}"

    def close(self) -> None:
        self._stopping = True
        for sock in [self._socket, *self._open]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while not self._stopping:
            try:
                connection, _ = self._socket.accept()
                self.connections += 1
                if self._context:
                    connection = self._context.wrap_socket(connection, server_side=True)
            except OSError:
                continue
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            reader = connection.makefile("rb")
            while line := reader.readline().decode("latin-1"):
                path = line.split()[1]
                headers: dict[str, str] = {}
                while (header := reader.readline().decode("latin-1").strip()) != "":
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                reader.read(int(headers.get("content-length", "0")))
                self.requests.append((path, headers))
                answer = self.answers.get(path, response(b"no such path", "404 Not Found"))
                if callable(answer):
                    answer(connection, path)
                    return
                connection.sendall(answer)


def trickle(data: bytes, pause_s: float = 0.05) -> Handler:
    """Send one byte at a time, for ever."""

    def run(connection: socket.socket, path: str) -> None:
        connection.sendall(data)
        while True:
            time.sleep(pause_s)
            connection.sendall(b"x")

    return run


@pytest.fixture
def fetcher() -> Iterator[HttpFetcher]:
    """Gives up soon."""
    yield from _made(Limits(total_s=1.0, connect_s=1.0, read_s=0.6))


@pytest.fixture
def patient() -> Iterator[HttpFetcher]:
    """Gives up late: for many requests at once on a machine that is busy."""
    yield from _made(Limits())


def _made(limits: Limits) -> Iterator[HttpFetcher]:
    made = HttpFetcher(AddressGuard(LOOPBACK), "0.1.0", "https://watch.test/about", limits=limits)
    yield made
    made.close()
