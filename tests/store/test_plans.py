"""Lists and counts are answered from indices: nothing walks the stored articles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bench import lists
from tests.fakes import FakeClock
from tests.store.arrivals import arrive
from tests.story.members import member
from worker.domain import Verdict
from worker.records import MatchFilter
from worker.store.store import Store

ASKED: dict[str, Callable[[Store], Any]] = {
    "inbox": lambda store: list(store.matches.rows(MatchFilter(unreviewed=True, limit=51))),
    "all": lambda store: list(store.matches.rows(MatchFilter(before_id=9, limit=51))),
    "verdict": lambda store: list(store.matches.rows(MatchFilter(verdict=Verdict.UNSURE))),
    "language": lambda store: list(store.matches.rows(MatchFilter(language="ja", limit=51))),
    "outlet": lambda store: list(store.matches.rows(MatchFilter(outlet="x", limit=51))),
    "words": lambda store: list(store.matches.rows(MatchFilter(text="kelp", limit=51))),
    "phrase": lambda store: list(store.matches.rows(MatchFilter(text="映画祭", limit=51))),
    "older words": lambda store: list(store.matches.rows(MatchFilter(text="kelp", before_id=9))),
    "above": lambda store: store.matches.newer_id(MatchFilter(unreviewed=True), 3),
    "languages": lambda store: store.matches.language_counts(),
    "outlets": lambda store: store.matches.outlet_counts(),
    "verdicts": lambda store: store.matches.verdict_counts(),
    "misses": lambda store: store.matches.near_misses("kelp"),
    "history": lambda store: store.reviews.history(1),
    "act": lambda store: store.reviews.of_act("a"),
    "days": lambda store: store.tallies.by_day(date(2026, 1, 1)),
    "of languages": lambda store: store.tallies.by_language(date(2026, 1, 1), "kelp"),
    "of outlets": lambda store: store.tallies.by_outlet(date(2026, 1, 1), None, 20),
    "polls": lambda store: store.feed_history.polls(1, 20),
    "entries": lambda store: store.feed_history.entries(1, 10),
    "stories": lambda store: store.stories.lines(MatchFilter(unreviewed=True), 51, 6),
    "older stories": lambda store: store.stories.lines(MatchFilter(before_id=3), 51, 6),
    "stories of a verdict": lambda store: store.stories.lines(
        MatchFilter(verdict=Verdict.UNSURE), 51, 6
    ),
    "stories in a language": lambda store: store.stories.lines(MatchFilter(language="ja"), 51, 6),
    "stories with words": lambda store: store.stories.lines(
        MatchFilter(text="key", before_id=3), 51, 6
    ),
    "story": lambda store: [
        store.stories.entries(1, 200),
        store.stories.size(1),
        store.stories.id_of(1),
        store.stories.seen(1, 9, MatchFilter()),
        store.story_decisions.history(1),
    ],
    "match": lambda store: [store.matches.sightings(1), store.matches.versions(1)],
}
OF_STORIES = {name for name in ASKED if name.startswith(("stor", "older stor"))}
SORTS = {"days", "languages", "outlets", "match", *OF_STORIES}
"""These sort what they have found: a few languages, outlets, sightings, the matches of stories."""


@pytest.mark.parametrize("asked", ASKED)
def test_an_index_answers(sqlite_store: Store, clock: FakeClock, asked: str) -> None:
    said: list[tuple[str, Any]] = []
    if asked in OF_STORIES:  # of nothing found nothing more is asked
        arrive(sqlite_store, clock, [member(one, language="ja") for one in (1, 2, 3)])
        sqlite_store.matches.review(1, Verdict.UNSURE)

    def listen(*given: Any) -> None:
        said.append((given[2], given[3]))

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        ASKED[asked](sqlite_store)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)
    queries = [(sql, values) for sql, values in said if sql.lstrip().startswith("SELECT")]
    assert queries
    with sqlite_store.database.read() as connection:
        for sql, values in queries:
            plan = [
                row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
            ]
            for step in plan:
                walks = step.startswith("SCAN") and not step.startswith("SCAN search_index VIRTUAL")
                is_by_index = "USING COVERING INDEX" in step or step == "SCAN match"
                is_by_index |= step.startswith(("SCAN (subquery", "SCAN anon_"))  # of what is found
                assert not walks or is_by_index or "verdicts" in step, plan
                assert asked in SORTS or "TEMP B-TREE FOR ORDER BY" not in step, plan
            assert asked == "all" or "SCAN match" not in plan, plan


@pytest.mark.parametrize("asked", ["days", "of languages", "of outlets"])
def test_counts_never_look_at_articles_or_matches(sqlite_store: Store, asked: str) -> None:
    said: list[str] = []

    def listen(*given: Any) -> None:
        said.append(given[2])

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        ASKED[asked](sqlite_store)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)
    queries = [sql for sql in said if sql.lstrip().startswith("SELECT")]
    assert 1 <= len(queries) <= 2
    assert all("FROM tally" in sql and "article" not in sql for sql in queries)


def test_silence_reads_the_entries_of_its_days_not_those_of_all_times(sqlite_store: Store) -> None:
    said: list[tuple[str, Any]] = []

    def listen(*given: Any) -> None:
        if "FROM sighting JOIN feed" in given[2]:
            said.append((given[2], given[3]))

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        sqlite_store.silence.outlets(date(2026, 1, 1))
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)
    assert said
    with sqlite_store.database.read() as connection:
        for sql, values in said:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
            assert "SEARCH sighting USING INTEGER PRIMARY KEY (rowid>?)" in [row[3] for row in rows]


@pytest.fixture
def large_sqlite(tmp_path: Path) -> Iterator[Store]:
    """An empty one, whose statistics are those of a store of 255,122 matches."""
    url = f"sqlite:///{tmp_path / 'large.db'}"
    store = Store(url)
    store.migrate()
    with store.database.write() as connection:
        connection.execute(sa.text("ANALYZE"))
        connection.execute(
            sa.text(
                "INSERT INTO sqlite_stat1 VALUES"
                " ('match', 'ix_match_language', '255122 25513 1 1 1'),"
                " ('match', 'ix_match_outlet', '255122 851 1 1 1'),"
                " ('match', 'ix_match_verdict', '255122 85041 1 1')"
            )
        )
    store.close()
    store = Store(url)  # statistics are read at the start of a connection
    yield store
    store.close()


@pytest.mark.parametrize("by", ["language", "outlet"])
def test_verdicts_are_counted_among_the_wanted(large_sqlite: Store, by: str) -> None:
    said: list[tuple[str, Any]] = []

    def listen(*given: Any) -> None:
        said.append((given[2], given[3]))

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        large_sqlite.matches.verdict_counts(replace(MatchFilter(), **{by: "ja"}))
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)
    queries = [one for one in said if "verdict" in one[0]]
    assert len(queries) == 1
    with large_sqlite.database.read() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {queries[0][0]}", queries[0][1])
        plan = [row[3] for row in rows]
    assert plan[0] == f"SEARCH match USING COVERING INDEX ix_match_{by} ({by}=?)"


@pytest.fixture
def large_postgres(postgres_url: str) -> Iterator[Store]:
    """Large enough for PostgreSQL to plan as it does for a larger one."""
    store = Store(postgres_url)
    store.migrate()
    lists.fill(store, 8_000)
    store.tallies.rebuild()
    with store.database.write() as connection:
        connection.execute(sa.text("ANALYZE"))
    yield store
    store.close()


def test_postgresql_reads_only_what_is_asked_for(large_postgres: Store) -> None:
    said: list[tuple[str, Any]] = []

    def listen(*given: Any) -> None:
        said.append((given[2], given[3]))

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        large_postgres.stories.lines(MatchFilter(text="kelp", unreviewed=True), 51, 6)
        large_postgres.tallies.by_outlet(date(2026, 1, 1), None, 20)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)
    of_words = [one for one in said if "search" in one[0] and "story_id IN" in one[0]]
    of_outlets = [one for one in said if "tally.value IN" in one[0]]
    assert len(of_words) == len(of_outlets) == 1
    with large_postgres.database.read() as connection:
        for sql, values in of_words + of_outlets:
            plan = connection.exec_driver_sql(f"EXPLAIN {sql}", values).scalars().all()
            assert not [step for step in plan if "Seq Scan on" in step], plan
