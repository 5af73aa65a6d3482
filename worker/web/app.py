"""The web application: pages, API and files, behind one guard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from functools import partial

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from worker import __version__
from worker.adding import FoundFeed, find_feed
from worker.clock import utc_now
from worker.config import Settings
from worker.domain import Watch
from worker.store.store import Store
from worker.story.grouping import Grouping
from worker.telling import Telling
from worker.web import languages
from worker.web.access import Access, Attempts
from worker.web.api.limits import BodyLimit
from worker.web.api.router import PREFIX, api_router, describe
from worker.web.api.telling import TellingApi
from worker.web.briefpage import BriefPage
from worker.web.documents import Documents
from worker.web.feedpages import FeedPages
from worker.web.finder import Finder
from worker.web.inbox import Inbox
from worker.web.live import Live
from worker.web.login import Login
from worker.web.metrics import Metrics
from worker.web.namepages import NamePages
from worker.web.overview import OverviewPage
from worker.web.pages import Pages
from worker.web.problems import handle_problems
from worker.web.proxy import ProxyAccess
from worker.web.push import PushCallback, StorePush
from worker.web.rate import Rate
from worker.web.safety import FormGuard, Guard, KnownHosts
from worker.web.silencepage import SilencePage
from worker.web.storyforms import StoryForms
from worker.web.syndicated import MatchFeeds
from worker.web.tellingpages import TellingPages
from worker.web.tuningpages import TuningPages
from worker.web.verdicts import Verdicts
from worker.web.views import STATIC
from worker.web.visitors import Visitors
from worker.wiring import build, build_guard, build_telling


def make_app(  # noqa: PLR0913 - each is a seam with a default but the first three
    store: Store,
    watches: Sequence[Watch],
    settings: Settings,
    clock: Callable[[], datetime] = utc_now,
    finder: Finder | None = None,
    store_push: StorePush | None = None,
    *,
    telling: Telling | None = None,
) -> FastAPI:
    """Make the application; `worker.web.server` serves it.

    Args:
        store: migrated; what the pages show and where verdicts go.
        watches: give titles and the texts of the seeds.
        settings: the host that is answered, and whether the network is trusted.
        clock: aware UTC.
        finder: looks at an address that somebody wants to add as a feed; None = with services of
            its own, made from the settings each time.
        telling: sends test messages; None = one that is made from the settings.
        store_push: stores what hubs push; None = there is no callback for them.
    """
    # the framework's own documentation pages load scripts from elsewhere: only the schema is kept
    app = FastAPI(
        title="Seedwatch",
        version=__version__,
        summary="Matched news articles with their evidence.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    access = Access(settings.web_password_hash)
    proxy = ProxyAccess.of(settings)
    app.state.hosts = KnownHosts(
        settings.web_host,
        settings.web_trust_network,
        has_password=access.has_password,
        has_proxy=proxy is not None,
        names=settings.web_names,
    )
    visitors = Visitors(access, proxy, store.tokens, Rate(settings.web_api_per_minute))
    app.add_middleware(BodyLimit)
    app.add_middleware(Guard, hosts=app.state.hosts, visitors=visitors)
    app.add_middleware(languages.Speaker)
    handle_problems(app)
    guard = FormGuard(access.key("forms"))
    app.include_router(Inbox(store, watches, guard, clock).router())
    app.include_router(StoryForms(store, Grouping(), guard).router())
    app.include_router(Pages(store, watches, guard).router())
    app.include_router(BriefPage(store, watches, clock).router())
    app.include_router(OverviewPage(store, watches, clock).router())
    app.include_router(SilencePage(store, watches, clock).router())
    telling = telling or build_telling(settings, store, watches)
    finder = finder or Finder(partial(_find, settings))
    check_url = build_guard(settings).check_url
    app.include_router(api_router(store, watches, clock, finder, check_url, Grouping()))
    app.include_router(TellingApi(telling).router(), prefix=PREFIX)
    describe(app, is_open=visitors.is_open)
    app.include_router(FeedPages(store, watches, clock, guard, finder, check_url).router())
    app.include_router(TellingPages(telling, clock, guard).router())
    app.include_router(NamePages(store, watches, guard).router())
    app.include_router(TuningPages(store, watches, guard, clock).router())
    app.include_router(Verdicts(store, guard).router())
    app.include_router(MatchFeeds(store, watches).router())
    app.include_router(Documents(store, watches, clock).router())
    live = Live(store, lambda request: visitors.person(request.scope) is not None)
    app.state.live = live
    app.include_router(live.router())
    app.include_router(Login(access, guard, Attempts(), live.end_session).router())
    app.include_router(languages.router())
    app.include_router(Metrics(store, settings).router())
    if store_push is not None:
        callback = PushCallback(store, store_push, settings.feed_max_bytes, clock)
        app.include_router(callback.router())
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def _find(settings: Settings, url: str) -> FoundFeed:
    with closing(build(settings, watches=())) as services:
        return find_feed(services, url)
