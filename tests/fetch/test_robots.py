"""robots.txt as servers send it: rules, refusals, outages and hostile files."""

from __future__ import annotations

import contextlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fetch.conftest import RawServer, response
from tests.fetch.test_client import failing
from worker.domain import Failure, Outcome
from worker.errors import FetchError
from worker.fetch import HostLimiter, HttpFetcher
from worker.fetch.robots import KEPT_AFTER_FAILURE_S, KEPT_S, RobotsRules

RULES = b"""
User-agent: *
Disallow: /private/
Allow: /private/open
Crawl-delay: 7

User-agent: OtherBot
Disallow: /
"""


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def robots(fetcher: HttpFetcher, clock: Clock) -> RobotsRules:
    return RobotsRules(fetcher, HostLimiter(), clock)


def asked(server: RawServer) -> int:
    return [path for path, _ in server.requests].count("/robots.txt")


def test_the_rules_for_everybody_hold_for_us(server: RawServer, robots: RobotsRules) -> None:
    server.answers["/robots.txt"] = response(RULES, content_type="text/plain")
    assert robots.check(server.url("/news/1?x=y")) == 7.0
    assert robots.check(server.url("/private/open")) == 7.0
    error = failing(lambda: robots.check(server.url("/private/1")))
    assert (error.outcome, error.failure, error.detail) == (
        Outcome.BLOCKED, Failure.BLOCKED, "robots.txt",
    )  # fmt: skip
    assert asked(server) == 1
    assert server.requests[0][1]["user-agent"].startswith("Seedwatch/")


def test_rules_of_our_own_win(server: RawServer, robots: RobotsRules) -> None:
    server.answers["/robots.txt"] = response(RULES + b"\nUser-agent: seedwatch\nDisallow: /news\n")
    assert robots.check(server.url("/private/1")) == 0.0
    assert failing(lambda: robots.check(server.url("/news/1"))).outcome is Outcome.BLOCKED


@pytest.mark.parametrize(
    "answer",
    [
        response(status="404 Not Found"),
        response(status="403 Forbidden"),
        response(status="401 Unauthorized"),
        response(b"", "403 Forbidden", cf_mitigated="challenge"),
        response(b"<!doctype html><title>Welcome</title>", content_type="text/html"),
        response(b""),
        response(b"\xef\xbb\xbf\xff\xfe\x00" * 100),
        response(status="302 Found", Location="/robots.txt"),
        response(status="302 Found", Location="http://10.0.0.1/robots.txt"),
    ],
)
def test_without_rules_all_is_allowed(
    server: RawServer, robots: RobotsRules, answer: bytes
) -> None:
    server.answers["/robots.txt"] = answer
    for _ in range(2):
        assert robots.check(server.url("/a")) == 0.0
    assert asked(server) == 1


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (response(status="503 Later"), Outcome.SERVER_ERROR),
        (response(status="500 Broken"), Outcome.SERVER_ERROR),
        (response(status="429 Slow"), Outcome.RATE_LIMITED),
        (b"no http at all\r\n\r\n", Outcome.BAD_RESPONSE),
    ],
)
def test_while_it_cannot_be_had_nothing_is_allowed_for_an_hour(
    server: RawServer, robots: RobotsRules, clock: Clock, answer: bytes, outcome: Outcome
) -> None:
    server.answers["/robots.txt"] = answer
    error = failing(lambda: robots.check(server.url("/a")))
    assert (error.outcome, error.failure) == (outcome, Failure.TEMPORARY)
    assert error.detail.startswith("robots.txt cannot be had")
    assert error.retry_after_s == KEPT_AFTER_FAILURE_S
    clock.now += KEPT_AFTER_FAILURE_S - 1
    assert failing(lambda: robots.check(server.url("/b"))).retry_after_s == 1.0
    assert asked(server) == 1


def test_it_is_asked_again_after_a_day_and_the_old_rules_bridge_an_outage(
    server: RawServer, fetcher: HttpFetcher, clock: Clock
) -> None:
    robots = RobotsRules(fetcher, HostLimiter(), clock)
    server.answers["/robots.txt"] = response(RULES)
    robots.check(server.url("/a"))
    clock.now += KEPT_S
    server.answers["/robots.txt"] = response(status="503 Later")
    assert robots.check(server.url("/a")) == 7.0
    assert failing(lambda: robots.check(server.url("/private/1"))).outcome is Outcome.BLOCKED
    clock.now += KEPT_AFTER_FAILURE_S
    server.answers["/robots.txt"] = response(b"User-agent: *\nDisallow:\n")
    assert robots.check(server.url("/private/1")) == 0.0
    assert asked(server) == 3


