"""Lists as files: what the inbox shows, whole, in the reader's language."""

from __future__ import annotations

import csv
import io
import re

import pytest
from lxml import html
from starlette.testclient import TestClient

from tests.web.conftest import Filler
from tests.web.filling import Found
from worker.domain import Relation


@pytest.fixture
def listed(filled: Filler) -> None:
    filled(
        Found("first", relation=Relation.COPY),
        Found("second", language="ja"),
        Found("third", watch="river", seed="th.md"),
    )


def test_the_inbox_hands_out_the_list_that_it_shows(client: TestClient, listed: None) -> None:
    page = client.get("/?watch=kelp&verdict=all").text
    (address,) = re.findall(r'href="(/documents/csv[^"]*)"', page)
    answer = client.get(address.replace("&amp;", "&"))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="matches-[\d-]+\.csv"', answer.headers["content-disposition"]
    )
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [row["title"] for row in rows] == ["second", "first"]
    assert answer.content.startswith(b"\xef\xbb\xbf")  # by which Excel knows UTF-8


def test_a_press_review_speaks_the_language_of_its_reader(client: TestClient, listed: None) -> None:
    wishes = {"accept-language": "vi"}
    answer = client.get("/documents/html?watch=kelp&relation=copy", headers=wishes)
    page = html.document_fromstring(answer.content)
    assert page.get("lang") == "vi"
    assert "Chủ đề kelp · Đăng lại · chưa duyệt" in page.text_content()
    assert [one.text_content() for one in page.xpath("//h3")] == ["first"]
    assert "second" not in page.text_content()
    programs = client.get("/api/v1/exports/html?words_in=fr", headers=wishes)
    assert html.document_fromstring(programs.content).get("lang") == "fr"
    assert client.get("/api/v1/exports/html?words_in=de").status_code == 422


def test_what_is_not_offered_is_not_there(client: TestClient) -> None:
    assert client.get("/documents/parquet").status_code == 404
    assert client.get("/documents/html?relation=nonsense").status_code == 400
