"""A backup is one moment of the store in one file; what is restored is what was there."""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.store.test_store import URL, entry, poll
from worker.domain import FeedConfig
from worker.errors import DamagedError, InputError, SeedwatchError, StoreError
from worker.folderlock import FolderLock
from worker.store.backup import back_up, contents_of, restore
from worker.store.schema import metadata
from worker.store.store import Store

pytestmark = pytest.mark.skipif(not shutil.which("pg_dump"), reason="no pg_dump")


@pytest.fixture
def filled(store: Store) -> Store:
    store.feeds.sync({"kelp": [FeedConfig(URL)]})
    poll(store, entry("a"), entry("ạ́ 海藻 \U0001f30a", text="x" * 10_000))
    return store


def rows_of(store: Store) -> dict[str, list[Any]]:
    with store.database.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in metadata.sorted_tables
        }


def test_what_is_restored_is_what_was_there(filled: Store, tmp_path: Path) -> None:
    before = rows_of(filled)
    contents = back_up(filled.database, tmp_path / "backup")
    assert str(contents) == "1 feeds, 2 articles, 0 matches, 0 reviews"
    poll(filled, entry("after the backup"))
    with filled.database.write() as connection:
        connection.exec_driver_sql("UPDATE feed SET title = 'spoilt'")
    assert restore(filled.database, tmp_path / "backup", force=True) == contents
    assert rows_of(filled) == before
    poll(filled, entry("after restoring"))  # keys go on where they were
    assert contents_of(filled.database).counts["articles"] == 3


def test_a_backup_among_writes_is_one_moment_of_them(filled: Store, tmp_path: Path) -> None:
    stopped, written = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not stopped.is_set():
            number += 1
            poll(filled, *[entry(f"{number}/{one}") for one in range(7)])
            written.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(30)
        contents = back_up(filled.database, tmp_path / "backup")
    finally:
        stopped.set()
        writer.join()
    assert contents.counts["articles"] % 7 == 2
    restore(filled.database, tmp_path / "backup", force=True)
    with filled.database.read() as connection:
        sightings = connection.exec_driver_sql("SELECT count(*) FROM sighting").scalar()
    assert contents_of(filled.database).counts["articles"] == sightings
    assert sightings % 7 == 2


def test_a_store_that_holds_something_is_not_replaced_unasked(
    filled: Store, tmp_path: Path
) -> None:
    back_up(filled.database, tmp_path / "backup")
    poll(filled, entry("new"))
    before = rows_of(filled)
    with pytest.raises(StoreError, match=r"1 feeds, 3 articles.* --force"):
        restore(filled.database, tmp_path / "backup", force=False)
    assert rows_of(filled) == before


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3000])


def _nothing(path: Path) -> None:
    path.write_bytes(b"")


def _garbage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200] + b"\xff" * 20_000)


