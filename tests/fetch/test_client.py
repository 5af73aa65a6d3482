"""The fetch table of the fault list, on real sockets."""

from __future__ import annotations

import gzip
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.fetch.conftest import LOOPBACK, RawServer, response, trickle
from worker.domain import Failure, Fetched, NotModified, Outcome, Validators
from worker.errors import FetchError
from worker.fetch import AddressGuard, HttpFetcher, Limits, Request


def failing(call: Callable[[], object]) -> FetchError:
    with pytest.raises(FetchError) as caught:
        call()
    return caught.value


def test_a_page_comes_back_with_what_the_next_request_needs(
    server: RawServer, fetcher: HttpFetcher
) -> None:
    server.answers["/"] = response(
        b"hi",
        ETag='"1"',
        Last_Modified="Mon, 24 Mar 2025 10:00:00 GMT",
        Content_Type="Text/HTML; x",
    )
    got = fetcher.fetch(server.url())
    assert isinstance(got, Fetched)
    assert (got.body, got.status, got.content_type) == (b"hi", 200, "text/html")
    assert got.validators == Validators('"1"', "Mon, 24 Mar 2025 10:00:00 GMT")
    assert got.moved_to is None
    sent = server.requests[0][1]
    assert sent["user-agent"] == "Seedwatch/0.1.0 (+https://watch.test/about)"
    assert sent["accept-encoding"] == "gzip"
    assert "cookie" not in sent


def test_validators_make_the_request_conditional(server: RawServer, fetcher: HttpFetcher) -> None:
    server.answers["/"] = response(status="304 Not Modified", Cache_Control="max-age=60")
    got = fetcher.fetch(server.url(), validators=Validators('"1"', "then"))
    assert isinstance(got, NotModified)
    assert got.headers["cache-control"] == "max-age=60"
    assert server.requests[0][1]["if-none-match"] == '"1"'
    assert server.requests[0][1]["if-modified-since"] == "then"
    unasked = failing(lambda: fetcher.fetch(server.url(), validators=Validators("a\r\nb", "ỏ")))
    assert unasked.outcome is Outcome.BAD_RESPONSE


@pytest.mark.parametrize(
    ("status", "outcome", "failure"),
    [
        ("404 x", Outcome.NOT_FOUND, Failure.SOFT),
        ("410 x", Outcome.GONE, Failure.HARD),
        ("401 x", Outcome.BLOCKED, Failure.BLOCKED),
        ("403 x", Outcome.BLOCKED, Failure.BLOCKED),
        ("451 x", Outcome.BLOCKED, Failure.BLOCKED),
        ("429 x", Outcome.RATE_LIMITED, Failure.TEMPORARY),
        ("500 x", Outcome.SERVER_ERROR, Failure.TEMPORARY),
        ("503 x", Outcome.SERVER_ERROR, Failure.TEMPORARY),
        ("418 x", Outcome.CLIENT_ERROR, Failure.SOFT),
        ("206 x", Outcome.BAD_RESPONSE, Failure.TEMPORARY),
        ("103 x", Outcome.BAD_RESPONSE, Failure.TEMPORARY),
        ("300 x", Outcome.BAD_RESPONSE, Failure.TEMPORARY),
    ],
)
def test_statuses_are_classed_once(
    server: RawServer, fetcher: HttpFetcher, status: str, outcome: Outcome, failure: Failure
) -> None:
    server.answers["/"] = response(b"sorry", status)
    error = failing(lambda: fetcher.fetch(server.url()))
    assert (error.outcome, error.failure, error.status) == (outcome, failure, int(status[:3]))


@pytest.mark.parametrize(
    ("value", "seconds"), [("120", 120), ("99999999", 86_400), ("soon", None), ("-1", None)]
)
def test_retry_after_is_kept_and_capped(
    server: RawServer, fetcher: HttpFetcher, value: str, seconds: float | None
) -> None:
    for status in ("429 Slow", "503 Later"):
        server.answers["/"] = response(status=status, Retry_After=value)
        assert failing(lambda: fetcher.fetch(server.url())).retry_after_s == seconds


