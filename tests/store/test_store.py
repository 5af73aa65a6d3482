"""Claims, faults of text and time, and migrations: the same on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tests.fakes import FakeClock, flat
from worker.domain import FeedConfig, Outcome, Validators, Verdict
from worker.errors import ConfigError, NotFoundError, StoreError
from worker.records import ArticleResult, NewEntry, PollResult
from worker.store.claims import LEASE
from worker.store.feeds import hash_of
from worker.store.schema import metadata
from worker.store.states import PAUSED
from worker.store.store import Store

URL = "https://news.example/rss"


def entry(name: str, **more: object) -> NewEntry:
    values: dict[str, object] = {
        "entry_hash": hash_of(name),
        "key_hash": hash_of(name),
        "change_hash": hash_of(name),
        "url": f"https://news.example/{hash_of(name)[:8]}",
        "title": name,
        "text": "",
        "author": None,
        "language": "en",
        "outlet": None,
        "published_at": None,
        "published_raw": None,
    }
    return NewEntry(**{**values, **more})  # type: ignore[arg-type]


def poll(store: Store, *entries: NewEntry) -> list[int]:
    store.feeds.poll_now()
    (job,) = store.feeds.claim(flat(store.feeds.hint_due()))
    ids = store.feeds.finish_poll(
        PollResult(job, Outcome.OK, datetime(2026, 4, 1, tzinfo=UTC), True, entries=entries,
                   validators=Validators())
    )  # fmt: skip
    assert ids is not None
    return ids


@pytest.fixture
def fed(store: Store) -> Store:
    store.feeds.sync({"kelp": [FeedConfig(URL)]})
    return store


def test_a_claim_is_held_by_one_until_its_lease_ends(fed: Store, clock: FakeClock) -> None:
    ids = poll(fed, entry("a"), entry("b"))
    assert len(fed.articles.claim(ids)) == 2
    assert fed.articles.claim(ids) == []
    clock.advance(seconds=LEASE.total_seconds() + 1)
    assert [job.tries for job in fed.articles.claim(ids)] == [2, 2]


def test_of_many_claims_at_once_one_wins(fed: Store) -> None:
    ids = poll(fed, *[entry(f"article {number}") for number in range(20)])
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda _: fed.articles.claim(ids), range(8)))
    assert sorted(job.id for jobs in claimed for job in jobs) == ids


def test_a_released_article_is_due_again_and_not_counted_as_tried(fed: Store) -> None:
    ids = poll(fed, entry("a"))
    fed.articles.release(fed.articles.claim(ids))
    assert [job.tries for job in fed.articles.claim(ids)] == [1]


def test_an_article_that_is_to_be_tried_again_is_due_at_that_very_moment(
    fed: Store, clock: FakeClock
) -> None:
    clock.advance(seconds=0.5)  # SQLite compares times as texts, to the last digit
    (job,) = fed.articles.claim(poll(fed, entry("a")))
    retry_at = clock() + timedelta(minutes=10)
    result = ArticleResult(job, Outcome.FAILED, retry_at=retry_at)
    assert fed.articles.finish([result], {}) == {job.id: Outcome.FAILED}
    assert not fed.articles.claim([job.id])
    clock.advance(minutes=10)
    assert fed.articles.claim([job.id])


def test_a_backlog_is_handed_out_a_thousand_at_a_time(fed: Store, clock: FakeClock) -> None:
    poll(fed, *[entry(f"{number}") for number in range(1_100)])
    clock.advance(seconds=61)
    batches = fed.articles.hint_due()
    assert (len(batches), sum(map(len, batches))) == (40, 1_000)
    assert sum(map(len, fed.articles.hint_due())) == 100


def test_a_hint_is_not_repeated_within_a_minute(fed: Store, clock: FakeClock) -> None:
    ids = poll(fed, entry("a"))
    assert fed.articles.hint_due() == []  # the poll itself has handed it out
    clock.advance(seconds=61)
    assert fed.articles.hint_due() == [ids]
    assert fed.articles.hint_due() == []


def test_two_feeds_that_bring_one_article_at_once_make_one(fed: Store) -> None:
    other = "https://other.example/rss"
    fed.feeds.sync({"kelp": [FeedConfig(URL), FeedConfig(other)]})
    jobs = fed.feeds.claim(flat(fed.feeds.hint_due()))
    entries = tuple(entry(f"article {number}") for number in range(50))
    results = [
        PollResult(job, Outcome.OK, job_time, True, entries=entries)
        for job, job_time in zip(jobs, [datetime(2026, 4, 1, tzinfo=UTC)] * 2, strict=True)
    ]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(fed.feeds.finish_poll, results))
    assert fed.articles.counts() == {"pending": 50}
    assert [row.entries for row in fed.feeds.rows()] == [50, 50]


POISON = [
    "NUL \0 inside",
    "a lone surrogate \ud800 inside",
    "right-to-left \u202e override",
    "é" * 10_000,
    "tab\tand\nnew line",
]


def test_poisoned_text_gives_readable_rows_the_same_twice(fed: Store) -> None:
    entries = [entry(f"p{number}", title=text, text=text) for number, text in enumerate(POISON)]
    assert len(poll(fed, *entries)) == len(POISON)
    assert poll(fed, *entries) == []
    with fed.database.read() as connection:
        titles = connection.execute(sa.text("SELECT entry_title FROM article ORDER BY id"))
        found = {row.entry_title for row in titles}
    assert "NUL  inside" in found
    assert "a lone surrogate  inside" in found
    assert "tab\tand\nnew line" in found


def test_a_feed_that_no_file_names_retires_and_comes_back(fed: Store) -> None:
    fed.feeds.sync({"kelp": []})
    assert [row.state for row in fed.feeds.rows()] == ["retired"]
    assert fed.feeds.hint_due() == []
    fed.feeds.sync({"kelp": [FeedConfig(URL)]})
    assert [row.state for row in fed.feeds.rows()] == ["active"]


def test_a_paused_feed_is_not_polled_and_stays_paused(fed: Store) -> None:
    feed_id = fed.feeds.find(URL)
    fed.feeds.set_state(feed_id, PAUSED)
    fed.feeds.sync({"kelp": [FeedConfig(URL)]})
    assert fed.feeds.hint_due() == []


def test_a_verdict_on_no_match_is_a_clear_error(fed: Store) -> None:
    with pytest.raises(NotFoundError, match="404"):
        fed.matches.review(404, Verdict.RELEVANT)


def test_naive_times_are_refused(fed: Store) -> None:
    with pytest.raises(sa.exc.StatementError, match="naive"):
        poll(fed, entry("a", published_at=datetime(2026, 1, 1)))


def test_times_come_back_aware_and_equal(fed: Store) -> None:
    moment = datetime(2026, 1, 1, 12, 30, 15, 123456, tzinfo=UTC)
    (article_id,) = poll(fed, entry("a", published_at=moment))
    (job,) = fed.articles.claim([article_id])
    assert job.published_at == moment
    assert job.published_at is not None
    assert job.published_at.utcoffset() == timedelta(0)


def test_the_migrations_make_the_schema_that_the_code_uses(store: Store) -> None:
    # what one database alone has is not in the metadata: the tests of search and plans need it
    own = ("search_index", "ix_search_tokens", "ix_tally_value")
    opts = {
        "compare_type": False,
        "include_object": lambda _item, name, *_: not (name or "").startswith(own),
    }
    with store.database.read() as connection:
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []


def test_a_process_whose_connections_are_all_in_use_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.database._engine.pool, "_timeout", 0.01)
    with ExitStack() as stack:

        def hold_all() -> None:
            for _ in range(100):
                stack.enter_context(store.database.read())

        with pytest.raises(StoreError, match="are in use"):
            hold_all()
    store.check()


def test_a_store_of_a_newer_version_is_refused_not_touched(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer version"):
        store.migrate()
    with pytest.raises(StoreError, match="run that version"):
        store.check()


def test_an_empty_database_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="seedwatch migrate"):
        Store(f"sqlite:///{tmp_path / 'new.db'}").check()


@pytest.mark.parametrize("url", ["nonsense", "mysql://u:secret@h/d", "sqlite:////proc/x/y.db"])
def test_an_unusable_url_is_named_without_its_password(url: str) -> None:
    with pytest.raises((ConfigError, StoreError)) as caught:
        Store(url).check()
    assert "secret" not in str(caught.value)


def test_an_unreachable_postgresql_is_one_line_without_the_password() -> None:
    pytest.importorskip("psycopg")
    store = Store("postgresql://user:secret@127.0.0.1:1/none")
    with pytest.raises(StoreError) as caught:
        store.check()
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture
def two_processes(store: Store, store_url: str) -> Iterator[Store]:
    other = Store(store_url)
    yield other
    other.close()


def test_migrating_twice_does_nothing(store: Store, two_processes: Store) -> None:
    two_processes.migrate()
    assert two_processes.revision() == store.revision()
