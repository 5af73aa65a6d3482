"""The one HTTP client: feeds, pages, queries and webhooks go through the same rules.

Redirects are followed here, not by the library, so that each hop is checked like the first; their
bodies are never read. Proxies and credentials of the environment are not used. Every failure
leaves as a `FetchError` with its Outcome and Failure class.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urljoin

import urllib3
from urllib3 import exceptions

from worker.clock import utc_now
from worker.domain import Failure, Fetched, NotModified, Outcome, Redirect, Validators
from worker.errors import FetchError
from worker.fetch.answers import PERMANENT, REDIRECTS, error_of, is_wall
from worker.fetch.body import CHUNK_BYTES, BodyTooLargeError, is_gzip, read_body
from worker.fetch.connect import (
    Budget,
    Connector,
    Resolver,
    pool_manager,
    spending,
    system_resolver,
    tls_context,
)
from worker.fetch.faults import translating
from worker.fetch.guard import AddressGuard, CheckedUrl, safe_url

ACCEPT: Final = (
    "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,"
    "application/feed+json,application/xml;q=0.9,*/*;q=0.8"
)
_ANSWER_BYTES: Final = 10_000
"""What is read of the answer to a POST."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of everything one request may take; times in seconds."""

    total_s: float = 30.0
    connect_s: float = 5.0
    read_s: float = 10.0
    max_redirects: int = 5


