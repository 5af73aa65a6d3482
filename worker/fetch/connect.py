"""Connections that cannot be tricked: one look-up, a checked address, and an end to every wait.

urllib3 does the HTTP. What is ours sits below it, in the connection's hook `_new_conn` and in the
socket: a look-up whose addresses are checked and then used as they are (a second look-up could
answer differently: DNS rebinding), and reads whose timeout shrinks to what is left of the request's
total time (a per-read timeout alone lets one byte a second run for hours: measured).
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from worker.fetch.guard import Address, AddressGuard, parse_address

Resolver = Callable[[str, int], Sequence[str]]
"""Host and port -> addresses, best first. Raises socket.gaierror."""

MAX_ADDRESSES: Final = 3
MAX_HEAD_BYTES: Final = 256 * 1024


class ConnectionFault(Exception):  # noqa: N818 - the root of the four below, never raised itself
    """What went wrong below HTTP; translated at the client's door."""


class AddressRefusedError(ConnectionFault):
    """The host's addresses may not be connected to."""


class NoSuchHostError(ConnectionFault):
    """The look-up says that there is no such host."""


class ConnectFailedError(ConnectionFault):
    """The look-up failed for now, or none of the host's addresses takes a connection."""


class HeadTooLargeError(ConnectionFault):
    """Status line and headers (or 100 Continue without end) are larger than any honest ones."""


