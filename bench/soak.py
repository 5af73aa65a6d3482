"""Watch memory and queues under full load: python -m bench.soak [--minutes N] [--compose]

`seedwatch run` (with --compose: the compose project, from the image that IMAGE names) watches a
news site on this machine that keeps publishing. In the first third of the time, the warm-up, there
is always more to do than can be done, which gives the pace; then the site publishes at --share of
that pace. Every 15 seconds the memory of each process is read from /proc and the queues from
/metrics. Told is how the memory of each kind of process grew after the warm-up (medians of the
first and the last quarter of the samples), and whether what is due piles up. Linux only.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import shutil
import signal
import statistics
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.soaksite import FEEDS, WATCHED, Allowance, serve
from bench.soaktargets import Compose, Embedded, Memory, Target

ROOT = Path(__file__).parents[1]
SAMPLE_EVERY_S = 15.0
REFILL_EVERY_S = 5.0
ALWAYS_WAITING = 400
"""Articles that are due in the warm-up, so that no process is ever idle."""
MOST_GROWTH = 0.05
_METRIC = re.compile(r'^seedwatch_(\w+?)(?:\{\w+="(\w*)"\})? (\S+)$', re.MULTILINE)


@dataclass(frozen=True)
class Sample:
    """What was seen at one moment.

    Attributes:
        at_s: since the start. load: of the machine, others included.
        done: articles processed so far. pending: articles that are not done yet.
        oldest_s: for how long the oldest due article waits. hints: in the broker.
        deliveries: messages not sent yet. memory: by kind of process.
    """

    at_s: float
    load: float
    published: int
    done: int
    pending: int
    oldest_s: float
    hints: int
    deliveries: int
    memory: dict[str, Memory] = field(repr=False)


def metrics(url: str) -> dict[tuple[str, str], float]:
    """What /metrics says, by name and the value of the only label."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    return {(name, label): float(value) for name, label, value in _METRIC.findall(text)}


def _sum(told: Mapping[tuple[str, str], float], metric: str) -> int:
    return int(sum(value for (name, _), value in told.items() if name == metric))


def sample(target: Target, allowance: Allowance, began: float) -> Sample:
    told = metrics(target.url)
    return Sample(
        at_s=round(time.monotonic() - began, 1),
        load=os.getloadavg()[0],
        published=allowance.published.value,
        done=_sum(told, "articles_done_total"),
        pending=int(told.get(("articles", "pending"), 0)),
        oldest_s=told.get(("oldest_due_seconds", "articles"), 0.0),
        hints=_sum(told, "queue_length"),
        deliveries=int(told.get(("deliveries", "pending"), 0)),
        memory=target.memory(),
    )


def run(target: Target, allowance: Allowance, minutes: float, share: float) -> list[Sample]:
    """Load the target for so long; at the first sample it has just started."""
    began = time.monotonic()
    warm_s, all_s = minutes * 20, minutes * 60
    samples: list[Sample] = []
    next_sample = next_refill = 0.0
    pace: float | None = None
    while (now_s := time.monotonic() - began) < all_s:
        if now_s >= next_sample:
            next_sample += SAMPLE_EVERY_S
            samples.append(sample(target, allowance, began))
            _tell(samples)
            with urllib.request.urlopen(f"{target.url}/?verdict=all", timeout=30) as answer:
                answer.read()  # a reviewer
        if now_s < warm_s:
            pending = metrics(target.url).get(("articles", "pending"), 0)
            with allowance.articles.get_lock():
                allowance.articles.value = max(0, ALWAYS_WAITING - pending)
        else:
            if pace is None:
                pace = pace_of([one for one in samples if one.at_s >= warm_s / 2])
                allowance.articles.value = 0.0
                next_refill = now_s
            with allowance.articles.get_lock():
                allowance.articles.value += share * pace * (now_s - next_refill + REFILL_EVERY_S)
        next_refill = now_s + REFILL_EVERY_S
        time.sleep(max(0.0, min(next_refill, next_sample) - (time.monotonic() - began)))
    return samples


def pace_of(samples: list[Sample]) -> float:
    """Articles a second."""
    first, last = samples[0], samples[-1]
    return (last.done - first.done) / max(last.at_s - first.at_s, 1.0)


def _tell(samples: list[Sample]) -> None:
    now = samples[-1]
    of_all = ", ".join(f"{kind} {m.rss_mib:.0f}" for kind, m in sorted(now.memory.items()))
    print(
        f"{now.at_s:5.0f} s  load {now.load:4.1f}  published {now.published}  done {now.done}  "
        f"pending {now.pending}  oldest {now.oldest_s:.0f} s  hints {now.hints}  MiB: {of_all}",
        file=sys.stderr, flush=True,
    )  # fmt: skip


@dataclass(frozen=True)
class Growth:
    """The memory of one kind of process after the warm-up, MiB of one process on average.

    Attributes:
        processes: at the end. first, last: medians of the first and last quarter of the samples.
        pss: proportional share at the end. peak: of any one process.
    """

    processes: int
    first: float
    last: float
    growth: float
    pss: float
    peak: float


