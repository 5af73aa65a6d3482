"""Settings: a mistake is named, with what to do."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from worker.config import load_settings, without_password
from worker.errors import ConfigError


def test_the_defaults_are_an_embedded_run() -> None:
    settings = load_settings()
    assert settings.is_embedded
    assert settings.store_url == "sqlite:///data/seedwatch.db"
    assert settings.seeds_dir == Path("seeds")


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "seedwatch.toml").write_text('web_port = 1\nseeds_dir = "elsewhere"\n')
    monkeypatch.setenv("SEEDWATCH_WEB_PORT", "2")
    settings = load_settings()
    assert (settings.web_port, settings.seeds_dir) == (2, Path("elsewhere"))


def test_networks_are_a_comma_separated_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDWATCH_FETCH_ALLOW_NETS", "127.0.0.0/8, ::1/128")
    assert load_settings().fetch_allow_nets == (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SEEDWATCH_SEED_DIR", "x", "SEEDWATCH_SEEDS_DIR"),
        ("SEEDWATCH_FETCH_ALLOW_NETS", "127.0.0.1/8/9", "127.0.0.1/8/9"),
        ("SEEDWATCH_WEB_PORT", "many", "many"),
        ("SEEDWATCH_FETCH_DELAY_S", "-1", "greater than or equal to 0"),
        ("SEEDWATCH_LOG_FORMAT", "xml", "xml"),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert caught.value.where == name
    assert told in caught.value.problem


@pytest.mark.parametrize(
    ("text", "told"),
    [("web_prot = 1", "web_port"), ("web_port = ", "cannot be read"), ('web_port = "x"', "x")],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "seedwatch.toml").write_text(text)
    with pytest.raises(ConfigError, match=told):
        load_settings()


def test_a_shown_url_has_no_password() -> None:
    assert without_password("redis://:secret@redis:6379/0") == "redis://:***@redis:6379/0"
    assert without_password("memory://") == "memory://"
