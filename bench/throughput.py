"""Articles a second, side by side: python -m bench.throughput --redis URL [--store URL ...]

The same feeds and pages go, turn about, through

- `naive`: a Celery application of one task an item (bench/naive.py), prefork 2, SQLite;
- `loop`: trafilatura's text of each page in one process, without fetching or storing;
- `worker`: `seedwatch worker --concurrency 2` as docker-compose.yml has it, on each store given;
- `embedded`: `seedwatch run`, on SQLite;
- `worker, SQLite, no matching` (with --only): the same worker that matches with nothing;
- `worker, SQLite, many seeds` and `... of two stories` (with --only): the same worker with the
  watches of bench/many_seeds.py, of --seeds seeds;
- `news-please`, `newspaper4k` (with --peers): scripts with these libraries (bench/peer.py), in
  environments of their own, which are made in the folder that --peers names.

Ours have all on: guard, politeness, robots, the parsing child, both databases' full-text search,
and matching against the project's first watch, to which these pages do not belong. Time is taken
from the first message to the last article; the processes are up and warm before. CPU is that of
all processes of a form, servers of others (Redis, PostgreSQL, the site) left out. Memory is the
proportional share of all processes of a form, taken at the end (of a peer's, whose processes come
and go, the most that was seen). With --memory-at, it is told of the workers after so many articles,
too; where there are fewer pages than articles, their words are shuffled for further ones.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from bench.forms import Run, Setup, embedded, loop, naive, watch_folder, worker
from bench.many_seeds import grown
from bench.news_site import NewsSite, pages_of, served
from bench.peers import PEERS, environment, peer
from worker.config import Settings
from worker.matching import build_loader


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, help="A folder of pages; else they are made up.")
    parser.add_argument("--articles", type=int, default=1_000)
    parser.add_argument("--feeds", type=int, default=40)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--redis", required=True, metavar="URL", help="Its database is emptied.")
    parser.add_argument("--store", action="append", metavar="URL", help="It is emptied.")
    parser.add_argument("--only", action="append", metavar="FORM")
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--peers", type=Path, metavar="FOLDER", help="Of their environments.")
    parser.add_argument("--memory-at", type=int, action="append", default=[], metavar="ARTICLES")
    options = parser.parse_args()
    pages = pages_of(options.pages, options.articles)
    print(f"{len(pages):,} pages for {options.articles:,} articles", flush=True)
    runs: dict[str, list[Run]] = {}
    with (
        served(pages, options.feeds, options.latency_ms / 1000, options.articles) as site,
        tempfile.TemporaryDirectory() as name,
    ):
        forms = _forms(options, site, pages, watch_folder(Path(name)))
        for number in range(options.rounds):
            for form, measure in forms.items():
                if options.only and form not in options.only:
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    run = measure(Path(folder))
                runs.setdefault(form, []).append(run)
                print(f"round {number + 1}, {form}: {_told(run)}", flush=True)
    _print_table(runs)
    if options.json:
        told = {
            "arguments": {key: str(value) for key, value in vars(options).items() if value},
            "pages": len(pages), "python": platform.python_version(),
            "runs": {form: [asdict(run) for run in each] for form, each in runs.items()},
        }  # fmt: skip
        options.json.write_text(json.dumps(told, indent=1))


def _forms(
    options: argparse.Namespace, site: NewsSite, pages: Sequence[bytes], seeds: Path
) -> dict[str, Callable[[Path], Run]]:
    """What is measured, by name, in the order of the table; each takes an empty folder."""
    forms: dict[str, Callable[[Path], Run]] = {
        "naive": lambda folder: naive(site, folder, options.redis),
        "loop": lambda folder: loop(pages, folder),
    }
    if options.peers:
        for name in PEERS:
            python = environment(options.peers, name)
            forms[name] = partial(peer, site, name, python)
    setup = Setup(site, options.redis, seeds, memory_at=options.memory_at)
    for url in ["", *(options.store or [])]:
        label = f"worker, {'PostgreSQL' if url else 'SQLite'}"
        forms[label] = partial(worker, replace(setup, url=url))
    if options.only:
        forms["worker, SQLite, no matching"] = partial(worker, replace(setup, is_matched=False))
        for stories, label in (0, "many seeds"), (1, "many seeds of two stories"):
            forms[f"worker, SQLite, {label}"] = partial(
                _with_many_seeds, setup, seeds.parent / label, options.seeds, stories
            )
    forms["embedded"] = lambda folder: embedded(site, folder)
    if unknown := set(options.only or []) - set(forms):
        raise SystemExit(f"no such form: {', '.join(unknown)}; there are {', '.join(forms)}")
    return forms


def _with_many_seeds(setup: Setup, root: Path, seeds: int, threads: int, folder: Path) -> Run:
    """The worker with the first watch grown (`many_seeds.grown`), which is kept below a root."""
    if not root.exists():
        (watch,) = build_loader(Settings()).load_all(setup.seeds)
        watch_folder(root, seeds=grown(watch, seeds, threads).seeds[len(watch.seeds) :])
    return worker(replace(setup, seeds=root / "seeds", vectors=root / "vectors"), folder)


def _told(run: Run) -> str:
    told = (
        f"{run.articles} articles, {run.articles / run.seconds:.1f}/s, "
        f"{1000 * run.cpu_s / run.articles:.1f} ms of CPU each, {run.memory_mib:.0f} MiB"
    )
    if run.server_s is not None:
        told += f", {1000 * run.server_s / run.articles:.1f} ms in PostgreSQL"
    if run.textless is not None:
        told += f", {run.textless} without a text"
    for articles, mib in run.grown.items():
        told += f", {mib:.0f} MiB at {articles:,}"
    return told


def _print_table(runs: dict[str, list[Run]]) -> None:
    """Medians; ratios to the first form of the same rounds."""

    def median(form: str, value: Callable[[Run], float]) -> float:
        return statistics.median(map(value, runs[form]))

    def pace(run: Run) -> float:
        return run.articles / run.seconds

    def cost(run: Run) -> float:
        return 1000 * run.cpu_s / run.articles

    bases = [base for base in ("naive", "loop") if base in runs]
    heads = ["articles/s", "CPU ms", "MiB", "Redis commands", "Redis KB",
             *(f"{what}: x {base}" for base in bases for what in ("pace", "CPU"))]  # fmt: skip
    print("\n| form | " + " | ".join(heads) + " |\n|" + "---|" * (len(heads) + 1))
    for form in runs:
        cells = [f"{median(form, pace):.1f}", f"{median(form, cost):.1f}",
                 f"{median(form, lambda run: run.memory_mib):.0f}",
                 f"{median(form, lambda run: run.commands or 0):.2f}",
                 f"{median(form, lambda run: (run.redis_bytes or 0) / 1000):.2f}"]  # fmt: skip
        for base in bases:
            cells += [f"{median(form, pace) / median(base, pace):.2f}",
                      f"{median(form, cost) / median(base, cost):.2f}"]  # fmt: skip
        print(f"| {form} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
