"""The watches: seeds and settings, and what each only just missed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lxml.html import HtmlElement
from starlette.testclient import TestClient

from tests.fakes import FakeClock
from tests.web.conftest import BASE, Filler
from tests.web.filling import KELP, Found
from tests.web.test_inbox import words
from worker.config import load_settings
from worker.domain import Aspect, ChannelConfig, QueryConfig, Relation
from worker.store.store import Store
from worker.web.app import make_app

See = Callable[..., HtmlElement]


def test_seeds_and_settings_in_words(sqlite_store: Store, clock: FakeClock, filled: Filler) -> None:
    filled(Found("a"))
    watch = replace(
        KELP,
        title="<b>Kelp</b>",
        description="Kelp, & where it grows",
        languages=("pt", "sw"),
        threshold=0.425,
        aspects=(Aspect("seaweed", ("kelp", "<i>algas</i>")), Aspect("Kilifi")),
        queries=(QueryConfig("google", "kelp", ("en",)),),
        channels=(ChannelConfig("webhook"),),
    )
    app = make_app(sqlite_store, (watch,), load_settings(), clock)
    said = " ".join(TestClient(app, base_url=BASE).get("/watches").text.split())
    for part in (
        "&lt;b&gt;Kelp&lt;/b&gt;", "Kelp, &amp; where it grows", "Portuguese, Swahili",
        "related from 42%", "seaweed</span>", "webhook",
        "kelp, &lt;i&gt;algas&lt;/i&gt;", "google: English", "<code>kelp/watch.toml</code>",
        "1 feed</a>, 1 search among them, asked of google", "Kilifi gets its kelp laboratory",
        "Laboratório de algas",
        "Nothing came close",
    ):  # fmt: skip
        assert part in said, part


def test_near_misses_best_first_each_with_its_page(see: See, filled: Filler) -> None:
    filled(
        *(
            Found(f"miss {number}", relation=Relation.UNRELATED, score=0.2 + number / 100)
            for number in range(12)
        ),
        Found("a match"),
        Found("elsewhere", relation=Relation.UNRELATED, score=0.4, watch="river", seed="th.md"),
    )
    page = see("/watches")
    kelp, river = page.xpath("//ol[@class='misses']")
    assert [words(item) for item in kelp.xpath("li/a")] == [f"miss {n}" for n in range(11, 1, -1)]
    assert [words(item) for item in river.xpath("li/a")] == ["elsewhere"]
    assert words(see(kelp.xpath("li/a/@href")[0]).xpath("//h1")[0]) == "miss 11"
    (more,) = page.xpath("//a[starts-with(., 'All that was just missed')]/@href")
    assert len(see(more).xpath("//ol[@class='rows']/li")) == 12


def test_without_a_watch_it_says_what_to_do(sqlite_store: Store, clock: FakeClock) -> None:
    app = make_app(sqlite_store, (), load_settings(), clock)
    assert "seedwatch watch new" in TestClient(app, base_url=BASE).get("/watches").text


def test_the_matchers_own_threshold_is_told(see: See) -> None:
    assert "related from 50%, the matcher's own" in words(see("/watches"))
