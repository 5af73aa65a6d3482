"""Matching stored articles again: asked for once, done in slices, at no verdict's cost."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import FEED_URL
from tests.fakes import (
    EnglishDetector,
    FakeClock,
    FakeFetcher,
    InThisProcess,
    NoLimiter,
    WordMatcher,
)
from tests.rematches import rematch_all
from worker import embedded, pipeline, rematching
from worker.batch import MATCH_AT_ONCE
from worker.commands.rematch import rematch
from worker.config import Settings
from worker.domain import ArticleText, Match, Relation, Sketch, Verdict, Watch
from worker.records import Change, RematchState
from worker.services import NoSketches, Services
from worker.store.store import Store

ARTICLES = MATCH_AT_ONCE + 4


def newer(word: str = "trams") -> WordMatcher:
    """What the worker thinks after seeds or thresholds were changed."""
    matcher = WordMatcher(word)
    matcher.version = f"word-{word}"
    return matcher


@pytest.fixture
def stored(services: Services, fetcher: FakeFetcher) -> Services:
    """Articles about trams, none of which matches, and one about seaweed, which does."""
    told = ["New trams run in the town."] * (ARTICLES - 1) + ["More seaweed is farmed."]
    items = "".join(
        f"<item><title>Story {n}</title><link>https://news.example/{n}</link>"
        f"<description>{text * 5} {n}</description></item>"
        for n, text in enumerate(told)
    )
    body = f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>"
    fetcher.put(FEED_URL, body, "application/rss+xml")
    embedded.run_once(services)
    return services


def test_what_is_stored_is_matched_again_and_the_change_is_told(stored: Services) -> None:
    rematches = stored.store.rematches
    assert rematches.ask(reviewer="Lan").state is RematchState.ASKED
    assert pipeline.rematch(replace(stored, matcher=newer()))
    (row,) = rematches.latest()
    assert (row.state, row.reviewer, row.error) == (RematchState.DONE, "Lan", None)
    assert (row.total, row.done, row.passed_over) == (ARTICLES, ARTICLES, 0)
    assert row.change("kelp") == Change(came=ARTICLES - 1, went=1)
    assert not pipeline.rematch(stored)


def test_what_a_person_has_judged_stays_whatever_the_matcher_thinks_now(stored: Services) -> None:
    (kelp,) = stored.store.matches.rows()
    stored.store.matches.review(kelp.id, Verdict.RELEVANT, "keep")
    assert rematch_all(replace(stored, matcher=newer("nothing"))).change("kelp") == Change()
    (row,) = stored.store.matches.rows()
    assert (row.id, row.verdict, row.note) == (kelp.id, Verdict.RELEVANT, "keep")
    assert (row.relation, row.score) == (Relation.SAME_EVENT, 0.01)


def test_asked_for_twice_it_is_done_once(stored: Services) -> None:
    rematches, matcher = stored.store.rematches, newer()
    first = rematches.ask(reviewer="Lan")
    assert rematches.ask(reviewer="Theo") == first
    services = replace(stored, matcher=matcher)
    recent = rematches.ask(stored.clock().date(), "Theo")
    assert recent == first  # all that is stored holds what is new, too
    job = rematches.claim(matcher.version)
    assert job is not None
    assert not pipeline.rematch(services)  # one worker has it, the other does nothing
    rematches.release(job)
    assert pipeline.rematch(services)
    assert len(matcher.seen) == ARTICLES
    assert rematches.ask(reviewer="Theo") != first  # that one is over


def test_a_longer_period_waits_and_then_finds_little_left(
    stored: Services, clock: FakeClock
) -> None:
    rematches, matcher = stored.store.rematches, newer()
    recent = rematches.ask(clock().date())
    whole = rematches.ask()
    assert whole != recent
    services = replace(stored, matcher=matcher)
    assert pipeline.rematch(services)
    assert rematches.get(recent.id).done == ARTICLES
    assert rematches.get(whole.id).state is RematchState.ASKED
    assert pipeline.rematch(services)
    assert rematches.get(whole.id).total == 0
    assert len(matcher.seen) == ARTICLES


def test_older_articles_than_asked_for_are_left_alone(stored: Services, clock: FakeClock) -> None:
    clock.advance(days=2)
    stored.store.rematches.ask(clock().date())
    matcher = newer()
    assert pipeline.rematch(replace(stored, matcher=matcher))
    assert (stored.store.rematches.latest()[0].total, matcher.seen) == (0, [])


def test_a_slice_ends_and_another_worker_goes_on(
    stored: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rematching, "SLICE_S", -1.0)
    stored.store.rematches.ask()
    matcher = newer()
    services = replace(stored, matcher=matcher)
    assert pipeline.rematch(services)
    (row,) = stored.store.rematches.latest()
    assert (row.state, row.done, row.total) == (RematchState.RUNNING, MATCH_AT_ONCE, ARTICLES)
    assert pipeline.rematch(services)
    assert pipeline.rematch(services)
    (row,) = stored.store.rematches.latest()
    assert (row.state, row.done, len(matcher.seen)) == (RematchState.DONE, ARTICLES, ARTICLES)


def test_a_change_midway_begins_it_anew(stored: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    stored.store.rematches.ask()
    with monkeypatch.context() as patched:
        patched.setattr(rematching, "SLICE_S", -1.0)
        assert pipeline.rematch(replace(stored, matcher=newer()))
    assert pipeline.rematch(replace(stored, matcher=newer("farmed")))
    (row,) = stored.store.rematches.latest()
    assert (row.done, row.total) == (MATCH_AT_ONCE + ARTICLES,) * 2
    assert [one.title for one in stored.store.matches.rows()] == [f"Story {ARTICLES - 1}"]


class Deadly(NoSketches):
    """A sketcher whose process is killed at some article, like by the kernel."""

    def __init__(self, after: int) -> None:
        self._left = after

    def sketch(self, article: ArticleText, matches: Sequence[Match]) -> Sketch:
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1
        return super().sketch(article, matches)


def work_and_die(url: str, now: datetime, folder: Path, after: int) -> None:
    """What a worker does whose process is killed while it stores."""
    clock = FakeClock(now)
    store = Store(url, clock)
    store.database.now = lambda _connection: clock()  # type: ignore[method-assign]
    watch = Watch("kelp", "Kelp", ())
    services = Services(
        name="test:2", settings=Settings(data_dir=folder), watches=(watch,), store=store,
        fetcher=FakeFetcher(), limiter=NoLimiter(), isolation=InThisProcess(),
        detector=EnglishDetector(), matcher=newer(), senders={}, clock=clock,
        jitter=lambda: 0.5, sketcher=Deadly(after),
    )  # fmt: skip
    pipeline.rematch(services)


def test_a_killed_worker_loses_nothing_and_doubles_nothing(
    stored: Services, store_url: str, clock: FakeClock, tmp_path: Path
) -> None:
    stored.store.rematches.ask()
    child = multiprocessing.get_context("spawn").Process(
        target=work_and_die, args=(store_url, clock(), tmp_path, 5)
    )
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    (row,) = stored.store.rematches.latest()
    assert (row.state, row.done) == (RematchState.RUNNING, 5)
    matcher = newer()
    services = replace(stored, matcher=matcher)
    assert not pipeline.rematch(services)  # nobody knows yet that it is dead
    clock.advance(seconds=121)
    while pipeline.rematch(services):
        pass
    (row,) = stored.store.rematches.latest()
    assert (row.state, row.done, row.total) == (RematchState.DONE, ARTICLES, ARTICLES)
    assert row.change("kelp") == Change(came=ARTICLES - 1, went=1)
    assert len(matcher.seen) == ARTICLES - 5
    assert len(list(stored.store.matches.rows())) == ARTICLES - 1


def test_an_article_that_kills_every_worker_is_passed_over(
    stored: Services, clock: FakeClock
) -> None:
    rematches, matcher = stored.store.rematches, newer()
    rematches.ask()
    for _ in range(4):
        assert rematches.claim(matcher.version)  # and dies
        clock.advance(seconds=121)
    assert pipeline.rematch(replace(stored, matcher=matcher))
    (row,) = rematches.latest()
    assert (row.state, row.done, row.passed_over) == (RematchState.DONE, ARTICLES - 1, 1)


class Faulty(WordMatcher):
    """Fails at articles that contain a word."""

    def match(self, articles: Sequence[ArticleText]) -> list[tuple[Match, ...]]:
        if any(self.word in article.text for article in articles):
            raise RuntimeError("the encoder is not there")
        return super().match(articles)


@pytest.mark.parametrize(
    ("word", "state", "passed_over"),
    [("farmed", RematchState.DONE, 1), (".", RematchState.FAILED, MATCH_AT_ONCE)],
)
def test_what_cannot_be_matched_is_passed_over_and_a_broken_matcher_is_told(
    stored: Services, word: str, state: RematchState, passed_over: int
) -> None:
    stored.store.rematches.ask()
    matcher = Faulty(word)
    matcher.version = "faulty"
    assert pipeline.rematch(replace(stored, matcher=matcher))
    (row,) = stored.store.rematches.latest()
    assert (row.state, row.passed_over) == (state, passed_over)
    if state is RematchState.FAILED:
        assert row.error == "RuntimeError: the encoder is not there"
    assert len(list(stored.store.matches.rows())) == 1  # its answer of before


def test_the_sweep_hands_it_out_once_a_minute(stored: Services, clock: FakeClock) -> None:
    assert pipeline.due_rematches(stored) == []
    row = stored.store.rematches.ask()
    assert pipeline.due_rematches(stored) == [row.id]
    assert pipeline.due_rematches(stored) == []
    clock.advance(seconds=61)
    assert pipeline.due_rematches(stored) == [row.id]


def test_a_pass_does_what_was_asked_for(stored: Services, clock: FakeClock) -> None:
    stored.store.rematches.ask()
    clock.advance(seconds=timedelta(hours=1).total_seconds())
    embedded.run_once(replace(stored, matcher=newer()))
    assert stored.store.rematches.latest()[0].state is RematchState.DONE


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A watch and no articles."""
    folder = tmp_path / "seeds" / "kelp"
    folder.mkdir(parents=True)
    (folder / "watch.toml").write_text('title = "Kelp"\n')
    (folder / "seed.txt").write_text("Seaweed is farmed in Kilifi.\n")
    monkeypatch.setenv("SEEDWATCH_ENCODER", "hashing")
    return CliRunner()


def test_the_command_asks_shows_and_works_as_the_page_does(cli: CliRunner) -> None:
    assert "Nobody has asked" in cli.invoke(rematch, ["--show"]).output
    asked = cli.invoke(rematch, ["--since", "2026-01-30", "--no-wait", "--reviewer", "Lan"])
    assert asked.output.startswith("asked: not begun (what came since 2026-01-30, asked on ")
    assert cli.invoke(rematch, ["--show"]).output == asked.output
    done = cli.invoke(rematch, ["--json", "--since", "2026-02-01"])
    found = json.loads(done.stdout)
    assert (done.exit_code, found["state"], found["reviewer"]) == (0, "done", "Lan")
    assert (found["total"], found["watches"], found["error"]) == (0, {}, None)
    assert "nothing to do" in cli.invoke(rematch, ["--show"]).output
