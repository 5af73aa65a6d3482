"""What the settings decide about who works with whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.config import Settings
from worker.errors import FetchError
from worker.feeds.queries import min_interval_s
from worker.services import AllAllowed
from worker.wiring import build, build_limiter, build_store

URL = "https://www.example.com/"


def settings(tmp_path: Path, **more: object) -> Settings:
    return Settings(data_dir=tmp_path, encoder="hashing", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("broker_url", ["memory://", "redis://127.0.0.1:6379/0"])
def test_with_a_broker_all_workers_share_their_turns(tmp_path: Path, broker_url: str) -> None:
    chosen = settings(tmp_path, broker_url=broker_url)
    stores = [build_store(chosen) for _ in range(2)]
    stores[0].migrate()
    one, other = (build_limiter(chosen, store) for store in stores)
    one.pause(URL, 500.0)
    assert one.wait_s(URL) > 400
    assert (other.wait_s(URL) > 400) == (broker_url != "memory://")
    if broker_url != "memory://":
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
    limiter = build_limiter(chosen, store)
    for host, pause_s in (("api.gdeltproject.org", 10), ("news.google.com", 5), ("a.test", 0)):
        with limiter.acquire(f"https://{host}/search"):
            pass
        assert limiter.wait_s(f"https://{host}/") == pytest.approx(pause_s, abs=1)
    assert min_interval_s("https://api.gdeltproject.org/api/v2/doc/doc?query=x") >= 3_600
    store.close()