@pytest.mark.parametrize(("ahead_s", "seconds"), [(600, 600), (10**7, 86_400), (-600, 0)])
def test_retry_after_may_be_a_date(
    server: RawServer, fetcher: HttpFetcher, ahead_s: float, seconds: float
) -> None:
    until = formatdate(time.time() + ahead_s, usegmt=True)
    server.answers["/"] = response(status="429 Slow", Retry_After=until)
    wait_s = failing(lambda: fetcher.fetch(server.url())).retry_after_s
    assert wait_s == pytest.approx(seconds, abs=30)


@pytest.mark.parametrize(
    "answer",
    [
        response(b"<html>", cf_mitigated="challenge"),
        response(b"", "403 Forbidden", cf_mitigated="challenge"),
        response(b"", "202 Accepted", x_amzn_waf_action="challenge"),
        response(b"<title>Just a moment...</title>", content_type="text/html"),
    ],
)
def test_bot_walls_are_named_also_behind_a_2xx(
    server: RawServer, fetcher: HttpFetcher, answer: bytes
) -> None:
    server.answers["/"] = answer
    error = failing(lambda: fetcher.fetch(server.url()))
    assert (error.outcome, error.failure) == (Outcome.BLOCKED, Failure.BLOCKED)


def test_permanent_redirects_are_proposed_others_are_not(
    server: RawServer, fetcher: HttpFetcher
) -> None:
    server.answers |= {
        "/a": response(status="301 x", Location="/b"),
        "/b": response(status="308 x", Location=server.url("/c")),
        "/c": response(b"here"),
        "/d": response(status="302 x", Location="/b"),
    }
    moved, passing = fetcher.fetch(server.url("/a")), fetcher.fetch(server.url("/d"))
    assert isinstance(moved, Fetched)
    assert isinstance(passing, Fetched)
    assert moved.moved_to == moved.final_url == server.url("/c")
    assert (passing.moved_to, passing.final_url) == (None, server.url("/c"))


@pytest.mark.parametrize(
    ("location", "outcome"),
    [
        ("http://10.0.0.1/", Outcome.BLOCKED_ADDRESS),
        ("http://169.254.169.254/latest/", Outcome.BLOCKED_ADDRESS),
        ("http://[::ffff:127.0.0.1]/", Outcome.BLOCKED_ADDRESS),
        ("http://2130706433/", Outcome.BLOCKED_ADDRESS),
        ("http://8.8.8.8:6379/", Outcome.BLOCKED_ADDRESS),
        ("file:///etc/passwd", Outcome.BAD_URL),
        ("ftp://example.com/", Outcome.BAD_URL),
        ("http://user:pw@example.com/", Outcome.BAD_URL),
        ("http://example.com\\@127.0.0.1/", Outcome.BAD_URL),
        ("http://[x/", Outcome.BAD_URL),
        ("", Outcome.BAD_RESPONSE),
    ],
)
def test_every_hop_is_checked(
    server: RawServer, fetcher: HttpFetcher, location: str, outcome: Outcome
) -> None:
    server.answers["/"] = response(status="302 Found", Location=location)
    error = failing(lambda: fetcher.fetch(server.url()))
    assert (error.outcome, error.failure) == (outcome, Failure.SOFT)


def test_redirects_end(server: RawServer, fetcher: HttpFetcher) -> None:
    server.answers["/loop"] = response(status="302 x", Location="/loop")
    for i in range(8):
        server.answers[f"/{i}"] = response(status="302 x", Location=f"/{i + 1}")
    server.answers["/8"] = response(b"far")
    assert failing(lambda: fetcher.fetch(server.url("/loop"))).outcome is Outcome.TOO_MANY_REDIRECTS
    assert failing(lambda: fetcher.fetch(server.url("/0"))).outcome is Outcome.TOO_MANY_REDIRECTS
    assert isinstance(fetcher.fetch(server.url("/3")), Fetched)


