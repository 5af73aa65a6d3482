"""`seedwatch doctor`: what is wrong, and what to do."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict

import click

from worker import __version__, health
from worker.commands.common import print_json
from worker.config import Settings, load_settings
from worker.domain import Watch
from worker.errors import ConfigError, DamagedError, SchemaError, SeedwatchError
from worker.health import Finding
from worker.store.states import ACTIVE, OFF
from worker.store.store import Store

_MARKS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--probe",
    type=click.Choice(list(health.PROBES)),
    help="Only what one container's health check needs; quick.",
)
def doctor(as_json: bool, probe: str | None) -> None:
    """Look at configuration, store, broker, encoder and feeds: what is wrong and what to do.

    Exit code 1 if anything has failed, 2 if the configuration itself is wrong.
    """
    settings = load_settings()
    findings = list(_probe(settings, probe) if probe else _examine(settings))
    is_well = all(finding.status != "fail" for finding in findings)
    if as_json:
        print_json({"ok": is_well, "findings": [asdict(finding) for finding in findings]})
    for finding in [] if as_json else findings:
        click.echo(f"{_MARKS[finding.status]}  {finding.name:<14} {finding.detail}")
        if finding.remedy:
            click.echo(f"{'':22}-> {finding.remedy}")
    if not is_well:
        sys.exit(1)


def _probe(settings: Settings, name: str) -> Iterator[Finding]:
    store = Store(settings.store_url)  # not by the wiring, which imports parsers and matcher
    stored = _store_finding(store)
    yield stored
    for look in health.PROBES[name]:
        if stored.status == "fail" and look is not health.broker:
            continue  # the others ask the store, and would say the same again
        yield _guarded(look.__name__, lambda look=look: look(store, settings))  # type: ignore[misc]


def _examine(settings: Settings) -> Iterator[Finding]:
    from worker.wiring import build_store

    yield Finding(
        "seedwatch",
        "ok",
        f"{__version__}, Python {platform.python_version()}, {platform.system()} "
        f"{platform.machine()}, {'embedded' if settings.is_embedded else 'with a broker'}",
    )
    watches: list[Watch] = []
    yield _guarded("watches", lambda: _watches_finding(settings, watches))
    store = build_store(settings)
    if store.database.is_sqlite:
        yield _guarded("migrations", lambda: _migrated(store))
    stored = _store_finding(store)
    yield stored
    yield health.broker(store, settings)
    yield _guarded("encoder", lambda: _encoder_finding(settings))
    if stored.status == "ok":
        yield from _examine_store(store, settings, watches)
    store.close()


def _examine_store(store: Store, settings: Settings, watches: list[Watch]) -> Iterator[Finding]:
    yield _guarded("feeds", lambda: _feeds_finding(store))
    yield _guarded("articles", lambda: health.oldest_due(store, settings))
    yield _guarded("due feeds", lambda: health.oldest_due_feed(store, settings))
    yield _guarded("deliveries", lambda: health.oldest_due_delivery(store, settings))
    yield _guarded("channels", lambda: _channels_finding(store, watches))
    yield _guarded("quarantine", lambda: health.given_up(store))
    yield _guarded("poll_due", lambda: health.poll_age(store, settings))
    yield _guarded("sweep", lambda: health.sweep_age(store, settings))


def _guarded(name: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except ConfigError as error:
        return Finding(name, "fail", error.where, error.problem)
    except SeedwatchError as error:
        return Finding(name, "fail", str(error), "see the message")


def _migrated(store: Store) -> Finding:
    store.migrate()
    return Finding("migrations", "ok", f"schema {store.revision()}")


def _store_finding(store: Store) -> Finding:
    try:
        store.check()
    except (SchemaError, DamagedError) as error:
        return Finding("store", "fail", str(error), "see the message")
    except SeedwatchError as error:
        return Finding(
            "store", "fail", str(error), "check SEEDWATCH_DATABASE_URL, and that it runs"
        )
    return Finding("store", "ok", store.database.url)


def _watches_finding(settings: Settings, watches: list[Watch]) -> Finding:
    from worker.matching import build_loader
    from worker.wiring import feeds_of

    watches += build_loader(settings).load_all(settings.seeds_dir)
    feeds = sum(len(found) for found in feeds_of(watches).values())
    seeds = sum(len(watch.seeds) for watch in watches)
    return Finding("watches", "ok", f"{len(watches)} with {seeds} seeds and {feeds} feeds")


def _encoder_finding(settings: Settings) -> Finding:
    from worker.matching import build_encoder

    encoder = build_encoder(settings)
    vectors = encoder.encode(["Seedwatch looks whether its encoder works."])
    return Finding("encoder", "ok", f"{encoder.name}, {vectors.shape[1]} dimensions")


def _channels_finding(store: Store, watches: Sequence[Watch]) -> Finding:
    named = {(watch.name, one.name) for watch in watches for one in watch.channels}
    rows = [row for row in store.channels.rows() if (row.watch, row.name) in named]
    wrong = [
        f"{row.watch}/{row.name} {'off' if row.state == OFF else 'failing'}"
        for row in rows
        if row.state == OFF or row.failures
    ]
    if wrong:
        remedy = "`seedwatch channels list` says why; `channels test NAME` tries one"
        return Finding("channels", "warn", ", ".join(wrong), remedy)
    return Finding("channels", "ok", f"{len(named)} named, none failing")


def _feeds_finding(store: Store) -> Finding:
    rows = [row for row in store.feeds.rows() if row.state == ACTIVE]
    failing = [row for row in rows if row.failures]
    never = sum(1 for row in rows if row.last_polled_at is None)
    detail = f"{len(rows)} active, {len(failing)} failing, {never} not polled yet"
    if rows and len(failing) * 2 > len(rows):
        return Finding("feeds", "warn", detail, "`seedwatch feeds health` names them")
    return Finding("feeds", "ok", detail)
