"""Articles a second, side by side: python -m bench.throughput --redis URL [--store URL ...]

The same feeds and pages go, turn about, through

- `naive`: a Celery application of one task an item (bench/naive.py), prefork 2, SQLite;
- `loop`: trafilatura's text of each page in one process, without fetching or storing;
- `worker`: `seedwatch worker --concurrency 2` as docker-compose.yml has it, on each store given;
- `embedded`: `seedwatch run`, on SQLite;
- `worker, SQLite, no matching` (with --only): the same worker that matches with nothing.

Ours have all on: guard, politeness, robots, the parsing child, both databases' full-text search,
and matching against the project's first watch, to which these pages do not belong. Time is taken
from the first message to the last article; the processes are up and warm before. CPU is that of
all processes of a form, servers of others (Redis, PostgreSQL, the site) left out. Memory is the
proportional share of all processes of a form, taken at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import redis

from bench.news_site import NewsSite, pages_of, served
from worker.domain import FeedConfig
from worker.store.store import Store

ROOT = Path(__file__).parents[1]
_TICKS = os.sysconf("SC_CLK_TCK")
_LIMIT_S = 900.0
_LOOK_EVERY_S = 0.25
_LOOP = """
import sys, time, trafilatura
from pathlib import Path
pages = [file.read_bytes() for file in sorted(Path(sys.argv[1]).iterdir())]
trafilatura.extract("<html><body><p>Warm, warm, warm.</p></body></html>")
wall, cpu = time.perf_counter(), time.process_time()
for page in pages:
    try:
        trafilatura.extract(page)
    except Exception:
        pass
print(time.perf_counter() - wall, time.process_time() - cpu)
"""


_UNMATCHED = """
from worker.wiring import LazyMatcher
LazyMatcher.match = lambda self, articles: [() for _ in articles]
"""


@dataclass(frozen=True)
class Run:
    """One run of one form.

    Attributes:
        seconds: from the first message to the last article. cpu_s: of its processes meanwhile.
        memory_mib: of its processes, shared pages counted once. articles: that ended.
        commands, redis_bytes: that Redis took for an article; None without a broker.
    """

    seconds: float
    cpu_s: float
    articles: int
    memory_mib: float = 0.0
    commands: float | None = None
    redis_bytes: float | None = None


# --- processes ------------------------------------------------------------------------------------


def tree(root: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


class Processor:
    """The CPU time of a process and its descendants, those that have ended among them.

    The kernel keeps nothing of a parser's process that has ended: its template waits for none. So
    all are looked at again and again, and the last that was seen of each counts.

    Args:
        root: the process.
    """

    def __init__(self, root: int) -> None:
        self._root = root
        self._seen: dict[int, int] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._watch, daemon=True).start()

    def seconds(self) -> float:
        """All that was used until now."""
        with self._lock:
            for pid in tree(self._root):
                with contextlib.suppress(OSError):
                    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                    self._seen[pid] = sum(map(int, fields[11:13]))
            return sum(self._seen.values()) / _TICKS

    def _watch(self) -> None:
        while Path(f"/proc/{self._root}").exists():
            self.seconds()
            time.sleep(_LOOK_EVERY_S)


def memory_mib(root: int) -> float:
    """The proportional share of memory of a process and its descendants."""
    total = 0
    for pid in tree(root):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


@contextlib.contextmanager
def started(command: Sequence[str], env: dict[str, str], log: Path) -> Iterator[int]:
    """A process of a form, in a session of its own; ended with all its descendants."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **env}, stdout=out, stderr=out
        )
    try:
        yield process.pid
    finally:
        descendants = tree(process.pid)
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        for pid in descendants:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def until(is_done: Callable[[], bool], what: str, log: Path) -> None:
    """Wait.

    Raises:
        SystemExit: it takes too long; with the end of the log.
    """
    ends_at = time.monotonic() + _LIMIT_S
    while not is_done():
        if time.monotonic() > ends_at:
            raise SystemExit(f"{what}: not within {_LIMIT_S:.0f} s\n{log.read_text()[-3000:]}")
        time.sleep(0.1)


