"""The API: keyset pages of records, strict parameters, health with its cause."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.fakes import FakeClock
from tests.web.api_client import pages
from tests.web.conftest import BASE, Filler
from tests.web.filling import KELP, Found
from worker.config import load_settings
from worker.domain import Relation, Verdict
from worker.notify.records import FIELDS, match_record
from worker.store.store import Store
from worker.web.api.models import MatchRecord
from worker.web.app import make_app


def test_a_record_is_what_exports_give(
    client: TestClient, filled: Filler, sqlite_store: Store
) -> None:
    (match_id,) = filled(Found("海藻", language="ja"))
    answer = client.get(f"/api/v1/matches/{match_id}")
    record = match_record(sqlite_store.matches.get(match_id), KELP)
    assert answer.json() == json.loads(json.dumps(record))
    assert list(MatchRecord.model_fields) == list(FIELDS)


@pytest.mark.parametrize("limit", [1, 2, 5, 500])
def test_pages_by_key(client: TestClient, filled: Filler, limit: int) -> None:
    ids = filled(*(Found(f"t{number}") for number in range(5)))
    assert [row["id"] for row in pages(client, "/api/v1/matches", limit=limit)] == ids[::-1]
    articles = [row["id"] for row in pages(client, "/api/v1/articles", limit=limit)]
    assert articles == sorted(articles, reverse=True)
    assert len(articles) == 5


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
        "limit=0", "limit=501", "cursor=", "since=0", "relation=x",
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
        "/api/v1/matches?cursor=x": 404,
        "/api/v1/matches?cursor=YTox": 404,
        "/api/v1/articles?cursor=bTox%C3%A4": 404,
        "/api/v1/articles/1": 404,
        "/api/v1/articles/1/versions/1": 404,
        "/api/v1/feeds/1": 404,
        "/api/v1/watches/nope": 404,
        "/api/v1/exports/doc": 422,
        "/api/v1/nothing": 404,
    }.items():
        answer = client.get(path)
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == "application/problem+json"
        document = answer.json()
        assert (document["status"], document["instance"]) == (status, path.partition("?")[0])
        assert document["title"]
        assert document["detail"]


def test_what_is_not_possible_is_told_with_what_is(client: TestClient) -> None:
    for path, allowed in {
        "/api/v1/feeds": "GET, POST",
        "/api/v1/feeds/1": "DELETE, GET, PATCH",
        "/api/v1/matches/1/verdict": "DELETE, PUT",
        "/verdicts": "POST",
        "/feeds": "GET, HEAD, POST",
    }.items():
        answer = client.options(path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed), path


def test_the_schema_names_all_paths_and_no_page(client: TestClient) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    assert all(path.startswith("/api/v1/") for path in paths.keys() - {"/healthz", "/readyz"})
    assert {"/api/v1/matches", "/api/v1/verdicts", "/api/v1/feeds/{feed_id}/poll",
            "/api/v1/articles/{article_id}/versions/{number}", "/api/v1/watches",
            "/api/v1/stats", "/api/v1/exports/{format_name}"} <= paths.keys()  # fmt: skip


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
