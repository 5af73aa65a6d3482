"""What several commands share: output on stdout, everything else on stderr, and opening things."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from worker.clock import read_time, utc_now
from worker.config import Settings, load_settings
from worker.domain import ExtractedArticle, Fetched
from worker.errors import InputError, ParseError

if TYPE_CHECKING:
    from worker.store.store import Store

_MAX_INPUT_BYTES = 20_000_000
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def print_json(document: Any) -> None:
    """Print one JSON document on stdout: the only thing there."""
    is_utf8 = (sys.stdout.encoding or "").lower().startswith("utf")
    click.echo(json.dumps(document, ensure_ascii=not is_utf8, indent=2))


def start_reporting(settings: Settings) -> None:
    """Log to stderr, and send traces and errors to where the settings say.

    Raises:
        ConfigError: what is to be sent cannot be.
    """
    from worker.logs import start_logging  # costly: most commands only print
    from worker.telemetry import start_telemetry

    start_logging(settings)
    start_telemetry(settings)


@contextmanager
def open_store(settings: Settings | None = None) -> Iterator[Store]:
    """The store, migrated if it is this machine's own file.

    Raises:
        StoreError: it cannot be reached or has another version's schema.
    """
    from worker.wiring import build_store

    settings = settings or load_settings()
    store = build_store(settings)
    try:
        if store.database.is_sqlite:
            store.migrate()
        store.check()
        yield store
    finally:
        store.close()


def read_input(source: str, settings: Settings, *, max_bytes: int = _MAX_INPUT_BYTES) -> Fetched:
    """Read what a command was pointed at.

    Args:
        source: a path, an http(s) address, or `-` for stdin.
        settings: for fetching.
        max_bytes: more than that is refused.

    Raises:
        InputError: the file cannot be read or is too large.
        FetchError: the address cannot be fetched.
    """
    if source.startswith(("http://", "https://")):
        from worker.wiring import build_fetcher

        got = build_fetcher(settings).fetch(source, max_bytes=max_bytes)
        if not isinstance(got, Fetched):  # no validators were sent, so a 304 answers nothing
            raise InputError(source, "the server answered 304 to an unconditional request")
        return got
    try:
        with click.open_file(source, "rb") as file:
            body = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:  # a ValueError for a path with a null character
        problem = getattr(error, "strerror", None) or error
        raise InputError(source, f"cannot be read: {problem}") from error
    if len(body) > max_bytes:
        raise InputError(source, f"larger than {max_bytes:,} bytes")
    headers = {"content-type": _content_type(source)} if source != "-" else {}
    return Fetched(source, source, 200, headers, body)


def parse_isolated(target: str, *args: Any, **kwargs: Any) -> Any:
    """Call a parser in a child that can be killed: what a command is pointed at may be hostile.

    Raises:
        ParseError: as the parser does, or since it took too long or too much memory.
    """
    from worker.isolation import Isolation

    isolation = Isolation()
    try:
        return isolation.call(target, *args, **kwargs)
    finally:
        isolation.close()


def extract_isolated(got: Fetched, url: str | None) -> ExtractedArticle:
    """The article on a page that was read or fetched.

    Raises:
        InputError: there is none; names the source.
    """
    try:
        found: ExtractedArticle = parse_isolated(
            "worker.extract.page:extract_article",
            got.body,
            url=url,
            content_type=got.headers.get("content-type", ""),
            now=utc_now(),
        )
    except ParseError as error:
        raise InputError(got.url, f"no article found: {error}") from error
    return found


def parse_since(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    """Read --since: an ISO date or time, or an age such as 24h, 7d, 2w."""
    if value is None:
        return None
    number, unit = value[:-1], value[-1:].lower()
    try:
        if unit in _UNITS and number.isdecimal():
            return datetime.now(UTC) - timedelta(**{_UNITS[unit]: int(number)})
        return read_time(value)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(
            f"{value!r} is no date (2026-03-01), time or age (24h, 7d, 2w)"
        ) from error


def _content_type(path: str) -> str:
    suffix = Path(path).suffix.lower()
    return {".txt": "text/plain", ".md": "text/plain", ".json": "application/json"}.get(suffix, "")
