"""`seedwatch extract` and `seedwatch feed`: what the rooms see in one page or one feed."""

from __future__ import annotations

from typing import Any

import click

from worker.clock import iso, utc_now
from worker.commands.common import extract_isolated, parse_isolated, print_json, read_input
from worker.config import load_settings
from worker.domain import Entry, Outcome, ParsedFeed
from worker.errors import FetchError, InputError, ParseError


@click.command()
@click.argument("source", metavar="FILE|URL")
@click.option("--url", help="The page's own address, where SOURCE is a file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def extract(source: str, url: str | None, as_json: bool) -> None:
    """Show the article on a page: title, text, language, date, author."""
    from worker.language.detect import make_detector

    settings = load_settings()
    got = read_input(source, settings, max_bytes=settings.page_max_bytes)
    page_url = url or (got.final_url if got.final_url.startswith("http") else None)
    found = extract_isolated(got, page_url)
    detector = make_detector(settings.language_detector)
    language = detector.detect(f"{found.title}\n\n{found.text}", declared=(found.language,))
    record = {
        "title": found.title,
        "text": found.text,
        "language": language.code,
        "published_at": iso(found.published_at),
        "author": found.author,
        "site": found.site,
        "canonical_url": found.canonical_url,
        "method": found.method,
    }
    if as_json:
        print_json(record)
        return
    for name, value in record.items():
        if name != "text" and value:
            click.echo(f"{name}: {value}")
    click.echo(f"\n{found.text}")


@click.command()
@click.argument("source", metavar="FILE|URL")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def feed(source: str, as_json: bool) -> None:
    """Show what is in a feed, and how a poll of it would end.

    A source that is no feed gives its outcome and no entries, and exit code 1.
    """
    record = _feed_record(source)
    if as_json:
        print_json(record)
    else:
        click.echo(f"{record['title'] or source} ({record['outcome']})")
        for entry in record["entries"]:
            click.echo(f"  {entry['published_at'] or '-':20}  {entry['title']}\n    {entry['url']}")
    if record["outcome"] not in (Outcome.OK, Outcome.EMPTY):
        raise InputError(source, f"{record['outcome']}: {record['detail']}")


def _feed_record(source: str) -> dict[str, Any]:
    settings = load_settings()
    record: dict[str, Any] = {"title": "", "language": None, "entries": [], "outcome": Outcome.OK}
    try:
        got = read_input(source, settings, max_bytes=settings.feed_max_bytes)
        parsed: ParsedFeed = parse_isolated(
            "worker.feeds.parse:parse_feed",
            got.body,
            url=got.final_url if got.final_url.startswith("http") else "",
            content_type=got.content_type,
            headers=dict(got.headers),
            now=utc_now(),
            max_entries=settings.feed_max_entries,
        )
    except (FetchError, ParseError) as error:
        return {**record, "outcome": error.outcome, "detail": error.detail or str(error)}
    return {
        "title": parsed.title,
        "language": parsed.language,
        "entries": [_entry_record(entry) for entry in parsed.entries],
        "outcome": Outcome.OK if parsed.entries else Outcome.EMPTY,
        "overflow": parsed.overflow,
        "detail": parsed.bozo or "",
    }


def _entry_record(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        "published_at": iso(entry.published_at),
    }
