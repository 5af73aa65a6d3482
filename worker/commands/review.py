"""`seedwatch matches`, `review` and `export`: the stored output and the verdicts on it."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import click

from worker.commands.common import open_store, parse_since, print_json
from worker.commands.feedstore import watch_named
from worker.config import Settings, load_settings
from worker.domain import Relation, Verdict
from worker.errors import ConfigError, InputError
from worker.match.watches import NAME
from worker.notify.documents import FORMATS
from worker.notify.records import match_record
from worker.store.matches import MatchFilter
from worker.store.store import Store

_STDOUT = Path("-")


def _filters(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--watch", help="Only this watch."),
        click.option(
            "--relation",
            type=click.Choice([str(relation) for relation in Relation]),
            help="Only this relation; `unrelated` lists near misses.",
        ),
        click.option("--unreviewed", is_flag=True, help="Only those without a verdict."),
        click.option("--since", callback=parse_since, help="A date, time or age: 2026-03-01, 7d."),
    ):
        command = option(command)
    return command


def _wanted(
    watch: str | None, relation: str | None, unreviewed: bool, since: datetime | None
) -> MatchFilter:
    return MatchFilter(
        watch=watch,
        relation=Relation(relation) if relation else None,
        unreviewed=unreviewed,
        since=since,
    )


def _refuse_unknown_watch(store: Store, settings: Settings, name: str | None) -> None:
    """Refuse a misspelt watch; one whose folder is gone is known as long as it has matches.

    Raises:
        ConfigError: there is none of that name; names those there are.
    """
    if name is None:
        return
    try:
        watch_named(settings, name)
    except ConfigError:
        stored = MatchFilter(watch=name, limit=1, with_unrelated=True)
        if not NAME.fullmatch(name) or not any(store.matches.rows(stored)):
            raise


@click.command()
@_filters
@click.option("--limit", type=click.IntRange(1), help="At most so many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
def matches(limit: int | None, as_json: bool, **filters: Any) -> None:
    """List the matches to review, newest first."""
    wanted = replace(_wanted(**filters), limit=limit if limit or as_json else 50)
    settings = load_settings()
    with open_store(settings) as store:
        _refuse_unknown_watch(store, settings, wanted.watch)
        rows = list(store.matches.rows(wanted))
    if as_json:
        print_json([match_record(row) for row in rows])
        return
    for row in rows:
        verdict = f" [{row.verdict}]" if row.verdict else ""
        click.echo(
            f"{row.id:>6}  {row.score:.2f}  {row.relation:<11} {row.language:<4} "
            f"{row.first_seen_at:%Y-%m-%d}  {row.title}{verdict}\n        {row.url or '-'}"
        )
    if not rows:
        click.echo("No matches yet. `seedwatch run --once` looks for some.", err=True)


@click.command()
@click.argument("match_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.argument("verdict", type=click.Choice([str(verdict) for verdict in Verdict]))
@click.option("--note", help="Why, for those who read it later.")
@click.option("--reviewer", help="Who says so.")
def review(match_id: int, verdict: str, note: str | None, reviewer: str | None) -> None:
    """Say whether a match is relevant; the last verdict counts, all are kept."""
    with open_store() as store:
        row = store.matches.review(match_id, Verdict(verdict), note, reviewer)
    click.echo(f"{row.id}: {verdict} — {row.title}")


@click.command()
@_filters
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(FORMATS)),
    default="jsonl",
    show_default=True,
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="A file; stdout without it or with `-`."
)
def export(format_name: str, output: Path | None, **filters: Any) -> None:
    """Write the matches as JSON Lines, CSV, Atom, JSON Feed or Markdown.

    In CSV a cell that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    with ExitStack() as stack:
        settings = load_settings()
        store = stack.enter_context(open_store(settings))
        _refuse_unknown_watch(store, settings, filters["watch"])
        out = _open_output(stack, output)
        count = FORMATS[format_name](store.matches.rows(_wanted(**filters)), out)
        out.flush()
    if output and output != _STDOUT:
        click.echo(f"{count} matches written to {output}", err=True)


def _open_output(stack: ExitStack, output: Path | None) -> TextIO:
    if output is None or output == _STDOUT:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", newline="")
        return sys.stdout
    try:
        return stack.enter_context(output.open("w", encoding="utf-8", newline=""))
    except OSError as error:
        raise InputError(str(output), f"cannot be written: {error.strerror}") from error
