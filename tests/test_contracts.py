"""Every import contract is broken on purpose, in a copy: one that cannot fail holds nothing."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("worker", "tasks")

VIOLATIONS = [
    ("layers", "worker/match/names.py", "import worker.fetch.guard"),  # a room, another room
    ("layers", "worker/store/claims.py", "import worker.pipeline"),  # a room, what uses it
    ("layers", "worker/processing.py", "import worker.polling"),
    ("layers", "worker/pipeline.py", "import worker.wiring"),
    ("layers", "worker/wiring.py", "import worker.web.app"),
    ("layers", "worker/embedded.py", "import worker.cli"),
    ("layers", "worker/domain/words.py", "import worker.errors"),
    ("layers", "worker/helpers.py", ""),  # a new file that was given no place
    ("worker-without-tasks", "worker/embedded.py", "import tasks.poll"),
    ("thin-tasks", "tasks/poll.py", "import worker.store.feeds"),
    ("demo-alone", "worker/demo/pages.py", "import worker.clock"),
    ("one-http-client", "worker/notify/channels.py", "import urllib3"),
    ("robots", "worker/pipeline.py", "import protego"),
    ("no-other-http-client", "worker/fetch/client.py", "import httpx"),
    ("sql", "worker/polling.py", "import sqlalchemy"),
    ("sql", "worker/web/app.py", "from alembic import command"),
    ("celery", "worker/pipeline.py", "from celery import current_app"),
    ("redis", "worker/fetch/politeness.py", "import redis"),
    ("feedparser", "worker/polling.py", "import feedparser"),
    ("trafilatura", "worker/processing.py", "import trafilatura"),
    ("web-framework", "worker/commands/parts.py", "import uvicorn"),
    ("structlog", "worker/pipeline.py", "import structlog"),
    ("telemetry", "worker/pipeline.py", "import sentry_sdk"),
    ("telemetry", "worker/app.py", "import opentelemetry.trace"),
    ("onnxruntime", "worker/match/e5engine.py", "import onnxruntime"),
    ("prometheus", "worker/pipeline.py", "import prometheus_client"),
    ("charts", "worker/notify/report.py", "import pygal"),
    ("templates", "worker/pipeline.py", "import jinja2"),
]


def lint(root: Path, contract: str) -> subprocess.CompletedProcess[str]:
    linter = "from importlinter.cli import lint_imports_command as lint; lint()"
    return subprocess.run(
        [sys.executable, "-c", linter, "--no-cache", "--contract", contract],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            copy = tmp_path / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    return tmp_path


@pytest.mark.parametrize(("contract", "file", "line"), VIOLATIONS)
def test_a_broken_contract_is_noticed(tree: Path, contract: str, file: str, line: str) -> None:
    with (tree / file).open("a") as source:
        source.write(f"\n{line}\n")
    done = lint(tree, contract)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Contracts: 0 kept, 1 broken" in done.stdout


@pytest.mark.parametrize("contract", sorted({contract for contract, _, _ in VIOLATIONS}))
def test_the_code_as_it_is_keeps_them(tree: Path, contract: str) -> None:
    done = lint(tree, contract)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_contract_has_its_violation() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = {contract["id"] for contract in config["tool"]["importlinter"]["contracts"]}
    assert {contract for contract, _, _ in VIOLATIONS} == contracts
