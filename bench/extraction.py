"""What extraction gives up: python -m bench.extraction --trafilatura FOLDER --fundus FOLDER

Trafilatura's default mode and ours take the text of the same pages, turn about: of trafilatura's
own evaluation (FOLDER is `tests` of its repository: which strings have to be in the text of a page
and which must not; F1 over all strings, as its own evaluate.py has it) and of Fundus' test data
(FOLDER is `tests/resources/parser/test_data`: what its parsers, written by hand for each publisher,
took for the article; F1 of words, the mean of all pages). CPU is that of whole pages, the first
ones left out: ours has title, date, author, address and language in it, so that trafilatura with
its metadata stands beside it. Trafilatura runs in a process of its own, as it is published: ours
makes it quicker where both are. Neither repository is part of this one.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import trafilatura

from worker.errors import ParseError

NOW = datetime(2026, 11, 22, tzinfo=UTC)
_WARM = 20


@dataclass(frozen=True)
class Case:
    """A page, and what its text is to be: a score of (right, wrong, missed) for any text."""

    url: str
    page: bytes
    score: Callable[[str], tuple[float, float, float]]


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def trafilatura_cases(folder: Path) -> Iterator[Case]:
    """Trafilatura's evaluation; pages that are not there are left out."""
    for url, item in json.loads((folder / "evaldata.json").read_text("utf-8")).items():
        found = [folder / part / item["file"] for part in ("cache", "eval")]
        page = next((path.read_bytes() for path in found if path.is_file()), None)
        if page is not None:
            yield Case(url, page, lambda text, item=item: _strings(item, text))  # type: ignore[misc]


def _strings(item: dict[str, Any], text: str) -> tuple[float, float, float]:
    folded = _folded(text)
    right = sum(_folded(wanted) in folded for wanted in item["with"])
    wrong = sum(_folded(other) in folded for other in item["without"])
    return right, wrong, len(item["with"]) - right


def fundus_cases(folder: Path) -> Iterator[Case]:
    """Fundus' pages of publishers that have one page and one version of their parser."""
    for file in sorted(folder.rglob("*.json")):
        pages = list(file.parent.glob(f"{file.stem}_*.html.gz"))
        versions = json.loads(file.read_text("utf-8"))
        if len(pages) != 1 or len(versions) != 1:
            continue
        (version,) = versions.values()
        body = version.get("body") if isinstance(version, dict) else None
        if not body:
            continue
        told = [*body.get("summary", [])]
        for section in body.get("sections", []):
            told += [*section.get("headline", []), *section.get("paragraphs", [])]
        words = Counter(re.findall(r"\w+", " ".join(told).casefold()))
        if words.total() >= 50:
            yield Case(
                f"https://{file.stem.lower()}.example/",
                gzip.decompress(pages[0].read_bytes()),
                lambda text, words=words: _words(words, text),  # type: ignore[misc]
            )


def _words(wanted: Counter[str], text: str) -> tuple[float, float, float]:
    found = Counter(re.findall(r"\w+", text.casefold()))
    both = (wanted & found).total()
    f1 = 2 * both / max(1, wanted.total() + found.total())
    return f1, 1 - f1, 1 - f1  # so that each page counts alike: F1 of the sums is the mean


def ours(page: bytes, url: str) -> str:
    from worker.extract.page import extract_article  # changes trafilatura in its process

    try:
        return extract_article(page, url=url, content_type="text/html", now=NOW).text
    except ParseError:
        return ""


def default_text(page: bytes, url: str) -> str:
    return trafilatura.extract(page, url=url, include_comments=False) or ""


def fast_text(page: bytes, url: str) -> str:
    return trafilatura.extract(page, url=url, include_comments=False, fast=True) or ""


def default_with_metadata(page: bytes, url: str) -> str:
    found = trafilatura.bare_extraction(page, url=url, include_comments=False, with_metadata=True)
    return "" if found is None or isinstance(found, dict) else found.text or ""


OURS = "ours, with metadata"
FORMS: dict[str, Callable[[bytes, str], str]] = {
    "trafilatura, default": default_text,
    "trafilatura, default, metadata": default_with_metadata,
    "trafilatura, fast": fast_text,
    OURS: ours,
}


def timed(name: str, page: bytes, url: str) -> tuple[str, float]:
    """A form's text of a page, and the processor seconds it took."""
    began = time.process_time()
    text = FORMS[name](page, url)
    return text, time.process_time() - began


def measure(cases: list[Case]) -> dict[str, dict[str, float]]:
    """F1, and processor milliseconds a page, of each form."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as published:

        def run(name: str, case: Case) -> tuple[str, float]:
            if name == OURS:
                return timed(name, case.page, case.url)
            return published.submit(timed, name, case.page, case.url).result()

        return _measure(cases, run)


def _measure(
    cases: list[Case], run: Callable[[str, Case], tuple[str, float]]
) -> dict[str, dict[str, float]]:
    for case in cases[:_WARM]:
        for name in FORMS:
            run(name, case)
    sums = {name: [0.0, 0.0, 0.0] for name in FORMS}
    seconds = dict.fromkeys(FORMS, 0.0)
    for number, case in enumerate(cases):
        names = list(FORMS)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            text, took = run(name, case)
            seconds[name] += took
            sums[name] = [a + b for a, b in zip(sums[name], case.score(text), strict=True)]
    return {
        name: {
            "f1": 2 * right / (2 * right + wrong + missed),
            "ms": 1000 * seconds[name] / len(cases),
        }
        for name, (right, wrong, missed) in sums.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trafilatura", type=Path, metavar="FOLDER")
    parser.add_argument("--fundus", type=Path, metavar="FOLDER")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    sets = {}
    if given.trafilatura:
        sets["trafilatura's"] = list(trafilatura_cases(given.trafilatura))
    if given.fundus:
        sets["Fundus'"] = list(fundus_cases(given.fundus))
    if not sets:
        parser.error("name one folder at least")
    told = {}
    print("| pages | form | F1 | given up | CPU ms | x default |\n|---|---|---|---|---|---|")
    for name, cases in sets.items():
        told[name] = found = measure(cases)
        base = found["trafilatura, default"]
        for form, row in found.items():
            lost, x = base["f1"] - row["f1"], row["ms"] / base["ms"]
            print(f"| {name} {len(cases)} | {form} | {row['f1']:.4f} | {lost:+.4f} | "
                  f"{row['ms']:.1f} | {x:.2f} |", flush=True)  # fmt: skip
    if given.json:
        given.json.write_text(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
