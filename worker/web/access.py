"""Who may see the pages: a password that all reviewers share, and sessions in a signed cookie.

The cookie is signed with a key made from the password's hash, so that every web process knows it,
a restart ends no session, and a new password ends all. Who can read the hash from the environment
can also read the database; there is nothing to gain from a further secret.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request, cookie_parser
from starlette.responses import Response

from worker.errors import ConfigError

SETTING = "SEEDWATCH_WEB_PASSWORD_HASH"
COOKIE = "seedwatch_session"
SESSION_S = 14 * 86_400
MIN_PASSWORD = 10
MAX_PASSWORD = 1_000


def hash_password(password: str) -> str:
    """The hash of a password, as the setting wants it.

    Raises:
        ConfigError: it is too short or too long.
    """
    from argon2 import PasswordHasher  # type: ignore[import-not-found, unused-ignore]

    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise ConfigError("password", f"use {MIN_PASSWORD} to {MAX_PASSWORD:,} characters")
    made: str = PasswordHasher().hash(password)
    return made


def _check(password_hash: str) -> None:
    from argon2 import extract_parameters
    from argon2.exceptions import (  # type: ignore[import-not-found, unused-ignore]
        InvalidHashError,
    )

    try:
        extract_parameters(password_hash)
    except InvalidHashError as error:
        raise ConfigError(
            SETTING,
            "is no hash of a password; `seedwatch web --hash-password` prints one (in a .env file "
            "put it in single quotes, since it contains $)",
        ) from error


class Access:
    """Lets those in who know the password; everybody, where none is set.

    Args:
        password_hash: of the setting; empty for none.
        clock_s: seconds since the epoch.

    Raises:
        ConfigError: the setting is no hash of a password.
    """

    def __init__(self, password_hash: str, clock_s: Callable[[], float] = time.time) -> None:
        if password_hash:
            _check(password_hash)
        self._hash = password_hash
        self._clock_s = clock_s
        self._lock = threading.Lock()

    @property
    def has_password(self) -> bool:
        """Whether a password is asked for at all."""
        return bool(self._hash)

    def key(self, purpose: str) -> bytes:
        """A key that all processes with this password share; a random one without a password."""
        if not self._hash:
            return secrets.token_bytes(32)
        return hmac.new(self._hash.encode(), purpose.encode(), sha256).digest()

    def is_right(self, password: str) -> bool:
        """Whether this is the password; one is checked at a time, since each takes 64 MB."""
        from argon2 import PasswordHasher
        from argon2.exceptions import VerificationError

        if not self._hash or len(password) > MAX_PASSWORD:
            return False
        with self._lock:
            try:
                return bool(PasswordHasher().verify(self._hash, password))
            except VerificationError:
                return False

    def has_session(self, headers: Headers) -> bool:
        """Whether a request carries a session that has not ended."""
        text = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        ends, _, rest = text.partition(".")
        nonce, _, signature = rest.partition(".")
        if not (ends.isascii() and ends.isdecimal() and len(ends) < 16):
            return False
        good = hmac.compare_digest(
            self._sign(f"{ends}.{nonce}").encode(), signature.encode("utf-8", "replace")
        )
        return good and int(ends) > self._clock_s()

    def start_session(self, answer: Response, request: Request) -> None:
        """Put a new session on an answer."""
        value = f"{int(self._clock_s()) + SESSION_S}.{secrets.token_urlsafe(16)}"
        answer.set_cookie(
            COOKIE,
            f"{value}.{self._sign(value)}",
            max_age=SESSION_S,
            httponly=True,
            samesite="lax",
            path="/",
            # behind a proxy that ends TLS only the browser knows that it is used
            secure=request.headers.get("origin", "").startswith("https://"),
        )

    def end_session(self, answer: Response) -> None:
        """Take the session's cookie away."""
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")

    def _sign(self, value: str) -> str:
        return hmac.new(self.key("session"), value.encode("utf-8", "replace"), sha256).hexdigest()


class Attempts:
    """Slows down who guesses: so many wrong passwords from one place, then a pause.

    X-Forwarded-For is not believed, so behind a proxy all are one place.

    Args:
        clock_s: seconds, of any beginning.
        most: wrong passwords within the window.
        window_s: seconds.
    """

    _MOST_PLACES = 10_000

    def __init__(
        self,
        clock_s: Callable[[], float] = time.monotonic,
        most: int = 10,
        window_s: float = 900.0,
    ) -> None:
        self._clock_s = clock_s
        self._most = most
        self._window_s = window_s
        self._failed: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def wait_s(self, request: Request) -> int:
        """For how many seconds this place has to wait; 0 for not at all."""
        with self._lock:
            times = self._recent(place_of(request))
            if len(times) < self._most:
                return 0
            return max(1, int(times[-self._most] + self._window_s - self._clock_s()) + 1)

    def failed(self, request: Request) -> None:
        """Count a wrong password; counted before it is checked, so that many at once all count."""
        place = place_of(request)
        with self._lock:
            times = self._recent(place)
            if len(self._failed) >= self._MOST_PLACES:
                self._failed.pop(next(iter(self._failed)))
            self._failed[place] = [*times, self._clock_s()]

    def succeeded(self, request: Request) -> None:
        """Forget the wrong passwords of a place."""
        with self._lock:
            self._failed.pop(place_of(request), None)

    def _recent(self, place: str) -> list[float]:
        since = self._clock_s() - self._window_s
        times = [at for at in self._failed.pop(place, []) if at > since]
        if times:
            self._failed[place] = times
        return times


def place_of(request: HTTPConnection) -> str:
    """Where a request comes from; in IPv6 the network, of which one house has 2^64 addresses."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or (int(address) >> 64))
    return str(address)
