"""Serving the pages: in the foreground, or in a thread beside the worker."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from types import TracebackType

import uvicorn
from fastapi import FastAPI

from worker.errors import ConfigError
from worker.web.live import Live
from worker.web.safety import KnownHosts, is_loopback

_STOP_S = 3
"""Seconds that answers under way get when the server stops."""


def serve(
    app: FastAPI, host: str, port: int, on_ready: Callable[[str], None] = lambda _url: None
) -> None:
    """Serve in the foreground until SIGINT or SIGTERM.

    Args:
        app: what `make_app` made.
        host: an address or name of this machine.
        port: 0 for any free one.
        on_ready: called with the pages' address once they can be opened.

    Raises:
        ConfigError: the host may not be used, or the port is in use; says what to do.
    """
    with _listen(app, host, port) as listener:
        on_ready(_url(listener))
        _Server(app).run(sockets=[listener])


class BackgroundServer:
    """Serves in a thread while the block runs.

    The socket listens before the thread starts, so that a request made at once is answered.

    Args:
        app: what `make_app` made.
        host: an address or name of this machine.
        port: 0 for any free one; `port` and `url` then tell which.
    """

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._app = app
        self._wanted = (host, port)
        self._server = _Server(app)
        self._thread: threading.Thread | None = None
        self.port = port
        self.url = ""

    def start(self) -> None:
        """Start serving.

        Raises:
            ConfigError: the host may not be used, or the port is in use; says what to do.
        """
        listener = _listen(self._app, *self._wanted)
        self.port = int(listener.getsockname()[1])
        self.url = _url(listener)
        self._thread = threading.Thread(target=self._run, args=[listener], name="web", daemon=True)
        self._thread.start()

    def _run(self, listener: socket.socket) -> None:
        with listener:
            self._server.run(sockets=[listener])

    def stop(self) -> None:
        """Stop serving; answers under way get a few seconds. Does nothing if not started."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout=_STOP_S + 7)
            self._thread = None

    def __enter__(self) -> BackgroundServer:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()


class _Server(uvicorn.Server):
    """Ends the streams of events when it stops: it would wait for them, then cut them off."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(_config(app))
        self._live: Live = app.state.live

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start."""
        self._live.open()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        self._live.close()
        await super().shutdown(sockets)


def _config(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        proxy_headers=False,  # X-Forwarded-For gives nobody a privilege
        server_header=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=_STOP_S,
    )


def _listen(app: FastAPI, host: str, port: int) -> socket.socket:
    """A listening socket; whoever connects from now on is answered as soon as the server runs."""
    hosts: KnownHosts = app.state.hosts
    if not is_loopback(host) and not hosts.may_leave_loopback:
        raise ConfigError(
            "SEEDWATCH_WEB_HOST",
            f"{host} can be reached from other machines and the pages have no password; use "
            "127.0.0.1, or set SEEDWATCH_WEB_PASSWORD_HASH (`seedwatch web --hash-password` prints "
            "one), or SEEDWATCH_WEB_TRUST_NETWORK=true if only trusted people reach it",
        )
    hosts.add(host)
    name = host.strip("[]")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise ConfigError(
            "SEEDWATCH_WEB_HOST", f"{host} is no name or address of this machine; use 127.0.0.1"
        ) from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"{host}:{port}",
            f"cannot serve the pages here ({error.strerror}); choose another port with --port or "
            "SEEDWATCH_WEB_PORT, or stop what uses this one",
        ) from error
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
