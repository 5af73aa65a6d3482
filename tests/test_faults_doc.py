"""docs/faults.md names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOC = (ROOT / "docs" / "faults.md").read_text("utf-8")


def test_every_row_names_a_test_that_exists() -> None:
    rows = re.findall(r"^\| (?!input|trap|-)(.*) \|$", DOC, re.MULTILINE)
    assert len(rows) > 40
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
        assert named, row
        for path, name in named:
            assert f"def {name}(" in (ROOT / path).read_text("utf-8"), f"{path}::{name}"
