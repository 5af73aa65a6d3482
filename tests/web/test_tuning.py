"""A watch's page: what a threshold would change, saved and taken back; the blind sample; seeds."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from lxml.html import HtmlElement
from starlette.testclient import TestClient

from tests.fakes import FakeClock
from tests.store.test_tallies import match_of
from tests.web.conftest import Filler
from tests.web.filling import Found
from tests.web.test_inbox import words
from tests.web.test_review import OWN
from worker.domain import Relation, Verdict
from worker.records import NewSetting
from worker.store.learning import seed_of
from worker.store.store import Store

See = Callable[..., HtmlElement]
MISS = Relation.UNRELATED


def send(client: TestClient, address: str, form: dict[str, str], **more: str) -> Any:
    return client.post(address, data=form | more, headers=OWN)


def fields(client: TestClient, address: str, action: str) -> dict[str, str]:
    """The hidden fields of a page's form, as a browser would send them."""
    text = client.get(address).text
    form = re.search(rf'<form[^>]*action="{action}".*?</form>', text, re.DOTALL)
    assert form, text
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0]))


def test_a_threshold_is_tried_saved_and_taken_back(
    client: TestClient, see: See, filled: Filler, sqlite_store: Store
) -> None:
    ids = filled(Found("high"), Found("low", score=0.6), Found("miss", relation=MISS, score=0.4))
    sqlite_store.matches.review(ids[1], Verdict.IRRELEVANT)
    said = words(see("/watches/kelp?threshold=62").get_element_by_id("then"))
    assert "62% instead of 50%" in said
    assert "Would come in None" in said
    assert "Would go out 1 article; judged relevant: 0, irrelevant: 1 60% low" in said
    assert sqlite_store.learning.current() == {}  # to look changes nothing
    form = fields(client, "/watches/kelp?threshold=62", "/watches/kelp/threshold")
    answer = send(client, "/watches/kelp/threshold", form | {"act": "save", "reviewer": "Lan"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/watches/kelp?done=saved")
    assert sqlite_store.learning.current()["kelp"].threshold == 0.62
    page = words(see("/watches/kelp"))
    assert "Related from 62%; decided on" in page
    assert "by Lan" in page
    assert "related from 62%, as was decided" in words(see("/watches"))
    again = send(client, "/watches/kelp/threshold", form | {"act": "save"})
    assert again.status_code == 409  # somebody has decided since that page was made
    undo = fields(client, "/watches/kelp", "/watches/kelp/threshold")
    assert send(client, "/watches/kelp/threshold", undo | {"act": "undo"}).status_code == 303
    assert "Related from 50%; the matcher's own" in words(see("/watches/kelp"))
    assert len(sqlite_store.learning.history("kelp")) == 2


def test_what_the_verdicts_speak_for_is_shown_and_saved_as_seen(
    client: TestClient, see: See, filled: Filler, sqlite_store: Store
) -> None:
    sqlite_store.learning.decide(NewSetting("kelp", 0.95, None, None, None))
    ids = filled(*(Found(f"m{n}", relation=MISS, score=0.6 + n / 50) for n in range(12)))
    for match_id in ids:
        sqlite_store.matches.review(match_id, Verdict.RELEVANT)
    page = see("/watches/kelp")
    assert "speak for a threshold of" in words(page)
    (link,) = page.xpath("//a[contains(@href, 'proposed')]/@href")
    assert "Would come in 12 articles" in words(see(link.split("#")[0]))
    form = fields(client, link.split("#")[0], "/watches/kelp/threshold")
    stale = send(client, "/watches/kelp/threshold", form | {"act": "save", "sight": "0" * 16})
    assert stale.status_code == 409
    assert send(client, "/watches/kelp/threshold", form | {"act": "save"}).status_code == 303
    row = sqlite_store.learning.current()["kelp"]
    assert row.threshold is not None
    assert row.threshold < 0.6
    assert row.estimate is not None
    assert row.estimate["right"] == 12


def test_the_blind_sample_shows_no_score_and_takes_a_verdict(
    client: TestClient, see: See, filled: Filler, sqlite_store: Store, clock: FakeClock
) -> None:
    ids = filled(Found("near <b>", relation=MISS, score=0.43, reasons=("both name Kilifi",)))
    clock.advance(minutes=1)
    sqlite_store.samples.draw("kelp", lambda strata: strata)
    assert "1 article to judge blindly" in words(see("/watches/kelp"))
    said = words(see("/watches/kelp/sample"))
    assert "near <b>" in said
    assert "43" not in said
    assert "Kilifi" not in said.replace("Kelp & kin", "")
    form = fields(client, "/watches/kelp/sample", "/watches/kelp/sample")
    answer = send(client, "/watches/kelp/sample", form | {"verdict": "relevant"})
    assert answer.headers["location"] == "/watches/kelp/sample?done=relevant"
    assert sqlite_store.matches.get(ids[0]).verdict is Verdict.RELEVANT
    assert "Nothing to judge" in words(see("/watches/kelp/sample"))
    again = send(client, "/watches/kelp/sample", form | {"verdict": "irrelevant"})
    assert again.status_code == 409
    assert sqlite_store.matches.get(ids[0]).verdict is Verdict.RELEVANT


def test_a_relevant_match_becomes_a_seed_and_is_taken_out(
    client: TestClient, see: See, filled: Filler, sqlite_store: Store
) -> None:
    (match_id,) = filled(Found("Labo", language="fr"))
    assert "Make it a seed" not in words(see(f"/matches/{match_id}"))
    sqlite_store.matches.review(match_id, Verdict.RELEVANT)
    form = fields(client, f"/matches/{match_id}", "/watches/kelp/seeds")
    assert send(client, "/watches/kelp/seeds", form | {"add": str(match_id)}).status_code == 303
    assert "It is a seed" in words(see(f"/matches/{match_id}"))
    page = see("/watches/kelp")
    assert words(page.xpath("//ul[@class='choices']/li")[0]).startswith("Labo French")
    (number,) = page.xpath("//button[@name='remove']/@value")
    form = fields(client, "/watches/kelp", "/watches/kelp/seeds")
    send(client, "/watches/kelp/seeds", form | {"remove": number})
    assert sqlite_store.learning.seeds() == []


def test_an_added_seed_stands_beside_what_it_found_without_a_restart(
    see: See, filled: Filler, sqlite_store: Store
) -> None:
    (first,) = filled(Found("Labo", text="The first words of the seed that was added."))
    sqlite_store.matches.review(first, Verdict.RELEVANT)
    row = sqlite_store.learning.add_seed(first)
    other = filled(Found("Other", seed=seed_of(row).id, url="https://news.example/other"))[-1]
    (beside,) = see(f"/matches/{other}").xpath("//section[@aria-labelledby='seed-heading']")
    assert "The first words of the seed that was added." in words(beside)


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        ("threshold", {"act": "save", "seen": "0", "threshold": "62"}, 409),
        ("threshold", {"act": "save", "seen": "x"}, 400),
        ("threshold", {"act": "undo", "seen": "4"}, 409),
        ("seeds", {"add": "99"}, 404),
        ("seeds", {"remove": "99"}, 404),
        ("sample", {"verdict": "relevant", "pick": "1.0"}, 409),
    ],
)
def test_a_form_that_makes_no_sense_changes_nothing(
    client: TestClient, filled: Filler, sqlite_store: Store, path: str, data: dict[str, str],
    status: int,
) -> None:  # fmt: skip
    (match_id,) = filled(Found("a"))
    found = re.search(
        r'name="token" value="([0-9a-f]{64})"', client.get(f"/matches/{match_id}").text
    )
    assert found
    answer = send(client, f"/watches/kelp/{path}", data | {"token": found[1]})
    assert answer.status_code == status
    assert send(client, f"/watches/kelp/{path}", data).status_code == 403
    assert sqlite_store.learning.history("kelp") == []
    assert sqlite_store.matches.get(match_id).verdict is None


