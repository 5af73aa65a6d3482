"""Servers that mean harm: what they answer when a feed or a page is asked for."""

from __future__ import annotations

import gzip
import socket
import time

from tests.feeds.test_defences import HOSTILE as HOSTILE_FEEDS
from tests.fetch.conftest import Handler, response, trickle
from worker.domain import Outcome

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\n"


def _endless(head: bytes, piece: bytes) -> Handler:
    def run(connection: socket.socket, path: str) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return run


def _silent(connection: socket.socket, path: str) -> None:
    time.sleep(60)


ANSWERS: dict[str, tuple[bytes | Handler, set[Outcome]]] = {
    "bomb": (
        response(gzip.compress(bytes(1_000_000)) * 300, content_encoding="gzip"),
        {Outcome.TOO_LARGE},
    ),
    "bomb in a file": (response(gzip.compress(bytes(300_000_000))), {Outcome.TOO_LARGE}),
    "packed twice": (
        response(gzip.compress(gzip.compress(b"x")), content_encoding="gzip, gzip"),
        {Outcome.BAD_RESPONSE},
    ),
    "endless body": (_endless(_HEAD + b"\r\n", b"x" * 65_536), {Outcome.TOO_LARGE}),
    "endless headers": (_endless(_HEAD, b"x: " + b"y" * 60_000 + b"\r\n"), {Outcome.BAD_RESPONSE}),
    "endless continue": (_endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), {Outcome.BAD_RESPONSE}),
    "a byte now and then": (trickle(_HEAD + b"content-length: 100000\r\n\r\n"), {Outcome.TIMEOUT}),
    "a header now and then": (trickle(_HEAD + b"x: "), {Outcome.TIMEOUT}),
    "silent": (_silent, {Outcome.TIMEOUT}),
    "another protocol": (b"SSH-2.0-OpenSSH_9.2\r\n", {Outcome.BAD_RESPONSE}),
    "to a private address": (
        response(status="302 x", location="http://10.0.0.1/"), {Outcome.BLOCKED_ADDRESS},
    ),
    "to a file": (response(status="302 x", location="file:///etc/passwd"), {Outcome.BAD_URL}),
    "a bot wall": (response(b"<html>wait", "202 Accepted", cf_mitigated="challenge"),
                   {Outcome.BLOCKED}),
    "a page": (response(b"<!doctype html><html><body>sorry"), {Outcome.NOT_A_FEED}),
}  # fmt: skip
"""Answers at the level of HTTP, with the outcomes that they may have for a feed."""

MARKUP = {
    name: response(HOSTILE_FEEDS[name].encode(), content_type="text/xml")
    for name in (
        "attributes", "attributes in a description", "author", "entity with a backslash", "laughs",
        "quadratic", "external", "brackets", "tags", "links", "bases", "namespaces", "topics",
        "items", "items never closed", "nesting", "nesting in a description", "sections", "quotes",
        "one long line", "dates", "JSON",
    )
}  # fmt: skip
"""Bodies that parsers hang on."""

PAGES = {
    "attributes": "<p " + " ".join(f"a{number}=1" for number in range(80_000)) + ">x</p>",
    "paragraphs": "<p>x</p>" * 100_000,
    "links": "<a>x</a>" * 200_000,
    "nesting": "<div>" * 100_000,
    "JSON-LD": "<script type='application/ld+json'>{\"author\":\"" + '\\"a ,' * 32_000 + '"}'
    + "</script>",
}  # fmt: skip
"""What is put before a page's article."""
