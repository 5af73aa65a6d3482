"""What bench/throughput.py measures: an application of one task an item, a loop, and ours."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import redis

from bench.news_site import NewsSite
from bench.processes import ROOT, Grown, Processor, memory_mib, started, until
from worker.domain import FeedConfig, Seed
from worker.match.watchfile import seed_text
from worker.store.store import Store

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
        server_s: CPU seconds of PostgreSQL, the whole server; None if it is not used or not here.
        textless: articles without a text; None if nobody looked.
        grown: memory_mib of all processes after so many articles.
    """

    seconds: float
    cpu_s: float
    articles: int
    memory_mib: float = 0.0
    commands: float | None = None
    redis_bytes: float | None = None
    server_s: float | None = None
    textless: int | None = None
    grown: dict[int, float] = field(default_factory=dict)


class Usage:
    """What Redis was asked for."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url)

    def now(self) -> tuple[int, int]:
        stats = self._redis.info("stats")
        return stats["total_commands_processed"], (
            stats["total_net_input_bytes"] + stats["total_net_output_bytes"]
        )


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
    with started(command, env, log) as process:
        processor = Processor(process.pid)
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
            return _run((process.pid, processor), start, before, count(), usage, asked)


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


@dataclass(frozen=True)
class Setup:
    """What a worker works with.

    Attributes:
        site, broker, seeds: where they are. url: of the store; SQLite if empty.
        is_matched: False matches with nothing.
        vectors: where seeds' vectors are kept from one run to the next; nowhere if None.
        memory_at: numbers of articles after which memory is told in `grown`.
    """

    site: NewsSite
    broker: str
    seeds: Path
    url: str = ""
    is_matched: bool = True
    vectors: Path | None = None
    memory_at: Sequence[int] = ()


def worker(setup: Setup, folder: Path) -> Run:
    """The worker of docker-compose.yml; this process is its beat and its sweeper."""
    site, broker = setup.site, setup.broker
    redis.Redis.from_url(broker).flushdb()
    url = setup.url or f"sqlite:///{folder / 'store.db'}"
    log = folder / "log"
    env = _environment(folder, setup.seeds) | {
        "SEEDWATCH_BROKER_URL": broker, "SEEDWATCH_DATABASE_URL": url,
    }  # fmt: skip
    store = _emptied(url)
    if setup.vectors and setup.vectors.exists():
        shutil.copytree(setup.vectors, folder / "vectors")
    command = _seedwatch(
        "worker", "--concurrency", "2", begin="" if setup.is_matched else _UNMATCHED
    )
    with started(command, env, log) as process:
        processor, server = Processor(process.pid), _server(store)
        ask = _asking(broker)
        warm = [site.feeds[-1]]
        store.feeds.sync({"warm": [FeedConfig(feed) for feed in warm]})
        _poll(store, ask)
        until(lambda: _is_idle(store, 1), "worker: start", log)
        if setup.vectors:
            shutil.copytree(folder / "vectors", setup.vectors, dirs_exist_ok=True)
        done = store.articles.counts().get("done", 0)
        usage = Usage(broker)
        store.feeds.sync({"warm": [FeedConfig(feed) for feed in site.feeds]})
        served = server.seconds() if server else 0.0
        before, asked, start = processor.seconds(), usage.now(), time.perf_counter()
        _poll(store, ask)
        swept = [time.monotonic()]
        memory = Grown(process.pid, lambda: store.articles.counts().get("done", 0), setup.memory_at)

        def is_done() -> bool:
            memory.look()
            if time.monotonic() - swept[0] > 10:
                swept[0] = time.monotonic()
                for batch in store.articles.hint_due(batch=25):
                    ask("seedwatch.process_articles", batch, "match")
            return _is_idle(store, len(site.feeds))

        until(is_done, "worker", log, max(900.0, site.articles / 5))
        count = store.articles.counts().get("done", 0) - done
        run = _run((process.pid, processor), start, before, count, usage, asked)
        served_s = server.seconds() - served if server else None
        run = replace(run, server_s=served_s, grown=memory.told())
    store.close()
    return run


def embedded(site: NewsSite, folder: Path) -> Run:
    """`seedwatch run`, from its first article on after one feed by which it is warm."""
    url = f"sqlite:///{folder / 'store.db'}"
    log = folder / "log"
    env = _environment(folder, watch_folder(folder, site.feeds[-1:])) | {
        "SEEDWATCH_DATABASE_URL": url, "SEEDWATCH_POLL_TICK_S": "2",
    }  # fmt: skip
    store = _emptied(url)
    with started(_seedwatch("run", "--no-web"), env, log) as process:
        processor = Processor(process.pid)
        until(lambda: _is_idle(store, 1), "embedded: start", log)
        first = store.articles.counts().get("done", 0)
        store.feeds.sync({"warm": [FeedConfig(feed) for feed in site.feeds]})
        until(lambda: sum(store.articles.counts().values()) > first, "embedded: feeds", log)
        before, start = processor.seconds(), time.perf_counter()
        until(lambda: _is_idle(store, len(site.feeds)), "embedded", log)
        count = store.articles.counts()["done"] - first
        run = _run((process.pid, processor), start, before, count)
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


def _server(store: Store) -> Processor | None:
    """PostgreSQL with all its processes, if it runs on this machine."""
    if store.database.is_sqlite:
        return None
    with store.database.read() as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists() or "postgres" not in stat.read_text():
        return None
    return Processor(int(stat.read_text().rpartition(")")[2].split()[1]))


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

    def is_done() -> bool:
        return set(store.articles.counts()) <= {"done", "quarantined"}

    # asked often: what is dear comes after what is cheap, and a poll may have ended in between
    return is_done() and _polled(store) >= feeds and is_done()


def _polled(store: Store) -> int:
    return sum(row.last_success_at is not None for row in store.feeds.rows())


def watch_folder(folder: Path, feeds: Sequence[str] = (), seeds: Sequence[Seed] = ()) -> Path:
    """The first watch with other feeds and with further seeds."""
    source = next((ROOT / "seeds").iterdir())
    target = folder / "seeds" / source.name
    shutil.copytree(source, target)
    settings = (target / "watch.toml").read_text()
    kept = settings.split("# ---- Feeds", 1)[0]
    added = "".join(f'[[feed]]\nurl = "{feed}"\n' for feed in feeds)
    (target / "watch.toml").write_text(kept + added)
    for seed in seeds:
        head = {"title": seed.title, "language": seed.language}
        (target / seed.id).write_text(seed_text(head, seed.text))
    return folder / "seeds"
