"""`seedwatch backup` and `restore`: the store in one file."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from worker.config import load_settings
from worker.folderlock import FolderLock

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
def backup(file: Path) -> None:
    """Copy the store into FILE while everything runs, and verify the copy.

    An older FILE is replaced when the new one is whole. Seeds and settings are files already:
    keep a copy of them as well. PostgreSQL needs its `pg_dump` and `pg_restore` here.
    """
    from worker.store.backup import back_up
    from worker.wiring import build_store

    store = build_store(load_settings())  # not migrated: one backs up before an upgrade
    try:
        contents = back_up(store.database, file)
    finally:
        store.close()
    click.echo(f"{file}: {contents}; verified")


@click.command()
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Replace a store that is not empty.")
def restore(file: Path, force: bool) -> None:
    """Put what `backup` wrote into the store, and bring it to this version.

    Stop everything else first. FILE is verified before anything is touched; then all is replaced
    or nothing.
    """
    from worker.store.backup import restore as put_back
    from worker.wiring import build_store

    settings = load_settings()
    with ExitStack() as stack:
        if settings.is_embedded:
            stack.enter_context(FolderLock(settings.data_dir))
        store = build_store(settings)
        stack.callback(store.close)
        contents = put_back(store.database, file, force=force)
    click.echo(f"{store.database.url}: {contents}; restored and verified")
