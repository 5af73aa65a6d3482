"""`seedwatch feeds`: the feeds of a watch."""

from __future__ import annotations

import click

from worker.commands.common import print_json
from worker.commands.feedadd import add, try_feed
from worker.commands.feedhealth import confirm, health
from worker.commands.feedopml import export_opml, import_opml
from worker.commands.feedskipped import skipped
from worker.commands.feedstore import (
    NO_FEEDS,
    json_option,
    record_of,
    synced_store,
    watch_option,
)
from worker.errors import InputError
from worker.records import FeedRow
from worker.store.states import ACTIVE, PAUSED, RETIRED
from worker.store.store import Store


@click.group()
def feeds() -> None:
    """The feeds of a watch."""


feeds.add_command(add)
feeds.add_command(try_feed)
feeds.add_command(health)
feeds.add_command(confirm)
feeds.add_command(skipped)
feeds.add_command(import_opml)
feeds.add_command(export_opml)


@feeds.command("list")
@watch_option
@json_option
def list_feeds(watch_name: str | None, as_json: bool) -> None:
    """List the feeds."""
    with synced_store(watch_name=watch_name) as store:
        rows = store.feeds.rows(watch_name)
    if as_json:
        print_json([record_of(row) for row in rows])
    elif not rows:
        click.echo(NO_FEEDS, err=True)
    for row in [] if as_json else rows:
        title = f"  {row.title}" if row.title else ""
        click.echo(f"{row.id:>5}  {row.state:<11} {row.url}{title}")


@feeds.command()
@click.argument("feed", metavar="ID|URL")
def remove(feed: str) -> None:
    """Remove a feed; the articles it brought stay. One that a watch.toml names is only paused."""
    with synced_store() as store:
        row = store.feeds.get(store.feeds.find(feed))
        store.feeds.remove(row.id)
        is_kept = any(one.id == row.id for one in store.feeds.rows())
    if is_kept:
        click.echo(f"{row.id}: paused, not removed: a watch.toml names it; take it out there first")
    else:
        click.echo(f"{row.id}: removed")


@feeds.command()
@click.argument("feed", metavar="ID|URL")
def pause(feed: str) -> None:
    """Stop polling a feed."""
    with synced_store() as store:
        row = _moved(store, feed, PAUSED)
    click.echo(f"{row.id}: {row.state}")


@feeds.command()
@click.argument("feed", metavar="ID|URL")
def resume(feed: str) -> None:
    """Poll a feed again, at once: one that was paused or given up, or that no watch names."""
    with synced_store() as store:
        was = store.feeds.get(store.feeds.find(feed))
        row = _moved(store, feed, ACTIVE)
    told = ", as one that was added by hand: no watch.toml names it" if was.state == RETIRED else ""
    click.echo(f"{row.id}: {row.state}{told}")


@feeds.command()
@click.argument("feed", metavar="ID|URL")
def poll(feed: str) -> None:
    """Make a feed due now, whatever its schedule says; the workers poll it at the next look."""
    with synced_store() as store:
        row = store.feeds.get(store.feeds.find(feed))
        if row.state != ACTIVE:
            raise InputError(
                feed, f"is {row.state} and not polled; seedwatch feeds resume {row.id} polls it"
            )
        store.feeds.poll_now(row.id)
    click.echo(f"{row.id}: {row.state}, due now")


def _moved(store: Store, id_or_url: str, state: str) -> FeedRow:
    """A feed as it is after a change of its state, which may not be possible."""
    feed_id = store.feeds.find(id_or_url)
    store.feeds.set_state(feed_id, state)
    row = store.feeds.get(feed_id)
    if row.state != state:
        raise InputError(id_or_url, f"is {row.state} and cannot be {state}")
    return row
