"""docs/operations.md keeps pace with the code: every setting, and every health line."""

import re
from pathlib import Path

import click

from worker.cli import seedwatch
from worker.config import PREFIX, Settings
from worker.health import PROBES

ROOT = Path(__file__).parent.parent
DOC = (ROOT / "docs" / "operations.md").read_text("utf-8")


def test_the_table_of_settings_is_that_of_the_code() -> None:
    described = set(re.findall(rf"^\| `({PREFIX}\w+)` \|", DOC, re.MULTILINE))
    assert described == {PREFIX + name.upper() for name in Settings.model_fields}


def test_defaults_are_those_of_the_code() -> None:
    rows = dict(re.findall(rf"^\| `{PREFIX}(\w+)` \| `?([^`|(]*?)`? *(?:\([^|]*)?\|", DOC, re.M))
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, bool):
            default = str(default).lower()
        if default not in (None, "", ()):
            assert rows[name.upper()].strip() == str(default).removesuffix(".0"), name


def test_every_probe_and_its_container_are_explained() -> None:
    for name in PROBES:
        assert f"`{name}`" in DOC


def test_compose_uses_only_variables_that_the_doc_names() -> None:
    compose = (ROOT / "docker-compose.yml").read_text("utf-8")
    for name in set(re.findall(r"(?<!\$)\$\{(\w+)", compose)):
        assert f"`{name}`" in DOC, name


def test_the_example_of_env_names_only_what_exists() -> None:
    names = re.findall(r"^#?(\w+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE)
    settings = {PREFIX + name.upper() for name in Settings.model_fields}
    assert {name for name in names if name.startswith(PREFIX)} <= settings
    assert {"POSTGRES_PASSWORD", "REDIS_PASSWORD"} <= set(names)


def test_commands_within_compose_are_those_that_there_are() -> None:
    """`run` goes through the image's entrypoint, which is `seedwatch` itself; `exec` does not."""
    services = r"(?:migrate|worker|sweeper|beat|web)"
    arguments = r"(?:-\S+ (?:\"[^\"]*\" )?)*"
    ran = re.findall(rf"docker compose run {arguments}{services} ([\w-]+)", DOC)
    executed = re.findall(rf"docker compose exec {arguments}{services} ([\w-]+)(?: ([\w-]+))?", DOC)
    assert len(ran) >= 2
    assert len(executed) >= 3
    commands = set(seedwatch.list_commands(click.Context(seedwatch)))
    assert set(ran) <= commands
    assert {name for program, name in executed if program == "seedwatch"} <= commands
    assert {program for program, _ in executed} <= {"seedwatch", "cat", "sh"}
