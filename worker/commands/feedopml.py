"""`seedwatch feeds import` and `export`: lists of feeds as OPML."""

from __future__ import annotations

from pathlib import Path

import click

from worker.clock import utc_now
from worker.commands.feedstore import synced_store, watch_named, watch_option
from worker.config import load_settings
from worker.domain import FeedConfig
from worker.errors import FetchError, InputError, ParseError
from worker.store.states import ACTIVE, RETIRED

_MAX_BYTES = 20_000_000


@click.command("import")
@click.argument("opml", type=click.Path(path_type=Path))
@watch_option
def import_opml(opml: Path, watch_name: str | None) -> None:
    """Add all feeds of an OPML file; those that are known stay as they are.

    An address that may not be fetched, or that holds a password, is named and left out; the exit
    code is 1 then.
    """
    from worker.feeds.opml import read_opml
    from worker.wiring import build_guard

    settings = load_settings()
    try:
        with opml.open("rb") as file:
            body = file.read(_MAX_BYTES + 1)
        if len(body) > _MAX_BYTES:
            raise InputError(str(opml), f"larger than {_MAX_BYTES:,} bytes")
        named = read_opml(body)
    except OSError as error:
        raise InputError(str(opml), f"cannot be read: {error.strerror}") from error
    except ParseError as error:
        raise InputError(str(opml), f"is no OPML: {error.detail}") from error
    watch = watch_named(settings, watch_name)
    guard = build_guard(settings)
    usable = []
    for feed in named:
        try:
            guard.check_url(feed.config.url)
        except FetchError as error:
            click.echo(f"left out: {error}", err=True)
        else:
            usable.append(feed)
    with synced_store(settings) as store:
        paused = [feed.config.url for feed in usable if feed.is_paused]
        added = store.feeds.add_all([feed.config for feed in usable], watch, paused)
    new = sum(one.is_new for one in added)
    click.echo(f"{opml}: {_feeds(new)} added, {len(added) - new} known already")
    if len(usable) < len(named):
        left_out = len(named) - len(usable)
        raise InputError(str(opml), f"{left_out} of {_feeds(len(named))} were left out")
    if not named:
        raise InputError(str(opml), "names no feed: no outline has an xmlUrl")


@click.command("export")
@click.argument("opml", type=click.Path(path_type=Path))
@watch_option
def export_opml(opml: Path, watch_name: str | None) -> None:
    """Write the feeds to an OPML file, with what `import` needs to have them as they are here.

    Those that no watch names any more are left out.
    """
    from worker.feeds.opml import OpmlFeed, write_opml

    with synced_store(watch_name=watch_name) as store:
        rows = [row for row in store.feeds.rows(watch_name) if row.state != RETIRED]
    by_url: dict[
        str, OpmlFeed
    ] = {}  # of two spellings from earlier versions the one that is polled
    for row in rows:
        config = FeedConfig(row.url, row.title, row.language, row.fetch)
        if config.url not in by_url or row.state == ACTIVE:
            by_url[config.url] = OpmlFeed(config, is_paused=row.state != ACTIVE)
    feeds = list(by_url.values())
    try:
        opml.write_bytes(write_opml(feeds, utc_now()))
    except OSError as error:
        raise InputError(str(opml), f"cannot be written: {error.strerror}") from error
    click.echo(f"{_feeds(len(feeds))} to {opml}")


def _feeds(number: int) -> str:
    return f"{number} feed" if number == 1 else f"{number} feeds"
