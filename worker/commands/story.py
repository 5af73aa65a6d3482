"""`seedwatch story`: what is concluded about one story."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from worker.clock import utc_now
from worker.commands.common import open_store, parse_since, print_json
from worker.config import Settings, load_settings
from worker.domain import Watch
from worker.errors import ConfigError
from worker.locales import ENGLISH, LANGUAGES, speaking


@click.command()
@click.argument("match_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["table", "json", "graphml", "facts", "quotes"]),
    default="table",
    show_default=True,
)
def story(match_id: int, format_name: str) -> None:
    """Say who may have taken a story from whom.

    ID is that of any match of the story. `graphml` opens in Gephi, yEd or networkx; `facts` is
    JSON of its days, amounts, numbers, names and organisations side by side, contradictions first;
    `quotes` of its quotations as each text has them.
    """
    from worker.analysis.facts import as_record as facts_record
    from worker.analysis.graph import as_graphml, as_record, as_table
    from worker.analysis.quotes import as_record as quotes_record
    from worker.analysis.stories import Analyst

    settings = load_settings()
    with open_store(settings) as store:
        found = Analyst(store, watches_of(settings)).read(match_id)
    if format_name == "json":
        print_json(as_record(found))
    elif format_name == "facts":
        print_json(facts_record(found))
    elif format_name == "quotes":
        print_json(quotes_record(found))
    elif format_name == "graphml":
        click.echo(as_graphml(found), nl=False)
    else:
        click.echo("\n".join(as_table(found)))


@click.command()
@click.option("--watch", help="Only this watch.")
@click.option("--since", callback=parse_since, help="A date, time or age: 2026-03-01, 7d.")
@click.option(
    "--language", type=click.Choice(list(LANGUAGES)), default=ENGLISH, help="Of our own words."
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "markdown", "html", "json"]),
    default="text",
    show_default=True,
)
def brief(watch: str | None, since: datetime | None, language: str, format_name: str) -> None:
    """Brief on the stories in which something was found: a page each.

    What the coverage says that the seeds do not, who said it first and how many independent
    articles say it; what of the seeds is repeated, and what by nobody; how much of each article
    goes back to a seed. Every line leads to its passages on the review pages.
    """
    from worker.analysis.brief import Period, brief_of
    from worker.analysis.stories import Analyst
    from worker.commands.review import refuse_unknown_watch
    from worker.notify.briefs import FORMATS, as_record

    settings = load_settings()
    with open_store(settings) as store, speaking(language):
        refuse_unknown_watch(store, settings, watch)
        analyst = Analyst(store, watches_of(settings))
        found = brief_of(analyst, store, Period(watch, since), utc_now())
        if format_name == "json":
            record: dict[str, Any] = as_record(found)
            print_json(record)
        else:
            click.echo(FORMATS[format_name](found, settings.pages_url.rstrip("/")), nl=False)


def watches_of(settings: Settings) -> list[Watch]:
    """The watches; where their files are broken, what is stored is told without the seeds."""
    from worker.matching import build_loader

    try:
        return list(build_loader(settings).load_all(settings.seeds_dir))
    except ConfigError as error:
        click.echo(f"without the seeds: {error}", err=True)
        return []
