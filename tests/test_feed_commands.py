"""`seedwatch feeds add|try|health|confirm` against a real server on loopback."""

from __future__ import annotations

import gzip
import json
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fetch.conftest import RawServer, response
from tests.sites import Item, rss
from tests.test_cli import Run, run
from worker.domain import FeedConfig, Outcome, Validators
from worker.records import PollResult
from worker.store.store import Store

__all__ = ["run"]

LINK = '<link rel="alternate" type="application/rss+xml" href="{}">'


@pytest.fixture
def server() -> Iterator[RawServer]:
    raw = RawServer()
    raw.answers["/rss"] = response(
        rss(Item("a", "A"), Item("b", "B")).encode(), content_type="text/xml"
    )
    yield raw
    raw.close()


def site(*hrefs: str) -> bytes:
    links = "".join(LINK.format(href) for href in hrefs)
    return response(f"<!doctype html><html><head>{links}</head></html>".encode(),
                    content_type="text/html")  # fmt: skip


def stored(run: Run) -> list[str]:
    return [row["url"] for row in run("feeds", "list", "--json").json]


class TestAdd:
    def test_a_feeds_own_address(self, run: Run, server: RawServer) -> None:
        assert run("feeds", "add", server.url("/rss")).code == 0
        assert stored(run) == [server.url("/rss")]

    def test_a_site_that_names_one_feed(self, run: Run, server: RawServer) -> None:
        server.answers["/"] = site("/rss")
        ran = run("feeds", "add", server.url("/"), "--title", "T", "--language", "fr")
        assert (ran.code, ran.out) == (0, f"1: {server.url('/rss')}\n")
        (row,) = run("feeds", "list", "--json").json
        assert (row["title"], row["language"]) == ("T", "fr")

    def test_of_several_feeds_none_is_added_and_all_are_listed(
        self, run: Run, server: RawServer
    ) -> None:
        server.answers["/"] = site("/rss", "/comments/rss")
        ran = run("feeds", "add", server.url("/"))
        assert ran.code == 1
        assert ran.out.split() == [server.url("/rss"), server.url("/comments/rss")]
        assert "names 2 feeds; add one of them" in ran.err
        assert stored(run) == []

    def test_a_site_whose_only_feed_is_a_sitemap_that_its_robots_txt_names(
        self, run: Run, server: RawServer
    ) -> None:
        server.answers["/"] = site()
        lines = (f"Sitemap: {server.url(path)}\n" for path in ("/all.xml", "/news.xml.gz"))
        server.answers["/robots.txt"] = response("".join(lines).encode())
        plain = "<urlset><url><loc>https://a.test/about</loc></url></urlset>"
        news = plain.replace("</url>", "<n:news><n:title>T</n:title></n:news></url>")
        server.answers["/all.xml"] = response(plain.encode())
        server.answers["/news.xml.gz"] = response(
            gzip.compress(news.replace("<urlset", "<urlset xmlns:n='n'").encode())
        )
        assert run("feeds", "add", server.url("/")).code == 0
        assert stored(run) == [server.url("/news.xml.gz")]
        seen = run("feeds", "try", server.url("/news.xml.gz"), "--json").json
        assert [entry["title"] for entry in seen["entries"]] == ["T"]

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            (
                site(),
                "not_a_feed: no feed markup; no feed is named there either; nothing was added",
            ),
            (site("/none"), "not_found: HTTP 404; nothing was added"),
            (response(status="410 Gone"), "gone: HTTP 410; nothing was added"),
        ],
    )
    def test_what_nobody_should_poll_is_refused(
        self, run: Run, server: RawServer, answer: bytes, told: str
    ) -> None:
        server.answers["/"] = answer
        ran = run("feeds", "add", server.url("/"))
        assert (ran.code, ran.err.count("\n")) == (1, 1)
        assert told in ran.err
        assert stored(run) == []

    def test_a_server_that_is_down_today_is_added_all_the_same(
        self, run: Run, server: RawServer
    ) -> None:
        server.answers["/"] = response(status="503 Later")
        ran = run("feeds", "add", server.url("/"))
        assert ran.code == 0
        assert "server_error (HTTP 503); added all the same" in ran.err
        assert stored(run) == [server.url("/")]

    def test_of_one_that_is_known_what_is_said_is_changed_and_told(
        self, run: Run, server: RawServer
    ) -> None:
        url = server.url("/rss")
        run("feeds", "add", url)
        known = run("feeds", "add", url.replace("http", "HTTP") + "#x")
        assert (known.code, known.out.splitlines()) == (
            0, [f"1: {url} is watched already (active)", "  nothing was changed"]
        )  # fmt: skip
        run("feeds", "pause", "1")
        changed = run(
            "feeds", "add", url, "--title", "T", "--language", "fr-CA", "--fetch", "triage"
        )
        assert changed.out.splitlines() == [
            f"1: {url} is watched already (paused)",
            "  title: none -> T",
            "  language: none -> fr",
            "  fetch: all -> triage",
            "  it is not polled; to go on with it: seedwatch feeds resume 1",
        ]
        (row,) = run("feeds", "list", "--json").json
        assert (row["title"], row["language"], row["fetch"]) == ("T", "fr", "triage")

    def test_what_a_watch_file_says_is_changed_there(
        self, run: Run, server: RawServer, tmp_path: Path
    ) -> None:
        watch = tmp_path / "seeds/kelp/watch.toml"
        watch.write_text(f'title = "K"\n[[feed]]\nurl = "{server.url("/rss")}"\ntitle = "T"\n')
        refused = run("feeds", "add", server.url("/rss"), "--title", "Other", "--fetch", "triage")
        assert (refused.code, refused.err.count("\n")) == (1, 1)
        assert "(feed 1), and a watch.toml names it: change title, fetch there" in refused.err
        assert run("feeds", "add", server.url("/rss"), "--title", "T").code == 0
        (row,) = run("feeds", "list", "--json").json
        assert (row["title"], row["fetch"]) == ("T", "all")

    @pytest.mark.parametrize("tag", ["no such language", "xx", ""])
    def test_a_language_that_is_none(self, run: Run, server: RawServer, tag: str) -> None:
        ran = run("feeds", "add", server.url("/rss"), "--language", tag)
        assert (ran.code, ran.err) == (
            1, f"seedwatch: --language: {tag!r} is no language; use its code, such as vi, fr or "
            "pt-BR\n",
        )  # fmt: skip
        assert (stored(run), server.requests) == ([], [])

    def test_a_page_that_asks_for_a_login_and_a_feed_that_has_moved(
        self, run: Run, server: RawServer
    ) -> None:
        server.answers["/"] = response(status="302 Found", Location="/login")
        server.answers["/login"] = response(b"<html><form><input type=password></form></html>")
        server.answers["/old"] = response(status="301 x", Location="/rss")
        login, moved = run("feeds", "add", server.url("/")), run("feeds", "add", server.url("/old"))
        assert (login.code, moved.code) == (1, 0)
        assert f"no feed markup at {server.url('/login')}, where it is redirected to" in login.err
        assert f"is redirected permanently to {server.url('/rss')}; if that lasts" in moved.err
        assert stored(run) == [server.url("/old")]

    def test_without_looking(self, run: Run, server: RawServer) -> None:
        assert run("feeds", "add", "--no-look", server.url("/none")).code == 0
        assert server.requests == []


