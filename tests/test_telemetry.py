"""Traces and errors arrive at the receivers that the settings name."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest


class _Receiver(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[str, bytes]] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if "gzip" in self.headers.get("content-encoding", ""):
            body = gzip.decompress(body)
        self.server.got.append((self.path, body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[_Receiver]:
    server = _Receiver()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def run(code: str, **settings: str) -> None:
    """Run some lines in a process that reports as the parts do."""
    begin = (
        "import logging\nfrom worker.commands.common import start_reporting\n"
        "from worker.config import load_settings\nfrom worker.measures import Measures\n"
        "start_reporting(load_settings())\n"
    )
    root = str(Path(__file__).parents[1])
    subprocess.run(
        [sys.executable, "-c", begin + code],
        env={**os.environ, "PYTHONPATH": root, "HTTP_PROXY": "", **settings},
        check=True,
        timeout=60,
        capture_output=True,
    )


def test_a_stage_is_a_span(receiver: _Receiver) -> None:
    pytest.importorskip("opentelemetry.sdk")
    url = f"http://127.0.0.1:{receiver.server_port}/v1/traces"
    run("with Measures().stage('match'): pass", SEEDWATCH_OTEL_ENDPOINT=url)
    ((path, body),) = receiver.got
    assert path == "/v1/traces"
    assert b"match" in body
    assert b"seedwatch" in body


def test_an_error_is_sent_without_what_it_held(receiver: _Receiver) -> None:
    pytest.importorskip("sentry_sdk")
    code = (
        "def work(text):\n    raise ValueError('broken')\n"
        "try:\n    work('private ' + 'words')\n"
        "except ValueError:\n    logging.getLogger('worker').exception('it failed')\n"
    )
    run(code, SEEDWATCH_SENTRY_DSN=f"http://key@127.0.0.1:{receiver.server_port}/1")
    sent = b"".join(body for _, body in receiver.got)
    assert b"it failed" in sent
    assert b"private words" not in sent
