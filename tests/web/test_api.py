"""The API: keyset pages of records, strict parameters, health with its cause."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.fakes import FakeClock
from tests.web.conftest import BASE, Filler
from tests.web.filling import KELP, Found
from worker.config import load_settings
from worker.domain import Relation, Verdict
from worker.notify.records import match_record
from worker.store.store import Store
from worker.web.app import make_app


def test_a_record_is_what_exports_give(
    client: TestClient, filled: Filler, sqlite_store: Store
) -> None:
    (match_id,) = filled(Found("海藻", language="ja"))
    answer = client.get(f"/api/v1/matches/{match_id}")
    assert answer.json() == json.loads(json.dumps(match_record(sqlite_store.matches.get(match_id))))


def test_pages_by_key(client: TestClient, filled: Filler) -> None:
    ids = filled(*(Found(f"t{number}") for number in range(5)))
    seen: list[int] = []
    params: dict[str, int] = {"limit": 2}
    while True:
        page = client.get("/api/v1/matches", params=params).json()
        seen += [record["id"] for record in page["matches"]]
        if page["next_before"] is None:
            break
        params["before"] = page["next_before"]
    assert seen == ids[::-1]


def test_filters(client: TestClient, filled: Filler, sqlite_store: Store) -> None:
    first, *_ = filled(
        Found("a"), Found("b", relation=Relation.COPY, language="fr"),
        Found("c", watch="river", seed="th.md"),
        Found("d", relation=Relation.UNRELATED, score=0.35),
    )  # fmt: skip
    sqlite_store.matches.review(first, Verdict.RELEVANT)

    def found(query: str) -> list[str]:
        records = client.get(f"/api/v1/matches?{query}").json()["matches"]
        return [record["title"] for record in records]

    assert found("") == ["c", "b", "a"]
    assert found("verdict=relevant") == ["a"]
    assert found("verdict=unreviewed") == ["c", "b"]
    assert found("relation=copy&language=fr") == ["b"]
    assert found("relation=unrelated") == ["d"]
    assert found("watch=river") == ["c"]
    assert found("since=2026-03-02") == []
    assert found("q=b") == ["b"]
    assert found("outlet=The%20News&feed=1") == ["c", "b", "a"]
    assert found("feed=2") == []


def test_bad_parameters_are_named(client: TestClient) -> None:
    for query in (
        "limit=0", "limit=501", "before=0", "before=99999999999999999999", "relation=x",
        "since=x", "verdict=all", "watch=..", "watch=kelp%0A", "language=%00", "nonsense=1",
        "feed=0", f"q={'x' * 201}",
    ):  # fmt: skip
        answer = client.get(f"/api/v1/matches?{query}")
        assert answer.status_code == 422, query
        assert query.partition("=")[0] in answer.json()["errors"][0]["loc"]


def test_problems_are_json(client: TestClient) -> None:
    for path, status in {
        "/api/v1/matches/1": 404,
        "/api/v1/matches/99999999999999999999": 422,
        "/api/v1/matches/x": 422,
        "/api/v1/nothing": 404,
    }.items():
        answer = client.get(path)
        assert answer.status_code == status, path
        assert "detail" in answer.json()


def test_the_schema_is_served_and_names_all_paths(client: TestClient) -> None:
    schema = client.get("/api/openapi.json").json()
    assert set(schema["paths"]) == {
        "/api/v1/matches", "/api/v1/matches/{match_id}", "/healthz", "/readyz"
    }  # fmt: skip


def test_the_process_answers(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_ready_gives_ages(
    client: TestClient, filled: Filler, sqlite_store: Store, clock: FakeClock
) -> None:
    filled(Found("a"))
    sqlite_store.pulse.take("sweep", "test", 1)
    clock.advance(seconds=40)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready", "cause": None, "pulses_s": {"sweep": 40.0}, "oldest_due_s": None
    }  # fmt: skip


@pytest.fixture
def down(tmp_path: Path) -> FastAPI:
    """An application whose database has no tables."""
    return make_app(Store(f"sqlite:///{tmp_path / 'empty.db'}"), (KELP,), load_settings())


def test_a_store_that_is_down_is_named(down: FastAPI) -> None:
    client = TestClient(down, base_url=BASE)
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "empty.db" in answer.json()["cause"]
    assert client.get("/api/v1/matches").status_code == 503
    page = client.get("/")
    assert page.status_code == 503
    assert "The store does not answer" in page.text
