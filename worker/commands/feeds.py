"""`seedwatch feeds`: the feeds of a watch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from worker.clock import utc_now
from worker.commands.common import print_json
from worker.commands.feedadd import add, try_feed
from worker.commands.feedhealth import confirm, health
from worker.commands.feedskipped import skipped
from worker.commands.feedstore import (
    json_option,
    record_of,
    synced_store,
    watch_named,
    watch_option,
)
from worker.config import load_settings
from worker.domain import FeedConfig
from worker.errors import FetchError, InputError
from worker.store.states import ACTIVE, PAUSED
from worker.store.store import Store


@click.group()
def feeds() -> None:
    """The feeds of a watch."""


feeds.add_command(add)
feeds.add_command(try_feed)
feeds.add_command(health)
feeds.add_command(confirm)
feeds.add_command(skipped)


@feeds.command("list")
@watch_option
@json_option
def list_feeds(watch_name: str | None, as_json: bool) -> None:
    """List the feeds."""
    with synced_store(watch_name=watch_name) as store:
        rows = store.feeds.rows(watch_name)
    if as_json:
        print_json([record_of(row) for row in rows])
    for row in [] if as_json else rows:
        title = f"  {row.title}" if row.title else ""
        click.echo(f"{row.id:>5}  {row.state:<11} {row.url}{title}")


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


@feeds.command()
@click.argument("feed", metavar="ID|URL")
def poll(feed: str) -> None:
    """Make a feed due now, whatever its schedule says; the workers poll it at the next look."""
    _change(feed, lambda store, feed_id: store.feeds.poll_now(feed_id))


@feeds.command("import")
@click.argument("opml", type=click.Path(path_type=Path))
@watch_option
def import_opml(opml: Path, watch_name: str | None) -> None:
    """Add all feeds of an OPML file.

    An address that may not be fetched, or that holds a password, is named and left out; the exit
    code is 1 then.
    """
    from worker.errors import ParseError
    from worker.feeds.opml import read_opml
    from worker.wiring import build_guard

    settings = load_settings()
    try:
        found = read_opml(opml.read_bytes())
    except OSError as error:
        raise InputError(str(opml), f"cannot be read: {error.strerror}") from error
    except ParseError as error:
        raise InputError(str(opml), f"is no OPML: {error.detail}") from error
    watch = watch_named(settings, watch_name)
    guard, refused = build_guard(settings), 0
    with synced_store(settings) as store:
        for config in found:
            try:
                guard.check_url(config.url)
            except FetchError as error:
                click.echo(f"left out: {error}", err=True)
                refused += 1
            else:
                store.feeds.add(config, watch)
    click.echo(f"{len(found) - refused} feeds from {opml}")
    if refused:
        raise InputError(str(opml), f"{refused} of {len(found)} feeds were left out")


@feeds.command("export")
@click.argument("opml", type=click.Path(path_type=Path))
@watch_option
def export_opml(opml: Path, watch_name: str | None) -> None:
    """Write the feeds to an OPML file."""
    from worker.feeds.opml import write_opml

    with synced_store(watch_name=watch_name) as store:
        rows = store.feeds.rows(watch_name)
    configs = [FeedConfig(row.url, row.title, row.language) for row in rows]
    try:
        opml.write_bytes(write_opml(configs, utc_now()))
    except OSError as error:
        raise InputError(str(opml), f"cannot be written: {error.strerror}") from error
    click.echo(f"{len(configs)} feeds to {opml}")


def _change(id_or_url: str, change: Callable[[Store, int], None]) -> None:
    with synced_store() as store:
        feed_id = store.feeds.find(id_or_url)
        change(store, feed_id)
        row = next((row for row in store.feeds.rows() if row.id == feed_id), None)
    click.echo(f"{feed_id}: {row.state if row else 'removed'}")
