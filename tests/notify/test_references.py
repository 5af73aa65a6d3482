"""Where secrets are kept, and that they are seen nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.domain import Failure, Outcome
from worker.errors import TellError
from worker.notify.references import resolve, secret_parts, shown, without


def test_a_reference_is_read_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    path.write_text("first\n")
    assert resolve(f"file:{path}") == "first"
    path.write_text("second")
    assert resolve(f"file:{path}") == "second"
    monkeypatch.setenv("DESK", " third ")
    assert resolve("env:DESK") == "third"
    assert resolve("https://example.org/x") == "https://example.org/x"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        (b"", "is empty"),
        (b"\xff\xfe", "not UTF-8"),
        (b"x" * 20_000, "large"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TellError, match=told) as caught:
        resolve(f"file:{path}")
    assert (caught.value.outcome, caught.value.failure) == (Outcome.MISCONFIGURED, Failure.BLOCKED)
    with pytest.raises(TellError, match="DESK is not set here"):
        resolve("env:DESK", {})


def test_addresses_are_shown_down_to_their_host() -> None:
    assert shown("https://example.org/hooks/geheim?key=x") == "https://example.org/…"
    assert shown("env:HOOK") == "env:HOOK"
    assert shown("desk@example.org") == "desk@example.org"


def test_no_part_of_an_address_is_left_in_a_text() -> None:
    url = "https://user:pass@example.org/hooks/geheim?key=verborgen"
    text = f"cannot reach {url}, /hooks/geheim?key=verborgen, key=verborgen\nuser:pass"
    left = without(secret_parts(url), text)
    for secret in ("geheim", "verborgen", "pass"):
        assert secret not in left
    assert "\n" not in left
    assert len(without([], "x" * 10_000)) == 500