def test_the_sitemaps_that_it_names_are_known(server: RawServer, robots: RobotsRules) -> None:
    named = [f"https://a.test/{number}.xml" for number in range(300)]
    lines = "".join(f"Sitemap: {url}\n" for url in named)
    server.answers["/robots.txt"] = response(b"User-agent: *\nDisallow: /\n" + lines.encode())
    assert robots.sitemaps(server.url("/any")) == tuple(named[:100])
    assert asked(server) == 1
    with pytest.raises(FetchError):
        robots.check(server.url("/any"))
    assert asked(server) == 1


@pytest.mark.parametrize("answer", [response(status="404 None"), response(status="503 Later")])
def test_without_it_there_are_no_sitemaps(
    server: RawServer, robots: RobotsRules, answer: bytes
) -> None:
    server.answers["/robots.txt"] = answer
    assert robots.sitemaps(server.url("/")) == ()


def test_many_threads_ask_once(server: RawServer, robots: RobotsRules) -> None:
    server.answers["/robots.txt"] = response(RULES)
    with ThreadPoolExecutor(8) as pool:
        delays = list(pool.map(lambda n: robots.check(server.url(f"/{n}")), range(40)))
    assert set(delays) == {7.0}
    assert asked(server) == 1


@pytest.mark.parametrize(
    ("asked_for", "kept"), [("3.5", 3.5), ("86400", 30.0), ("-1", 0.0), ("nan", 0.0), ("x", 0.0)]
)
def test_crawl_delay_is_bounded(
    server: RawServer, robots: RobotsRules, asked_for: str, kept: float
) -> None:
    server.answers["/robots.txt"] = response(f"User-agent: *\nCrawl-delay: {asked_for}".encode())
    assert robots.check(server.url("/a")) == kept


HOSTILE = {
    "wildcards": b"User-agent: *\nDisallow: /" + b"*a" * 100_000 + b"b\n",
    "rules": b"User-agent: *\n" + b"".join(b"Disallow: /*%d$\n" % n for n in range(60_000)),
    "agents": b"".join(b"User-agent: a%d\n" % n for n in range(60_000)) + b"Disallow: /\n",
    "one line": b"User-agent: *\nDisallow: /" + b"x" * 5_000_000,
    "escapes": b"User-agent: *\nDisallow: /" + b"%e1%bb" * 150_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_cut_off_and_costs_little(
    server: RawServer, robots: RobotsRules, name: str
) -> None:
    server.answers["/robots.txt"] = response(b"User-agent: *\nCrawl-delay: 3\n" + HOSTILE[name])
    started = time.process_time()
    for _ in range(5):
        assert robots.check(server.url("/" + "a" * 1_500)) == 3.0
    assert time.process_time() - started < 5
    assert asked(server) == 1


def test_500_kb_are_read_and_no_more(server: RawServer, robots: RobotsRules) -> None:
    head, rule = b"User-agent: *\nDisallow: /first\n", b"Disallow: /last\n"
    sent = []

    def endless(connection: socket.socket, path: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + head)
        connection.sendall(b"# filler\n" * 55_000 + b"Disallow: /late\n")  # at 495 kB
        connection.sendall(b"# filler\n" * 5_000 + rule)
        connection.settimeout(5)
        with contextlib.suppress(OSError):
            while len(sent) < 500:
                connection.sendall(b"#" * 65_535 + b"\n")
                sent.append(1)

    server.answers["/robots.txt"] = endless
    assert failing(lambda: robots.check(server.url("/first"))).outcome is Outcome.BLOCKED
    assert failing(lambda: robots.check(server.url("/late"))).outcome is Outcome.BLOCKED
    assert robots.check(server.url("/last")) == 0.0
    assert len(sent) < 500


def test_a_host_that_is_paused_is_not_even_asked_for_its_rules(
    server: RawServer, fetcher: HttpFetcher, clock: Clock
) -> None:
    limiter = HostLimiter(max_wait_s=1.0)
    robots = RobotsRules(fetcher, limiter, clock)
    server.answers["/robots.txt"] = response(RULES)
    limiter.pause(server.url(), 500.0)
    with pytest.raises(FetchError) as caught:
        robots.check(server.url("/a"))
    assert (caught.value.outcome, caught.value.status) == (Outcome.POSTPONED, None)
    assert asked(server) == 0
