"""Builds what the pipeline works with, from the settings; the only place that knows every room.

What matching alone needs is in `worker.matching`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from worker import __version__, memory
from worker.clock import utc_now
from worker.config import Settings, load_settings
from worker.domain import (
    ArticleText,
    FeedConfig,
    Fetched,
    Match,
    NotModified,
    Sketch,
    Watch,
)
from worker.errors import SeedwatchError, StoreError
from worker.feeds.engines import REQUEST_PAUSE_S
from worker.feeds.queries import query_urls
from worker.fetch.client import HttpFetcher, Limits, Request
from worker.fetch.guard import AddressGuard
from worker.fetch.politeness import HostLimiter, host_key
from worker.fetch.robots import RobotsRules
from worker.isolation import Isolation
from worker.match.matcher import SeedMatcher, Tunings
from worker.matching import build_detector, build_encoder, build_loader
from worker.notify.channels import FileSink
from worker.notify.chat import ChatSender
from worker.notify.messages import Senders
from worker.notify.smtp import MailSender, MailServer
from worker.notify.webhook import WebhookSender
from worker.services import AllAllowed, Services
from worker.sketching import ArticleSketcher
from worker.warmcalls import LATE_PARSER_CALLS, PARSER_CALLS

if TYPE_CHECKING:
    from worker.store.store import Store
    from worker.telling import Telling

log = logging.getLogger(__name__)

WEBHOOK_TOTAL_S = 15.0
"""A webhook's receiver answers within so long, as Standard Webhooks advises (15 to 30 s)."""

_SAMPLE = ArticleText(
    "Polisi menangkap dua orang", "Polisi menangkap dua orang di Jakarta kemarin malam.", "id"
)
"""So short, and of a language with close kin, that all language detectors are asked."""
_LATE_IMPORTS = ("cffi.cparser", "numpy.ma")
"""What libraries import at some first call: billiard in each child of the pool, numpy for sets."""


class LazyMatcher:
    """Loads the encoder and encodes the seeds when the first article comes, not before.

    It sketches too, with the same encoder. Beat, the web pages and most commands never match, and
    should start at once.

    Args:
        watches: gives those to match against: the same object as long as they are the same.
        settings: name the encoder.
        tunings: what was decided for watches.

    Raises:
        ConfigError: they name none; better said now than at the first article.
    """

    def __init__(
        self,
        watches: Callable[[], Sequence[Watch]],
        settings: Settings,
        tunings: Tunings = dict,
    ) -> None:
        self._now = watches
        self._tunings = tunings
        self._encoder = build_encoder(settings)
        self._lock = threading.Lock()
        self._loaded: SeedMatcher | None = None
        self._watches: Sequence[Watch] = ()
        self._sketcher = ArticleSketcher((), self._encoder)

    @property
    def _matcher(self) -> SeedMatcher:
        with self._lock:  # of several threads that come first, one loads and the others wait
            now = self._now()
            if self._loaded is None or now is not self._watches:
                self._watches = now
                self._loaded = SeedMatcher(now, self._encoder, tunings=self._tunings)
                self._sketcher = ArticleSketcher(now, self._encoder)
            return self._loaded

    @property
    def version(self) -> str:
        """The matcher's own."""
        return self._matcher.version

    def match(self, articles: Sequence[ArticleText]) -> list[tuple[Match, ...]]:
        """Match as `Matcher.match` says."""
        return self._matcher.match(articles)

    def warm(self) -> None:
        """Load all that the first article would have to wait for, and the first match."""
        # of each language it reads what countries are called
        languages = self._matcher.languages
        self._matcher.match([replace(_SAMPLE, language=language) for language in languages])
        self._encoder.encode([_SAMPLE.text])
        for watch in self._watches[:1]:
            for seed in watch.seeds[:1]:
                self._matcher.match([ArticleText(seed.title, seed.text, seed.language)])

    def sketch(self, article: ArticleText, matches: Sequence[Match]) -> Sketch:
        """Sketch as `Sketcher.sketch` says, with the vectors that matching has just made."""
        _ = self._matcher
        return self._sketcher.sketch(article, matches)


def build_guard(settings: Settings) -> AddressGuard:
    """The rules on which addresses may be fetched."""
    return AddressGuard(settings.fetch_allow_nets)


def build_fetcher(settings: Settings, limits: Limits | None = None) -> HttpFetcher:
    """The one HTTP client, with its address guard.

    Args:
        settings: say what may be fetched, and for how long.
        limits: instead of theirs.
    """
    return HttpFetcher(
        build_guard(settings),
        __version__,
        settings.fetch_contact_url,
        limits=limits or Limits(total_s=settings.fetch_timeout_s),
    )


def build_senders(settings: Settings) -> Senders:
    """What sends through the channels of each kind."""
    fetcher = build_fetcher(settings, Limits(total_s=WEBHOOK_TOTAL_S))

    def post(url: str, headers: dict[str, str], body: bytes) -> Fetched | NotModified:
        return fetcher.request(
            Request(url, "POST", headers, body, max_bytes=10_000, is_cut=True, follow=False)
        )

    return {
        "file": FileSink(settings.data_dir / "output", utc_now),
        "webhook": WebhookSender(post, utc_now),
        "mail": MailSender(_mail_server(settings)),
        "chat": ChatSender(),
    }