def test_addresses_that_mean_nothing(client: TestClient) -> None:
    for address, status in (
        ("/watches/none", 404),
        ("/watches/none/sample", 404),
        ("/watches/kelp?threshold=5", 400),
        ("/watches/kelp?threshold=x", 400),
    ):
        assert client.get(address).status_code == status, address


def test_stored_articles_are_asked_to_be_matched_again_and_the_page_tells_how_far_it_is(
    client: TestClient, see: See, filled: Filler, sqlite_store: Store
) -> None:
    filled(Found("high"))
    form = fields(client, "/watches/kelp", "/watches/kelp/rematch")
    refused = send(client, "/watches/kelp/rematch", form | {"token": "x" * 20, "days": "30"})
    assert refused.status_code == 403
    assert sqlite_store.rematches.latest() == []
    asked = form | {"days": "30", "reviewer": "Lan"}
    answer = send(client, "/watches/kelp/rematch", asked)
    assert (answer.status_code, answer.headers["location"]) == (303, "/watches/kelp?done=asked")
    assert send(client, "/watches/kelp/rematch", asked).status_code == 303
    (row,) = sqlite_store.rematches.latest(9)  # asked for twice, stored once
    assert (row.reviewer, str(row.since)) == ("Lan", "2026-01-30")
    page = words(see("/watches/kelp"))
    assert "what came since 30 Jan 2026 asked for by Lan Asked for; a worker takes it up" in page
    job = sqlite_store.rematches.claim("m9")
    assert job is not None
    (stored,) = sqlite_store.rematches.left(job, None, 9)
    sqlite_store.rematches.store(stored, [match_of(MISS)], "m9", {}, job=job)
    said = "1 article; 0 newly matched, 1 no longer."
    assert f"Running: 1 of {said}" in words(see("/watches/kelp"))
    sqlite_store.rematches.finish(job)
    assert "Done: 1 article matched again; 0 newly matched, 1 no longer." in words(
        see("/watches/kelp")
    )
    assert "0 newly matched, 0 no longer." in words(see("/watches/river"))
    send(client, "/watches/kelp/rematch", form | {"days": ""})
    job = sqlite_store.rematches.claim("m10")
    assert job is not None
    sqlite_store.rematches.finish(job, "EncoderError: <no> file")
    page = words(see("/watches/kelp"))
    assert "Given up after 0 of 1 article: EncoderError: <no> file" in page
    assert "all that is stored" in page


