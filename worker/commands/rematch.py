"""`seedwatch rematch`: match what is stored again, as the button on a watch's page does."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from worker.commands.common import open_store, parse_since, print_json, start_reporting
from worker.config import Settings, load_settings

if TYPE_CHECKING:
    from worker.records import RematchRow

_LOOK_EVERY_S = 0.5


@click.command()
@click.option("--since", callback=parse_since, help="Only what came since: 2026-03-01, 7d.")
@click.option("--show", is_flag=True, help="Only tell how far the latest one has come.")
@click.option("--no-wait", is_flag=True, help="Only ask; the workers do it.")
@click.option("--reviewer", help="Who asks.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def rematch(
    *,
    since: datetime | None,
    show: bool,
    no_wait: bool,
    reviewer: str | None,
    as_json: bool,
) -> None:
    """Match what is stored again, after seeds, threshold, names or version have changed.

    Verdicts stay, and so does what has one. Articles that were skipped before their page was
    fetched are due again. Interrupted, the workers go on where it was. It is the same that the
    button on a watch's page asks for; asked for twice, it is done once.
    """
    settings = load_settings()
    start_reporting(settings)
    again = 0
    if show:
        with open_store(settings) as store:
            row = next(iter(store.rematches.latest()), None)
    else:
        with open_store(settings) as store:
            day = since.astimezone(UTC).date() if since else None
            row = store.rematches.ask(day, reviewer)
            again = store.triage.again()
        if not no_wait:
            row = _work(settings, row)
    if again:
        told = f"{again} articles whose page was not fetched are judged again by the next run"
        click.echo(told, err=True)
    if as_json:
        print_json(_document(row) if row else None)
    else:
        click.echo(_told(row) if row else "Nobody has asked for that yet.")
    if row and row.error:
        sys.exit(1)


def _work(settings: Settings, row: RematchRow) -> RematchRow:
    """Work on a request until it is finished, together with the workers that run."""
    from worker import pipeline
    from worker.wiring import build

    services = build(settings)
    try:
        while row.finished_at is None:
            if not pipeline.rematch(services):
                time.sleep(_LOOK_EVERY_S)  # a worker is at it
            row = services.store.rematches.get(row.id)
            if sys.stderr.isatty():
                click.echo(f"\r{row.done} of {row.total or 0} articles", nl=False, err=True)
    finally:
        services.close()
    if sys.stderr.isatty():
        click.echo(err=True)
    return row


def _told(row: RematchRow) -> str:
    asked = f"asked on {row.asked_at:%Y-%m-%d %H:%M}" + (f" by {row.reviewer}" * bool(row.reviewer))
    period = f"what came since {row.since}" if row.since else "all that is stored"
    count = f"{row.done} of {row.total} articles" if row.total is not None else "not begun"
    if row.finished_at and not row.error and not row.total:
        count = "nothing to do: all is matched as it would be today"
    lines = [f"{row.state}: {count} ({period}, {asked})"]
    lines += [
        f"{watch}: {change.came} newly matched, {change.went} no longer"
        for watch, change in row.changes.items()
    ]
    if row.passed_over:
        lines.append(f"{row.passed_over} could not be matched and keep their answer")
    if row.error:
        lines.append(f"given up: {row.error}")
    return "\n".join(lines)


def _document(row: RematchRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": row.state,
        "asked_at": row.asked_at.isoformat(),
        "reviewer": row.reviewer,
        "since": row.since.isoformat() if row.since else None,
        "total": row.total,
        "done": row.done,
        "passed_over": row.passed_over,
        "watches": {
            name: {"newly_matched": change.came, "no_longer_matched": change.went}
            for name, change in row.changes.items()
        },
        "error": row.error,
    }
