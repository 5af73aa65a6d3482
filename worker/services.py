"""What the pipeline works with: built once a process by `worker.wiring`, handed to every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

from worker.domain import (
    ArticleText,
    Failure,
    Fetched,
    Fetcher,
    LanguageDetector,
    Limiter,
    Match,
    Matcher,
    NotModified,
    Outcome,
    Sketch,
    Sketcher,
    Validators,
    Watch,
)
from worker.errors import FetchError
from worker.fetch.guard import safe_url
from worker.measures import Measures
from worker.records import StoryRule
from worker.story.grouping import Grouping

if TYPE_CHECKING:
    from worker.config import Settings
    from worker.notify.messages import Senders
    from worker.store.store import Store

P = ParamSpec("P")
T = TypeVar("T")

MAX_PAGE_HOPS = 5
"""Redirects of a page; those of a feed are counted by the client."""


class Isolated(Protocol):
    """Calls a parser where it can do no harm."""

    def call(self, target: str, *args: Any, **kwargs: Any) -> Any:
        """Call "module:function"; see `worker.isolation.Isolation.call`."""
        ...

    def prepare(self) -> None:
        """Get ready for many calls."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class Robots(Protocol):
    """What a host's robots.txt allows."""

    def check(self, url: str) -> float:
        """Make sure that a page may be fetched; see `worker.fetch.robots.RobotsRules.check`.

        Returns:
            The pause that the host asks for after a request, in seconds; 0 for none.

        Raises:
            FetchError: it may not, or that cannot be told today.
        """
        ...

    def sitemaps(self, url: str) -> tuple[str, ...]:
        """The sitemaps that the robots.txt of an address's host names; none if it cannot be had."""
        ...


class AllAllowed:
    """`Robots` where robots.txt is not asked for."""

    def check(self, url: str) -> float:
        """Allow it."""
        return 0.0

    def sitemaps(self, url: str) -> tuple[str, ...]:
        """None is known."""
        return ()


class Crew(Protocol):
    """Does the pipeline's work on articles: here, or in other processes, so that all cores work."""

    def do(
        self,
        services: Services,
        work: Callable[Concatenate[Services, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call a function of a module with services; what it takes and gives can be pickled.

        Raises:
            WorkLostError: the process that was at it has died.
            Exception: whatever the function raised.
        """
        ...


class Alone:
    """`Crew` of this process only."""

    def do(
        self,
        services: Services,
        work: Callable[Concatenate[Services, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call it."""
        return work(services, *args, **kwargs)


def _never() -> bool:
    return False


class NoSketches:
    """`Sketcher` where articles are not compared with each other."""

    def sketch(self, article: ArticleText, matches: Sequence[Match]) -> Sketch:
        """Return a sketch without anything in it."""
        return Sketch({})


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a step needs and a test may want to replace.

    Attributes:
        name: of this process, unique among all, for leases and logs.
        senders: how to tell, by the kind of channel.
        clock: aware UTC; only the store's own time decides about claims.
        jitter: a number from 0 to 1, fresh at each call.
        crew: who works on articles.
        is_ending: whether this process shall take up nothing new, and give back what it has not
            begun with.
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
    senders: Senders
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    measures: Measures = field(default_factory=Measures)
    robots: Robots = field(default_factory=AllAllowed)
    sketcher: Sketcher = field(default_factory=NoSketches)
    story_rule: StoryRule = field(default_factory=Grouping)
    crew: Crew = field(default_factory=Alone)
    is_ending: Callable[[], bool] = _never

    def ask(
        self,
        url: str,
        *,
        validators: Validators | None = None,
        max_bytes: int,
        delay_s: float = 0.0,
    ) -> Fetched | NotModified:
        """Fetch an address when its host's turn has come; see `worker.domain.Fetcher`.

        Args:
            url: as there.
            validators: as there.
            max_bytes: as there.
            delay_s: how long the host wants to be left alone afterwards, in seconds.

        Raises:
            FetchError: it cannot be had, or its host's turn is too far off.
        """
        with self.limiter.acquire(url, delay_s):
            return self.fetcher.fetch(url, validators=validators, max_bytes=max_bytes)

    def ask_page(self, url: str, *, max_bytes: int) -> Fetched:
        """Fetch a page as its host's robots.txt allows; so at every address that it redirects to.

        Each hop is a request like any other: the target's robots.txt is asked, and its turn taken.

        Args:
            url: of the page.
            max_bytes: the cap on the decoded body, in bytes.

        Raises:
            FetchError: it cannot be had, may not be, or a host's turn is too far off.
        """
        target = url
        for _ in range(MAX_PAGE_HOPS + 1):
            delay_s = self.robots.check(target)
            with self.limiter.acquire(target, delay_s):
                got = self.fetcher.hop(target, max_bytes=max_bytes)
            if isinstance(got, Fetched):
                return replace(got, url=url)
            target = got.target
        detail = f"after {MAX_PAGE_HOPS} hops"
        raise FetchError(safe_url(url), Outcome.TOO_MANY_REDIRECTS, Failure.SOFT, detail)

    def close(self) -> None:
        """Close the store and end the parsers' processes."""
        self.isolation.close()
        self.store.close()