def growth_of(samples: list[Sample]) -> dict[str, Growth]:
    """By kind of process."""
    found: dict[str, list[Memory]] = defaultdict(list)
    for one in samples:
        for kind, memory in one.memory.items():
            found[kind].append(memory)
    grown = {}
    for kind, seen in sorted(found.items()):
        quarter = max(1, len(seen) // 4)
        first = statistics.median(memory.rss_mib for memory in seen[:quarter])
        last = statistics.median(memory.rss_mib for memory in seen[-quarter:])
        grown[kind] = Growth(
            seen[-1].processes, round(first, 1), round(last, 1), round(last / first - 1, 4),
            round(seen[-1].pss_mib, 1), round(max(memory.peak_mib for memory in seen), 1),
        )  # fmt: skip
    return grown


@dataclass(frozen=True)
class Verdict:
    """What a soak says.

    Attributes:
        pace, steady_pace: articles a second in the warm-up, and after it.
        pending: medians of the first and last quarter after the warm-up.
        oldest_s: the longest that a due article waited after the warm-up.
    """

    articles: int
    pace: float
    steady_pace: float
    pending: tuple[float, float]
    oldest_s: float
    hints: int
    growth: dict[str, Growth]
    too_much: list[str]
    is_queue_flat: bool


def judge(samples: list[Sample], minutes: float) -> Verdict:
    """Judge all that came after the warm-up; servers that are not ours are told, not judged."""
    warm_s = minutes * 20
    warm = [one for one in samples if warm_s / 2 <= one.at_s < warm_s]
    after = [one for one in samples if one.at_s >= warm_s]
    quarter = max(1, len(after) // 4)
    pending = tuple(
        statistics.median(one.pending for one in part)
        for part in (after[:quarter], after[-quarter:])
    )
    growth = growth_of(after)
    oldest_s = max(one.oldest_s for one in after)
    return Verdict(
        articles=samples[-1].done,
        pace=round(pace_of(warm), 2),
        steady_pace=round(pace_of(after), 2),
        pending=(pending[0], pending[1]),
        oldest_s=round(oldest_s),
        hints=max(one.hints for one in after),
        growth=growth,
        too_much=[
            kind for kind, grown in growth.items()
            if grown.growth > MOST_GROWTH and not kind.startswith("postgres")
        ],
        is_queue_flat=pending[1] <= max(2 * pending[0], ALWAYS_WAITING),
    )  # fmt: skip


def table(verdict: Verdict) -> str:
    """The table of docs/performance.md."""
    lines = ["| process | number | MiB at first | at last | growth | share (PSS) | peak |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    for kind, grown in verdict.growth.items():
        lines.append(
            f"| {kind} | {grown.processes} | {grown.first} | {grown.last} | {grown.growth:+.1%} | "
            f"{grown.pss} | {grown.peak} |"
        )
    return "\n".join(lines)


@contextmanager
def _site(addresses: list[str], allowance: Allowance) -> Iterator[list[int]]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(addresses, allowance, there), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join(5)


def _seeds(folder: Path, origins: list[str], hook: str) -> Path:
    """The watched story's folder, with the site's feeds and a webhook there."""
    story = ROOT / "tests" / "eval" / "stories" / WATCHED
    watch = folder / "seeds" / WATCHED
    shutil.copytree(story / "seeds", watch)
    feeds = "".join(
        f'\n[[feed]]\nurl = "{origins[number % len(origins)]}/feed/{number}"\n'
        for number in range(FEEDS)
    )
    told = f'\n[[channel]]\nkind = "file"\n\n[[channel]]\nkind = "webhook"\nurl = "{hook}/hook"\n'
    text = (story / "watch.toml").read_text("utf-8") + feeds + told
    (watch / "watch.toml").write_text(text + 'secret = "env:SOAK_SECRET"\nfirst_of_story = false\n')
    return watch.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--share", type=float, default=0.8, help="of the pace, after the warm-up")
    parser.add_argument("--compose", action="store_true", help="the compose project")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all samples and the verdict")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended
    allowance = Allowance()
    target: Target = Compose(ROOT) if given.compose else Embedded(ROOT)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="seedwatch-soak-")))
        folder.chmod(0o755)
        ports = stack.enter_context(_site(target.addresses, allowance))
        origins = target.origins(ports)
        stack.enter_context(target.started(folder, _seeds(folder, origins, origins[0])))
        samples = run(target, allowance, given.minutes, given.share)
    verdict = judge(samples, given.minutes)
    print(
        f"{verdict.articles} articles; {verdict.pace} a second in the warm-up, then "
        f"{verdict.steady_pace}; pending {verdict.pending[0]:.0f}, at the end "
        f"{verdict.pending[1]:.0f}; the oldest waited {verdict.oldest_s} s\n\n{table(verdict)}"
    )
    if given.json:
        told = {"verdict": asdict(verdict), "samples": [asdict(one) for one in samples]}
        given.json.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    if verdict.too_much or not verdict.is_queue_flat:
        sys.exit(f"grows: {', '.join(verdict.too_much) or 'the queue'}")


if __name__ == "__main__":
    main()
