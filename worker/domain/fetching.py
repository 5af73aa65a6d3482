"""What is fetched, and the Protocols of fetching."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

# --- fetch ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave to make the next request conditional; kept only after a good parse."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """Bytes, decoded from their transfer and content encoding.

    Attributes:
        url: as asked for. final_url: after redirects.
        headers: names in lower case.
        moved_to: the target of a chain of only permanent redirects (301, 308), if any.
        elapsed_s: seconds from the first connect to the last byte.
    """

    url: str
    final_url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    validators: Validators = Validators()
    moved_to: str | None = None
    elapsed_s: float = 0.0

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; empty if none was sent."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Redirect:
    """The server sends us on to another address, which was checked but not asked.

    Attributes:
        url: as asked for. target: absolute, one that may be fetched.
    """

    url: str
    target: str


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server says that what we have is current (304); fields as in `Fetched`."""

    url: str
    final_url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    elapsed_s: float = 0.0
    moved_to: str | None = None


class Fetcher(Protocol):
    """Bytes over HTTP. Safe to call from several threads."""

    def fetch(
        self, url: str, *, validators: Validators | None = None, max_bytes: int = 2_000_000
    ) -> Fetched | NotModified:
        """Fetch an address.

        Args:
            url: an http or https address.
            validators: makes the request conditional; a 304 then gives `NotModified`.
            max_bytes: the cap on the decoded body, in bytes.

        Raises:
            FetchError: in every other case than a 2xx (or an asked-for 304) within the limits.
        """
        ...

    def hop(self, url: str, *, max_bytes: int = 2_000_000) -> Fetched | Redirect:
        """Fetch an address, but leave it to the caller to go where it redirects.

        Args:
            url: as in `fetch`.
            max_bytes: as in `fetch`.

        Raises:
            FetchError: as `fetch`; also for a redirect to what may not be fetched.
        """
        ...

    def post(self, url: str, body: bytes, content_type: str) -> Fetched:
        """Send a body; a redirect is an error, and of the answer little is read.

        Raises:
            FetchError: in every other case than a 2xx within the limits.
        """
        ...


class Limiter(Protocol):
    """Politeness: holds requests back until their host may be asked. Safe to call from threads."""

    def acquire(self, url: str, delay_s: float = 0.0) -> AbstractContextManager[None]:
        """Wait for the turn of the address's registrable domain, and hold it meanwhile.

        Args:
            url: any address on the host.
            delay_s: how long the host asks to be left alone afterwards, in seconds.

        Raises:
            FetchError: POSTPONED, if the turn is too far off.
        """
        ...