def _mail_server(settings: Settings) -> MailServer:
    return MailServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_tls,
        settings.smtp_user,
        settings.smtp_password,
        settings.mail_from,
        settings.smtp_ca_file,
    )


def build_telling(settings: Settings, store: Store, watches: Sequence[Watch]) -> Telling:
    """What tells matches, for the doors that only want to look at channels and test them."""
    from worker.telling import Telling

    return Telling(
        store,
        watches,
        build_senders(settings),
        settings.pages_url.rstrip("/"),
        utc_now,
        random.random,
    )


def build_limiter(settings: Settings, store: Store, *, is_alone: bool = False) -> HostLimiter:
    """Politeness: in the store that all processes share, unless this one is alone."""
    return HostLimiter(
        settings.fetch_delay_s,
        host_delays_s=REQUEST_PAUSE_S,
        max_wait_s=30.0,
        turns=None if is_alone else store.turns,
    )


def build_store(settings: Settings) -> Store:
    """The store, not yet migrated or checked."""
    from worker.store.store import Store  # costly: not every command has a store

    return Store(settings.store_url)


def build(
    settings: Settings, watches: Sequence[Watch] | None = None, *, is_alone: bool = False
) -> Services:
    """Build all services of one process.

    Args:
        settings: see `worker.config`.
        watches: instead of those in the seeds folder.
        is_alone: no other process asks hosts for this store meanwhile.

    Raises:
        ConfigError: a setting or a watch is wrong.
        StoreError: the database has not this version's schema.
    """
    from worker.tuning import LearntWatches, StoredTunings

    store = build_store(settings)
    if settings.is_embedded:
        store.migrate()
    store.check()
    if watches is None:
        watches = load_watches(settings, store)
    matcher = LazyMatcher(LearntWatches(store, watches), settings, StoredTunings(store, watches))
    fetcher = build_fetcher(settings)
    limiter = build_limiter(settings, store, is_alone=is_alone)
    return Services(
        name=process_name(),
        settings=settings,
        watches=tuple(watches),
        store=store,
        fetcher=fetcher,
        isolation=Isolation(warm=PARSER_CALLS, late=LATE_PARSER_CALLS),
        limiter=limiter,
        detector=build_detector(settings),
        matcher=matcher,
        sketcher=matcher,
        senders=build_senders(settings),
        clock=utc_now,
        jitter=random.random,
        robots=RobotsRules(fetcher, limiter) if settings.fetch_robots else AllAllowed(),
    )


def load_watches(settings: Settings, store: Store) -> tuple[Watch, ...]:
    """The watches of the seeds folder, with the seeds that people added to them in the store.

    Raises:
        ConfigError: a watch is wrong.
    """
    from worker.tuning import with_learnt

    return with_learnt(store, build_loader(settings).load_all(settings.seeds_dir))


_process_services: list[Services] = []


def services() -> Services:
    """The services of this process, built from the environment at the first call."""
    if not _process_services:
        _process_services.append(build(load_settings()))
    elif _process_services[0].name != process_name():  # built before this process was forked
        _process_services[0] = replace(_process_services[0], name=process_name())
    return _process_services[0]


def warm(settings: Settings) -> None:
    """Build the services and load what they load at first use: before this process is forked.

    Encoder, language detectors, seeds and tables are then in memory once for all the processes that
    are forked, which have them at once. No connection is left open. Where the database cannot be
    reached yet, nothing is loaded, and each process builds its own when its first task comes.

    Raises:
        ConfigError: a setting or a watch is wrong.
    """
    try:
        built = build(settings)
    except StoreError as error:
        log.warning("nothing is loaded beforehand: %s", error)
        return
    built.isolation.prepare()
    load(built)
    use(built)


def load(built: Services) -> None:
    """Load what services load at first use: in a process that is going to fork; see `warm`."""
    try:
        if isinstance(built.matcher, LazyMatcher):
            built.matcher.warm()
        built.detector.detect(_SAMPLE.text)
        host_key("www.example.com", None)  # reads the list of public suffixes
        for module in _LATE_IMPORTS:
            with contextlib.suppress(ImportError):
                import_module(module)
    except SeedwatchError as error:  # as above; the first article that needs it says so again
        log.warning("not all is loaded beforehand: %s", error)
    built.store.close()
    memory.settle()


def process_name() -> str:
    """What `Services.name` is in this process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def use(built: Services) -> None:
    """Make `services()` give these: for the embedded run, whose tasks share them."""
    _process_services[:] = [built]


def feeds_of(watches: Sequence[Watch]) -> dict[str, Sequence[FeedConfig]]:
    """All feeds of each watch, its search queries as feeds too, by the watch's name.

    Raises:
        ConfigError: a query names an engine or a language that is not served.
    """
    return {
        watch.name: [*watch.feeds, *(feed for query in watch.queries for feed in query_urls(query))]
        for watch in watches
    }
