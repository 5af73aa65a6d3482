"""What the commands on feeds share: options, the store with today's feeds, a feed as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from worker.clock import iso
from worker.commands.common import open_store
from worker.config import Settings, load_settings
from worker.domain import Watch
from worker.errors import ConfigError
from worker.records import FeedRow
from worker.store.store import Store

watch_option = click.option(
    "--watch", "watch_name", help="The watch (needed if there are several)."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")

NO_FEEDS = "no feeds yet; add one: seedwatch feeds add URL"


@contextmanager
def synced_store(
    settings: Settings | None = None, watch_name: str | None = None
) -> Iterator[Store]:
    """The store, in which the feeds of the watches' files are known as they are now.

    Raises:
        ConfigError: there is no watch of the name that is given.
    """
    from worker.matching import build_loader
    from worker.wiring import feeds_of

    settings = settings or load_settings()
    watches = build_loader(settings).load_all(settings.seeds_dir, with_seeds=False)
    if watch_name is not None:
        _named(watches, watch_name)
    with open_store(settings) as store:
        store.feeds.sync(feeds_of(watches))
        yield store


def watch_named(settings: Settings, name: str | None) -> str:
    """The watch that is meant: the named one, or the only one there is.

    Raises:
        ConfigError: there is none of that name, or several and none is named.
    """
    from worker.matching import build_loader

    return _named(build_loader(settings).load_all(settings.seeds_dir, with_seeds=False), name)


def _named(watches: Sequence[Watch], name: str | None) -> str:
    names = [watch.name for watch in watches]
    if name is None and len(names) == 1:
        return names[0]
    if name not in names:
        problem = "no such watch." if name else "which one?"
        raise ConfigError(
            f"--watch {name or ''}".strip(), f"{problem} There are: {', '.join(names)}"
        )
    return name


def record_of(row: FeedRow) -> dict[str, Any]:
    """A feed as JSON."""
    return {
        "id": row.id,
        "url": row.url,
        "title": row.title,
        "language": row.language,
        "state": row.state,
        "watches": list(row.watches),
        "outcome": row.last_outcome,
        "detail": row.last_detail,
        "last_polled_at": iso(row.last_polled_at),
        "last_success_at": iso(row.last_success_at),
        "next_poll_at": iso(row.next_poll_at),
        "failures": row.failures,
        "entries": row.entries,
        "fetch": row.fetch,
        "overflow": row.overflow,
        "moved_to": row.moved_to,
    }