class Usage:
    """What Redis was asked for."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url)

    def now(self) -> tuple[int, int]:
        stats = self._redis.info("stats")
        return stats["total_commands_processed"], (
            stats["total_net_input_bytes"] + stats["total_net_output_bytes"]
        )


# --- the forms ------------------------------------------------------------------------------------


def naive(site: NewsSite, folder: Path, broker: str) -> Run:
    """One task an item."""
    redis.Redis.from_url(broker).flushdb()
    file, warm, log = folder / "naive.db", folder / "warm", folder / "log"
    env = {"NAIVE_BROKER": broker, "NAIVE_STORE": str(file)}
    os.environ.update(env)
    from bench import naive as application

    application.app.conf.broker_url = broker
    application.store().close()
    command = [sys.executable, "-m", "celery", "-A", "bench.naive", "worker", "-c", "2",
               "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]  # fmt: skip
    with started(command, env, log) as pid:
        processor = Processor(pid)
        for _ in range(2):
            application.ready.delay(str(warm))
        until(lambda: warm.exists() and len(warm.read_text().split()) >= 2, "naive: start", log)
        with sqlite3.connect(file, timeout=60) as connection:
            usage = Usage(broker)
            before, asked, start = processor.seconds(), usage.now(), time.perf_counter()
            for url in site.feeds:
                application.poll.delay(url)

            def count() -> int:
                return int(connection.execute("SELECT count(*) FROM article").fetchone()[0])

            until(lambda: count() >= site.articles, "naive", log)
            return _run((pid, processor), start, before, count(), usage, asked)


def loop(pages: Sequence[bytes], folder: Path) -> Run:
    """Trafilatura's text of each page, one after the other."""
    files = folder / "pages"
    files.mkdir()
    for number, page in enumerate(pages):
        (files / f"{number:06}").write_bytes(page)
    told = subprocess.run(
        [sys.executable, "-c", _LOOP, str(files)], check=True, capture_output=True, text=True
    )
    seconds, cpu = map(float, told.stdout.split()[-2:])
    return Run(seconds, cpu, len(pages))


def worker(
    site: NewsSite, broker: str, url: str, seeds: Path, folder: Path, *, is_matched: bool = True
) -> Run:
    """The worker of docker-compose.yml; this process is its beat and its sweeper."""
    redis.Redis.from_url(broker).flushdb()
    url = url or f"sqlite:///{folder / 'store.db'}"
    log = folder / "log"
    env = _environment(folder, seeds) | {
        "SEEDWATCH_BROKER_URL": broker, "SEEDWATCH_DATABASE_URL": url,
    }  # fmt: skip
    store = _emptied(url)
    command = _seedwatch("worker", "--concurrency", "2", begin="" if is_matched else _UNMATCHED)
    with started(command, env, log) as pid:
        processor = Processor(pid)
        ask = _asking(broker)
        warm = [site.feeds[-1]]
        store.feeds.sync({"warm": [FeedConfig(feed) for feed in warm]})
        _poll(store, ask)
        until(lambda: _is_idle(store, 1), "worker: start", log)
        done = store.articles.counts().get("done", 0)
        usage = Usage(broker)
        store.feeds.sync({"warm": [FeedConfig(feed) for feed in site.feeds]})
        before, asked, start = processor.seconds(), usage.now(), time.perf_counter()
        _poll(store, ask)
        swept = [time.monotonic()]

        def is_done() -> bool:
            if time.monotonic() - swept[0] > 10:
                swept[0] = time.monotonic()
                for batch in store.articles.hint_due(batch=25):
                    ask("seedwatch.process_articles", batch, "match")
            return _is_idle(store, len(site.feeds))

        until(is_done, "worker", log)
        count = store.articles.counts().get("done", 0) - done
        run = _run((pid, processor), start, before, count, usage, asked)
    store.close()
    return run


def embedded(site: NewsSite, folder: Path) -> Run:
    """`seedwatch run`, from its first article on."""
    url = f"sqlite:///{folder / 'store.db'}"
    log = folder / "log"
    env = _environment(folder, _watch_folder(folder, site.feeds)) | {"SEEDWATCH_DATABASE_URL": url}
    store = _emptied(url)
    with started(_seedwatch("run", "--no-web"), env, log) as pid:
        processor = Processor(pid)
        until(lambda: bool(store.articles.counts()), "embedded: start", log)
        before, start = processor.seconds(), time.perf_counter()
        first = store.articles.counts().get("done", 0)
        until(lambda: _is_idle(store, len(site.feeds)), "embedded", log)
        count = store.articles.counts()["done"] - first
        run = _run((pid, processor), start, before, count)
    store.close()
    return run