def test_bodies_of_redirects_are_never_read(server: RawServer, fetcher: HttpFetcher) -> None:
    sent = []

    def endless(connection: socket.socket, path: str) -> None:
        connection.sendall(b"HTTP/1.1 302 x\r\nLocation: /c\r\n\r\n")
        connection.settimeout(5)
        try:
            while len(sent) < 500:
                connection.sendall(b"x" * 65536)
                sent.append(1)
        except OSError:
            return

    server.answers |= {"/": endless, "/c": response(b"here")}
    got = fetcher.fetch(server.url())
    assert isinstance(got, Fetched)
    assert got.body == b"here"
    assert len(sent) < 500


def gzipped_zeros(megabytes: int) -> bytes:
    block = gzip.compress(bytes(1_000_000))
    return block * megabytes  # members in a row are one stream of gzip


def test_a_bomb_stops_at_the_cap(server: RawServer, fetcher: HttpFetcher) -> None:
    bomb = gzipped_zeros(200)
    server.answers |= {
        "/": response(bomb, Content_Encoding="gzip"),
        "/once": response(gzip.compress(bytes(100_000_000)), Content_Encoding="gzip"),
        "/plain": response(bytes(3_000_000)),
        "/long": b"HTTP/1.1 200 OK\r\n\r\n" + bytes(3_000_000),
        "/302": response(bomb, "302 x", Content_Encoding="gzip", Location="/ok"),
        "/ok": response(gzip.compress(b"ok"), Content_Encoding="x-gzip"),
    }
    tracemalloc.start()
    try:
        for path in ("/", "/once", "/plain", "/long"):
            error = failing(lambda path=path: fetcher.fetch(server.url(path)))
            assert (error.outcome, error.failure) == (Outcome.TOO_LARGE, Failure.SOFT)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()
    got = fetcher.fetch(server.url("/302"))
    assert isinstance(got, Fetched)
    assert got.body == b"ok"


@pytest.mark.parametrize(
    "answer",
    [
        response(gzip.compress(gzip.compress(b"x")), Content_Encoding="gzip, gzip"),
        response(b"x", Content_Encoding=", ".join(["gzip"] * 50)),
        response(b"x", Content_Encoding="br"),
        response(b"not gzip", Content_Encoding="gzip"),
        response(gzip.compress(os.urandom(5000))[:-900], Content_Encoding="gzip"),
        response(b"x", Content_Length="500"),
        response(b"zz\r\nx", Transfer_Encoding="chunked"),
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"y" * 60_000 + b"\r\n") * 50 + b"\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
)
def test_broken_answers_are_typed_errors(
    server: RawServer, fetcher: HttpFetcher, answer: bytes
) -> None:
    def once(connection: socket.socket, path: str) -> None:
        connection.sendall(answer)

    server.answers["/"] = once
    error = failing(lambda: fetcher.fetch(server.url()))
    assert error.outcome is Outcome.BAD_RESPONSE
    assert error.__cause__ is not None


def continue_forever(connection: socket.socket, path: str) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


