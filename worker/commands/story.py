"""`seedwatch story`: what is concluded about one story."""

from __future__ import annotations

import click

from worker.commands.common import open_store, print_json
from worker.config import Settings, load_settings
from worker.domain import Watch
from worker.errors import ConfigError


@click.command()
@click.argument("match_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["table", "json", "graphml"]),
    default="table",
    show_default=True,
)
def story(match_id: int, format_name: str) -> None:
    """Say who may have taken a story from whom.

    ID is that of any match of the story. `graphml` opens in Gephi, yEd or networkx.
    """
    from worker.analysis.graph import as_graphml, as_record, as_table
    from worker.analysis.stories import Analyst

    settings = load_settings()
    with open_store(settings) as store:
        found = Analyst(store, watches_of(settings)).read(match_id)
    if format_name == "json":
        print_json(as_record(found))
    elif format_name == "graphml":
        click.echo(as_graphml(found), nl=False)
    else:
        click.echo("\n".join(as_table(found)))


def watches_of(settings: Settings) -> list[Watch]:
    """The watches; where their files are broken, what is stored is told without the seeds."""
    from worker.wiring import build_loader

    try:
        return list(build_loader(settings).load_all(settings.seeds_dir))
    except ConfigError as error:
        click.echo(f"without the seeds: {error}", err=True)
        return []
