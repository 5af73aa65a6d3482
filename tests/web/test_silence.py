"""The page and the command that say why an outlet has no match."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import html
from starlette.testclient import TestClient

from tests.fakes import FakeClock
from tests.web.conftest import Filler
from tests.web.filling import Found, fill
from worker.cli import main
from worker.clock import utc_now
from worker.domain import Relation
from worker.store.store import Store


def test_each_cell_says_in_words_what_its_sign_means(
    filled: Filler, see: Callable[..., html.HtmlElement], clock: FakeClock
) -> None:
    filled(Found("near", language="fr", relation=Relation.UNRELATED, score=0.41))
    clock.advance(days=1)
    filled(Found("one", language="fr"), Found("deux", language="fr"))
    page = see("/silence?days=7")
    (row,) = page.xpath("//table[@class='silence']/tbody/tr")
    assert row.findtext("th/a/bdi") == "The News"
    assert row.findtext("th/span") == "French"
    told = [cell.findtext("span[@class='unseen']") for cell in row.xpath("td[@title]")]
    near = "1 entry, below the threshold (the nearest one 41%)"
    assert told == ["2 matches", near, *["not asked"] * 5]
    assert [cell.findtext("span") for cell in row.xpath("td[@title]")][:2] == ["2", "1"]
    assert len(page.xpath("//table[@class='silence']/thead//th")) == 8


def test_what_makes_no_sense_is_refused(client: TestClient) -> None:
    assert client.get("/silence?days=15").status_code == 400
    assert client.get("/silence?watch=nobody").status_code == 400
    assert client.get("/silence?watch=kelp&days=28").status_code == 200


def test_the_command_tells_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = tmp_path / "seeds" / "kelp"
    seeds.mkdir(parents=True)
    (seeds / "en.md").write_text("---\nlanguage: en\n---\nThe kelp laboratory.\n")
    (seeds / "watch.toml").write_text('title = "Kelp"\n')
    clock = FakeClock()
    clock.now = utc_now()
    store = Store(f"sqlite:///{tmp_path / 'data' / 'seedwatch.db'}", clock)
    store.migrate()
    fill(store, clock, Found("one", language="fr"))
    store.close()

    def run(*args: str) -> str:
        monkeypatch.setattr(sys, "argv", ["seedwatch", "silence", *args])
        main()
        return capsys.readouterr().out

    assert run("--days", "3").splitlines()[1] == "fr   ??M  The News"
    (found,) = json.loads(run("--days", "2", "--watch", "kelp", "--json"))
    assert (found["language"], found["outlet"]) == ("fr", "The News")
    assert [day["state"] for day in found["days"]] == ["unasked", "matched"]
    assert found["days"][1]["matches"] == 1
