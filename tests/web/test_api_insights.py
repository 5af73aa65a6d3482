"""What is concluded about stories and watches, for programs."""

from __future__ import annotations

from starlette.testclient import TestClient

from tests.fakes import FakeClock
from tests.web.api_client import bearer
from tests.web.conftest import Filler
from tests.web.filling import Found
from tests.web.test_facts import told as told  # noqa: PLC0414 - a fixture
from worker.domain import Relation, Rendering, Scope, Verdict
from worker.store.naming import PROPOSED
from worker.store.store import Store


def test_a_story_is_told_as_its_page_tells_it(client: TestClient, told: list[int]) -> None:
    path = f"/api/v1/stories/{told[1]}"
    graph = client.get(f"{path}/lineage").json()
    assert {f"m{one}" for one in told} <= {node["id"] for node in graph["nodes"]}
    facts = client.get(f"{path}/facts").json()
    assert facts == client.get(f"/stories/{told[0]}/facts.json").json()
    assert facts["facts"][0]["is_conflict"] is True
    assert client.get(f"{path}/quotes").json()["quotes"] == []
    assert client.get("/api/v1/stories/999/facts").status_code == 404


def test_a_briefing_of_a_watch_and_a_time(client: TestClient, told: list[int]) -> None:
    (story,) = client.get("/api/v1/brief?watch=kelp&since=2026-01-01").json()["stories"]
    assert story["conflicts"]
    assert client.get("/api/v1/brief?watch=river").json()["stories"] == []
    assert client.get("/api/v1/brief?since=yesterday").status_code == 422
    assert client.get("/api/v1/brief?watch=klep").status_code == 404


def test_names_are_read_and_judged(client: TestClient, sqlite_store: Store) -> None:
    sqlite_store.names.add("kelp", Rendering("Kilifi", "ja", "キリフィ"), PROPOSED)
    sqlite_store.names.add("kelp", Rendering("Kilifi", "ja", "キリフ"), PROPOSED)
    names = "/api/v1/watches/kelp/names"
    one, other = client.get(f"{names}?standing=proposed").json()["names"]
    reads = bearer(sqlite_store, Scope.READ)
    judges = bearer(sqlite_store, Scope.REVIEW, "desk")
    word = {"standing": "approved"}
    assert client.post(f"{names}/{one['id']}", json=word).status_code == 401
    assert client.post(f"{names}/{one['id']}", json=word, headers=reads).status_code == 403
    (said,) = client.post(f"{names}/{one['id']}", json=word, headers=judges).json()["names"]
    assert (said["standing"], said["reviewer"]) == ("approved", "desk")
    assert [x["text"] for x in client.get(f"{names}?standing=approved").json()["names"]] == [
        one["text"]
    ]
    same = word | {"text": one["text"]}
    assert client.post(f"{names}/{other['id']}", json=same, headers=judges).status_code == 409
    assert client.post(f"{names}/999", json=word, headers=judges).status_code == 404
    assert client.get("/api/v1/watches/nowhere/names").status_code == 404


def test_tuning_and_replay_are_read(
    client: TestClient, filled: Filler, sqlite_store: Store
) -> None:
    first, *_ = filled(Found("a", score=0.9), Found("b", score=0.7))
    sqlite_store.matches.review(first, Verdict.RELEVANT)
    tuning = client.get("/api/v1/watches/kelp/tuning").json()
    assert 0 < tuning["threshold"] < 1
    assert tuning["quality"][0]["precision"]["value"] == 1.0
    replay = client.get("/api/v1/watches/kelp/replay?threshold=0.8").json()
    assert len(replay["goes_out"]["match_ids"]) == 1
    assert replay["comes_in"]["match_ids"] == []
    assert client.get("/api/v1/watches/kelp/replay?threshold=7").status_code == 422


def test_the_blind_sample_is_read_without_its_scores(
    client: TestClient, filled: Filler, sqlite_store: Store, clock: FakeClock
) -> None:
    filled(Found("near", relation=Relation.UNRELATED, score=0.3), Found("shown", score=0.9))
    clock.advance(minutes=1)
    sqlite_store.samples.draw("kelp", lambda strata: strata)
    (one,) = client.get("/api/v1/watches/kelp/sample").json()["articles"]
    assert one["title"] == "near"
    assert not {"score", "relation", "reasons"} & set(one)
    said = {"verdict": "relevant", "review_id": one["review_id"]}
    judges = bearer(sqlite_store, Scope.REVIEW)
    path = f"/api/v1/matches/{one['match_id']}/verdict"
    assert client.put(path, json=said, headers=judges).status_code == 200
    assert client.get("/api/v1/watches/kelp/sample").json()["articles"] == []
    assert client.get("/api/v1/watches/klep/sample").status_code == 404


def test_silence_is_told_day_by_day(client: TestClient, filled: Filler) -> None:
    filled(Found("shown", score=0.9))
    (outlet,) = client.get("/api/v1/silence?days=7").json()["outlets"]
    assert outlet["outlet"] == "The News"
    days = outlet["days"]
    assert [day["state"] for day in days] == ["unasked"] * 6 + ["matched"]
    assert days[-1]["matches"] == 1
    assert client.get("/api/v1/silence?watch=klep").status_code == 404
    assert client.get("/api/v1/silence?days=400").status_code == 422


def test_matching_again_is_asked_for_and_followed(
    client: TestClient, filled: Filler, sqlite_store: Store
) -> None:
    filled(Found("a"))
    path = "/api/v1/watches/kelp/rematch"
    assert client.get(path).json() == {"requests": []}
    assert client.post(path, json={}).status_code == 401
    reads = bearer(sqlite_store, Scope.READ)
    assert client.post(path, json={}, headers=reads).status_code == 403
    judges = bearer(sqlite_store, Scope.REVIEW, "desk")
    assert client.post(path, json={"since": 7}, headers=judges).status_code == 422
    answer = client.post(path, json={"since": "2026-01-30"}, headers=judges)
    assert answer.status_code == 202
    assert (answer.json()["state"], answer.json()["reviewer"]) == ("asked", "desk")
    assert client.post(path, json={"since": "2026-01-30"}, headers=judges).json() == answer.json()
    job = sqlite_store.rematches.claim("m9")
    assert job is not None
    sqlite_store.rematches.finish(job)
    (found,) = client.get(path).json()["requests"]
    assert (found["state"], found["total"], found["newly_matched"]) == ("done", 1, 0)
    assert client.get("/api/v1/watches/nowhere/rematch").status_code == 404
