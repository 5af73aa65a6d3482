"""docs/columns.md explains every table, every column and every field of a record."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from worker.notify.records import FIELDS
from worker.store.schema import metadata

TEXT = (Path(__file__).parents[2] / "docs" / "columns.md").read_text()


def section(table: str) -> str:
    found = re.search(rf"^## {table}\n(.*?)(?=^#|\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert found, f"{table} has no section"
    return found[1]


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_the_page_has_exactly_the_columns_of_the_table(table: str) -> None:
    items = re.findall(r"^- (.*?)(?=^- |\Z)", section(table), re.DOTALL | re.MULTILINE)
    named = {name for item in items for name in re.findall(r"`(\w+)`", item)}
    columns = {column.name for column in metadata.tables[table].columns}
    assert columns - named == set()
    leading = {re.match(r"`(\w+)`", item)[1] for item in items}  # type: ignore[index]
    assert leading <= columns


def test_the_page_has_every_field_of_a_record_in_order_with_its_kind() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", TEXT.split("# The records")[1], re.MULTILINE)
    assert rows == list(FIELDS.items())
