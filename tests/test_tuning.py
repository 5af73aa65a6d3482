"""A watch learns: from the command line, through the matcher, into what is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.conftest import FEED_URL
from tests.fakes import FakeClock
from tests.web.filling import KELP, Found, fill
from worker import pipeline
from worker.config import load_settings
from worker.domain import ArticleText, Correction, Relation, Seed, Tuning, Verdict, Watch
from worker.domain.learning import GENERAL_SCORE
from worker.errors import InputError
from worker.learn.fitting import Setting
from worker.match.encoders import HashingEncoder
from worker.match.matcher import SeedMatcher
from worker.records import FAR
from worker.sampling import draw_samples
from worker.services import Services
from worker.store.matches import MatchFilter
from worker.store.store import Store
from worker.tuning import LearntWatches, StoredTunings, Tuner, read_threshold, with_learnt
from worker.wiring import LazyMatcher

TEXT = (
    "Kilifi gets its seaweed laboratory in October, said governor Halima Mwaro of Kenya.\n\n"
    "About 640 farmers of Takaungu tie their ropes there, most of them women.\n\n"
    "Portugal pays 4.2 million euros over four years for the Kilifi laboratory."
)
WATCH = Watch("kelp", "Kelp", (Seed("a.md", "Seaweed laboratory for Kilifi", TEXT, "en"),))
REPORT = ArticleText(
    "Farmers of Takaungu hope for Kilifi",
    "Farmers of Takaungu wait for the laboratory that Halima Mwaro promised to Kilifi.\n\n"
    "The ropes are bought in Portugal, they say, and nobody knows for how much.",
    "en",
)


def test_a_decision_decides_and_every_match_names_it() -> None:
    tunings: dict[str, Tuning] = {}
    matcher = SeedMatcher([WATCH], HashingEncoder(), tunings=lambda: tunings)
    before, version = matcher.match([REPORT])[0][0], matcher.version
    assert "+t" not in before.matcher_version
    tunings["kelp"] = Tuning(7, min(before.score + 0.01, 1.0))
    higher = matcher.match([REPORT])[0][0]
    assert (higher.relation, higher.score) == (Relation.UNRELATED, before.score)
    assert higher.matcher_version == f"{before.matcher_version}+t7"
    tunings["kelp"] = Tuning(8, before.score)
    assert matcher.match([REPORT])[0][0].relation.is_related
    assert matcher.version != version  # so that `rematch` sees that answers may differ


def test_a_correction_changes_the_score_and_keeps_the_general_one() -> None:
    correction = Correction(-1.0, 1.0, {"names": 0.5}, {"names": 0.0})
    tuned = SeedMatcher(
        [WATCH], HashingEncoder(), tunings=lambda: {"kelp": Tuning(9, 0.4, correction)}
    )
    plain = SeedMatcher([WATCH], HashingEncoder()).match([REPORT])[0][0]
    found = tuned.match([REPORT])[0][0]
    assert found.features[GENERAL_SCORE] == pytest.approx(plain.score, abs=1e-4)
    expected = correction.score(plain.score, found.features)
    assert found.score == pytest.approx(expected, abs=1e-3)


def test_other_seeds_or_settings_are_another_version() -> None:
    encoder = HashingEncoder()
    first = SeedMatcher([WATCH], encoder).version
    assert SeedMatcher([WATCH], encoder).version == first
    for changed in (
        replace(WATCH, threshold=0.6),
        replace(WATCH, seeds=(*WATCH.seeds, Seed("added:1", "", "more", "en"))),
    ):
        assert SeedMatcher([changed], encoder).version != first


def test_a_stored_decision_is_seen_and_ends_with_an_edit_of_the_file(sqlite_store: Store) -> None:
    tuner = Tuner(sqlite_store)
    assert tuner.setting(WATCH) == Setting(0.5)
    row = tuner.apply(WATCH, Setting(0.62), "Lan", seen=0)
    assert row is not None
    assert StoredTunings(sqlite_store, [WATCH])() == {"kelp": Tuning(row.id, 0.62)}
    edited = replace(WATCH, threshold=0.55)
    assert StoredTunings(sqlite_store, [edited])() == {}
    assert tuner.setting(edited) == Setting(0.55)
    assert tuner.look(edited).is_overruled
    assert tuner.apply(WATCH, Setting(0.7), None, seen=0) is None


def test_the_look_counts_what_was_judged_and_what_was_drawn(
    sqlite_store: Store, clock: FakeClock
) -> None:
    ids = fill(
        sqlite_store,
        clock,
        *(Found(f"s{n}", language="pt") for n in range(4)),
        *(Found(f"n{n}", relation=Relation.UNRELATED, score=0.4) for n in range(6)),
    )
    shown, near = ids[:4], ids[4:]
    clock.advance(minutes=1)
    sqlite_store.samples.draw("kelp", lambda strata: strata)
    for match_id in shown:
        sqlite_store.matches.review(match_id, Verdict.RELEVANT)
    for match_id in near:
        is_first = match_id == near[0]
        sqlite_store.matches.review(match_id, Verdict.RELEVANT if is_first else Verdict.IRRELEVANT)
    learning = Tuner(sqlite_store).look(KELP)
    whole, *languages = learning.quality
    assert (whole.judged, whole.blind, learning.verdicts) == (4, 6, 10)
    assert whole.precision is not None
    assert whole.recall is not None
    assert (whole.precision.value, whole.recall.value) == (1.0, 0.8)
    assert [one.language for one in languages] == ["en", "pt"]
    changes = Tuner(sqlite_store).replay(KELP, Setting(0.4))
    assert (changes.comes_in.total, changes.comes_in.relevant) == (6, 1)


def test_added_seeds_stand_beside_those_of_the_files(sqlite_store: Store, clock: FakeClock) -> None:
    (match_id,) = fill(sqlite_store, clock, Found("Labo", "Un laboratoire.", language="fr"))
    row = sqlite_store.learning.add_seed(match_id)
    (watch, other) = with_learnt(sqlite_store, (KELP, replace(WATCH, name="river")))
    assert [seed.id for seed in watch.seeds] == ["en.md", "pt.md", f"added:{row.id}"]
    assert other.seeds == WATCH.seeds


def test_a_seed_that_is_added_counts_without_a_restart(
    sqlite_store: Store, clock: FakeClock
) -> None:
    (match_id,) = fill(sqlite_store, clock, Found("Labo", "Un laboratoire.", language="fr"))
    now = LearntWatches(sqlite_store, (KELP,), fresh_s=0)
    matcher = LazyMatcher(now, load_settings(encoder="hashing"))
    before, version = now(), matcher.version
    assert now() is before  # nothing is loaded anew where nothing has changed
    assert matcher.version == version
    row = sqlite_store.learning.add_seed(match_id)
    assert [seed.id for seed in now()[0].seeds][-1] == f"added:{row.id}"
    assert now() is now()
    assert matcher.version != version
    sqlite_store.learning.remove_seed("kelp", row.id)
    assert now() == (KELP,)
    assert matcher.version == version


def test_the_sweep_draws_once_a_day_and_far_articles_get_a_match(
    services: Services, clock: FakeClock
) -> None:
    fill_far(services, clock, 5)
    assert draw_samples(services) == {"kelp": 1}
    assert draw_samples(services) == {}
    (row,) = services.store.samples.waiting("kelp")
    stored = services.store.matches.get(row.match_id)
    assert (stored.relation, stored.score) == (Relation.UNRELATED, 0.01)
    assert services.store.samples.window("kelp").totals[FAR] == {"en": 5}
    assert list(services.store.matches.rows(MatchFilter())) == []  # it is no match to review
    clock.advance(hours=21)
    pipeline.tidy(services)
    assert services.store.samples.drawn_age("kelp") == timedelta(0)


def fill_far(services: Services, clock: FakeClock, number: int) -> None:
    """Process articles that have nothing to do with the watch."""
    items = "".join(
        f"<item><title>Trams {n}</title><link>https://news.example/{n}</link>"
        f"<description>{'New trams run in the town. ' * 5}{n}</description></item>"
        for n in range(number)
    )
    body = f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>"
    services.fetcher.put(FEED_URL, body, "application/rss+xml")  # type: ignore[attr-defined]
    pipeline.poll_feeds(services, [services.store.feeds.find(FEED_URL)])
    for batch in pipeline.due_articles(services, with_hinted=True):
        pipeline.process_articles(services, batch)
    clock.advance(minutes=1)


@pytest.mark.parametrize("text", ["", "x", "0.1", "1.5", "nan", "-0.5", "62"])
def test_a_threshold_that_nothing_is_known_of_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_threshold(text)


def test_a_threshold_as_people_write_it() -> None:
    assert [read_threshold(text) for text in (".62", " 0.62 ", "0,62")] == [0.62] * 3
