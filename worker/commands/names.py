"""`seedwatch watch names` and `queries`: names in all languages, and searches made of them."""

from __future__ import annotations

from pathlib import Path

import click

from worker.commands.common import open_store, print_json
from worker.commands.tune import watch_of
from worker.config import load_settings
from worker.errors import InputError


@click.command()
@click.argument("name")
@click.option("--harvest", "is_harvest", is_flag=True, help="Look for names in relevant matches.")
@click.option("--export", "out", type=click.Path(path_type=Path), help="Write them to a file.")
@click.option("--import", "source", type=click.Path(path_type=Path), help="Read such a file.")
@click.option("--reviewer", help="Whose word the file's is.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
def names(
    *,
    name: str,
    is_harvest: bool,
    out: Path | None,
    source: Path | None,
    reviewer: str | None,
    as_json: bool,
) -> None:
    """How other languages write the names of a watch's seeds.

    They are harvested from relevant matches; those that a person approves are looked for in
    articles from the next ones on, and make searches (`seedwatch watch queries`).
    """
    from worker.naming import harvest_names, read_in, written

    watch = watch_of(load_settings(), name, with_seeds=is_harvest)
    with open_store() as store:
        if is_harvest:
            click.echo(f"{harvest_names(store, watch)} new", err=True)
        if source:
            try:
                text = source.read_text(encoding="utf-8")
            except (OSError, ValueError) as error:
                raise InputError(str(source), f"cannot be read: {error}") from error
            click.echo(f"{read_in(store, watch, text, reviewer)} read", err=True)
        rows = store.names.rows(name)
    if out:
        out.write_text(written(rows), encoding="utf-8")
        click.echo(f"{len(rows)} names written to {out}", err=True)
    elif as_json:
        fields = ("id", "name", "language", "text", "articles", "standing")
        print_json([{field: getattr(row, field) for field in fields} for row in rows])
    else:
        for row in rows:
            click.echo(f"{row.id:>6}  {row.standing:<9} {row.language:<4} {row.name}: {row.text}")
        if not rows:
            click.echo("No names yet; --harvest looks for them in relevant matches.", err=True)


@click.command("name")
@click.argument("name")
@click.argument("verdict", type=click.Choice(["approve", "reject"]))
@click.argument("row_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.option("--text", help="As it should be written instead.")
@click.option("--reviewer", help="Who says so.")
def judge_name(
    name: str, verdict: str, row_id: int, text: str | None, reviewer: str | None
) -> None:
    """Approve or reject a name that `seedwatch watch names` lists."""
    from worker.store.naming import APPROVED, REJECTED

    watch_of(load_settings(), name)
    standing = APPROVED if verdict == "approve" else REJECTED
    with open_store() as store:
        store.names.decide(name, row_id, standing, text, reviewer)
    click.echo(f"{row_id}: {standing}")


@click.command()
@click.argument("name")
@click.option("--add", "numbers", type=int, multiple=True, metavar="NUMBER", help="Make this one.")
def queries(name: str, numbers: tuple[int, ...]) -> None:
    """Searches that approved names would make, and what the searches so far have brought."""
    from worker.naming import query_proposals, query_yields

    watch = watch_of(load_settings(), name)
    with open_store() as store:
        proposals = query_proposals(store, watch)
        for number in numbers:
            if not 1 <= number <= len(proposals):
                raise InputError(str(number), f"choose from 1 to {len(proposals)}")
            store.feeds.add(proposals[number - 1].feed, name)
            click.echo(f"added: {proposals[number - 1].feed.title}")
        for one in query_yields(store, watch):
            click.echo(
                f"{one.entries:>6} entries {one.matches:>5} matches {one.relevant:>5} relevant  "
                f"{one.title}"
            )
    for number, proposal in enumerate([] if numbers else proposals, 1):
        click.echo(f"{number:>3}. {proposal.feed.title}")
    if not proposals:
        click.echo("Nothing to propose; approve names with `seedwatch watch names`.", err=True)