@pytest.mark.parametrize(
    "handler",
    [
        trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"),
        trickle(b"HTTP/1.1 200 OK\r\nX: "),
        trickle(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        trickle(b"HTTP/1.1 302 Found\r\nLocation: "),
        lambda connection, path: time.sleep(5),
    ],
)
def test_the_total_time_holds_however_slowly_bytes_come(
    server: RawServer, fetcher: HttpFetcher, handler: Callable[[socket.socket, str], None]
) -> None:
    server.answers["/"] = handler
    error = failing(lambda: fetcher.fetch(server.url()))
    assert (error.outcome, error.failure) == (Outcome.TIMEOUT, Failure.TEMPORARY)


def test_endless_continue_ends(server: RawServer, fetcher: HttpFetcher) -> None:
    server.answers["/"] = continue_forever
    error = failing(lambda: fetcher.fetch(server.url()))
    assert error.outcome in {Outcome.BAD_RESPONSE, Outcome.TIMEOUT}


def test_nobody_there(fetcher: HttpFetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    error = failing(lambda: fetcher.fetch(f"http://127.0.0.1:{port}/"))
    assert (error.outcome, error.failure) == (Outcome.UNREACHABLE, Failure.TEMPORARY)


class StubResolver:
    """Answers from a list, one look-up after another."""

    def __init__(self, *answers: list[str] | OSError | UnicodeError) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def resolving(*answers: list[str] | OSError | UnicodeError) -> tuple[HttpFetcher, StubResolver]:
    stub = StubResolver(*answers)
    limits = Limits(total_s=2, connect_s=0.3, read_s=1)
    return HttpFetcher(AddressGuard(LOOPBACK), "1", "", limits=limits, resolve=stub), stub


def test_a_name_is_looked_up_once_and_that_answer_is_used(server: RawServer) -> None:
    # A second look-up would give the private address: DNS rebinding.
    fetcher, stub = resolving(["127.0.0.1"], ["10.0.0.1"])
    server.answers["/"] = response(b"here")
    assert isinstance(fetcher.fetch(server.url(host="name.test")), Fetched)
    assert stub.asked == ["name.test"]
    assert server.requests[0][1]["host"] == f"name.test:{server.port}"
    # The idle connection is used again, without asking anybody.
    assert isinstance(fetcher.fetch(server.url(host="name.test")), Fetched)
    assert (stub.asked, server.connections) == (["name.test"], 1)


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "::1", "::ffff:127.0.0.1", "fe80::1%lo", "0.0.0.0"]
)
def test_names_of_private_addresses_are_blocked(address: str) -> None:
    fetcher, _ = resolving([address])
    error = failing(lambda: fetcher.fetch("http://name.test/"))
    assert (error.outcome, error.failure) == (Outcome.BLOCKED_ADDRESS, Failure.HARD)


def test_names_of_public_addresses_are_held_to_web_ports() -> None:
    fetcher, _ = resolving(["8.8.8.8"])
    error = failing(lambda: fetcher.fetch("http://name.test:6379/"))
    assert error.outcome is Outcome.BLOCKED_ADDRESS


def test_the_next_address_is_tried(server: RawServer) -> None:
    server.answers["/"] = response(b"here")
    fetcher, _ = resolving(["10.0.0.1", "127.0.0.254", "127.0.0.1"])
    assert isinstance(fetcher.fetch(server.url(host="name.test")), Fetched)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (socket.gaierror(socket.EAI_NONAME, "no"), Failure.SOFT),
        (socket.gaierror(socket.EAI_AGAIN, "later"), Failure.TEMPORARY),
        (UnicodeError("label too long"), Failure.SOFT),
        ([], Failure.SOFT),
        (["nonsense"], Failure.SOFT),
    ],
)
def test_failed_look_ups_are_classed(
    answer: list[str] | OSError | UnicodeError, failure: Failure
) -> None:
    fetcher, _ = resolving(answer)
    error = failing(lambda: fetcher.fetch("http://name.test/"))
    assert (error.outcome, error.failure) == (Outcome.UNREACHABLE, failure)


def test_a_look_up_that_hangs_is_left_behind() -> None:
    release = threading.Event()

    def hang(host: str, port: int) -> list[str]:
        release.wait(10)
        return []

    fetcher = HttpFetcher(
        AddressGuard(), "1", "", limits=Limits(total_s=1, connect_s=0.2), resolve=hang
    )
    assert failing(lambda: fetcher.fetch("http://name.test/")).outcome is Outcome.TIMEOUT
    release.set()


