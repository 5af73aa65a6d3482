"""`seedwatch matches`, `review` and `export`: the stored output and the verdicts on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from worker.clock import utc_now
from worker.commands.common import open_store, parse_since, print_json
from worker.commands.feedstore import watch_named
from worker.commands.output import STDOUT, opened
from worker.config import Settings, load_settings
from worker.domain import Relation, Verdict, Watch
from worker.errors import ConfigError
from worker.locales import ENGLISH, LANGUAGES, speaking
from worker.match.watches import NAME
from worker.notify.about import About
from worker.notify.exports import FORMATS
from worker.notify.records import match_record
from worker.records import MatchFilter
from worker.store.store import Store
from worker.words import chosen

UNREVIEWED = "unreviewed"


def _filters(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--watch", help="Only this watch."),
        click.option(
            "--relation",
            type=click.Choice([str(relation) for relation in Relation]),
            help="Only this relation; `unrelated` lists near misses.",
        ),
        click.option(
            "--verdict",
            type=click.Choice([*(str(verdict) for verdict in Verdict), UNREVIEWED]),
            help="Only this verdict; `unreviewed` for none.",
        ),
        click.option("--unreviewed", is_flag=True, help="The same as --verdict unreviewed."),
        click.option("--since", callback=parse_since, help="A date, time or age: 2026-03-01, 7d."),
    ):
        command = option(command)
    return command


def _wanted(
    watch: str | None,
    relation: str | None,
    verdict: str | None,
    unreviewed: bool,
    since: datetime | None,
) -> MatchFilter:
    if unreviewed and verdict not in (None, UNREVIEWED):
        raise click.UsageError(f"--unreviewed and --verdict {verdict} exclude each other")
    return MatchFilter(
        watch=watch,
        relation=Relation(relation) if relation else None,
        verdict=Verdict(verdict) if verdict and verdict != UNREVIEWED else None,
        unreviewed=unreviewed or verdict == UNREVIEWED,
        since=since,
    )


def refuse_unknown_watch(store: Store, settings: Settings, name: str | None) -> None:
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
        refuse_unknown_watch(store, settings, wanted.watch)
        rows = list(store.matches.rows(wanted))
    if as_json:
        watches = _watches(settings)
        print_json([match_record(row, watches.get(row.watch)) for row in rows])
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
@click.option("--bom", is_flag=True, help="CSV for Excel: begin with a byte order mark.")
@click.option(
    "--language",
    type=click.Choice(list(LANGUAGES)),
    help="Of the words around the matches, in what people read: html, markdown, atom, jsonfeed.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="A file; stdout without it or with `-`."
)
def export(
    format_name: str, bom: bool, language: str | None, output: Path | None, **filters: Any
) -> None:
    """Write the matches to a file or stdout, newest first.

    \b
    jsonl     one JSON object a line, every text unchanged
    csv       a cell that a spreadsheet would run as a formula gets an apostrophe in front
    markdown  a press review
    html      a press review in one file, to read, print or hand on
    atom, jsonfeed  for feed readers
    parquet   for data frames; needs pyarrow: pip install 'seedwatch[parquet]'

    docs/columns.md explains the fields. A file appears when it is whole, or not at all.
    """  # noqa: D301 - click's mark for lines to be left as they are
    wanted = _wanted(**filters)
    if bom and format_name != "csv":
        raise click.UsageError("--bom is for --format csv")
    kind = FORMATS[format_name]
    if language and not kind.is_for_people:
        told = ", ".join(name for name, one in FORMATS.items() if one.is_for_people)
        raise click.UsageError(f"--language is for --format {told}")
    settings = load_settings()
    with open_store(settings) as store, speaking(language or ENGLISH):
        refuse_unknown_watch(store, settings, wanted.watch)
        watches = _watches(settings)
        watch = watches.get(wanted.watch or "")
        about = About(
            watch=watch.title if watch else "",
            watches=watches,
            selection=chosen(wanted),
            made_at=utc_now(),
            sums=store.matches.sums(wanted) if kind.needs_sums else None,
            with_bom=bom,
        )
        with opened(output, is_binary=kind.is_binary) as out:
            count = kind.write(store.matches.rows(wanted), out, about)
    if output and output != STDOUT:
        click.echo(f"{count} matches written to {output}", err=True)


def _watches(settings: Settings) -> dict[str, Watch]:
    """The watches by name; what is stored is exported also where their files are broken."""
    from worker.matching import build_loader

    try:
        watches = build_loader(settings).load_all(settings.seeds_dir)
    except ConfigError as error:
        click.echo(f"without the titles of watches and seeds: {error}", err=True)
        return {}
    return {watch.name: watch for watch in watches}