def test_columns_are_wide_enough_for_every_state(
    run: Run, server: RawServer, tmp_path: Path
) -> None:
    run("feeds", "add", server.url("/rss"), "--title", "The News")
    with sqlite3.connect(next(tmp_path.rglob("seedwatch.db"))) as connection:
        connection.execute("UPDATE feed SET state = 'quarantined'")
    assert f"  quarantined {server.url('/rss')}" in run("feeds", "list").out
    head, line, *_ = run("feeds", "health").out.splitlines()
    assert line.index("not yet") == head.index("outcome")


def test_a_feed_can_be_made_due_by_hand(run: Run, server: RawServer) -> None:
    run("feeds", "add", server.url("/rss"))
    assert run("run", "--once", "--json").json["feeds"] == {"ok": 1}
    assert run("run", "--once", "--json").json["feeds"] == {}
    assert run("feeds", "poll", "1").out == "1: active, due now\n"
    assert run("run", "--once", "--json").json["feeds"] == {"unchanged": 1}


def test_what_is_not_polled_says_what_to_do(run: Run, tmp_path: Path) -> None:
    watch = tmp_path / "seeds/kelp/watch.toml"
    watch.write_text('title = "Kelp"\n[[feed]]\nurl = "https://a.example/rss"\n')
    assert run("feeds", "pause", "1").out == "1: paused\n"
    poll = run("feeds", "poll", "1")
    assert (poll.code, poll.err) == (
        1, "seedwatch: 1: is paused and not polled; seedwatch feeds resume 1 polls it\n"
    )  # fmt: skip
    assert "paused, not removed: a watch.toml names it" in run("feeds", "remove", "1").out
    assert run("feeds", "resume", "1").out == "1: active\n"
    watch.write_text('title = "Kelp"\n')
    pause = run("feeds", "pause", "https://a.example/rss#x")
    assert (pause.code, pause.out) == (0, "1: paused\n")