@dataclass(frozen=True, slots=True)
class Request:
    """A request of any method; the seam under `HttpFetcher.fetch` for webhooks.

    Attributes:
        max_bytes: the cap on the decoded body of the answer.
        is_cut: whether a larger body is cut off there; otherwise it is an error.
        follow: whether redirects are followed; otherwise one is an error.
        validators: make the request conditional.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    max_bytes: int = 2_000_000
    is_cut: bool = False
    follow: bool = True
    validators: Validators | None = None


class HttpFetcher:
    """Bytes over HTTP for the whole project; implements `Fetcher`. Thread-safe.

    Args:
        guard: the address rules.
        version: of this program, for the User-Agent.
        contact_url: where a server's owner learns what this is and how to reach its operator.
        limits: of each request.
        resolve: the DNS look-up; a stub in tests.
        ca_file: a further file of trusted certificates (PEM).
        now: the clock, for a Retry-After that is a date.
    """

    def __init__(  # noqa: PLR0913 - each is a seam with a default but the first three
        self,
        guard: AddressGuard,
        version: str,
        contact_url: str,
        *,
        limits: Limits = Limits(),
        resolve: Resolver = system_resolver,
        ca_file: str | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._guard = guard
        self._user_agent = _user_agent(version, contact_url)
        self._limits = limits
        self._connector = Connector(guard, resolve)
        self._tls = tls_context(ca_file)
        self._now = now
        self._pid = os.getpid()
        self._pools = pool_manager(self._connector, self._tls)

    def fetch(
        self, url: str, *, validators: Validators | None = None, max_bytes: int = 2_000_000
    ) -> Fetched | NotModified:
        """Fetch an address: see `worker.domain.Fetcher`."""
        return self.request(Request(url, validators=validators, max_bytes=max_bytes))

    def hop(self, url: str, *, max_bytes: int = 2_000_000) -> Fetched | Redirect:
        """Fetch an address without following redirects: see `worker.domain.Fetcher`."""
        got = self._spend(Request(url, max_bytes=max_bytes, follow=False))
        assert not isinstance(got, NotModified)  # noqa: S101 - for the type checker: no validators
        return got

    def post(self, url: str, body: bytes, content_type: str) -> Fetched:
        """Send a body: see `worker.domain.Fetcher`."""
        got = self.request(
            Request(
                url,
                "POST",
                {"Content-Type": content_type},
                body,
                max_bytes=_ANSWER_BYTES,
                is_cut=True,
                follow=False,
            )
        )
        assert isinstance(got, Fetched)  # noqa: S101 - for the type checker: no validators
        return got

    def request(self, request: Request) -> Fetched | NotModified:
        """Send a request and read its answer.

        Raises:
            FetchError: in every other case than a 2xx (or an asked-for 304) within the limits.
        """
        got = self._spend(request)
        if isinstance(got, Redirect):
            detail = "redirects: somebody has to set the new address"
            raise FetchError(safe_url(got.url), Outcome.BAD_RESPONSE, Failure.SOFT, detail)
        return got

    def _spend(self, request: Request) -> Fetched | NotModified | Redirect:
        limits = self._limits
        budget = Budget(limits.total_s, limits.connect_s, limits.read_s)
        with spending(budget):
            return self._follow(request, budget)

    def close(self) -> None:
        """Close idle connections. The fetcher stays usable."""
        self._pools.clear()

    def _follow(self, request: Request, budget: Budget) -> Fetched | NotModified | Redirect:
        started = time.monotonic()
        url, seen, all_permanent = self._guard.check_url(request.url), set[str](), True
        while True:
            with translating(url.url):
                response = self._send(url, request, budget)
            try:
                headers = _headers(response)
                if response.status not in REDIRECTS:
                    elapsed = time.monotonic() - started
                    moved_to = url.url if seen and all_permanent else None
                    return self._read(request, url, response, headers, (moved_to, elapsed))
            finally:
                response.close()
            if not request.follow:
                return Redirect(url.url, self._next_hop(url, headers).url)
            seen.add(url.url)
            all_permanent = all_permanent and response.status in PERMANENT
            url = self._next_hop(url, headers)
            if len(seen) > self._limits.max_redirects or url.url in seen:
                detail = "redirect loop" if url.url in seen else f"after {len(seen)} hops"
                raise _error(url, Outcome.TOO_MANY_REDIRECTS, Failure.SOFT, detail)

    def _next_hop(self, url: CheckedUrl, headers: Mapping[str, str]) -> CheckedUrl:
        location = headers.get("location", "").strip()
        if not location:
            raise _error(url, Outcome.BAD_RESPONSE, Failure.SOFT, "redirect to nowhere")
        with suppress(UnicodeError):
            # http.client reads headers as Latin-1; servers write addresses in UTF-8.
            location = location.encode("latin-1").decode("utf-8")
        try:
            return self._guard.check_url(urljoin(url.url, location))
        except FetchError as error:
            # The server's mistake of today, not an address of ours that a person must correct.
            raise _error(url, error.outcome, Failure.SOFT, f"redirect: {error}") from error
        except ValueError as error:
            raise _error(url, Outcome.BAD_URL, Failure.SOFT, f"redirect: {error}") from error

    def _send(self, url: CheckedUrl, request: Request, budget: Budget) -> urllib3.BaseHTTPResponse:
        headers = {
            "User-Agent": self._user_agent,
            "Accept": ACCEPT,
            "Accept-Encoding": "gzip",
            **_conditions(request.validators),
            **request.headers,
        }
        if os.getpid() != self._pid:  # forked: connections of the parent are not ours to use
            # the certificates are: to read them takes 18 ms, in each thread that comes first
            self._pools = pool_manager(self._connector, self._tls)
            self._pid = os.getpid()
        pool = self._pools.connection_from_host(url.host, url.port, url.scheme)
        timeout = urllib3.Timeout(connect=self._limits.connect_s, read=self._limits.read_s)

        def send() -> urllib3.BaseHTTPResponse:
            budget.start_head()
            return pool.urlopen(
                request.method, url.target, body=request.body, headers=headers, retries=False,
                redirect=False, assert_same_host=False, timeout=timeout, preload_content=False,
                decode_content=False,
            )  # fmt: skip

        while True:
            try:
                response = send()
            except exceptions.ProtocolError:
                # An idle connection that the server closed in the meantime is gone from the pool:
                # again on the next one, which may be as stale, and at last on a new one.
                if budget.connected or not budget.is_silent or request.method != "GET":
                    raise
            else:
                budget.start_body()
                return response

    def _read(
        self,
        request: Request,
        url: CheckedUrl,
        response: urllib3.BaseHTTPResponse,
        headers: Mapping[str, str],
        done: tuple[str | None, float],
    ) -> Fetched | NotModified:
        moved_to, elapsed_s = done
        started = time.monotonic()
        if response.status == 304 and _conditions(request.validators):
            return NotModified(request.url, url.url, headers, elapsed_s, moved_to)
        error = error_of(safe_url(url.url), response.status, headers, self._now())
        if error:
            raise error
        with translating(url.url):
            gzipped = is_gzip(headers.get("content-encoding", ""))
            length = headers.get("content-length", "")
            is_long = length.isascii() and length.isdigit() and int(length[:18]) > request.max_bytes
            if is_long and not request.is_cut:
                raise BodyTooLargeError(f"{length[:18]} bytes announced")
            chunks = response.stream(CHUNK_BYTES, decode_content=False)
            body = read_body(
                chunks, gzipped=gzipped, max_bytes=request.max_bytes, is_cut=request.is_cut
            )
        fetched = Fetched(
            request.url, url.url, response.status, headers, body,
            Validators(headers.get("etag"), headers.get("last-modified")), moved_to,
            elapsed_s + time.monotonic() - started,
        )  # fmt: skip
        if is_wall(fetched.content_type, body):
            raise _error(url, Outcome.BLOCKED, Failure.BLOCKED, "bot wall", response.status)
        return fetched


def _user_agent(version: str, contact_url: str) -> str:
    agent = f"Seedwatch/{version} (+{contact_url})" if contact_url else f"Seedwatch/{version}"
    return "".join(char for char in agent if " " <= char <= "~")


def _conditions(validators: Validators | None) -> dict[str, str]:
    """Return the conditional headers; validators that no header can carry are left out."""
    pairs = {
        "If-None-Match": validators.etag if validators else None,
        "If-Modified-Since": validators.last_modified if validators else None,
    }
    return {
        name: value
        for name, value in pairs.items()
        if value and len(value) <= 1000 and all(" " <= c <= "\xff" and c != "\x7f" for c in value)
    }


def _headers(response: urllib3.BaseHTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _error(
    url: CheckedUrl, outcome: Outcome, failure: Failure, detail: str, status: int | None = None
) -> FetchError:
    return FetchError(safe_url(url.url), outcome, failure, detail, status)
