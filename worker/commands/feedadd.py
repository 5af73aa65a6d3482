"""`seedwatch feeds add` and `try`: from any address to a feed, looking before storing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import click

from worker.adding import AddedFeed, FeedWish, add_feed, find_feed, typed_address
from worker.clock import iso
from worker.commands.common import print_json
from worker.commands.feedstore import json_option, synced_store, watch_named, watch_option
from worker.config import Settings, load_settings
from worker.domain import Entry, FetchPolicy, Outcome, declared_language
from worker.errors import InputError
from worker.polling import Trial, trial
from worker.records import KnownEntries, NewEntry
from worker.store.states import ACTIVE


@click.command()
@click.argument("url")
@click.option("--title", help="A name for it; otherwise the feed's own.")
@click.option("--language", metavar="TAG", help="BCP 47, such as vi or pt-BR; else the feed's own.")
@click.option(
    "--fetch",
    type=click.Choice([str(policy) for policy in FetchPolicy]),
    help="triage: of all kinds of news, only pages whose title and summary may fit a watch. "
    "Otherwise all.",
)
@click.option("--no-look", is_flag=True, help="Add the address as it is, without asking it.")
@watch_option
def add(
    url: str,
    title: str | None,
    language: str | None,
    fetch: str | None,
    no_look: bool,
    watch_name: str | None,
) -> None:
    """Add a feed by its address, or by that of a site that names its feed.

    It is polled at the next look. Of a site with several feeds they are listed, and nothing is
    added: name the one that is meant. Of a feed that is watched already, what you say is changed,
    and what was before is told.
    """
    from worker.wiring import build_guard

    settings = load_settings()
    url = typed_address(url)
    build_guard(settings).check_url(url)
    language = _language_of(language)
    watch = watch_named(settings, watch_name)
    found = url if no_look else _feed_at(settings, url)
    with synced_store(settings) as store:
        policy = FetchPolicy(fetch) if fetch else None
        added = add_feed(store, FeedWish(found, watch, title, language, policy))
    for line in _told(added):
        click.echo(line)


def _language_of(tag: str | None) -> str | None:
    try:
        return declared_language(tag) if tag is not None else None
    except ValueError as error:
        raise InputError("--language", str(error)) from error


def _told(added: AddedFeed) -> Iterator[str]:
    row = added.row
    if added.was is None:
        yield f"{row.id}: {row.url}"
        return
    yield f"{row.id}: {row.url} is watched already ({row.state})"
    yield from (f"  {change}" for change in added.changes)
    if not added.changes:
        yield "  nothing was changed"
    if row.state != ACTIVE:
        yield f"  it is not polled; to go on with it: seedwatch feeds resume {row.id}"


def _feed_at(settings: Settings, url: str) -> str:
    """The address of the feed that is meant by an address.

    Raises:
        InputError: it is none and names none, or several.
    """
    from worker.wiring import build

    with closing(build(settings, watches=())) as services:
        found = find_feed(services, url)
    if found.choices:
        click.echo("\n".join(found.choices))
        raise InputError(url, f"is a page that names {len(found.choices)} feeds; add one of them")
    if found.is_refused:
        hint = "; no feed is named there either" * (found.outcome is Outcome.NOT_A_FEED)
        raise InputError(found.url, f"{found.outcome}: {found.detail}{hint}; nothing was added")
    if not found.is_read:
        click.echo(f"{found.url}: {found.outcome} ({found.detail}); added all the same", err=True)
    if found.moved_to:
        click.echo(
            f"{found.url}: is redirected permanently to {found.moved_to}; if that lasts, "
            "`seedwatch feeds health` will ask you to confirm it",
            err=True,
        )
    return found.url


def _try(settings: Settings, url: str) -> Trial:
    from worker.wiring import build

    services = build(settings, watches=())
    with closing(services):
        return trial(services, url)


@click.command("try")
@click.argument("url")
@json_option
def try_feed(url: str, as_json: bool) -> None:
    """Show what a poll of an address would do and store, storing nothing."""
    settings = load_settings()
    url = typed_address(url)
    seen = _try(settings, url)
    record = _record(url, seen)
    if as_json:
        print_json(record)
    else:
        for line in _lines(record):
            click.echo(line)
    if not seen.result.is_success:
        raise InputError(url, f"{seen.result.outcome}: {seen.result.detail}")


def _record(url: str, seen: Trial) -> dict[str, Any]:
    result = seen.result
    entries = [
        _entry_record(entry, new, seen.known)
        for entry, new in zip(seen.feed.entries if seen.feed else (), result.entries, strict=True)
    ]
    return {
        "url": url,
        "final_url": seen.got.final_url if seen.got else None,
        "outcome": result.outcome,
        "detail": result.detail,
        "title": result.title or "",
        "language": result.language,
        "next_poll_at": iso(result.next_poll_at),
        "is_feed_known": result.job.id != 0,
        "counts": dict(Counter(entry["status"] for entry in entries)),
        "entries": entries,
        "feeds": list(seen.named),
        "warnings": list(_warnings(seen)),
    }


def _entry_record(entry: Entry, new: NewEntry, known: KnownEntries) -> dict[str, Any]:
    return {
        "id": entry.id,
        "url": new.url,
        "title": entry.title,
        "language": new.language,
        "outlet": new.outlet,
        "published_at": iso(entry.published_at),
        "status": _status(new, known),
    }


def _status(new: NewEntry, known: KnownEntries) -> str:
    if new.entry_hash in known.changes:
        return "known" if known.changes[new.entry_hash] == new.change_hash else "edited"
    return "new_sighting" if new.key_hash in known.articles else "new"


def _warnings(seen: Trial) -> Iterator[str]:
    result, feed, got = seen.result, seen.feed, seen.got
    if result.moved_to:
        yield f"is redirected permanently to {result.moved_to}"
    elif got is not None and got.final_url != got.url:
        yield f"is redirected for now to {got.final_url}"
    if feed is None or got is None:
        return
    if feed.bozo:
        yield feed.bozo
    if feed.overflow:
        entries = "entry" if feed.overflow == 1 else "entries"
        yield f"{feed.overflow} {entries} over the cap would be left out"
    without_url = sum(new.url is None for new in result.entries)
    if without_url:
        have = _have(without_url)
        yield f"{have} no usable address: only the feed's own text is kept"
    undated = sum(entry.published_at is None for entry in feed.entries)
    if undated:
        yield f"{_have(undated)} no date that can be believed"
    if not (got.validators.etag or got.validators.last_modified):
        yield "no ETag and no Last-Modified: every poll fetches all of it"


def _have(number: int) -> str:
    return "1 entry has" if number == 1 else f"{number} entries have"


def _minute(moment: str | None) -> str:
    """A time of the record to the minute: nobody reads microseconds."""
    return f"{moment[:10]} {moment[11:16]}" if moment else "-"


def _lines(record: dict[str, Any]) -> Iterator[str]:
    yield f"{record['title'] or record['url']} ({record['outcome']})"
    if record["language"]:
        yield f"language: {record['language']}"
    if record["outcome"] in (Outcome.OK, Outcome.EMPTY, Outcome.UNCHANGED):
        yield f"next poll: {_minute(record['next_poll_at'])} (UTC)"
    yield from (f"warning: {warning}" for warning in record["warnings"])
    yield from (f"names the feed {url}" for url in record["feeds"])
    for entry in record["entries"]:
        yield f"  {entry['status']:<12} {_minute(entry['published_at']):16}  {entry['title']}"
        yield f"    {entry['url'] or 'no address'}  [{entry['id']}]"