def test_one_that_no_watch_names_can_be_resumed_for_good(run: Run, tmp_path: Path) -> None:
    watch = tmp_path / "seeds/kelp/watch.toml"
    watch.write_text('title = "Kelp"\n[[feed]]\nurl = "https://a.example/rss"\n')
    run("feeds", "list")
    watch.write_text('title = "Kelp"\n')
    assert "retired" in run("feeds", "list").out
    assert run("feeds", "resume", "1").out == (
        "1: active, as one that was added by hand: no watch.toml names it\n"
    )
    assert "1  active" in run("feeds", "list").out
    assert run("feeds", "remove", "1").out == "1: removed\n"
    assert run("feeds", "list").out == ""


def test_a_feed_whose_ids_cannot_be_relied_on_says_so(run: Run, server: RawServer) -> None:
    run("feeds", "add", server.url("/rss"))
    run("run", "--once")
    (row,) = run("feeds", "health", "--json").json
    assert row["told_apart"] == {"by": "id", "since": None, "why": None}
    assert "told apart" not in run("feeds", "health").out
    server.answers["/rss"] = response(
        rss(Item("a", "A", guid="0"), Item("b", "B", guid="0")).encode()
    )
    run("feeds", "poll", "1")
    run("run", "--once")
    (row,) = run("feeds", "health", "--json").json
    assert row["told_apart"]["by"] == "id_or_address"
    assert row["told_apart"]["since"]
    assert f"told apart by id or address since {row['told_apart']['since'][:10]}" in (
        run("feeds", "health").out
    )


