"""Log lines: one summary an attempt, as text or JSON, and no secret in any of them."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import FEED_URL
from tests.fakes import FakeFetcher, flat
from tests.sites import KELP, Item, page, rss
from worker import pipeline, telemetry
from worker.commands.common import start_reporting
from worker.config import load_settings
from worker.errors import ConfigError
from worker.logs import start_logging, without_secrets
from worker.services import Services


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def process(services: Services, fetcher: FakeFetcher) -> None:
    fetcher.put(FEED_URL, rss(Item("kelp", "Kelp")), "text/xml")
    fetcher.put("https://news.example/kelp", page("Kelp", *KELP))
    polled = pipeline.poll_feeds(services, flat(pipeline.due_feeds(services)))
    pipeline.process_articles(services, polled.article_ids)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_each_attempt_is_one_object_with_its_fields(
    services: Services, fetcher: FakeFetcher, capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging(load_settings(log_format="json"))
    process(services, fetcher)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["message"] for line in lines] == ["polled", "processed"]
    polled, processed = lines
    assert polled | {"level": "info", "logger": "worker.polls", "outcome": "ok", "tries": 1,
                     "feed": FEED_URL, "entries": 1, "to_process": 1} == polled  # fmt: skip
    assert processed | {"outcome": "matched", "language": "en", "text_from": "page"} == processed
    assert polled["at"] <= processed["at"]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_person_reads_one_line_an_attempt(
    services: Services, fetcher: FakeFetcher, capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging(load_settings())
    process(services, fetcher)
    polled, processed = capsys.readouterr().err.splitlines()
    assert f"INFO    worker.polls: polled outcome=ok feed={FEED_URL}" in polled
    assert "processed outcome=matched" in processed


SECRETS = [
    "redis://:hush@redis:6379/0",
    "postgresql+psycopg://seedwatch:hush@db/x",
    "https://user:hush@news.example/rss",
    "https://hooks.example/x?token=hush&a=1",
    "Authorization: Bearer hush",
    '{"cookie": "seedwatch_session=hush"}',
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_line_has_a_secret_in_it(
    secret: str, log_format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging(load_settings(log_format=log_format))
    log = logging.getLogger("any.library")
    log.warning("cannot reach %s", secret)
    log.warning("cannot reach", extra={"where": secret})
    try:
        raise ValueError(secret)
    except ValueError:
        log.exception("failed")
    told = capsys.readouterr().err
    assert told.count("cannot reach") == 2
    assert "ValueError" in told
    assert "hush" not in told


def test_what_is_no_secret_stays() -> None:
    text = "polled https://news.example/rss?page=2#top and 3 more: a@b.example"
    assert without_secrets(text) == text


def test_without_the_settings_neither_library_is_imported() -> None:
    import subprocess

    code = (
        "import sys; from worker.commands.common import start_reporting; "
        "from worker.config import load_settings; start_reporting(load_settings()); "
        "print([name for name in sys.modules if name.startswith(('sentry_sdk', 'opentelemetry'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          env={"PYTHONPATH": ":".join(sys.path)}, timeout=60)  # fmt: skip
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("name", "value", "module", "extra"),
    [
        ("sentry_dsn", "https://key@sentry.example/1", "sentry_sdk", "sentry"),
        ("otel_endpoint", "http://127.0.0.1:1/v1/traces", "opentelemetry", "otel"),
    ],
)
def test_a_missing_library_is_one_line_that_says_what_to_install(
    name: str, value: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for loaded in [one for one in sys.modules if one.split(".")[0] == module]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError, match=rf"pip install 'seedwatch\[{extra}\]'"):
        start_reporting(load_settings(**{name: value}))


def test_a_dsn_that_is_none_is_a_configuration_error() -> None:
    pytest.importorskip("sentry_sdk")
    with pytest.raises(ConfigError, match="SEEDWATCH_SENTRY_DSN"):
        telemetry.start_telemetry(load_settings(sentry_dsn="nonsense"))