def _run(
    form: tuple[int, Processor],
    start: float,
    before: float,
    articles: int,
    usage: Usage | None = None,
    asked: tuple[int, int] = (0, 0),
) -> Run:
    pid, processor = form
    seconds, cpu = time.perf_counter() - start, processor.seconds() - before
    if usage is None:
        return Run(seconds, cpu, articles, memory_mib(pid))
    commands, size = (now - then for now, then in zip(usage.now(), asked, strict=True))
    return Run(seconds, cpu, articles, memory_mib(pid), commands / articles, size / articles)


def _seedwatch(*arguments: str, begin: str = "") -> list[str]:
    return [sys.executable, "-c", f"{begin}from worker.cli import main; main()", *arguments]


def _environment(folder: Path, seeds: Path) -> dict[str, str]:
    return {
        "SEEDWATCH_DATA_DIR": str(folder), "SEEDWATCH_SEEDS_DIR": str(seeds),
        "SEEDWATCH_FETCH_ALLOW_NETS": "127.0.0.0/8", "SEEDWATCH_LOG_LEVEL": "warning",
    }  # fmt: skip


def _emptied(url: str) -> Store:
    import sqlalchemy as sa

    if not url.startswith("sqlite"):
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            connection.execute(sa.text("DROP SCHEMA public CASCADE"))
            connection.execute(sa.text("CREATE SCHEMA public"))
        engine.dispose()
    store = Store(url)
    store.migrate()
    return store


def _asking(broker: str) -> Callable[[str, list[int], str], None]:
    from worker.app import configure
    from worker.config import Settings

    app = configure(Settings(broker_url=broker))

    def ask(task: str, ids: list[int], queue: str) -> None:
        app.send_task(f"{task}", args=[ids], queue=queue)

    return ask


def _poll(store: Store, ask: Callable[[str, list[int], str], None]) -> None:
    from worker.polls import FEEDS_BATCH

    for batch in store.feeds.hint_due(batch=FEEDS_BATCH):
        ask("seedwatch.poll_feeds", batch, "fetch")


def _is_idle(store: Store, feeds: int) -> bool:
    """Whether all feeds were polled and nothing is left to do."""
    counts = store.articles.counts()
    polled = sum(row.last_success_at is not None for row in store.feeds.rows())
    return polled >= feeds and set(counts) <= {"done", "quarantined"}


def _watch_folder(folder: Path, feeds: Sequence[str] = ()) -> Path:
    """The first watch with other feeds."""
    source = next((ROOT / "seeds").iterdir())
    target = folder / "seeds" / source.name
    shutil.copytree(source, target)
    settings = (target / "watch.toml").read_text()
    kept = settings.split("# ---- Feeds", 1)[0]
    added = "".join(f'[[feed]]\nurl = "{feed}"\n' for feed in feeds)
    (target / "watch.toml").write_text(kept + added)
    return folder / "seeds"


# --- the table ------------------------------------------------------------------------------------


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
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    pages = pages_of(options.pages, options.articles)
    runs: dict[str, list[Run]] = {}
    with (
        served(pages, options.feeds, options.latency_ms / 1000) as site,
        tempfile.TemporaryDirectory() as name,
    ):
        seeds = _watch_folder(Path(name))
        forms: dict[str, Callable[[Path], Run]] = {
            "naive": lambda folder: naive(site, folder, options.redis),
            "loop": lambda folder: loop(pages, folder),
        }
        for url in ["", *(options.store or [])]:
            label = f"worker, {'PostgreSQL' if url else 'SQLite'}"
            forms[label] = partial(worker, site, options.redis, url, seeds)
        if options.only:
            forms["worker, SQLite, no matching"] = partial(
                worker, site, options.redis, "", seeds, is_matched=False
            )
        forms["embedded"] = lambda folder: embedded(site, folder)
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
        told = {form: [vars(run) for run in each] for form, each in runs.items()}
        options.json.write_text(json.dumps(told, indent=1))


def _told(run: Run) -> str:
    return (
        f"{run.articles} articles, {run.articles / run.seconds:.1f}/s, "
        f"{1000 * run.cpu_s / run.articles:.1f} ms of CPU each, {run.memory_mib:.0f} MiB"
    )


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
