"""`seedwatch feeds`: the feeds of a watch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from worker.clock import iso, utc_now
from worker.commands.common import open_store, print_json
from worker.config import Settings, load_settings
from worker.domain import FeedConfig
from worker.errors import ConfigError, InputError
from worker.records import FeedRow
from worker.store.claims import ACTIVE, PAUSED
from worker.store.store import Store

_watch_option = click.option(
    "--watch", "watch_name", help="The watch (needed if there are several)."
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")


@click.group()
def feeds() -> None:
    """The feeds of a watch."""


@feeds.command("list")
@_watch_option
@_json_option
def list_feeds(watch_name: str | None, as_json: bool) -> None:
    """List the feeds."""
    with _synced_store() as store:
        rows = store.feeds.rows(watch_name)
    if as_json:
        print_json([_record(row) for row in rows])
    for row in [] if as_json else rows:
        title = f"  {row.title}" if row.title else ""
        click.echo(f"{row.id:>5}  {row.state:<8} {row.url}{title}")


@feeds.command()
@_watch_option
@_json_option
def health(watch_name: str | None, as_json: bool) -> None:
    """Show how the feeds are doing, failing ones first."""
    with _synced_store() as store:
        rows = store.feeds.rows(watch_name)
    rows.sort(key=lambda row: (-row.failures, row.id))
    if as_json:
        print_json([_record(row) for row in rows])
        return
    click.echo(
        f"{'id':>5}  {'state':<8} {'outcome':<16} {'fails':>5} {'entries':>7}  last good poll"
    )
    for row in rows:
        good = f"{row.last_success_at:%Y-%m-%d %H:%M}" if row.last_success_at else "never"
        click.echo(
            f"{row.id:>5}  {row.state:<8} {row.last_outcome or 'not yet':<16} {row.failures:>5} "
            f"{row.entries:>7}  {good:<16}  {row.title or row.url}"
        )
        if row.failures and row.last_detail:
            click.echo(f"       {row.last_detail}")


@feeds.command()
@click.argument("url")
@click.option("--title", default="", help="A name for it; otherwise the feed's own.")
@click.option("--language", help="ISO 639-1, if the feed does not say it.")
@_watch_option
def add(url: str, title: str, language: str | None, watch_name: str | None) -> None:
    """Add a feed by its address; it is polled at the next look."""
    from worker.wiring import build_guard

    settings = load_settings()
    build_guard(settings).check_url(url)
    with _synced_store(settings) as store:
        feed_id = store.feeds.add(FeedConfig(url, title, language), _watch(settings, watch_name))
    click.echo(f"{feed_id}: {url}")


@feeds.command()
@click.argument("feed", metavar="ID|URL")
def remove(feed: str) -> None:
    """Remove a feed; the articles it brought stay. One that a watch.toml names is only paused."""
    _change(feed, lambda store, feed_id: store.feeds.remove(feed_id))


@feeds.command()
@click.argument("feed", metavar="ID|URL")
def pause(feed: str) -> None:
    """Stop polling a feed."""
    _change(feed, lambda store, feed_id: store.feeds.set_state(feed_id, PAUSED))


@feeds.command()
@click.argument("feed", metavar="ID|URL")
def resume(feed: str) -> None:
    """Poll a feed again, at once."""
    _change(feed, lambda store, feed_id: store.feeds.set_state(feed_id, ACTIVE))


@feeds.command("import")
@click.argument("opml", type=click.Path(path_type=Path))
@_watch_option
def import_opml(opml: Path, watch_name: str | None) -> None:
    """Add all feeds of an OPML file."""
    from worker.errors import ParseError
    from worker.feeds.opml import read_opml

    settings = load_settings()
    try:
        found = read_opml(opml.read_bytes())
    except OSError as error:
        raise InputError(str(opml), f"cannot be read: {error.strerror}") from error
    except ParseError as error:
        raise InputError(str(opml), f"is no OPML: {error.detail}") from error
    watch = _watch(settings, watch_name)
    with _synced_store(settings) as store:
        for config in found:
            store.feeds.add(config, watch)
    click.echo(f"{len(found)} feeds from {opml}")


@feeds.command("export")
@click.argument("opml", type=click.Path(path_type=Path))
@_watch_option
def export_opml(opml: Path, watch_name: str | None) -> None:
    """Write the feeds to an OPML file."""
    from worker.feeds.opml import write_opml

    with _synced_store() as store:
        rows = store.feeds.rows(watch_name)
    configs = [FeedConfig(row.url, row.title, row.language) for row in rows]
    try:
        opml.write_bytes(write_opml(configs, utc_now()))
    except OSError as error:
        raise InputError(str(opml), f"cannot be written: {error.strerror}") from error
    click.echo(f"{len(configs)} feeds to {opml}")


@contextmanager
def _synced_store(settings: Settings | None = None) -> Iterator[Store]:
    """The store, in which the feeds of the watches' files are known as they are now."""
    from worker.wiring import build_loader, feeds_of

    settings = settings or load_settings()
    watches = build_loader(settings).load_all(settings.seeds_dir, with_seeds=False)
    with open_store(settings) as store:
        store.feeds.sync(feeds_of(watches))
        yield store


def _change(id_or_url: str, change: Callable[[Store, int], None]) -> None:
    with _synced_store() as store:
        feed_id = store.feeds.find(id_or_url)
        change(store, feed_id)
        row = next((row for row in store.feeds.rows() if row.id == feed_id), None)
    click.echo(f"{feed_id}: {row.state if row else 'removed'}")


def _watch(settings: Settings, name: str | None) -> str:
    """The watch that is meant: the named one, or the only one there is."""
    from worker.wiring import build_loader

    watches = build_loader(settings).load_all(settings.seeds_dir, with_seeds=False)
    names = [watch.name for watch in watches]
    if name is None and len(names) == 1:
        return names[0]
    if name not in names:
        problem = "no such watch" if name else "which one?"
        raise ConfigError(
            f"--watch {name or ''}".strip(), f"{problem} There are: {', '.join(names)}"
        )
    return name


def _record(row: FeedRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": row.url,
        "title": row.title,
        "language": row.language,
        "state": row.state,
        "watches": list(row.watches),
        "outcome": row.last_outcome,
        "detail": row.last_detail,
        "last_polled_at": iso(row.last_polled_at),
        "last_success_at": iso(row.last_success_at),
        "next_poll_at": iso(row.next_poll_at),
        "failures": row.failures,
        "entries": row.entries,
        "overflow": row.overflow,
        "moved_to": row.moved_to,
    }