class Budget:
    """What is left of one request: time, and bytes before the body.

    Args:
        total_s, connect_s, read_s: limits in seconds.
    """

    def __init__(self, total_s: float, connect_s: float, read_s: float) -> None:
        self._end = time.monotonic() + total_s
        self._connect_s = connect_s
        self._read_s = read_s
        self._head_bytes = 0
        self._in_head = False
        self.connected = False

    def connect_timeout(self) -> float:
        """Seconds that a connect or TLS handshake may take from now."""
        return min(self._connect_s, self._left())

    def read_timeout(self) -> float:
        """Seconds that one read or write may take from now."""
        return min(self._read_s, self._left())

    def start_head(self) -> None:
        """A request is sent: what comes now is a head."""
        self._in_head, self._head_bytes, self.connected = True, 0, False

    def start_body(self) -> None:
        """The head is read: its limit no longer holds."""
        self._in_head = False

    @property
    def is_silent(self) -> bool:
        """Whether no byte of an answer has come yet."""
        return self._head_bytes == 0

    def count(self, received: int) -> None:
        """Count bytes received.

        Raises:
            HeadTooLargeError: there are too many before the body.
        """
        if self._in_head:
            self._head_bytes += received
            if self._head_bytes > MAX_HEAD_BYTES:
                raise HeadTooLargeError(f"more than {MAX_HEAD_BYTES} bytes of headers")

    def _left(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the total time is over")
        return left


# A pooled connection outlives the request that opened it, so its socket asks for the budget of the
# request that runs in this thread.
_budget: ContextVar[Budget | None] = ContextVar("fetch_budget", default=None)


@contextmanager
def spending(budget: Budget) -> Iterator[Budget]:
    """Let the sockets that this thread uses live on `budget`."""
    token = _budget.set(budget)
    try:
        yield budget
    finally:
        _budget.reset(token)


class _Limited:
    """Mixed into both kinds of socket: every transfer is bounded by the budget."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        budget = self._limit()
        received: int = super().recv_into(*args, **kwargs)  # type: ignore[misc]
        if budget:
            budget.count(received)
        return received

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self._limit()
        super().sendall(*args, **kwargs)  # type: ignore[misc]

    def _limit(self) -> Budget | None:
        budget = _budget.get()
        if budget:
            self.settimeout(budget.read_timeout())  # type: ignore[attr-defined]
        return budget


class LimitedSocket(_Limited, socket.socket):
    """A plain socket on a budget."""


class LimitedTlsSocket(_Limited, ssl.SSLSocket):
    """A TLS socket on a budget."""


def system_resolver(host: str, port: int) -> list[str]:
    """Look a host up with the system's resolver, its answers' families taking turns."""
    found: dict[int, list[str]] = {}
    for family, _, _, _, sockaddr in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        found.setdefault(family, []).append(str(sockaddr[0]))
    columns = list(found.values())
    longest = max((len(column) for column in columns), default=0)
    return [column[i] for i in range(longest) for column in columns if i < len(column)]


class Connector:
    """Opens a socket to a host: one look-up, then exactly the addresses that it gave.

    Args:
        guard: says which addresses may be connected to.
        resolve: the look-up; a stub in tests.
    """

    def __init__(self, guard: AddressGuard, resolve: Resolver = system_resolver) -> None:
        self._guard = guard
        self._resolve = resolve

    def open(self, host: str, port: int) -> LimitedSocket:
        """Open a socket within the running budget.

        Raises:
            AddressRefusedError: no address of the host may be connected to.
            NoSuchHostError, ConnectFailedError, TimeoutError: there is no connection.
        """
        budget = _budget.get() or Budget(30.0, 5.0, 10.0)
        budget.connected = True
        literal = parse_address(host)
        addresses = [literal] if literal else self._look_up(host, port, budget)
        problems = [self._guard.problem_of(address, port) for address in addresses]
        allowed = [a for a, problem in zip(addresses, problems, strict=True) if not problem]
        if not allowed:
            raise AddressRefusedError(problems[0])
        errors: list[OSError] = []
        for address in allowed[:MAX_ADDRESSES]:
            try:
                return _connect(address, port, budget.connect_timeout())
            except OSError as error:
                errors.append(error)
        if isinstance(errors[0], TimeoutError):
            raise errors[0]
        raise ConnectFailedError(str(errors[0])) from errors[0]

    def _look_up(self, host: str, port: int, budget: Budget) -> list[Address]:
        """Look up in a thread: getaddrinfo knows no timeout and may take half a minute."""
        answer: list[Sequence[str] | OSError | UnicodeError] = []

        def run() -> None:
            try:
                answer.append(self._resolve(host, port))
            except (OSError, UnicodeError) as error:
                answer.append(error)

        thread = threading.Thread(target=run, name="look-up", daemon=True)
        thread.start()
        thread.join(budget.connect_timeout())
        match answer:
            case []:
                raise TimeoutError(f"look-up of {host}")
            case [socket.gaierror(errno=socket.EAI_NONAME) | UnicodeError() as error]:
                raise NoSuchHostError(str(error)) from error
            case [OSError() as error]:
                raise ConnectFailedError(f"look-up: {error}") from error
            case [[*texts]]:
                found = [address for text in texts if (address := parse_address(text))]
                if found:
                    return found
        raise NoSuchHostError("no address")


def _connect(address: Address, port: int, timeout_s: float) -> LimitedSocket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    sock = LimitedSocket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout_s)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect((str(address), port))
    except BaseException:
        sock.close()
        raise
    return sock


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Return the TLS settings: certificates and host names are always checked.

    Args:
        ca_file: a further file of trusted certificates (PEM), or None for the system's alone.

    Raises:
        OSError: the file cannot be read.
    """
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    context.sslsocket_class = LimitedTlsSocket
    return context


def pool_manager(connector: Connector, tls: ssl.SSLContext) -> urllib3.PoolManager:
    """Return pools whose connections are opened by `connector` and know no proxy.

    Up to 128 hosts with 8 idle connections each are kept.
    """

    class GuardedHttp(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connector.open(self.host, self.port)

    class GuardedHttps(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connector.open(self.host, self.port)

    class HttpPool(HTTPConnectionPool):
        ConnectionCls = GuardedHttp

    class HttpsPool(HTTPSConnectionPool):
        ConnectionCls = GuardedHttps

    manager = urllib3.PoolManager(num_pools=128, maxsize=8, ssl_context=tls)
    manager.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}
    return manager
