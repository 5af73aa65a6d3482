"""The API keeps to its own description, whatever it is sent: schemathesis, bounded, repeatable."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import FakeClock
from tests.web.filling import KELP, OTHER, Found, fill
from tests.web.test_access import HASH
from worker.adding import FoundFeed
from worker.config import load_settings
from worker.domain import Outcome, Relation, Scope, Verdict
from worker.store.store import Store
from worker.web.app import make_app
from worker.web.finder import Finder
from worker.web.server import BackgroundServer

pytest.importorskip("schemathesis")

CONFIG = """\
# an address that may not be fetched fits no pattern: it is refused as a 422, rightly
[[operations]]
include-name = "POST /api/v1/feeds"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 403, 404, 422]

# nor does a name of nothing but control characters
[[operations]]
include-name = "POST /api/v1/filters"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 403, 404, 409, 422]
"""


@pytest.fixture
def served(tmp_path: Path, migrated: Path) -> Iterator[tuple[str, str]]:
    """The API's address and a token; a password is set, and there is something of everything."""
    shutil.copy(migrated, tmp_path / "store.db")
    clock = FakeClock()
    store = Store(f"sqlite:///{tmp_path / 'store.db'}", clock)
    first, *_ = fill(
        store, clock, Found("a"), Found("海藻", language="ja", relation=Relation.COPY),
        Found("c", watch="river", seed="th.md"), Found("n", relation=Relation.UNRELATED, score=0.4),
    )  # fmt: skip
    store.matches.review(first, Verdict.RELEVANT)
    settings = load_settings(web_password_hash=HASH, web_api_per_minute=100_000)
    finder = Finder(lambda url: FoundFeed(url, Outcome.OK))
    app = make_app(store, (KELP, OTHER), settings, clock, finder)
    with BackgroundServer(app, "127.0.0.1", 0) as server:
        yield server.url, store.tokens.add("schemathesis", Scope.ADMIN).secret
    store.close()


def test_every_operation_keeps_to_its_description(served: tuple[str, str], tmp_path: Path) -> None:
    url, token = served
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    run = "from schemathesis.cli import schemathesis; schemathesis()"
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", run, "--config-file", str(config), "run",
         f"{url}/api/openapi.json", "--header", f"Authorization: Bearer {token}",
         "--max-examples", "8", "--generation-deterministic", "--suppress-health-check", "all",
         "--no-color"],
        env={**os.environ, "PYTHONPATH": ""}, cwd=tmp_path, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-8_000:] + ran.stderr[-2_000:]
    assert "Tested: 47" in ran.stdout