def _cut_deep(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def _other(path: Path) -> None:
    path.write_text("hello")


@pytest.mark.parametrize("damage", [_cut, _nothing, _garbage, Path.unlink])
def test_a_damaged_backup_is_named_and_nothing_is_touched(
    filled: Store, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    file = tmp_path / "backup"
    back_up(filled.database, file)
    damage(file)
    before = rows_of(filled)
    with pytest.raises(InputError, match=r"backup: (is|cannot be read)") as caught:
        restore(filled.database, file, force=True)
    assert "\n" not in str(caught.value)
    assert rows_of(filled) == before


@pytest.mark.parametrize("damage", [_cut_deep, _garbage, _other])
def test_a_backup_takes_the_place_of_a_damaged_store_that_is_kept(
    sqlite_store: Store, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    sqlite_store.feeds.sync({"kelp": [FeedConfig(URL)]})
    poll(sqlite_store, entry("a"), entry("b"))
    contents = back_up(sqlite_store.database, tmp_path / "backup")
    sqlite_store.close()
    file = sqlite_store.database.file
    assert file
    damage(file)
    damaged = file.read_bytes()
    with pytest.raises(DamagedError, match="restore --force"):
        sqlite_store.check()
    with pytest.raises(DamagedError):
        restore(sqlite_store.database, tmp_path / "backup", force=False)
    assert file.read_bytes() == damaged
    assert restore(sqlite_store.database, tmp_path / "backup", force=True) == contents
    sqlite_store.check()
    (kept,) = file.parent.glob(f"{file.name}.damaged-*")
    assert kept.read_bytes() == damaged


def test_a_backup_of_something_else_is_refused(filled: Store, tmp_path: Path) -> None:
    other = Store(f"sqlite:///{tmp_path / 'other.db'}")
    with other.database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x INTEGER)")
    with pytest.raises(InputError, match=r"no backup of seedwatch|is a backup of SQLite"):
        restore(filled.database, tmp_path / "other.db", force=True)
    with pytest.raises(StoreError, match="nothing to back up"):
        back_up(other.database, tmp_path / "backup")
    other.close()


def test_a_backup_of_the_other_kind_is_refused(
    sqlite_store: Store, postgres_url: str, tmp_path: Path
) -> None:
    postgres = Store(postgres_url)
    postgres.migrate()
    back_up(sqlite_store.database, tmp_path / "sqlite")
    back_up(postgres.database, tmp_path / "postgres")
    with pytest.raises(InputError, match="is a backup of SQLite, and the store is PostgreSQL"):
        restore(postgres.database, tmp_path / "sqlite", force=True)
    with pytest.raises(InputError, match="is a backup of PostgreSQL, and the store is SQLite"):
        restore(sqlite_store.database, tmp_path / "postgres", force=True)
    postgres.close()


def test_a_backup_of_a_newer_version_is_refused(sqlite_store: Store, tmp_path: Path) -> None:
    with sqlite_store.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    back_up(sqlite_store.database, tmp_path / "backup")
    with pytest.raises(InputError, match="newer version"):
        restore(sqlite_store.database, tmp_path / "backup", force=True)


def test_a_backup_takes_the_place_of_an_older_one_only_when_it_is_whole(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "backup"
    file.write_text("an older one")
    if filled.database.file:
        with pytest.raises(InputError, match="is the database itself"):
            back_up(filled.database, filled.database.file)
    with pytest.raises(InputError, match="cannot be written"):
        back_up(filled.database, tmp_path / "no such folder" / "backup")
    back_up(filled.database, file)
    assert file.stat().st_size > 1000
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_without_postgresqls_programs_it_is_one_clear_line(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres = Store(postgres_url)
    postgres.migrate()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(StoreError, match=r"pg_dump is not installed.*postgresql-client"):
        back_up(postgres.database, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
    postgres.close()


@pytest.mark.parametrize("place", [0.3, 0.6, 0.97])
def test_a_dump_that_breaks_while_it_is_restored_changes_nothing(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: float
) -> None:
    from worker.store import pgdump

    store = Store(postgres_url)
    store.migrate()
    store.feeds.sync({"kelp": [FeedConfig(URL)]})
    poll(store, *[entry(f"{number}", text=secrets.token_hex(5_000)) for number in range(30)])
    file = tmp_path / "backup"
    back_up(store.database, file)
    poll(store, entry("after the backup"))
    before = rows_of(store)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * place)])
    monkeypatch.setattr(pgdump, "verify", lambda _file: None)  # it breaks only now
    with pytest.raises(StoreError, match="pg_restore: error"):
        restore(store.database, file, force=True)
    assert rows_of(store) == before
    store.close()


def test_a_password_is_in_no_error_and_no_argument(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from worker.store import pgdump

    url = sa.make_url(postgres_url).set(password="hush-hush", port=1)
    with pytest.raises(SeedwatchError) as caught:
        pgdump.dump(url, "public", tmp_path / "backup")
    assert "hush" not in str(caught.value)
    seen: list[str] = []
    monkeypatch.setattr(
        "subprocess.Popen", lambda args, **_: seen.extend(args) or pytest.skip.Exception
    )
    with pytest.raises(AttributeError):
        pgdump.dump(url, "public", tmp_path / "backup")
    assert seen
    assert not any("hush" in arg for arg in seen)


def test_the_commands_tell_what_they_did(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from worker.cli import main

    monkeypatch.setenv("SEEDWATCH_DATABASE_URL", f"sqlite:///{tmp_path / 'store.db'}")
    sqlite_store.feeds.sync({"kelp": [FeedConfig(URL)]})

    def run(*args: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["seedwatch", *args])
        try:
            main()
        except SystemExit as error:
            return int(error.code or 0), capsys.readouterr().err
        return 0, capsys.readouterr().out

    assert run("backup", "b.db") == (
        0,
        "b.db: 1 feeds, 0 articles, 0 matches, 0 reviews; verified\n",
    )
    code, told = run("restore", "b.db")
    assert (code, "--force" in told, told.count("\n")) == (1, True, 1)
    assert run("restore", "b.db", "--force")[0] == 0
    with FolderLock(Path("data")):
        code, told = run("restore", "b.db", "--force")
    assert (code, "in use" in told) == (2, True)