def test_the_environment_names_no_proxy(
    server: RawServer, fetcher: HttpFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    server.answers["/"] = response(b"direct")
    assert isinstance(fetcher.fetch(server.url()), Fetched)


def test_connections_are_reused_and_a_stale_one_is_replaced(
    server: RawServer, fetcher: HttpFetcher
) -> None:
    def last(connection: socket.socket, path: str) -> None:
        connection.sendall(response(b"bye"))

    server.answers |= {"/": response(b"hi"), "/last": last}
    fetcher.fetch(server.url())
    fetcher.fetch(server.url())
    assert server.connections == 1
    fetcher.fetch(server.url("/last"))
    assert isinstance(fetcher.fetch(server.url()), Fetched)
    assert server.connections == 2


def test_a_server_that_closes_after_each_answer_fails_nobody(
    server: RawServer, patient: HttpFetcher
) -> None:
    # It promised to keep the connection open: whoever comes next finds it closed, or sees it close,
    # and of many at once, one may take from the pool what another has just given back.
    def closing(connection: socket.socket, path: str) -> None:
        connection.sendall(response(b"hi"))
        time.sleep(0.01)  # in which others take the connection for an idle one

    server.answers["/"] = closing

    def run(_: int) -> bytes:
        fetched = patient.fetch(server.url())
        assert isinstance(fetched, Fetched)
        return fetched.body

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(run, range(800))) == [b"hi"] * 800


def test_threads_share_a_fetcher(server: RawServer, patient: HttpFetcher) -> None:
    server.answers |= {f"/{i}": response(str(i).encode() * 1000) for i in range(40)}
    got: dict[int, bytes] = {}

    def run(i: int) -> None:
        fetched = patient.fetch(server.url(f"/{i}"))
        assert isinstance(fetched, Fetched)
        got[i] = fetched.body

    threads = [threading.Thread(target=run, args=(i,)) for i in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {i: str(i).encode() * 1000 for i in range(40)}


def test_posts_carry_their_body_and_follow_no_redirect(
    server: RawServer, fetcher: HttpFetcher
) -> None:
    server.answers |= {
        "/hook": response(b"ok"),
        "/moved": response(status="307 x", Location="/hook"),
    }
    request = Request(server.url("/hook"), "POST", {"X-Id": "7"}, b"{}", follow=False)
    assert isinstance(fetcher.request(request), Fetched)
    assert server.requests[0][1]["x-id"] == "7"
    assert server.requests[0][1]["content-length"] == "2"
    moved = Request(server.url("/moved"), "POST", {}, b"{}", follow=False)
    assert failing(lambda: fetcher.request(moved)).outcome is Outcome.BAD_RESPONSE
    assert [path for path, _ in server.requests] == ["/hook", "/moved"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate of this test")
    folder = tmp_path_factory.mktemp("tls")
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=name.test"]
    command += ["-addext", "subjectAltName=DNS:name.test", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[RawServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    raw = RawServer(context)
    yield raw
    raw.close()


def test_certificates_are_checked_by_host_name(tls_server: RawServer, certificate: Path) -> None:
    def made(*, trusting: bool) -> HttpFetcher:
        return HttpFetcher(
            AddressGuard((ip_network("127.0.0.0/8"),)), "1", "",
            limits=Limits(total_s=1, connect_s=1, read_s=0.6),
            resolve=lambda host, port: ["127.0.0.1"],
            ca_file=str(certificate / "cert.pem") if trusting else None,
        )  # fmt: skip

    tls_server.answers |= {
        "/": response(b"secret"),
        "/slow": trickle(response(b"", Content_Length="999")),
    }
    got = made(trusting=True).fetch(tls_server.url(host="name.test"))
    assert isinstance(got, Fetched)
    assert got.body == b"secret"
    for fetcher, host in ((made(trusting=True), "other.test"), (made(trusting=False), "name.test")):
        url = tls_server.url(host=host)
        error = failing(lambda fetcher=fetcher, url=url: fetcher.fetch(url))
        assert (error.outcome, error.failure) == (Outcome.UNREACHABLE, Failure.SOFT)
    slow = failing(lambda: made(trusting=True).fetch(tls_server.url("/slow", host="name.test")))
    assert slow.outcome is Outcome.TIMEOUT


def test_plain_http_on_a_tls_port_is_an_error(tls_server: RawServer, fetcher: HttpFetcher) -> None:
    error = failing(lambda: fetcher.fetch(f"http://127.0.0.1:{tls_server.port}/"))
    assert error.outcome is Outcome.BAD_RESPONSE
