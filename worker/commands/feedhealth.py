"""`seedwatch feeds health` and `confirm`: how the feeds are doing, and those that have moved."""

from __future__ import annotations

from typing import Any

import click

from worker.clock import iso, utc_now
from worker.commands.common import print_json
from worker.commands.feedstore import NO_FEEDS, json_option, record_of, synced_store, watch_option
from worker.config import load_settings
from worker.domain import ToldBy
from worker.errors import InputError
from worker.feeds.health import FeedHealth, Need, by_urgency, health_of
from worker.records import FeedRow


@click.command()
@watch_option
@json_option
def health(watch_name: str | None, as_json: bool) -> None:
    """Show how the feeds are doing, those that need a person first."""
    with synced_store(watch_name=watch_name) as store:
        rows = store.feeds.rows(watch_name)
    now = utc_now()
    found = sorted((health_of(row, now) for row in rows), key=by_urgency)
    if as_json:
        print_json([_record(item) for item in found])
        return
    click.echo(
        f"{'id':>5}  {'state':<11} {'outcome':<16} {'fails':>5} {'a week':>7}  "
        f"{'last good (UTC)':<16}  {'next poll (UTC)':<16}"
    )
    if not found:
        click.echo(NO_FEEDS, err=True)
    for item in found:
        click.echo(_line(item))
        if item.note:
            click.echo(f"       {item.note}")
        if item.row.told_by is not ToldBy.ID:
            click.echo(f"       {_told_apart(item.row)}")


def _line(item: FeedHealth) -> str:
    row, a_week = item.row, item.rhythm.entries_a_week
    good = f"{row.last_success_at:%Y-%m-%d %H:%M}" if row.last_success_at else "never"
    following = f"{row.next_poll_at:%Y-%m-%d %H:%M}" if row.state == "active" else "-"
    return (
        f"{row.id:>5}  {row.state:<11} {row.last_outcome or 'not yet':<16} {row.failures:>5} "
        f"{'-' if a_week is None else f'{a_week:.1f}':>7}  {good:<16}  {following:<16}  "
        f"{row.title or row.url}"
    )


def _told_apart(row: FeedRow) -> str:
    how = str(row.told_by).replace("_", " ")
    since = f" since {row.told_by_since:%Y-%m-%d %H:%M}" if row.told_by_since else ""
    return f"entries are told apart by {how}{since}: {row.told_by_why or ''}"


def _record(item: FeedHealth) -> dict[str, Any]:
    a_week = item.rhythm.entries_a_week
    return {
        **record_of(item.row),
        "needs": None if item.need in (Need.NOTHING, Need.OFF) else item.need.name.lower(),
        "note": item.note,
        "told_apart": {
            "by": item.row.told_by,
            "since": iso(item.row.told_by_since),
            "why": item.row.told_by_why,
        },
        "entries_a_week": None if a_week is None else round(a_week, 1),
        "last_entry_at": iso(item.row.last_entry_at),
        "silence": item.rhythm.silence,
        "moved_count": item.move.count,
        "is_move_to_confirm": item.move.is_to_confirm,
    }


@click.command()
@click.argument("feed", metavar="ID|URL")
def confirm(feed: str) -> None:
    """Change a feed's address to where it is redirected permanently.

    If that address is a feed already, this one is merged into it and its entries are kept.
    """
    from worker.wiring import build_guard

    settings = load_settings()
    with synced_store(settings) as store:
        feed_id = store.feeds.find(feed)
        row = next(row for row in store.feeds.rows() if row.id == feed_id)
        if row.moved_to is None:
            raise InputError(feed, "is not redirected permanently; there is nothing to confirm")
        build_guard(settings).check_url(row.moved_to)
        moved = store.feeds.confirm_move(feed_id)
    merged = f", merged into {moved.feed_id}" if moved.is_merged else ""
    click.echo(f"{feed_id}: {moved.old_url} -> {moved.new_url}{merged}")
