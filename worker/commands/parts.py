"""`seedwatch worker`, `beat`, `web` and `migrate`: the parts that docker compose starts."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing
from functools import partial

import click

from worker import memory
from worker.app import FETCH, MATCH, SWEEP, WORK_QUEUES, configure
from worker.commands.common import open_store, start_reporting
from worker.config import Settings, load_settings
from worker.errors import ConfigError


@click.command()
@click.option(
    "--queues",
    default=",".join(WORK_QUEUES),
    show_default=True,
    help=f"Comma-separated; give `{SWEEP}` a worker of its own, so that it never starves.",
)
@click.option("--concurrency", type=click.IntRange(1, 64), help="Processes at once.")
def worker(queues: str, concurrency: int | None) -> None:
    """Run a Celery worker."""
    settings = _broker_settings()
    names = [name.strip() for name in queues.split(",") if name.strip()]
    unknown = sorted(set(names) - {SWEEP, *WORK_QUEUES})
    if unknown or not names:
        raise ConfigError("--queues", f"no such queue: {', '.join(unknown) or '(none given)'}")
    memory.few_arenas()
    app = configure(settings)
    app.loader.import_default_modules()
    part = app.Worker(
        queues=names,
        pool="prefork",
        concurrency=concurrency or settings.worker_concurrency,
        loglevel=settings.log_level.upper(),
        without_gossip=True,
        without_mingle=True,
    )
    app.connection_for_write().get_transport_cls()  # imported once, not in each child ...
    app.backend  # noqa: B018 - ... that sends its first message; there are no results
    if not {FETCH, MATCH}.isdisjoint(names):
        from worker.wiring import warm

        warm(settings)
    part.start()


@click.command()
def beat() -> None:
    """Run the scheduler; one is enough, a second does no harm."""
    settings = _broker_settings()
    app = configure(settings)
    app.Beat(loglevel=settings.log_level.upper(), quiet=True).run()


@click.command()
@click.option("--host", help="Where to listen (default 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="... and on which port.")
@click.option(
    "--hash-password", "asks_password", is_flag=True, help="Print the hash of a password and exit."
)
def web(host: str | None, port: int | None, asks_password: bool) -> None:
    """Serve the review pages."""
    if asks_password:
        from worker.web.access import hash_password

        hide = sys.stdin.isatty()
        click.echo(
            hash_password(
                click.prompt("Password", hide_input=hide, confirmation_prompt=hide, err=True)
            )
        )
        return
    given = {"web_host": host, "web_port": port}
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    start_reporting(settings)
    from worker import pipeline
    from worker.web.app import make_app
    from worker.web.server import serve
    from worker.wiring import build, load_watches

    with ExitStack() as stack:
        store = stack.enter_context(open_store(settings))
        watches = load_watches(settings, store)
        store_push = None
        if settings.web_url:
            services = stack.enter_context(closing(build(settings, watches)))
            store_push = partial(pipeline.take_push, services)
        pages = make_app(store, watches, settings, store_push=store_push)
        serve(pages, settings.web_host, settings.web_port)


@click.command()
def migrate() -> None:
    """Bring the database to this version and make the watches' feeds known to it."""
    settings = load_settings()
    start_reporting(settings)
    from worker.matching import build_loader
    from worker.wiring import build_store, feeds_of

    watches = build_loader(settings).load_all(settings.seeds_dir)
    store = build_store(settings)
    try:
        store.migrate()
        store.feeds.sync(feeds_of(watches))
    finally:
        store.close()
    click.echo(f"{store.database.url}: ready, {len(watches)} watches", err=True)


@click.command()
def recount() -> None:
    """Count articles and matches anew for the overview.

    The counts are kept as articles come in; this is for after rows were changed by hand.
    """
    with open_store(load_settings()) as store:
        store.tallies.rebuild()
        click.echo(f"{store.database.url}: counted", err=True)


def _broker_settings() -> Settings:
    settings = load_settings()
    start_reporting(settings)
    if settings.is_embedded:
        raise ConfigError(
            "SEEDWATCH_BROKER_URL",
            "must name a Redis (redis://HOST:6379/0) here; without one use `seedwatch run`",
        )
    return settings
