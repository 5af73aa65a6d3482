"""Word of new matches, over a real server on loopback."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.fakes import FakeClock
from tests.web.conftest import Filler
from tests.web.filling import KELP, Found
from tests.web.test_access import HASH, PASSWORD
from worker.config import load_settings
from worker.domain import Relation
from worker.store.store import Store
from worker.web.access import COOKIE
from worker.web.app import make_app
from worker.web.live import MOST_STREAMS, Live, Pace
from worker.web.server import BackgroundServer

FAST = Pace(ask_s=0.05, heartbeat_s=0.2, life_s=60.0)
PATIENCE_S = 20
Message = dict[str, str]


def live_of(app: FastAPI) -> Live:
    live: Live = app.state.live
    return live


@pytest.fixture
def served(app: FastAPI) -> Iterator[BackgroundServer]:
    live_of(app).pace = FAST
    with BackgroundServer(app, "127.0.0.1", 0) as server:
        yield server


class Stream:
    """An open stream, read a message at a time."""

    def __init__(self, answer: HTTPResponse) -> None:
        self.answer = answer

    def next(self) -> Message | None:
        """The next message, a comment as `comment`; None at the end of the stream."""
        message: Message = {}
        while line := self.answer.readline().decode():
            if line == "\n":
                return message
            name, _, value = line.rstrip("\n").partition(": ")
            message[name or "comment"] = value
        return None

    def news(self) -> Message | None:
        """The next message with data."""
        while (message := self.next()) is not None and "data" not in message:
            pass
        return message


@contextmanager
def listening(
    port: int, since: int | str = 0, status: int = 200, **headers: str
) -> Iterator[Stream]:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", f"/events?since={since}", headers=named)
    answer = connection.getresponse()
    assert answer.status == status
    try:
        yield Stream(answer)
    finally:
        answer.close()
        connection.close()


def told(message: Message | None) -> tuple[int, str, str]:
    assert message is not None
    assert message["event"] == "matches"
    data = json.loads(message["data"])
    return data["number"], data["text"], message["id"]


def test_matches_are_told_as_they_come_in(served: BackgroundServer, filled: Filler) -> None:
    (old,) = filled(Found("seen"))
    with listening(served.port, old) as stream:
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        assert stream.answer.headers["cache-control"] == "no-store"
        assert "content-security-policy" in stream.answer.headers
        assert stream.next() == {"retry": "10000"}
        (first,) = filled(Found("a"))
        assert told(stream.news()) == (1, "1 new match: show", str(first))
        filled(Found("near", relation=Relation.UNRELATED, score=0.4))
        assert stream.next() == {"comment": "still here"}  # the number is as it was
        (last,) = filled(Found("b"))
        assert told(stream.news()) == (2, "2 new matches: show", str(last))


def test_what_came_while_nobody_listened_is_told_at_once_and_only_once(
    served: BackgroundServer, filled: Filler
) -> None:
    first, second = filled(Found("a"), Found("b"))
    with listening(served.port, first) as stream:
        assert told(stream.news())[0] == 1
    with listening(served.port, first, last_event_id=str(second)) as again:
        (third,) = filled(Found("c"))
        assert told(again.news()) == (2, "2 new matches: show", str(third))


def test_a_near_miss_is_no_news(served: BackgroundServer, filled: Filler) -> None:
    with listening(served.port) as stream:
        assert stream.next() == {"retry": "10000"}
        filled(Found("near", relation=Relation.UNRELATED, score=0.4))
        assert stream.next() == {"comment": "still here"}


def test_in_the_readers_language(served: BackgroundServer, filled: Filler) -> None:
    filled(Found("a"))
    with listening(served.port, accept_language="fr") as stream:
        assert told(stream.news())[0] == 1
        assert stream.answer.headers.get("set-cookie") is None


def test_a_store_that_does_not_answer_ends_no_stream(
    served: BackgroundServer, filled: Filler, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from worker.errors import StoreError

    def fail() -> int:
        raise StoreError("gone")

    with listening(served.port) as stream:
        with monkeypatch.context() as broken:
            broken.setattr(sqlite_store.matches, "newest_id", fail)
            while "comment" not in (stream.next() or {"comment": ""}):
                pass
        filled(Found("a"))
        assert told(stream.news())[0] == 1


@pytest.mark.parametrize("since", ["x", "-1", "1.5", "9" * 30, "%00"])
def test_nonsense_is_refused(served: BackgroundServer, since: str) -> None:
    with listening(served.port, since, 400):
        pass
    with listening(served.port, 1, 400, last_event_id="x"):
        pass


def test_streams_are_bounded_and_places_come_back(served: BackgroundServer) -> None:
    open_ones = [listening(served.port) for _ in range(MOST_STREAMS)]
    for one in open_ones:
        assert one.__enter__().next() == {"retry": "10000"}
    with listening(served.port, status=503) as refused:
        assert refused.answer.headers["retry-after"] == "60"
    for one in open_ones:
        one.__exit__(None, None, None)
    ends_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends_at:  # the server notices at its next word to each
        connection = HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE_S)
        connection.request("GET", "/events")
        status = connection.getresponse().status
        connection.close()
        if status == 200:
            return
        time.sleep(0.05)
    pytest.fail("no place came back")


def test_the_server_stops_at_once_with_streams_open(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    live_of(app).pace = Pace()  # as it is: nothing is said for seconds
    with caplog.at_level(logging.ERROR), BackgroundServer(app, "127.0.0.1", 0) as server:
        connections = [HTTPConnection("127.0.0.1", server.port, timeout=30) for _ in range(3)]
        streams = []
        for connection in connections:
            connection.request("GET", "/events")
            streams.append(Stream(connection.getresponse()))
        assert [one.next() for one in streams] == [{"retry": "10000"}] * 3
        server.stop()
        assert [one.next() for one in streams] == [None] * 3  # ended, not cut off
        for connection in connections:
            connection.close()
    assert not caplog.records  # uvicorn says so when it has to cancel what is under way
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)


def test_the_same_application_can_be_served_again(app: FastAPI) -> None:
    live_of(app).pace = FAST
    for _ in range(2):
        with BackgroundServer(app, "127.0.0.1", 0) as server, listening(server.port) as stream:
            assert stream.next() == {"retry": "10000"}


def test_a_stream_ends_after_its_time(app: FastAPI) -> None:
    live_of(app).pace = Pace(ask_s=0.02, heartbeat_s=60.0, life_s=0.1)
    with BackgroundServer(app, "127.0.0.1", 0) as server, listening(server.port) as stream:
        assert stream.next() == {"retry": "10000"}
        assert stream.next() is None


class TestSession:
    @pytest.fixture
    def locked(self, sqlite_store: Store, clock: FakeClock) -> Iterator[BackgroundServer]:
        app = make_app(sqlite_store, (KELP,), load_settings(web_password_hash=HASH), clock)
        live_of(app).pace = FAST
        with BackgroundServer(app, "127.0.0.1", 0) as server:
            yield server

    def ask(
        self, port: int, method: str, path: str, body: str = "", **headers: str
    ) -> tuple[int, str, list[str]]:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        own = {"origin": f"http://127.0.0.1:{port}", "sec-fetch-site": "same-origin",
               "content-type": "application/x-www-form-urlencoded"}  # fmt: skip
        connection.request(method, path, body, own | headers)
        answer = connection.getresponse()
        text, cookies = answer.read().decode(), answer.headers.get_all("set-cookie") or []
        connection.close()
        return answer.status, text, [cookie.partition(";")[0] for cookie in cookies]

    def log_in(self, port: int) -> str:
        _, page, cookies = self.ask(port, "GET", "/login")
        token = page.partition('name="token" value="')[2].partition('"')[0]
        body = f"token={token}&password={PASSWORD.replace(' ', '+')}"
        status, _, more = self.ask(port, "POST", "/login", body, cookie=cookies[0])
        assert status == 303
        return "; ".join([*cookies, *more])

    def test_a_stranger_hears_nothing(self, locked: BackgroundServer) -> None:
        with listening(locked.port, status=303) as stream:
            assert stream.answer.headers["location"].startswith("/login")

    def test_logging_out_ends_the_streams_of_the_session_and_no_other(
        self, locked: BackgroundServer, filled: Filler
    ) -> None:
        mine, other = self.log_in(locked.port), self.log_in(locked.port)
        assert COOKIE in mine
        assert mine != other
        with (
            listening(locked.port, cookie=mine) as ends,
            listening(locked.port, cookie=other) as stays,
        ):
            assert ends.next() == stays.next() == {"retry": "10000"}
            _, page, _ = self.ask(locked.port, "GET", "/logout", cookie=mine)
            token = page.partition('name="token" value="')[2].partition('"')[0]
            status, _, _ = self.ask(locked.port, "POST", "/logout", f"token={token}", cookie=mine)
            assert status == 303
            while (message := ends.next()) is not None:
                assert "data" not in message
            filled(Found("a"))
            assert told(stays.news())[0] == 1


def test_the_page_says_where_to_listen_and_stays_whole_without_script(
    served: BackgroundServer, filled: Filler, tmp_path: Path
) -> None:
    (newest,) = filled(Found("a"))
    connection = HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE_S)
    for path in ("/", "/overview"):
        connection.request("GET", path)
        page = connection.getresponse().read().decode()
        assert f'aria-live="polite" data-from="/events?since={newest}"' in page
        assert '<script src="/static/live.js" defer></script>' in page
    connection.close()
