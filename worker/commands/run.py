"""`seedwatch run` and `seedwatch demo`: the embedded run."""

from __future__ import annotations

import queue
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from worker import app, memory
from worker.commands.common import print_json, start_reporting
from worker.config import Settings, load_settings
from worker.crew import ForkedCrew
from worker.domain import FeedConfig, Watch
from worker.embedded import EmbeddedRun, Progress, Summary, run_once
from worker.errors import ConfigError
from worker.folderlock import FolderLock
from worker.services import Services

if TYPE_CHECKING:
    from worker.demo.site import DemoSite

_LOOPBACK = "127.0.0.0/8"
_DEMO_PORT = 8322
_CHECK_EVERY_S = 5.0


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """What `run` and `demo` have in common."""
    for option in (
        click.option("--no-web", is_flag=True, help="Without the review pages."),
        click.option("--port", type=click.IntRange(0, 65535), help="... and on which port."),
        click.option("--host", help="Where the review pages listen (default 127.0.0.1)."),
        click.option("--json", "as_json", is_flag=True, help="With --once: print the summary."),
        click.option("--once", is_flag=True, help="Poll what is due, work until idle, then exit."),
    ):
        command = option(command)
    return command


@click.command()
@_options
def run(once: bool, as_json: bool, host: str | None, port: int | None, no_web: bool) -> None:
    """Watch: poll, process, match and serve the review pages, with all processes that it takes."""
    settings = _settings(host, port)
    start_reporting(settings)
    _refuse_json_forever(once, as_json)
    from worker.wiring import build, feeds_of

    with FolderLock(settings.data_dir):
        services = build(settings, is_alone=once)
        services.store.feeds.sync(feeds_of(services.watches))
        crew = ForkedCrew(
            services,
            limit_s=app.HARD_LIMIT_S,
            most_calls=app.MOST_TASKS,
            most_memory_kb=app.MOST_MEMORY_KB,
        )
        _watch(services, once=once, as_json=as_json, no_web=no_web, crew=crew)


@click.command()
@_options
def demo(once: bool, as_json: bool, host: str | None, port: int | None, no_web: bool) -> None:
    """Watch a made-up news site in twelve languages, end to end.

    The site is served on loopback. What is found is kept under DATA_DIR/demo, apart from your
    own watches; a second pass finds nothing new.
    """
    settings = _settings(host, port)
    start_reporting(settings)
    _refuse_json_forever(once, as_json)
    from worker.demo.content import SEEDS_DIR
    from worker.matching import build_loader
    from worker.wiring import build

    with ExitStack() as stack:
        site = stack.enter_context(_open_site())
        watches = build_loader(settings).load_all(SEEDS_DIR)
        settings = _demo_settings(settings, site.port)
        stack.enter_context(FolderLock(settings.data_dir))
        services = build(settings, watches, is_alone=True)
        feeds = [FeedConfig(feed.url, feed.title, feed.language) for feed in site.feeds]
        services.store.feeds.sync({watches[0].name: feeds})
        services.store.feeds.poll_now()
        _watch(services, once=once, as_json=as_json, no_web=no_web)


def _open_site() -> DemoSite:
    """The site, at the same address each time if that is free: a second pass knows its articles."""
    from worker.demo.site import DemoSite

    try:
        return DemoSite(port=_DEMO_PORT)
    except OSError:
        return DemoSite()


def _demo_settings(settings: Settings, port: int) -> Settings:
    """The settings of a demo: a store of its own, which belongs to the site's address."""
    name = "demo" if port == _DEMO_PORT else f"demo-{port}"
    return settings.model_copy(
        update={
            "data_dir": settings.data_dir / name,
            "database_url": "",
            "fetch_allow_nets": load_settings(fetch_allow_nets=_LOOPBACK).fetch_allow_nets,
            "fetch_delay_s": 0.0,
        }
    )


def _settings(host: str | None, port: int | None) -> Settings:
    given = {"web_host": host, "web_port": port}
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    if not settings.is_embedded:
        raise ConfigError(
            "SEEDWATCH_BROKER_URL",
            "`run` is the embedded form and needs no broker; unset it, or start the parts with "
            "`seedwatch worker`, `beat` and `web`",
        )
    return settings


def _refuse_json_forever(once: bool, as_json: bool) -> None:
    if as_json and not once:
        raise click.UsageError("--json prints the summary of one pass and needs --once")


def _watch(
    services: Services,
    *,
    once: bool,
    as_json: bool,
    no_web: bool,
    crew: ForkedCrew | None = None,
) -> None:
    memory.few_arenas()
    services.isolation.prepare()
    try:
        if once:
            _once(services, as_json)
        else:
            _forever(services, no_web, crew)
    finally:
        services.close()


def _once(services: Services, as_json: bool) -> None:
    with _progress() as on_progress:
        summary = run_once(services, on_progress)
    if as_json:
        print_json(summary.as_dict())
    else:
        click.echo(_in_words(summary))


def _in_words(summary: Summary) -> str:
    def words(counts: dict[str, int]) -> str:
        return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"

    told = summary.as_dict()
    return (
        f"feeds: {words(told['feeds'])}\narticles: {words(told['articles'])}\n"
        f"matches: {words(told['matches'])}\n{summary.seconds:.1f} seconds; "
        "`seedwatch matches` lists what was found"
    )


@contextmanager
def _progress() -> Iterator[Progress]:
    """A line of progress on stderr if a person is watching it."""
    if not sys.stderr.isatty():
        yield lambda _summary: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("polling feeds")

        def show(summary: Summary) -> None:
            feeds, articles = summary.feeds.total(), summary.articles.total()
            found = summary.matches.total()
            bar.update(task, description=f"{feeds} feeds, {articles} articles, {found} matches")

        yield show


def _forever(services: Services, no_web: bool, crew: ForkedCrew | None) -> None:
    settings = services.settings
    # not an Event: its lock would be taken again by a second signal, and never be free
    stops: queue.SimpleQueue[int] = queue.SimpleQueue()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda number, _frame: stops.put(number))
    with ExitStack() as stack:
        if crew is not None:
            services = replace(services, crew=stack.enter_context(crew))
        if not no_web:
            from worker import pipeline
            from worker.adding import find_feed
            from worker.web.app import make_app
            from worker.web.finder import Finder
            from worker.web.server import BackgroundServer

            finder = Finder(partial(find_feed, services))
            pages = make_app(
                services.store,
                services.watches,
                settings,
                finder=finder,
                store_push=partial(pipeline.take_push, services) if settings.web_url else None,
            )
            server = stack.enter_context(
                BackgroundServer(pages, settings.web_host, settings.web_port)
            )
            click.echo(f"Review pages: {server.url}", err=True)
        embedded = EmbeddedRun(settings, services)
        embedded.start()
        stack.callback(embedded.stop)
        if crew is not None:
            stack.callback(crew.tell)
        click.echo(f"Watching {_names(services.watches)}. Stop with Ctrl-C.", err=True)
        while not _is_told(stops):
            embedded.check()
        click.echo("Stopping.", err=True)


def _is_told(stops: queue.SimpleQueue[int]) -> bool:
    try:
        stops.get(timeout=_CHECK_EVERY_S)
    except queue.Empty:
        return False
    return True


def _names(watches: Sequence[Watch]) -> str:
    return ", ".join(watch.name for watch in watches)
