"""`seedwatch silence`: which outlets were not heard, which had nothing, which did not match."""

from __future__ import annotations

from datetime import timedelta

import click

from worker.clock import utc_now
from worker.commands.common import open_store, print_json
from worker.commands.feedstore import json_option, watch_named
from worker.config import load_settings
from worker.records import DayState
from worker.records.silence import as_record

_SIGNS = {
    DayState.MATCHED: "M",
    DayState.BELOW: "o",
    DayState.QUIET: "-",
    DayState.BROKEN: "X",
    DayState.UNASKED: "?",
}
_LEGEND = (
    "M matched   o published, below the threshold   - feed well, nothing published\n"
    "X feed broken   ? not asked, or forgotten (SEEDWATCH_KEEP_LOG_DAYS)   days are UTC"
)


@click.command()
@click.option("--watch", "watch_name", help="Only this watch.")
@click.option("--days", type=click.IntRange(1, 90), default=14, show_default=True)
@json_option
def silence(watch_name: str | None, days: int, as_json: bool) -> None:
    """Show day by day why there is no match of an outlet: not heard, silent, or not related."""
    first = utc_now().date() - timedelta(days=days - 1)
    shown = [first + timedelta(days=number) for number in range(days)]
    settings = load_settings()
    if watch_name is not None:
        watch_named(settings, watch_name)
    with open_store(settings) as store:
        outlets = store.silence.outlets(first, watch_name)
    if as_json:
        print_json([as_record(one, shown) for one in outlets])
        return
    click.echo(f"{'':4} {shown[0]} to {shown[-1]}")
    for one in outlets:
        signs = "".join(_SIGNS[one.on(day).state] for day in shown)
        click.echo(f"{one.language:4} {signs}  {one.outlet}")
    click.echo(_LEGEND if outlets else "No feed is watched.", err=True)