@pytest.mark.parametrize("days", ["-1", "x", "1e3", "9" * 30])
def test_a_period_that_means_nothing_is_refused(
    client: TestClient, sqlite_store: Store, days: str
) -> None:
    form = fields(client, "/watches/kelp", "/watches/kelp/rematch")
    assert send(client, "/watches/kelp/rematch", form | {"days": days}).status_code == 400
    assert sqlite_store.rematches.latest() == []


def test_a_watch_with_few_seeds_is_offered_relevant_matches_that_differ_from_them(
    client: TestClient, see: See, filled: Filler, sqlite_store: Store
) -> None:
    near, far, wrong = filled(
        Found("near", score=0.95), Found("far", score=0.55), Found("wrong", score=0.52)
    )
    assert not see("/watches/kelp").xpath("//h3[@id='likely']")
    for match_id, verdict in ((near, "relevant"), (far, "relevant"), (wrong, "irrelevant")):
        sqlite_store.matches.review(match_id, Verdict(verdict))
    offered = see("/watches/kelp").xpath("//button[@name='add']/@value")
    assert offered == [str(far), str(near)]
    form = fields(client, "/watches/kelp", "/watches/kelp/seeds")
    assert send(client, "/watches/kelp/seeds", form | {"add": str(far)}).status_code == 303
    assert see("/watches/kelp").xpath("//button[@name='add']/@value") == [str(near)]
    sqlite_store.learning.add_seed(near)
    assert not see("/watches/kelp").xpath("//h3[@id='likely']")
