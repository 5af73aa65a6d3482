"""What the pipeline works with: built once a process by `worker.wiring`, handed to every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from worker.domain import Fetcher, LanguageDetector, Matcher, Watch

if TYPE_CHECKING:
    from worker.config import Settings
    from worker.notify.channels import Channel
    from worker.store.store import Store


class Isolated(Protocol):
    """Calls a parser where it can do no harm."""

    def call(self, target: str, *args: Any, **kwargs: Any) -> Any:
        """Call "module:function"; see `worker.isolation.Isolation.call`."""
        ...


class Limiter(Protocol):
    """Politeness: holds a request back until its host may be asked again."""

    def acquire(self, url: str) -> AbstractContextManager[None]:
        """Wait for the turn of the address's registrable domain, and hold it meanwhile."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a step needs and a test may want to replace.

    Attributes:
        name: of this process, unique among all, for leases and logs.
        channels: how to tell, by the kind of channel that an outbox row names.
        clock: aware UTC; only the store's own time decides about claims.
        jitter: a number from 0 to 1, fresh at each call.
    """

    name: str
    settings: Settings
    watches: tuple[Watch, ...]
    store: Store
    fetcher: Fetcher
    limiter: Limiter
    isolation: Isolated
    detector: LanguageDetector
    matcher: Matcher
    channels: Mapping[str, Channel]
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
