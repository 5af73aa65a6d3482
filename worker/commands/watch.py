"""`seedwatch watch`: the watches, and making a new one from articles."""

from __future__ import annotations

from pathlib import Path

import click

from worker.commands.common import extract_isolated, print_json, read_input
from worker.commands.names import judge_name, names, queries
from worker.commands.tune import add_seed, remove_seed, sample, tune
from worker.config import Settings, load_settings
from worker.errors import ConfigError, InputError, WatchError
from worker.match.watches import NAME, is_watch
from worker.match.watchfile import WATCH_FILE, seed_text, split_front_matter


@click.group()
def watch() -> None:
    """Watches: named sets of seed articles, a folder each."""


watch.add_command(tune)
watch.add_command(names)
watch.add_command(judge_name)
watch.add_command(queries)
watch.add_command(sample)
watch.add_command(add_seed)
watch.add_command(remove_seed)


@watch.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
def list_watches(as_json: bool) -> None:
    """List the watches."""
    from worker.matching import build_loader

    settings = load_settings()
    watches = build_loader(settings).load_all(settings.seeds_dir, with_seeds=False)
    if as_json:
        print_json([{"name": item.name, "title": item.title} for item in watches])
    for item in [] if as_json else watches:
        click.echo(
            f"{item.name}  {item.title}  ({len(item.feeds)} feeds, {len(item.queries)} queries)"
        )


@watch.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(name: str, as_json: bool) -> None:
    """Show one watch: its seeds, feeds and queries."""
    from worker.matching import build_loader

    settings = load_settings()
    folder = settings.seeds_dir / name
    if not NAME.fullmatch(name) or not is_watch(folder):
        raise ConfigError(name, "no such watch; `seedwatch watch list` shows them")
    found = build_loader(settings).load(folder)
    if as_json:
        print_json(
            {
                "name": found.name,
                "title": found.title,
                "description": found.description,
                "languages": list(found.languages),
                "threshold": found.threshold,
                "seeds": [
                    {"id": seed.id, "title": seed.title, "language": seed.language}
                    for seed in found.seeds
                ],
                "feeds": [feed.url for feed in found.feeds],
                "queries": [
                    {"engine": q.engine, "terms": q.terms, "languages": list(q.languages)}
                    for q in found.queries
                ],
            }
        )
        return
    click.echo(f"{found.name}: {found.title}\n\n{found.description}\n\nSeeds:")
    for seed in found.seeds:
        click.echo(f"  {seed.id} ({seed.language}, {len(seed.text):,} characters)  {seed.title}")
    click.echo(f"\n{len(found.feeds)} feeds:")
    for feed in found.feeds:
        click.echo(f"  {feed.url}  {feed.title}")
    click.echo(f"\n{len(found.queries)} queries:")
    for query in found.queries:
        click.echo(f"  {query.engine}: {query.terms}  ({', '.join(query.languages)})")


@watch.command()
@click.argument("name")
@click.argument("sources", metavar="URL|FILE ...", nargs=-1, required=True)
@click.option("--title", help="The watch's title; otherwise the first article's.")
def new(name: str, sources: tuple[str, ...], title: str | None) -> None:
    """Make a watch from articles: a folder with watch.toml and a seed file each."""
    from worker.matching import build_loader

    settings = load_settings()
    if not NAME.fullmatch(name):
        raise InputError(name, "a watch's name is made of a-z, 0-9, - and _")
    folder = settings.seeds_dir / name
    if folder.exists():
        raise InputError(name, f"{folder} exists already")
    seeds = [_seed_of(source, settings) for source in sources]  # all of them, or no folder
    first_title = split_front_matter(seeds[0])[0].get("title", "")
    try:
        build_loader(settings).make(settings.seeds_dir, name, title or first_title or name, seeds)
    except WatchError as error:
        raise InputError(*_named_as_given(error, sources)) from error
    click.echo(f"{folder}: {len(seeds)} seeds. Now edit {folder / WATCH_FILE}: description, feeds.")


def _seed_of(source: str, settings: Settings) -> str:
    """An article as a seed file with front matter."""
    got = read_input(source, settings, max_bytes=settings.page_max_bytes)
    url = got.final_url if got.final_url.startswith("http") else None
    if url is None and Path(source).suffix.lower() in (".txt", ".md"):
        try:
            text = got.body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(source, "is not UTF-8 text") from error
        if not split_front_matter(text)[1].strip():
            raise InputError(source, "is empty")
        return text
    page = extract_isolated(got, url)
    head = {
        "title": page.title,
        "url": page.canonical_url or url,
        "language": page.language,
        "published_at": page.published_at.isoformat() if page.published_at else None,
    }
    return seed_text(head, page.text)


def _named_as_given(error: WatchError, sources: tuple[str, ...]) -> tuple[str, str]:
    """What is wrong with which source: people know their file, not the seed made of it."""
    path = Path(error.where)
    if path.suffix != ".md":
        return error.where, error.problem
    return sources[int(path.stem.removeprefix("seed-")) - 1], error.problem