class TestTry:
    def test_it_shows_what_a_poll_would_store_and_stores_nothing(
        self, run: Run, server: RawServer, tmp_path: Path
    ) -> None:
        for _ in range(2):
            shown = run("feeds", "try", server.url("/rss"), "--json").json
            assert (shown["outcome"], shown["title"], shown["language"]) == ("ok", "The News", "en")
            assert shown["counts"] == {"new": 2}
            assert shown["entries"][0]["id"] == "a"
            assert shown["entries"][0]["url"] == "https://news.example/a"
            assert shown["next_poll_at"] > datetime.now(UTC).isoformat()
            assert not shown["is_feed_known"]
        with sqlite3.connect(tmp_path / "data/seedwatch.db") as database:
            for table in ("feed", "article", "sighting", "fetch_event"):
                assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)

    def test_known_edited_and_new_entries_are_told_apart(
        self, run: Run, server: RawServer, tmp_path: Path
    ) -> None:
        watch = tmp_path / "seeds/kelp/watch.toml"
        watch.write_text(f'title = "Kelp"\n[[feed]]\nurl = "{server.url("/rss")}"\n')
        assert run("run", "--once", "--json").json["feeds"] == {"ok": 1}
        body = rss(Item("a", "A"), Item("b", "B, edited"), Item("c", "C", date="soon"))
        server.answers["/rss"] = response(body.encode())
        shown = run("feeds", "try", server.url("/rss"), "--json").json
        assert [entry["status"] for entry in shown["entries"]] == ["known", "edited", "new"]
        assert shown["is_feed_known"]
        assert "1 entry has no date that can be believed" in shown["warnings"]
        server.answers["/other"] = response(body.encode())
        shown = run("feeds", "try", server.url("/other"), "--json").json
        assert [entry["status"] for entry in shown["entries"]] == [
            "new_sighting", "new_sighting", "new",
        ]  # fmt: skip

    def test_a_page_a_redirect_and_a_failure(self, run: Run, server: RawServer) -> None:
        server.answers["/"] = site("/rss")
        server.answers["/old"] = response(status="301 x", Location="/rss")
        page = run("feeds", "try", server.url("/"), "--json")
        assert (page.code, page.json["outcome"]) == (1, "not_a_feed")
        assert page.json["feeds"] == [server.url("/rss")]
        told = run("feeds", "try", server.url("/old")).out
        assert f"warning: is redirected permanently to {server.url('/rss')}" in told
        gone = run("feeds", "try", server.url("/none"))
        assert (gone.code, gone.err.count("\n")) == (1, 1)
        assert "not_found" in gone.out


class TestHealth:
    def test_a_move_is_shown_and_confirmed(
        self, run: Run, server: RawServer, tmp_path: Path
    ) -> None:
        run("feeds", "add", "--no-look", server.url("/old"))
        server.answers["/old"] = response(status="301 x", Location="/rss")
        for _ in range(5):
            with sqlite3.connect(tmp_path / "data/seedwatch.db") as database:
                database.execute("UPDATE feed SET due_at = '2026-01-01 00:00:00', hinted_at = NULL")
            run("run", "--once", "--json")
        (row,) = run("feeds", "health", "--json").json
        assert (row["needs"], row["moved_count"]) == ("confirm", 5)
        assert "seedwatch feeds confirm 1" in run("feeds", "health").out
        ran = run("feeds", "confirm", server.url("/old"))
        assert ran.out == f"1: {server.url('/old')} -> {server.url('/rss')}\n"
        assert stored(run) == [server.url("/rss")]
        again = run("feeds", "confirm", "1")
        assert (again.code, again.err.count("\n")) == (1, 1)
        assert "nothing to confirm" in again.err

    def test_thousands_of_feeds_are_quick_and_sorted(self, run: Run, tmp_path: Path) -> None:
        feeds = "".join(f'[[feed]]\nurl = "https://f{n}.example/rss"\n' for n in range(3000))
        (tmp_path / "seeds/kelp/watch.toml").write_text(f'title = "Kelp"\n{feeds}')
        run("feeds", "list")
        store = Store(f"sqlite:///{tmp_path / 'data/seedwatch.db'}")
        (job,) = store.feeds.claim([1234])
        store.feeds.finish_poll(
            PollResult(job, Outcome.GONE, datetime.now(UTC) + timedelta(1), False, "HTTP 410",
                       validators=Validators())
        )  # fmt: skip
        store.close()
        started = time.process_time()
        found = run("feeds", "health", "--json").json
        assert time.process_time() - started < 5
        assert len(found) == 3000
        assert (found[0]["id"], found[0]["needs"]) == (1234, "new_address")


def test_syncing_asks_the_database_a_fixed_number_of_times(sqlite_store: Store) -> None:
    feeds = {"kelp": [FeedConfig(f"https://f{n}.example/rss") for n in range(400)]}
    sqlite_store.feeds.sync(feeds)
    import sqlalchemy as sa

    asked: list[str] = []
    engine = sqlite_store.database._engine
    sa.event.listen(engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    sqlite_store.feeds.sync(feeds)
    assert len(sqlite_store.feeds.rows()) == 400
    assert len(asked) < 15, json.dumps(asked)
