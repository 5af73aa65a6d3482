"""How a story spread: on its page, as JSON and as GraphML, from what was kept when it matched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from lxml.html import HtmlElement
from starlette.testclient import TestClient

from tests.web.conftest import Filler
from tests.web.filling import KELP, Found
from tests.web.test_inbox import words
from worker.analysis.stories import Analyst
from worker.domain import ArticleText, Relation, SeedRows
from worker.locales import speaking
from worker.match.matcher import read_article
from worker.sketching import as_article, text_hash_of
from worker.store.store import Store
from worker.web.lineagechart import picture

See = Callable[..., HtmlElement]
ENGLISH = "\n\n".join(
    f"Paragraph {n} of the report tells at some length what happened there on that day."
    for n in range(6)
)
FRENCH = "\n\n".join(
    f"Le paragraphe {n} du compte rendu raconte assez longuement ce qui s'y est passé."
    for n in range(6)
)
SPACE = {"g": "http://graphml.graphdrawing.org/xmlns"}


def rows(article: ArticleText, seed: int) -> bytes:
    """Vectors of a text; those of one seed are translations of each other."""
    chance = np.random.default_rng(seed)
    count = len(read_article(article).texts)
    return chance.integers(-127, 128, size=(count, 384), dtype=np.int16).astype(np.int8).tobytes()


def found(title: str, text: str, seed: int, **fields: object) -> Found:
    language = "fr" if text is FRENCH else "en"
    article = ArticleText(title, text, language)
    return Found(title, text, language, story="en.md", rows=rows(article, seed), **fields)  # type: ignore[arg-type]


@pytest.fixture
def story(filled: Filler) -> list[int]:
    return filled(
        found("First <told>", ENGLISH, 1, outlet="The Herald"),
        found("Raconté après", f"{FRENCH}", 1, outlet="L'Écho", relation=Relation.TRANSLATION),
        found("Of its own", ENGLISH.replace("report", "song"), 2, outlet="Gazette"),
    )


def test_the_story_page_shows_the_picture_and_the_table(see: See, story: list[int]) -> None:
    page = see(f"/stories/{story[0]}")
    (picture,) = page.xpath("//*[local-name()='svg'][@class='lineage']")
    assert picture.get("role") == "img"
    assert len(picture.xpath(".//*[local-name()='circle']")) >= 3
    lines = [words(row) for row in page.xpath("//section[@class='spread']//tbody/tr")]
    assert sum("translation, possible" in line for line in lines) == 1
    assert any("Of its own" in line and "nothing that is known here" in line for line in lines)
    # both were published in the same minute: which was first is not told
    assert any("or the other way round" in line for line in lines)
    undecided = picture.xpath(".//*[local-name()='path'][contains(@class, 'translation')]")
    assert [path.get("marker-end") for path in undecided] == [None]


def test_the_graph_is_downloaded_as_json_and_graphml(client: TestClient, story: list[int]) -> None:
    answer = client.get(f"/stories/{story[0]}/lineage.json")
    graph = answer.json()
    assert answer.headers["content-disposition"].endswith('.json"')
    ids = {node["id"] for node in graph["nodes"]}
    assert {f"m{one}" for one in story} <= ids
    (edge,) = [edge for edge in graph["edges"] if edge["way"] == "translation"]
    assert {edge["source"], edge["target"]} == {f"m{story[0]}", f"m{story[1]}"}
    assert edge["decided"] is False
    assert "hypothesis" in graph["note"]
    document = ET.fromstring(client.get(f"/stories/{story[0]}/lineage.graphml").text)
    assert {node.get("id") for node in document.iterfind(".//g:node", SPACE)} == ids
    edges = document.findall(".//g:edge", SPACE)
    assert len(edges) == len(graph["edges"])
    said = {data.text for data in document.iterfind(".//g:edge/g:data", SPACE)}
    assert "false" in said  # decided
    assert "First <told>" in {data.text for data in document.iterfind(".//g:data", SPACE)}


def test_networkx_reads_the_graphml(client: TestClient, story: list[int]) -> None:
    networkx = pytest.importorskip("networkx")
    answer = client.get(f"/stories/{story[0]}/lineage.graphml")
    graph = networkx.parse_graphml(answer.text)
    assert {f"m{one}" for one in story} <= set(graph.nodes)
    assert graph.nodes[f"m{story[0]}"]["title"] == "First <told>"
    assert graph.nodes[f"m{story[0]}"]["match_id"] == story[0]
    ((source, target, edge),) = graph.edges(data=True)
    assert {source, target} == {f"m{story[0]}", f"m{story[1]}"}
    assert (edge["way"], edge["decided"]) == ("translation", False)


def test_a_seed_takes_part_as_long_as_its_text_is_the_one_that_was_kept(
    client: TestClient, filled: Filler, sqlite_store: Store
) -> None:
    seed = KELP.seeds[0]
    kept = SeedRows("kelp", seed.id, text_hash_of(seed), rows(as_article(seed), 7))
    text = "\n".join(f"{line} (traduit)" for line in seed.text.split("\n"))
    article = ArticleText("Titre", text, "fr")
    (one,) = filled(
        Found("Titre", text, "fr", Relation.TRANSLATION, story="en.md", rows=rows(article, 7),
              seeds=(kept,)),
    )  # fmt: skip
    edges = client.get(f"/stories/{one}/lineage.json").json()["edges"]
    assert [(edge["source"], edge["target"]) for edge in edges] == [("seed:en.md", f"m{one}")]
    stale = SeedRows("kelp", seed.id, "of another text", kept.rows)
    filled(Found("Other", story="en.md", seeds=(stale,), rows=rows(article, 9)))
    assert client.get(f"/stories/{one}/lineage.json").json()["edges"] == []


def test_a_story_matched_before_vectors_were_kept_has_no_links_and_a_page(
    see: See, filled: Filler
) -> None:
    first, *_ = filled(Found("one", story="a"), Found("two", story="a"))
    page = see(f"/stories/{first}")
    assert len(page.xpath("//section[@class='spread']//tbody/tr")) >= 2


def test_an_unknown_story_is_not_found(client: TestClient) -> None:
    assert client.get("/stories/999/lineage.json").status_code == 404


@pytest.mark.parametrize(("days", "labels"), [(1, 0), (2, 1), (6, 4), (40, 4), (4000, 0)])
def test_the_picture_says_which_days_are_where(
    sqlite_store: Store, story: list[int], days: int, labels: int
) -> None:
    start = datetime(2026, 2, 12, 6, tzinfo=UTC)
    tellings = [
        replace(one, told=replace(one.told, published_at=when, seen_at=None))
        for one, when in zip(
            Analyst(sqlite_store, [KELP]).read(story[0]).articles,
            (start, start + timedelta(hours=1), start + timedelta(days=days)),
            strict=True,
        )
    ]
    with speaking("fr"):
        drawn = ET.fromstring(picture(tellings, ()))
    svg = "{http://www.w3.org/2000/svg}" if drawn.tag.startswith("{") else ""
    found = [one for one in drawn.iter(f"{svg}text") if one.get("class") == "day"]
    assert len(found) == labels
    places = [float(one.get("x", "0")) for one in found]
    assert all(other - one > 80 for one, other in pairwise(places))
    assert days != 6 or found[0].text == "14 févr."
    kinds = [one.get("class") for one in drawn]
    assert kinds.index("seed" if "seed" in kinds else "text") > max(
        place for place, kind in enumerate(kinds) if kind == "lane"
    )
