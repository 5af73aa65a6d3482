"""Serving for real on loopback: a request made at once is answered, a stop ends it."""

from __future__ import annotations

import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from worker.config import load_settings
from worker.errors import ConfigError
from worker.store.store import Store
from worker.web.app import make_app
from worker.web.server import BackgroundServer, serve


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of loopback that somebody else listens at."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def fetch(url: str, **headers: str) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_serves_while_the_block_runs(app: FastAPI) -> None:
    threads = threading.active_count()
    with BackgroundServer(app, "127.0.0.1", 0) as server:
        assert server.port > 0
        assert server.url == f"http://127.0.0.1:{server.port}"
        status, body = fetch(f"{server.url}/healthz")
        assert (status, json.loads(body)) == (200, {"status": "ok"})
        assert fetch(server.url)[0] == 200
        assert fetch(f"{server.url}/healthz", Host="evil.example")[0] == 400
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)
    assert threading.active_count() <= threads + 1  # the framework keeps at most an idle one


def test_the_same_port_can_be_served_again_at_once(app: FastAPI) -> None:
    with BackgroundServer(app, "127.0.0.1", 0) as first:
        fetch(first.url)
    with BackgroundServer(app, "localhost", first.port) as second:
        assert fetch(f"http://127.0.0.1:{second.port}/healthz")[0] == 200


def test_a_stop_before_the_start_is_nothing(app: FastAPI) -> None:
    BackgroundServer(app, "127.0.0.1", 0).stop()


def test_stops_at_once_when_never_asked(app: FastAPI) -> None:
    with BackgroundServer(app, "127.0.0.1", 0):
        pass


def test_a_port_in_use_is_named_with_what_to_do(app: FastAPI, taken: int) -> None:
    with pytest.raises(ConfigError) as caught:
        BackgroundServer(app, "127.0.0.1", taken).start()
    assert str(caught.value).startswith(f"127.0.0.1:{taken}: ")
    assert "--port" in str(caught.value)
    with pytest.raises(ConfigError):
        serve(app, "127.0.0.1", taken)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.org", ""])
def test_without_a_password_only_loopback_is_served(app: FastAPI, host: str) -> None:
    with pytest.raises(ConfigError) as caught:
        serve(app, host, 0)
    assert "no password" in str(caught.value)
    assert "SEEDWATCH_WEB_TRUST_NETWORK" in str(caught.value)


def test_a_trusted_network_is_served(sqlite_store: Store) -> None:
    settings = load_settings(web_host="0.0.0.0", web_trust_network=True)
    app = make_app(sqlite_store, (), settings)
    with BackgroundServer(app, settings.web_host, 0) as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert fetch(f"{server.url}/healthz")[0] == 200


def test_a_name_that_is_nobodys_is_a_clear_error(sqlite_store: Store) -> None:
    app = make_app(sqlite_store, (), load_settings(web_trust_network=True))
    with pytest.raises(ConfigError, match="no name or address of this machine"):
        serve(app, "no such host.invalid", 0)


def test_ready_is_told_when_the_pages_can_be_opened(app: FastAPI) -> None:
    class ReadyError(Exception):
        pass

    def on_ready(url: str) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        socket.create_connection((host, int(port)), timeout=5).close()
        raise ReadyError(url)  # ends the foreground server before it starts

    with pytest.raises(ReadyError):
        serve(app, "127.0.0.1", 0, on_ready)
