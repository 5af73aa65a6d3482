"""`seedwatch channels`: where matches are told, how that goes, and trying it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from worker.clock import iso
from worker.commands.common import open_store, print_json
from worker.commands.feedstore import json_option
from worker.config import load_settings
from worker.domain import ChannelConfig, Outcome
from worker.errors import ConfigError, InputError, TellError
from worker.notify.references import resolve, shown
from worker.records import AttemptRow, ChannelRow
from worker.telling import Telling

_GOOD = (Outcome.SENT, Outcome.PARTLY_SENT)


@click.group()
def channels() -> None:
    """Where matches are told: the [[channel]] tables of the watches' files."""


@channels.command("list")
@json_option
def list_channels(as_json: bool) -> None:
    """List the channels, where they lead, and how they are."""
    with _telling() as telling:
        rows = {(row.watch, row.name): row for row in telling.store.channels.rows()}
    found = [
        (watch.name, config, rows.get((watch.name, config.name)))
        for watch in telling.watches
        for config in watch.channels
    ]
    if as_json:
        print_json([_record(*one) for one in found])
        return
    for watch, config, row in found:
        to = ", ".join(shown(one) for one in config.to)
        click.echo(f"{watch}/{config.name:<16} {config.kind:<8} {_state(row):<8} {to}")
        for note in _notes(config, row):
            click.echo(f"    {note}")


@channels.command()
@click.argument("name", metavar="[WATCH/]NAME")
@json_option
def test(name: str, as_json: bool) -> None:
    """Send a test message through a channel and say what came back."""
    with _telling() as telling:
        watch, config = _named(telling, name)
        attempt, _ = telling.test(watch, config.name)
    if as_json:
        print_json(
            {
                "watch": watch, "channel": config.name, "outcome": str(attempt.outcome),
                "status": attempt.status, "detail": attempt.detail,
                "seconds": round(attempt.elapsed_s, 2),
            }
        )  # fmt: skip
    status = f" ({attempt.status})" if attempt.status else ""
    told = f"{watch}/{config.name}: {attempt.outcome}{status} in {attempt.elapsed_s:.1f} s"
    if attempt.outcome not in _GOOD:
        raise InputError(told, attempt.detail or "no reason given")
    if not as_json:
        click.echo(f"{told}{f': {attempt.detail}' if attempt.detail else ''}")


@channels.command()
@click.argument("name", metavar="[WATCH/]NAME")
def on(name: str) -> None:
    """Use a channel again that a failure has switched off, or that rests after one."""
    with _telling() as telling:
        watch, config = _named(telling, name)
        telling.store.channels.switch_on(watch, config.name)
    click.echo(f"{watch}/{config.name}: on")


@channels.command()
@click.argument("name", metavar="[WATCH/]NAME", required=False)
@click.option("--limit", type=click.IntRange(1, 10_000), default=30, show_default=True)
@json_option
def log(name: str | None, limit: int, as_json: bool) -> None:
    """Show the delivery log, latest first."""
    with _telling() as telling:
        only = None
        if name is not None:
            watch, config = _named(telling, name)
            only = (watch, config.name)
        rows = telling.store.channels.attempts(only=only, limit=limit)
    if as_json:
        print_json([_attempt_record(row) for row in rows])
        return
    for row in rows:
        what = row.title if row.message_id else "(test)"
        more = f" and {row.matches - 1} more" if row.matches > 1 else ""
        status = f" {row.status}" if row.status else ""
        click.echo(
            f"{row.at:%Y-%m-%d %H:%M:%S}  {row.watch}/{row.channel}  {row.outcome}{status}  "
            f"{what}{more}{f'  ({row.detail})' if row.detail else ''}"
        )


@contextmanager
def _telling() -> Iterator[Telling]:
    from worker.matching import build_loader
    from worker.wiring import build_telling

    settings = load_settings()
    watches = build_loader(settings).load_all(settings.seeds_dir, with_seeds=False)
    with open_store(settings) as store:
        store.channels.sync({watch.name: watch.channels for watch in watches})
        yield build_telling(settings, store, watches)


def _named(telling: Telling, name: str) -> tuple[str, ChannelConfig]:
    """The watch and channel that a name means.

    Raises:
        ConfigError: it means none, or several.
    """
    watch_name, slash, channel_name = name.rpartition("/")
    found = [
        (watch.name, config)
        for watch in telling.watches
        for config in watch.channels
        if config.name == channel_name and (not slash or watch.name == watch_name)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        both = ", ".join(f"{watch}/{config.name}" for watch, config in found)
        raise ConfigError(name, f"several channels have that name: {both}")
    raise ConfigError(name, "no such channel; `seedwatch channels list` shows them")


def _state(row: ChannelRow | None) -> str:
    if row is None or (row.state == "active" and not row.failures):
        return "on"
    return "off" if row.state == "off" else "failing"


def _notes(config: ChannelConfig, row: ChannelRow | None) -> Iterator[str]:
    for reference in (*config.to, *config.secrets):
        problem = _missing(reference)
        if problem:
            yield problem
    if row is None:
        return
    if row.reason:
        until = f"; again at {row.rests_until:%Y-%m-%d %H:%M} UTC" if row.state != "off" else ""
        yield f"{row.reason}{until}"
    if row.waiting or row.queued or row.given_up:
        yield f"{row.waiting} matches wait, {row.queued} messages queued, {row.given_up} given up"
    if row.last_sent_at:
        yield f"last told {row.last_sent_at:%Y-%m-%d %H:%M} UTC"


def _missing(reference: str) -> str | None:
    """What is wrong with a reference in this process; its value is not looked at."""
    try:
        resolve(reference)
    except TellError as error:
        return error.detail
    return None


def _record(watch: str, config: ChannelConfig, row: ChannelRow | None) -> dict[str, Any]:
    return {
        "watch": watch,
        "name": config.name,
        "kind": config.kind,
        "to": [shown(one) for one in config.to],
        "state": _state(row),
        "reason": row.reason if row else None,
        "failures": row.failures if row else 0,
        "waiting": row.waiting if row else 0,
        "queued": row.queued if row else 0,
        "given_up": row.given_up if row else 0,
        "last_sent_at": iso(row.last_sent_at) if row else None,
        "problems": [one for one in map(_missing, (*config.to, *config.secrets)) if one],
    }


def _attempt_record(row: AttemptRow) -> dict[str, Any]:
    return {
        "at": iso(row.at),
        "watch": row.watch,
        "channel": row.channel,
        "message": row.message_id,
        "outcome": row.outcome,
        "status": row.status,
        "detail": row.detail,
        "seconds": round(row.elapsed_s, 2),
        "matches": row.matches,
        "title": row.title,
    }
