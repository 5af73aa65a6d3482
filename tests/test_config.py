"""Settings: a mistake is named, with what to do."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from worker.config import PREFIX, Settings, load_settings, without_password
from worker.errors import ConfigError
from worker.store.engine import Database


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
        ("SEEDWATCH_BROKER_URL", "http://x", "redis://"),
        ("SEEDWATCH_BROKER_URL", "redis://[bad", "redis://"),
        ("SEEDWATCH_BROKER_URL", "redis://:geheim@h:port/0", "redis://"),
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
    assert "geheim" not in str(caught.value)


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(PREFIX + name.upper(), "")
    assert load_settings() == Settings()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("web_prot = 1", "web_port"),
        ("web_port = ", "cannot be read"),
        ('web_port = "x"', "x"),
        ("x = " + "[" * 5000, "nested"),
        ('broker_url = ["redis://:geheim@h/0"]', "string"),
        ('smtp_password = ["geheim"]', "smtp_password"),
        ('pages_url = "watch.example.org"', "pages_url"),
        ('pages_url = "https://u:geheim@watch.example.org"', "pages_url"),
        ('mail_from = "Seedwatch <s@example.org>"', "mail_from"),
        ('mail_from = "seedwatch"', "mail_from"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "seedwatch.toml").write_text(text)
    with pytest.raises(ConfigError, match=told) as caught:
        load_settings()
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:secret@redis:6379/0", "redis://:***@redis:6379/0"),
        ("memory://", "memory://"),
        ("sqlite:////tmp/x.db", "sqlite:////tmp/x.db"),
        ("postgresql://u:p/w?s@ecret@h/d", "postgresql://u:***@h/d"),
        ("postgresql://h/d?user=u&password=x&a=b", "postgresql://h/d?user=u&password=***&a=b"),
        ("redis://[bad", "redis://[bad"),
    ],
)
def test_a_shown_url_has_no_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


@pytest.mark.parametrize("query", ["password=geheim", "pass%77ord=geheim", "sslpassword=geheim"])
def test_a_database_is_named_without_its_password(query: str) -> None:
    pytest.importorskip("psycopg")
    assert "geheim" not in Database(f"postgresql://h/d?user=u&{query}").url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:geheim@h:abc/x",
        "sqlite+aiosqlite://",
        "sqlite:///x?timeout=soon",
        "nonsense",
    ],
)
def test_an_unusable_database_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigError, match="SEEDWATCH_DATABASE_URL") as caught:
        Database(url)
    assert "geheim" not in str(caught.value)
