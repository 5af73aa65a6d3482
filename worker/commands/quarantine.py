"""`seedwatch quarantine`: what was given up after repeated failures, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click

from worker.clock import iso
from worker.commands.common import open_store, print_json
from worker.commands.feedstore import json_option
from worker.store.quarantine import Kind, QuarantinedRow
from worker.store.store import Store

_PLURALS = {Kind.ARTICLE: "articles", Kind.FEED: "feeds", Kind.DELIVERY: "deliveries"}


Named = tuple[Kind, int]


def _name_of(text: str) -> Named:
    """Read `article:12`, as `list` prints it."""
    kind, _, number = text.partition(":")
    if kind not in list(Kind) or not re.fullmatch(r"[0-9]{1,18}", number):
        raise click.BadParameter(f"{text!r} is no name such as article:12; `list` prints them")
    return Kind(kind), int(number)


def _read_one(_ctx: click.Context, _param: click.Parameter, text: str) -> Named:
    return _name_of(text)


def _read_all(_ctx: click.Context, _param: click.Parameter, texts: Sequence[str]) -> list[Named]:
    return [_name_of(text) for text in texts]


def _chooses(command: Callable[..., None]) -> Callable[..., None]:
    """Which ones: named, or all of a kind."""
    names = click.argument("names", nargs=-1, callback=_read_all, metavar="[KIND:ID]...")
    command = names(command)
    every = click.Choice([*_PLURALS.values(), "everything"])
    return click.option("--all", "every", type=every, help="All there are of a kind.")(command)


@click.group()
def quarantine() -> None:
    """What was given up and waits for a person.

    Articles and feeds are given up after four tries, messages after ten failures.
    """


@quarantine.command("list")
@click.argument("kind", type=click.Choice(list(_PLURALS.values())), required=False)
@click.option("--limit", type=click.IntRange(1), help="At most so many of each kind.")
@json_option
def list_rows(kind: str | None, limit: int | None, as_json: bool) -> None:
    """List what was given up, latest first."""
    with open_store() as store:
        rows = store.quarantine.rows(_kind_of(kind), limit)
    if as_json:
        print_json([_record(row) for row in rows])
        return
    for row in rows:
        title = f"  {row.title}" if row.title else ""
        click.echo(f"{row.name:<16} {row.since:%Y-%m-%d %H:%M}  {row.what}{title}")
        click.echo(f"{'':<16} {row.error}")
    if not rows:
        click.echo("Nothing is in quarantine.", err=True)


@quarantine.command()
@click.argument("name", callback=_read_one, metavar="KIND:ID")
@json_option
def show(name: Named, as_json: bool) -> None:
    """Show one of them, with its latest fetches."""
    with open_store() as store:
        row = store.quarantine.get(*name)
        attempts = store.quarantine.attempts(*name)
    if as_json:
        told = [{"at": iso(a.at), "outcome": a.outcome, "detail": a.detail} for a in attempts]
        print_json({**_record(row), "attempts": told})
        return
    for label, value in (
        ("name", row.name),
        ("what", row.what),
        ("title", row.title or "-"),
        ("error", row.error or "-"),
        ("unfinished", f"{row.tries} tries"),
        ("last due", f"{row.since:%Y-%m-%d %H:%M:%S} UTC"),
    ):
        click.echo(f"{label:<12} {value}")
    for attempt in attempts:
        click.echo(f"{attempt.at:%Y-%m-%d %H:%M:%S}  {attempt.outcome:<14} {attempt.detail}")


@quarantine.command()
@_chooses
def retry(names: list[Named], every: str | None) -> None:
    """Make them due at once, with all their tries again."""
    with open_store() as store:
        done = sum(store.quarantine.retry(kind, ids) for kind, ids in _chosen(store, names, every))
    click.echo(f"{done} due again")


@quarantine.command()
@_chooses
def drop(names: list[Named], every: str | None) -> None:
    """Give them up for good. What is stored of them stays; a feed is paused, not removed."""
    with open_store() as store:
        done = sum(store.quarantine.drop(kind, ids) for kind, ids in _chosen(store, names, every))
    click.echo(f"{done} dropped")


def _chosen(
    store: Store, names: Sequence[Named], every: str | None
) -> Iterator[tuple[Kind, list[int] | None]]:
    """What is meant, kind by kind; None for all of it. All names are checked before the first."""
    if bool(names) == bool(every):
        raise click.UsageError("name some (article:12), or say --all articles")
    if every:
        for kind in Kind:
            if every in (_PLURALS[kind], "everything"):
                yield kind, None
        return
    for name in names:
        store.quarantine.get(*name)
    for kind in Kind:
        if ids := [row_id for of, row_id in names if of is kind]:
            yield kind, ids


def _kind_of(plural: str | None) -> Kind | None:
    return next((kind for kind, name in _PLURALS.items() if name == plural), None)


def _record(row: QuarantinedRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "kind": row.kind,
        "id": row.id,
        "what": row.what,
        "title": row.title,
        "error": row.error,
        "tries": row.tries,
        "since": iso(row.since),
    }
