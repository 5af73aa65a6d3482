"""`seedwatch feeds skipped`: the entries whose pages were not fetched, and going back to them."""

from __future__ import annotations

import click

from worker.commands.common import print_json
from worker.commands.feedstore import json_option, synced_store, watch_option


@click.command()
@click.option("--again", is_flag=True, help="Judge them by the watches and feeds of today.")
@watch_option
@json_option
def skipped(again: bool, watch_name: str | None, as_json: bool) -> None:
    """Count the entries whose page was not fetched, since title and summary fit no watch.

    That is done for feeds with `fetch = "triage"`. What the feeds said of them is kept; after a
    watch has changed, --again makes the workers look at all of them anew.
    """
    with synced_store(watch_name=watch_name) as store:
        counts = store.triage.counts()
        rows = [row for row in store.feeds.rows(watch_name) if counts.get(row.id)]
        told = store.triage.again() if again else 0
    if as_json:
        records = [{"id": row.id, "url": row.url, "skipped": counts[row.id]} for row in rows]
        print_json({"feeds": records, "due_again": told})
        return
    for row in rows:
        click.echo(f"{row.id:>5}  {counts[row.id]:>7}  {row.url}")
    if not rows:
        click.echo("no entry was skipped", err=True)
    if again:
        click.echo(f"{told} articles are due again", err=True)
