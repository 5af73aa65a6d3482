"""`seedwatch token`: what programs show to be let in by the API and the feeds of matches."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click

from worker.clock import iso, utc_now
from worker.commands.common import open_store, print_json
from worker.commands.feedstore import json_option
from worker.domain import Scope
from worker.records import TokenRow

_LONGEST_NAME = 80


def _read_name(_ctx: click.Context, _param: click.Parameter, text: str) -> str:
    if not text.strip() or len(text) > _LONGEST_NAME or not text.isprintable():
        raise click.BadParameter(f"use 1 to {_LONGEST_NAME} printable characters")
    return text.strip()


@click.group()
def token() -> None:
    """Tokens for programs that use the HTTP API or read the feeds of matches."""


@token.command()
@click.argument("name", callback=_read_name)
@click.option(
    "--scope",
    type=click.Choice([str(scope) for scope in Scope]),
    default=str(Scope.READ),
    show_default=True,
    help="read: see everything; review: give verdicts, too; admin: change feeds, too.",
)
@click.option("--days", type=click.IntRange(1, 3650), help="Valid for so long; else until revoked.")
def add(name: str, scope: str, days: int | None) -> None:
    """Make a token and print it: this once, for only its hash is kept."""
    with open_store() as store:
        made = store.tokens.add(name, Scope(scope), timedelta(days=days) if days else None)
    click.echo(made.secret)
    click.echo(f"{name}: {scope}, {_validity(made.row)}; it is not shown again", err=True)


@token.command("list")
@json_option
def list_tokens(as_json: bool) -> None:
    """List the tokens, those that are not valid any more, too."""
    now = utc_now()
    with open_store() as store:
        rows = store.tokens.rows()
    if as_json:
        print_json([_record(row, now) for row in rows])
        return
    for row in rows:
        used = f"used {row.last_used_at:%Y-%m-%d %H:%M}" if row.last_used_at else "never used"
        click.echo(f"{row.name:<20} {row.scope:<7} {_state(row, now):<8} {_validity(row)}, {used}")
    if not rows:
        click.echo("No tokens yet. `seedwatch token add NAME` makes one.", err=True)


@token.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Let nobody in with a token any more, from the next request on."""
    with open_store() as store:
        store.tokens.revoke(name)
    click.echo(f"{name}: revoked", err=True)


def _state(row: TokenRow, now: datetime) -> str:
    if row.revoked_at:
        return "revoked"
    return "ended" if row.expires_at and row.expires_at <= now else "valid"


def _validity(row: TokenRow) -> str:
    if row.revoked_at:
        return f"revoked {row.revoked_at:%Y-%m-%d}"
    return f"until {row.expires_at:%Y-%m-%d}" if row.expires_at else "until revoked"


def _record(row: TokenRow, now: datetime) -> dict[str, Any]:
    return {
        "name": row.name,
        "scope": row.scope,
        "state": _state(row, now),
        "created_at": iso(row.created_at),
        "expires_at": iso(row.expires_at),
        "last_used_at": iso(row.last_used_at),
        "revoked_at": iso(row.revoked_at),
    }
